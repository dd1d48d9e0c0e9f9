//! The signature verification server (签名验签服务器, GM/T 0029): `POST /svs` with the DER of
//! Annex A, `POST /svs/SignData` and the like with the forms of Annex B. Anybody may have
//! certificates and signatures verified.
//!
//! What is asked is answered by the verification service, which rests on the trust anchors of one
//! snapshot; the snapshot is cited in a header field of its own. An answer is a success only if
//! every check passed.

mod answer;
mod form;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use pki::svs::{self, Code, Kind, Reply};

use crate::api::{App, Segment, verify};
use crate::octets;
use crate::pages::Site;
use crate::problem::Problem;
use answer::Answered;

/// Media type of requests and answers in DER. The standard names none.
const OCTETS: &str = "application/octet-stream";
/// Media type of requests as forms (Annex B.3).
const FORM: &str = "application/x-www-form-urlencoded";
/// Media type of answers as forms, as the example of Annex B.4 has it.
const FORM_ANSWER: &str = "text/html;charset=GB2312";
/// Longest form: Base64, and its signs escaped.
const LONGEST_FORM: usize = svs::MAX_OCTETS * 3 / 2;
/// The snapshot of trust anchors that an answer rests on.
const SNAPSHOT: HeaderName = HeaderName::from_static("yinxin-trust-snapshot");

/// `POST /svs`.
pub async fn der(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Response, Problem> {
    let (request, _) = verify::counted(&app, &site, request)?;
    check_type(request.headers(), OCTETS)?;
    let (parts, body) = request.into_parts();
    let octets = octets::read(body, svs::MAX_OCTETS).await?;
    let now = app.clock().now();
    let answered = match svs::Request::from_der(&octets) {
        Ok(request) => {
            let asker = (&parts, &octets[..]);
            answer::answer(&app, request.body, asker, now).await
        }
        Err(error) => match svs::Request::kind_of(&octets) {
            Some(kind) => unreadable(kind, now),
            None => return Err(app::Error::from(error).into()),
        },
    };
    count(&answered.reply);
    let body = answered.reply.to_der();
    Ok(dress(([(header::CONTENT_TYPE, OCTETS)], body).into_response(), &answered))
}

/// `POST /svs/{kind}`.
pub async fn form(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    Segment(name): Segment,
    request: Request,
) -> Result<Response, Problem> {
    let kind = Kind::named(&name).ok_or_else(|| {
        Problem::not_found(
            "没有这种签名验签请求；可用的请求类型见 GM/T 0029 表 A.1，例如 /svs/ValidateCert",
        )
    })?;
    let (request, _) = verify::counted(&app, &site, request)?;
    check_type(request.headers(), FORM)?;
    form::check_version(request.headers())?;
    let (parts, body) = request.into_parts();
    let octets = octets::read(body, LONGEST_FORM).await?;
    let now = app.clock().now();
    let answered = match form::read(kind, &octets) {
        Some(body) => answer::answer(&app, body, (&parts, &octets[..]), now).await,
        None => unreadable(kind, now),
    };
    count(&answered.reply);
    let body = form::written(&answered.reply);
    let head = ([(header::CONTENT_TYPE, FORM_ANSWER)], form::fields(&answered.reply, now));
    Ok(dress((head.0, head.1, body).into_response(), &answered))
}

/// What claims to be of a kind and can't be read.
fn unreadable(kind: Kind, now: Timestamp) -> Answered {
    Answered { reply: Reply::refused(kind, Code::InvalidFormat, now), snapshot: None }
}

fn check_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = named.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let text = format!("此地址的内容类型（Content-Type）应为 {wanted}");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "svs.media_type", text))
}

/// Answers hold for their moment alone.
fn dress(mut response: Response, answered: &Answered) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let snapshot = answered.snapshot.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(snapshot)) = snapshot {
        headers.insert(SNAPSHOT, snapshot);
    }
    response
}

fn count(reply: &Reply) {
    let (kind, code) = (reply.kind.name(), reply.code.name());
    metrics::counter!("yinxin_svs_total", "kind" => kind, "code" => code).increment(1);
}

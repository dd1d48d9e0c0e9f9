//! The signature verification server (签名验签服务器, GM/T 0029): `POST /svs` with the DER of
//! Annex A, `POST /svs/SignData` and the like with the forms of Annex B. Anybody may have
//! certificates and signatures verified.
//!
//! What is asked is answered by the verification service, which rests on the trust anchors of one
//! snapshot; the snapshot is cited in a header field of its own. An answer is a success only if
//! every check passed.
//!
//! Who signs is limited by what its key may do, everybody else by the rate of the source: whether a request
//! that says who asks is to sign, only its body tells.

mod answer;
mod form;

use access::Action;
use app::refusals::Why;
use axum::extract::{Extension, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pki::svs::{self, Body, Code, Kind, Reply};

use crate::api::{App, Segment, verify};
use crate::gate::{self, Admitted};
use crate::meter::{self, Due};
use crate::octets::{self, Bringer};
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
    let request = counted(&app, &site, request)?;
    check_type(request.headers(), OCTETS)?;
    let (parts, body) = request.into_parts();
    let octets = octets::read_large(body, svs::MAX_OCTETS, Bringer::of(&parts)).await?;
    let asked = Asked { app: &app, site: &site, parts: &parts, octets: &octets };
    let answered = match svs::Request::from_der(&octets) {
        Ok(request) => asked.answer(request.body).await,
        Err(error) => match svs::Request::kind_of(&octets) {
            Some(kind) => asked.unreadable(kind),
            None => {
                asked.settle(false)?;
                return Err(app::Error::from(error).into());
            }
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
    let request = counted(&app, &site, request)?;
    check_type(request.headers(), FORM)?;
    form::check_version(request.headers())?;
    let (parts, body) = request.into_parts();
    let octets = octets::read_large(body, LONGEST_FORM, Bringer::of(&parts)).await?;
    let asked = Asked { app: &app, site: &site, parts: &parts, octets: &octets };
    let answered = match form::read(kind, &octets) {
        Some(body) => asked.answer(body).await,
        None => asked.unreadable(kind),
    };
    count(&answered.reply);
    let body = form::written(&answered.reply);
    let fields = form::fields(&answered.reply, answered.reply.at);
    let head = ([(header::CONTENT_TYPE, FORM_ANSWER)], fields);
    Ok(dress((head.0, head.1, body).into_response(), &answered))
}

/// Counts a question of its source before the body is read, unless it says who asks.
fn counted(app: &App, site: &Site, request: Request) -> Result<Request, Problem> {
    match meter::is_claim(request.headers()) {
        true => Ok(request),
        false => Ok(verify::counted(app, site, request)?.0),
    }
}

/// A request whose body was read.
struct Asked<'a> {
    app: &'a App,
    site: &'a Site,
    parts: &'a Parts,
    octets: &'a [u8],
}

impl Asked<'_> {
    /// Settles the limits, and answers.
    async fn answer(&self, body: Body) -> Answered {
        let (kind, now) = (body.kind(), self.app.clock().now());
        let wants_key = matches!(kind, Kind::SignData | Kind::SignMessage);
        let busy = |problem: Problem| Answered::busy(kind, problem.wait.unwrap_or(1), now);
        let admitted = match self.admitted(wants_key).await {
            Ok(admitted) => admitted,
            Err(problem) => return busy(problem),
        };
        if let Err(problem) = self.settle(admitted.is_some()) {
            return busy(problem);
        }
        let permit = admitted.as_ref().map(|one| &one.permit);
        let answered = answer::answer(self.app, body, permit, now).await;
        match &admitted {
            Some(one) if answered.wait.is_some() => one.refused(Why::Quota),
            Some(one) if answered.reply.code != Code::Success => one.refused(Why::Refused),
            _ => {}
        }
        answered
    }

    /// What claims to be of a kind and can't be read.
    fn unreadable(&self, kind: Kind) -> Answered {
        let now = self.app.clock().now();
        match self.settle(false) {
            Ok(()) => Answered::refused(kind, Code::InvalidFormat, now),
            Err(problem) => Answered::busy(kind, problem.wait.unwrap_or(1), now),
        }
    }

    /// An application that may sign, where a key is wanted.
    async fn admitted(&self, wants_key: bool) -> Result<Option<Admitted>, Problem> {
        match wants_key {
            true => gate::permit_of(self.app, (self.parts, self.octets), Action::UseSigning).await,
            false => Ok(None),
        }
    }

    /// Whoever isn't one counts as everybody, also where it says to be somebody.
    fn settle(&self, is_known: bool) -> Result<(), Problem> {
        if is_known || !meter::is_claim(&self.parts.headers) {
            return Ok(());
        }
        if let Some(due) = self.parts.extensions.get::<Due>() {
            due.verification()?;
        }
        verify::counted_of(self.app, self.site, self.parts).map(drop)
    }
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
    // The standard has no number for it: HTTP says it, and the answer is still one of the standard's.
    if let Some(seconds) = answered.wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    }
    response
}

fn count(reply: &Reply) {
    let (kind, code) = (reply.kind.name(), reply.code.name());
    metrics::counter!("yinxin_svs_total", "kind" => kind, "code" => code).increment(1);
}

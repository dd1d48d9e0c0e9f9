//! Timestamps over HTTP (RFC 3161 §3.4, GM/T 0033): `POST /tsa` with the content types of
//! GM/T 0010, `POST /tsa/rfc3161` with those of RFC 5652. Answers are never cached.

use app::Institution;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pki::Certificate;
use pki::tsp::Format;
use status::timestamp::model::{REQUEST_TYPE, RESPONSE_TYPE};
use status::timestamp::{StampOutcome, TimestampAuthority};

use crate::api::App;
use crate::octets;
use crate::problem::Problem;

/// Longest body that is read, in octets: more than any request has.
const LONGEST: usize = 16 << 10;

/// `POST /tsa`.
pub async fn gm(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    stamp(&app, request, Format::Gm).await
}

/// `POST /tsa/rfc3161`.
pub async fn rfc(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    stamp(&app, request, Format::Rfc).await
}

async fn stamp(app: &Institution, request: Request, format: Format) -> Result<Response, Problem> {
    let authority = open(app)?;
    check_type(request.headers())?;
    let question = octets::read(request.into_body(), LONGEST).await?;
    let stamped = authority.stamp(&question, format).await;
    count(&stamped.outcome);
    if stamped.outcome == StampOutcome::Busy {
        let text = "时间戳服务繁忙，请稍后重试";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timestamp.busy", text));
    }
    let headers = [(header::CONTENT_TYPE, RESPONSE_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, stamped.body).into_response())
}

fn open(app: &Institution) -> Result<&TimestampAuthority, Problem> {
    app.timestamp().ok_or_else(|| Problem::not_found("本机构没有开通时间戳服务"))
}

/// RFC 3161 §3.4 names the type; parameters behind it are no matter.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = named.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case(REQUEST_TYPE) {
        return Ok(());
    }
    let text = format!("时间戳请求的内容类型（Content-Type）应为 {REQUEST_TYPE}");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "timestamp.media_type", text))
}

fn count(outcome: &StampOutcome) {
    let word = match outcome {
        StampOutcome::Granted(_) => "granted".to_owned(),
        StampOutcome::Refused(failure) => format!("refused_{}", failure.bit()),
        StampOutcome::Busy => "busy".to_owned(),
    };
    metrics::counter!("yinxin_timestamps_total", "outcome" => word).increment(1);
}

/// `GET /tsa/certificate.cer`: the certificate that signs now, in DER.
pub async fn der(State(app): State<App>) -> Result<Response, Problem> {
    let certificate = current(&app)?;
    Ok(file("application/pkix-cert", certificate.der().to_vec()))
}

/// `GET /tsa/certificate.pem`: the same in PEM.
pub async fn pem(State(app): State<App>) -> Result<Response, Problem> {
    let pem = current(&app)?.to_pem().map_err(app::Error::from)?;
    Ok(file("application/x-pem-file", pem.into_bytes()))
}

fn current(app: &Institution) -> Result<Certificate, Problem> {
    let missing = "时间戳证书尚未签发，请稍后再试";
    open(app)?.certificate().ok_or_else(|| Problem::not_found(missing))
}

/// An hour, since the certificate changes when it is renewed.
fn file(kind: &'static str, octets: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, octets).into_response()
}

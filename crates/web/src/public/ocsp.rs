//! OCSP over HTTP (RFC 6960 appendix A, RFC 5019): POST, and GET that caches can keep.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use status::{Answer, http};

use crate::api::App;
use crate::octets;
use crate::problem::Problem;

/// Longest question, in octets.
const LONGEST: usize = 64 << 10;

/// `POST /ocsp`.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let question = octets::read(request.into_body(), LONGEST).await?;
    let answer = app.responder().answer(&question).await;
    Ok(respond(answer, [("cache-control", "no-store".to_owned())]))
}

/// `GET /ocsp/<base64>`. The path is read as it was sent: routers merge slashes.
pub async fn get(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().strip_prefix("/ocsp/").unwrap_or_default();
    let question = http::question_of_path(path).unwrap_or_default();
    let answer = app.responder().answer(&question).await;
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let known = (text(header::IF_NONE_MATCH), text(header::IF_MODIFIED_SINCE));
    let caching = answer.caching.headers();
    if answer.caching.is_unchanged(known.0, known.1) {
        return unchanged(caching);
    }
    respond(answer, caching)
}

fn respond(answer: Answer, caching: impl IntoIterator<Item = (&'static str, String)>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, http::RESPONSE_TYPE)], answer.body).into_response();
    add(&mut response, caching);
    response
}

/// 304 with the fields that caches need.
pub(super) fn unchanged(caching: impl IntoIterator<Item = (&'static str, String)>) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    add(&mut response, caching);
    response
}

/// Adds header fields.
pub(super) fn add(
    response: &mut Response,
    fields: impl IntoIterator<Item = (&'static str, String)>,
) {
    for (name, value) in fields {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
}

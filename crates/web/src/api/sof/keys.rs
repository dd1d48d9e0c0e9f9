//! `SOF_SignData`, `SOF_SignMessage`, `SOF_SignMessageDetach`, `SOF_EncryptData`, `SOF_DecryptData`:
//! the signing service for applications under the names of GM/T 0020. `containerName` is the number
//! of the key. The client signs its requests as everywhere.

use app::refusals::Why;
use app::signing::{MessageOrder, Refusal};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::Certificate;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{SofTextView, Sor, certificate_octets, octets};
use crate::api::{App, Body};
use crate::gate::Allowed;
use crate::problem::Problem;
use crate::refused::Marked;

/// An answer; what refuses a use is counted as that, although its status says nothing.
pub struct SofAnswer {
    view: SofTextView,
    is_refused: bool,
}

impl SofAnswer {
    const fn of(view: SofTextView) -> Self {
        Self { view, is_refused: false }
    }
}

impl IntoResponse for SofAnswer {
    fn into_response(self) -> Response {
        let mut response = Json(self.view).into_response();
        if self.is_refused {
            response.extensions_mut().insert(Marked(Why::Refused));
        }
        response
    }
}

/// A key and what it is to be used on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofKeyBody {
    /// The number of the key.
    pub container_name: String,
    /// The content, or the envelope, in Base64.
    pub in_data: String,
}

/// A key, a recipient, and a content.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofEncryptBody {
    /// The number of the key under whose authorisation this is done.
    pub container_name: String,
    /// The recipient's encryption certificate: DER in Base64, or PEM.
    pub base64_encode_cert: String,
    /// The content, in Base64.
    pub in_data: String,
}

/// A signature value over a content.
#[utoipa::path(post, path = "/api/sof/SOF_SignData", tag = "sof", request_body = SofKeyBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn sign_data(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<SofKeyBody>,
) -> Result<SofAnswer, Problem> {
    let (key, content) = match read(&body) {
        Ok(read) => read,
        Err(code) => return Ok(SofAnswer::of(SofTextView::refused(code))),
    };
    let signed = app.sign_data(allowed.permit(), key, &content).await;
    answer(signed.map(|signed| signed.octets), Sor::Sign)
}

/// A signed message that carries its content.
#[utoipa::path(post, path = "/api/sof/SOF_SignMessage", tag = "sof", request_body = SofKeyBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn sign_message(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<SofKeyBody>,
) -> Result<SofAnswer, Problem> {
    message(&app, &allowed, &body, false).await
}

/// A signed message beside its content.
#[utoipa::path(post, path = "/api/sof/SOF_SignMessageDetach", tag = "sof",
    request_body = SofKeyBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn sign_detached(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<SofKeyBody>,
) -> Result<SofAnswer, Problem> {
    message(&app, &allowed, &body, true).await
}

/// An envelope to a certificate, which is verified first.
#[utoipa::path(post, path = "/api/sof/SOF_EncryptData", tag = "sof",
    request_body = SofEncryptBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn encrypt(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<SofEncryptBody>,
) -> Result<SofAnswer, Problem> {
    let read = || {
        let der = certificate_octets(&body.base64_encode_cert)?;
        let recipient = Certificate::from_der(&der).map_err(|_| Sor::CertEncode)?;
        Ok((number(&body.container_name)?, octets(&body.in_data)?, recipient))
    };
    let (key, content, recipient) = match read() {
        Ok(read) => read,
        Err(code) => return Ok(SofAnswer::of(SofTextView::refused(code))),
    };
    let order = (key, Zeroizing::new(content));
    let made = app.make_envelope(allowed.permit(), order, &[recipient]).await;
    answer(made.map(|made| made.octets), Sor::Encrypt)
}

/// What is in an envelope to the key.
#[utoipa::path(post, path = "/api/sof/SOF_DecryptData", tag = "sof", request_body = SofKeyBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn decrypt(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<SofKeyBody>,
) -> Result<SofAnswer, Problem> {
    let order = match read(&body) {
        Ok(read) => read,
        Err(code) => return Ok(SofAnswer::of(SofTextView::refused(code))),
    };
    let opened = app.open_envelope(allowed.permit(), order).await;
    answer(opened.map(|content| content.to_vec()), Sor::Decrypt)
}

async fn message(
    app: &App,
    allowed: &Allowed,
    body: &SofKeyBody,
    is_detached: bool,
) -> Result<SofAnswer, Problem> {
    let order = match read(body) {
        Ok(read) => read,
        Err(code) => return Ok(SofAnswer::of(SofTextView::refused(code))),
    };
    let how = MessageOrder { is_detached, has_attributes: false };
    let signed = app.sign_message(allowed.permit(), order, how).await;
    answer(signed.map(|signed| signed.octets), Sor::Sign)
}

fn read(body: &SofKeyBody) -> Result<(i64, Vec<u8>), Sor> {
    Ok((number(&body.container_name)?, octets(&body.in_data)?))
}

fn number(text: &str) -> Result<i64, Sor> {
    text.trim().parse().map_err(|_| Sor::KeyNotFound)
}

/// A refusal is a number with our words; too often, and our faults, are problems.
fn answer(result: Result<Vec<u8>, app::Error>, failed: Sor) -> Result<SofAnswer, Problem> {
    match result {
        Ok(octets) => Ok(SofAnswer::of(SofTextView::of(STANDARD.encode(octets), "base64"))),
        Err(app::Error::Signing(refusal)) if refusal.wait().is_none() => {
            let code = match refusal {
                Refusal::NoKey(_) => Sor::KeyNotFound,
                _ => failed,
            };
            Ok(SofAnswer {
                is_refused: true,
                ..SofAnswer::of(SofTextView::told(code, refusal.to_string()))
            })
        }
        Err(error) => Err(error.into()),
    }
}

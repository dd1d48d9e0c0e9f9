//! `SOF_VerifySignedData`, `SOF_VerifySignedMessage`, `SOF_VerifySignedMessageDetach`.

use axum::Json;
use axum::extract::{Extension, Request, State};
use gm::UserId;
use pki::Certificate;
use serde::Deserialize;
use status::verification::{Covered, Evidence, Form, SignatureQuestion};
use utoipa::ToSchema;

use super::{SofSignatureView, Sor, certificate_octets, octets, question, refusal};
use crate::api::App;
use crate::pages::Site;
use crate::problem::Problem;

/// A signature value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofDataBody {
    /// The signer's certificate: DER in Base64, or PEM.
    pub base64_encode_cert: String,
    /// The content, in Base64.
    pub in_data: String,
    /// SM2 signature value (DER, or 64 octets), in Base64.
    pub sign_value: String,
}

/// A signed message that carries its content.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofMessageBody {
    /// The signed message (GM/T 0010, PKCS#7, CMS), in Base64.
    pub message_data: String,
    /// The content, in Base64, where it is to be the same as in the message.
    #[serde(default)]
    pub in_data: Option<String>,
}

/// A signed message beside its content.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofDetachedBody {
    /// The content, in Base64.
    pub in_data: String,
    /// The signed message (GM/T 0010, PKCS#7, CMS), in Base64.
    pub signed_message: String,
}

/// Whether a signature value holds over a content.
#[utoipa::path(post, path = "/api/sof/SOF_VerifySignedData", tag = "sof",
    request_body = SofDataBody,
    responses((status = 200, body = SofSignatureView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn data(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofSignatureView>, Problem> {
    let body: SofDataBody = question(&app, &site, request).await?;
    judged(&app, data_question(&body)).await
}

/// Whether a signed message holds.
#[utoipa::path(post, path = "/api/sof/SOF_VerifySignedMessage", tag = "sof",
    request_body = SofMessageBody,
    responses((status = 200, body = SofSignatureView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn message(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofSignatureView>, Problem> {
    let body: SofMessageBody = question(&app, &site, request).await?;
    let content = body.in_data.as_deref().filter(|text| !text.is_empty());
    judged(&app, message_question(&body.message_data, content)).await
}

/// Whether a signed message holds over a content beside it.
#[utoipa::path(post, path = "/api/sof/SOF_VerifySignedMessageDetach", tag = "sof",
    request_body = SofDetachedBody,
    responses((status = 200, body = SofSignatureView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn detached(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofSignatureView>, Problem> {
    let body: SofDetachedBody = question(&app, &site, request).await?;
    judged(&app, message_question(&body.signed_message, Some(&body.in_data))).await
}

fn data_question(body: &SofDataBody) -> Result<SignatureQuestion, Sor> {
    let der = certificate_octets(&body.base64_encode_cert)?;
    let certificate = Certificate::from_der(&der).map_err(|_| Sor::CertEncode)?;
    let content = octets(&body.in_data)?;
    match Form::of(&octets(&body.sign_value)?) {
        Ok(form @ Form::Raw(..)) => Ok(of(form, Covered::Content(content), Some(certificate))),
        _ => Err(Sor::Indata),
    }
}

fn message_question(message: &str, content: Option<&str>) -> Result<SignatureQuestion, Sor> {
    let covered = match content {
        Some(content) => Covered::Content(octets(content)?),
        None => Covered::Nothing,
    };
    match Form::of(&octets(message)?) {
        Ok(form @ Form::Message(_)) => Ok(of(form, covered, None)),
        _ => Err(Sor::Message),
    }
}

fn of(form: Form, covered: Covered, certificate: Option<Certificate>) -> SignatureQuestion {
    let (evidence, user_id, policies) = (Evidence::default(), UserId::default(), Vec::new());
    SignatureQuestion { form, covered, certificate, serial: None, evidence, user_id, policies }
}

async fn judged(
    app: &App,
    question: Result<SignatureQuestion, Sor>,
) -> Result<Json<SofSignatureView>, Problem> {
    let question = match question {
        Ok(question) => question,
        Err(code) => return Ok(Json(SofSignatureView::refused(code))),
    };
    Ok(Json(match app.verify_signature(question).await {
        Ok(report) => report.into(),
        Err(error) => SofSignatureView::refused(refusal(error, Sor::Indata)?),
    }))
}

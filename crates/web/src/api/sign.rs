//! The signing service for applications: `/api/sign/…`. The key is in the institution's device; the
//! client that it was made for asks with its own signature (RFC 9421), as for every order.

use app::signing::{Held, MessageOrder, SignedBy};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::verify_question::{certificate, from_base64, hex_digest};
use super::{App, Body};
use crate::gate::Allowed;
use crate::problem::Problem;

/// A key of the client.
#[derive(Debug, Serialize, ToSchema)]
pub struct SigningKeyView {
    /// Its number: `key` of the other calls, keyIndex of GM/T 0029.
    pub number: i64,
    /// What the application is called.
    pub name: String,
    /// `ordered`, `making`, `active`, `stopped` or `declined`.
    pub state: &'static str,
    /// `data`, `message`, `envelope`, `open`.
    pub operations: Vec<&'static str>,
    /// Most uses in one second.
    pub per_second: u32,
    /// Most uses in one day (of China).
    pub per_day: u32,
    /// The signing certificate in force, DER in Base64. Renewals keep its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_certificate: Option<String>,
    /// The encryption certificate in force, DER in Base64. Each renewal has another key; envelopes to
    /// earlier ones are opened all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enc_certificate: Option<String>,
    /// The last second of both, RFC 3339; others follow long before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

impl From<Held> for SigningKeyView {
    fn from(held: Held) -> Self {
        let Held { key, certificates } = held;
        let base64 = |one: &pki::Certificate| STANDARD.encode(one.der());
        Self {
            number: key.number,
            name: key.name,
            state: key.state.word(),
            operations: key.operations.iter().map(app::signing::Operation::word).collect(),
            per_second: key.quota.per_second,
            per_day: key.quota.per_day,
            sign_certificate: certificates.as_ref().map(|(sign, _)| base64(sign)),
            enc_certificate: certificates.as_ref().map(|(_, enc)| base64(enc)),
            valid_until: certificates.as_ref().map(|(sign, _)| sign.not_after().to_string()),
        }
    }
}

/// The keys of the client.
#[derive(Debug, Serialize, ToSchema)]
pub struct SigningKeysView {
    /// By number.
    pub keys: Vec<SigningKeyView>,
}

/// What is to be signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignDataBody {
    /// The number of the key.
    pub key: i64,
    /// The content, in Base64.
    #[serde(default)]
    pub content: Option<String>,
    /// In its place: `e = SM3(Z‖content)` for the key's certificate, hexadecimal.
    #[serde(default)]
    pub e: Option<String>,
}

/// A content that is to become a signed message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignMessageBody {
    /// The number of the key.
    pub key: i64,
    /// The content, in Base64.
    pub content: String,
    /// Leave the content out of the message.
    #[serde(default)]
    pub detached: bool,
    /// Sign attributes with the time of signing.
    #[serde(default)]
    pub attributes: bool,
}

/// A content that is to be encrypted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeBody {
    /// The number of the key under whose authorisation this is done.
    pub key: i64,
    /// The content, in Base64.
    pub content: String,
    /// Encryption certificates of the recipients, PEM or DER in Base64, 1 to 32.
    pub recipients: Vec<String>,
}

/// An envelope that is to be opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenBody {
    /// The number of the key.
    pub key: i64,
    /// EnvelopedData of GM/T 0010, in Base64.
    pub envelope: String,
}

/// A signature.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignatureView {
    /// DER of SM2Signature (GM/T 0009), in Base64.
    pub signature: String,
    /// The certificate that it verifies under, DER in Base64.
    pub certificate: String,
}

/// A signed message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// SignedData of GM/T 0010, in Base64.
    pub message: String,
    /// The certificate that it verifies under, DER in Base64.
    pub certificate: String,
}

/// An envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvelopeView {
    /// EnvelopedData of GM/T 0010, in Base64.
    pub envelope: String,
    /// The snapshot of trust anchors by which the recipients were verified.
    pub trust_snapshot: String,
}

/// What was in an envelope.
#[derive(Serialize, ToSchema)]
pub struct ContentView {
    /// The content, in Base64.
    pub content: String,
}

/// The keys of the client that asks.
#[utoipa::path(get, path = "/api/sign/keys", tag = "sign",
    responses((status = 200, body = SigningKeysView), (status = "4XX", body = Problem)))]
pub async fn keys(
    State(app): State<App>,
    allowed: Allowed,
) -> Result<Json<SigningKeysView>, Problem> {
    let held = app.own_signing_keys(allowed.permit()).await?;
    Ok(Json(SigningKeysView { keys: held.into_iter().map(SigningKeyView::from).collect() }))
}

/// Signs a content, or the value that stands for it.
#[utoipa::path(post, path = "/api/sign/data", tag = "sign", request_body = SignDataBody,
    responses((status = 200, body = SignatureView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn data(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<SignDataBody>,
) -> Result<Json<SignatureView>, Problem> {
    let permit = allowed.permit();
    let signed = match (&body.content, &body.e) {
        (Some(content), None) => {
            app.sign_data(permit, body.key, &octets("content", content)?).await?
        }
        (None, Some(e)) => app.sign_value(permit, body.key, hex_digest("e", e)?).await?,
        _ => {
            let text = "content 和 e 应提交其中一个：原文的 Base64，或者按密钥的证书算出的 e 值";
            return Err(Problem::bad_request("signing.input", text));
        }
    };
    let (signature, certificate) = encoded(&signed);
    Ok(Json(SignatureView { signature, certificate }))
}

/// Makes a signed message (GM/T 0010).
#[utoipa::path(post, path = "/api/sign/message", tag = "sign", request_body = SignMessageBody,
    responses((status = 200, body = MessageView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn message(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<SignMessageBody>,
) -> Result<Json<MessageView>, Problem> {
    let content = octets("content", &body.content)?;
    let order = MessageOrder { is_detached: body.detached, has_attributes: body.attributes };
    let signed = app.sign_message(allowed.permit(), (body.key, content), order).await?;
    let (message, certificate) = encoded(&signed);
    Ok(Json(MessageView { message, certificate }))
}

/// Encrypts a content to certificates (GM/T 0010). Each is verified first.
#[utoipa::path(post, path = "/api/sign/envelope", tag = "sign", request_body = EnvelopeBody,
    responses((status = 200, body = EnvelopeView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn envelope(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<EnvelopeBody>,
) -> Result<Json<EnvelopeView>, Problem> {
    let content = Zeroizing::new(octets("content", &body.content)?);
    let recipients: Vec<_> =
        body.recipients.iter().map(|text| recipient(text)).collect::<Result<_, _>>()?;
    let made = app.make_envelope(allowed.permit(), (body.key, content), &recipients).await?;
    let envelope = STANDARD.encode(made.octets);
    Ok(Json(EnvelopeView { envelope, trust_snapshot: made.snapshot }))
}

/// Opens an envelope to the encryption certificate of the key.
#[utoipa::path(post, path = "/api/sign/open", tag = "sign", request_body = OpenBody,
    responses((status = 200, body = ContentView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn open(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<OpenBody>,
) -> Result<Json<ContentView>, Problem> {
    let envelope = octets("envelope", &body.envelope)?;
    let content = app.open_envelope(allowed.permit(), (body.key, envelope)).await?;
    Ok(Json(ContentView { content: STANDARD.encode(content.as_slice()) }))
}

/// What was made, and the certificate that it verifies under.
fn encoded(signed: &SignedBy) -> (String, String) {
    (STANDARD.encode(&signed.octets), STANDARD.encode(signed.certificate.der()))
}

fn octets(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    from_base64(text.as_bytes())
        .ok_or_else(|| Problem::bad_request("signing.base64", format!("{field} 应为 Base64 编码")))
}

/// PEM, or DER in Base64.
fn recipient(text: &str) -> Result<pki::Certificate, Problem> {
    match text.contains("-----BEGIN ") {
        true => certificate(text.as_bytes()),
        false => certificate(&octets("recipients", text)?),
    }
}

//! The client's side: signs a request. Used by the command line and by tests.

use super::ALGORITHM;
use super::base::{WITH_BODY, WITHOUT_BODY, base, content_digest};
use crate::ClientId;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gm::sm2::PrivateKey;
use gm::{DeviceError, Random, UserId};
use jiff::Timestamp;

/// How long the signature of a request is good.
const VALID_SECONDS: i64 = 120;

/// A request before it is signed.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// In upper case.
    pub method: &'a str,
    /// The path as it will be sent, percent-encoded, without query.
    pub path: &'a str,
    /// The query as it will be sent, without `?`.
    pub query: Option<&'a str>,
    /// The whole body; empty: none.
    pub body: &'a [u8],
}

/// The headers to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `Content-Digest`, if there is a body.
    pub content_digest: Option<String>,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

impl SignedHeaders {
    /// Names and values, as an HTTP client wants them.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let digest = self.content_digest.as_deref().map(|digest| ("content-digest", digest));
        let rest = [
            ("signature-input", self.signature_input.as_str()),
            ("signature", self.signature.as_str()),
        ];
        digest.into_iter().chain(rest).collect()
    }
}

/// Signs a request with the client's key; a nonce of 128 bits is drawn from `random`.
pub fn sign(
    request: &Outgoing<'_>,
    client: &ClientId,
    key: &PrivateKey,
    (now, random): (Timestamp, &mut dyn Random),
) -> Result<SignedHeaders, DeviceError> {
    let mut nonce = [0; 16];
    random.fill(&mut nonce)?;
    let components = if request.body.is_empty() { WITHOUT_BODY } else { WITH_BODY };
    let created = now.as_second();
    let parameters = format!(
        "{components};created={created};expires={};nonce=\"{}\";keyid=\"{client}\";alg=\"{ALGORITHM}\"",
        created.saturating_add(VALID_SECONDS),
        URL_SAFE_NO_PAD.encode(nonce),
    );
    let digest = (!request.body.is_empty()).then(|| content_digest(request.body));
    let line = (request.method, request.path, request.query);
    let text = base(line, digest.as_deref(), &parameters);
    let signature = key.sign(&UserId::default(), text.as_bytes());
    Ok(SignedHeaders {
        content_digest: digest,
        signature_input: format!("sig1={parameters}"),
        signature: format!("sig1=:{}:", STANDARD.encode(signature.to_der())),
    })
}

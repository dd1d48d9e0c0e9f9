//! The signature base (RFC 9421 §2.5) and the digest of the body (RFC 9530 §2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The components without a body.
pub(super) const WITHOUT_BODY: &str = r#"("@method" "@path" "@query")"#;
/// The components with a body.
pub(super) const WITH_BODY: &str = r#"("@method" "@path" "@query" "content-digest")"#;

/// What is signed: one line for each component, then the parameters as they were sent.
pub(super) fn base(
    request: (&str, &str, Option<&str>),
    content_digest: Option<&str>,
    parameters: &str,
) -> String {
    let (method, path, query) = request;
    let path = if path.is_empty() { "/" } else { path };
    let query = query.unwrap_or_default();
    let digest =
        content_digest.map_or_else(String::new, |digest| format!("\"content-digest\": {digest}\n"));
    format!(
        "\"@method\": {method}\n\"@path\": {path}\n\"@query\": ?{query}\n{digest}\"@signature-params\": {parameters}"
    )
}

/// The value of `Content-Digest` for a body.
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sm3=:{}:", STANDARD.encode(gm::sm3::hash(body).0))
}

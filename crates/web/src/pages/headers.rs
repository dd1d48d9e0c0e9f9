//! The headers of every page: what a browser may load, where forms may go, what may be kept.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Nothing but our own style, pictures and scripts is loaded, and scripts may fetch nothing: what they
/// read of a key file has no way out in the background (ADR 9). Forms go to ourselves and to the
/// signing assistant on the visitor's own machine (docs/agent.md).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    script-src 'self'; worker-src 'self'; connect-src 'none'; form-action 'self' http://127.0.0.1:*; frame-ancestors 'none'; \
    base-uri 'none'";

/// Adds them; caching stays as it is where a page has said otherwise.
pub fn secure(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    // Our name and never an address: with a stricter policy the browser hides the origin of a form
    // that goes from https to the assistant on http://127.0.0.1, which then signs nothing.
    set(header::REFERRER_POLICY, "origin");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

//! Signed requests: RFC 9421 with one fixed shape, and nothing negotiable.
//!
//! ```text
//! Content-Digest: sm3=:BASE64:
//! Signature-Input: sig1=("@method" "@path" "@query" "content-digest");created=1790000000;
//!     expires=1790000120;nonce="…";keyid="…";alg="sm2-sm3"
//! Signature: sig1=:BASE64 OF THE DER SIGNATURE:
//! ```
//!
//! (on one line each). The label is `sig1`; the components are these, in this order,
//! `content-digest` only and always with a body; every parameter stands once, in any
//! order. The text that is signed (SM2 with SM3 and the default user ID) is the signature
//! base of RFC 9421 §2.5. `alg` is a private name: the registry has none for SM2.
//!
//! [`sign()`] is for clients, [`Claim`] for the server; both build the base in one place.

mod base;
mod claim;
mod field;
mod sign;

pub use claim::{Claim, one_header};
pub use sign::{Outgoing, SignedHeaders, sign};

/// The only algorithm.
pub const ALGORITHM: &str = "sm2-sm3";

/// The parts of a request that bear on its signature, as they came over the wire.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// In upper case, as sent.
    pub method: &'a str,
    /// The path as sent, not decoded.
    pub path: &'a str,
    /// The query as sent, without `?`.
    pub query: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
    /// `Content-Digest`.
    pub content_digest: Option<&'a str>,
    /// `Signature-Input`.
    pub signature_input: Option<&'a str>,
    /// `Signature`.
    pub signature: Option<&'a str>,
}

impl Incoming<'_> {
    /// Whether the method promises to change nothing (RFC 9110 §9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }
}

//! GM/T 0010 cryptographic messages: signed, enveloped, and both.
//!
//! The shapes are those of PKCS#7 1.5 with their own object identifiers: version 1
//! everywhere, signers and recipients named by issuer and serial number, SM3 digests,
//! SM2 signatures and encryption, SM4-CBC content.
//!
//! Private keys come in as closures, so that a device can stand behind them. Certificates of
//! signers are returned by `verify`, not trusted: their paths are the caller's.
//!
//! Two points in which deployed software differs from the text are read, never written:
//! a signature as raw `r ‖ s`, and SM2-with-SM3 or the bare SM2 identifier where the
//! standard wants the one of the signature algorithm.

mod content;
mod enveloped;
mod parts;
mod recipient;
mod signed;
mod signed_enveloped;
mod signer;

pub use enveloped::EnvelopedData;
pub use parts::Holder;
pub(crate) use parts::elements;
pub use signed::SignedData;
pub use signed_enveloped::SignedAndEnvelopedData;
pub use signer::{SignerInfo, Signing};

use crate::Error;

/// Largest message that is read, in octets.
pub const MAX_OCTETS: usize = 64 * 1024 * 1024;

/// Chinese name of the structure in messages.
const WHAT: &str = "国密消息（GM/T 0010）";

fn bad(detail: &'static str) -> Error {
    Error::malformed(WHAT, detail)
}

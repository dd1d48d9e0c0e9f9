//! Writing a request: for the subscriber's tool. The caller signs (RFC 2986 §4.2, GM/T 0092).

use gm::{PublicKey, Signature};

use crate::name::Name;
use crate::oid;
use crate::spki::{AlgorithmIdentifier, Spki};
use crate::strict::{Tag, Writer};

/// What is signed: version 1, name, key, no attributes.
#[must_use]
pub fn request_info(subject: &Name, key: &PublicKey) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.uint(0);
            w.raw(subject.der());
            w.raw(Spki::of(key).der());
            w.tlv(Tag::context_constructed(0), &[]);
        });
    })
}

/// The request in DER, from what was signed and its signature under SM2 with SM3.
#[must_use]
pub fn signed_request(info: &[u8], signature: &Signature) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.raw(info);
            AlgorithmIdentifier::bare(oid::SM2_WITH_SM3).write(w);
            w.bit_string(&signature.to_der());
        });
    })
}

//! The public-key infrastructure formats of the institution: certificates,
//! certification requests, CRLs, OCSP, GM/T messages, profiles, lints, paths.
//!
//! What it is: strict DER in, exact DER out, and pure decisions about both.
//! Original bytes are kept; a signature is verified over the bytes that came,
//! never over a re-encoding.
//!
//! What it is not: it never signs, never stores, and never asks who may ask.
//! It yields digests and takes signatures; keys live behind `gm`.
//!
//! Standards: GB/T 20518 and GM/T 0015 (certificate format), GM/T 0009 (SM2
//! use), GM/T 0010 (messages), GM/T 0014 (CA to KM), GM/T 0043 (conformity),
//! GM/T 0092 (request and response), RFC 5280, RFC 2986, RFC 6960,
//! RFC 3161, GM/T 0033, GM/T 0029.
//!
//! | module | subject |
//! | --- | --- |
//! | [`strict`] | the DER gate, and the reader and writer all others use |
//! | [`certificate`], [`csr`], [`crl`], [`ocsp`], [`tsp`], [`svs`] | what others send us |
//! | [`profile`], [`tbs`], [`lint`] | what we are about to sign |
//! | [`path`] | whether a chain holds |
//! | [`attestation`] | certified devices, and what they say about their keys |
//! | [`envelope`], [`skf`], [`message`], [`response`], [`km`] | keys and messages under way |

pub mod attestation;
pub mod certificate;
pub mod crl;
pub mod csr;
pub mod envelope;
pub mod error;
pub mod ext;
pub mod ident;
pub mod km;
pub mod lint;
pub mod message;
pub mod name;
pub mod ocsp;
pub mod oid;
pub mod pair;
pub mod path;
pub mod pem;
pub mod profile;
pub mod response;
pub mod serial;
pub mod skf;
pub mod spki;
pub mod strict;
pub mod svs;
pub mod tbs;
pub mod time;
pub mod tsp;
mod weak;

pub use certificate::Certificate;
pub use csr::{CertificationRequest, ProofOfPossession};
pub use error::{Error, ErrorKind};
pub use name::Name;
pub use oid::Oid;
pub use serial::Serial;
pub use spki::Spki;
pub use tbs::{
    CrossOrder, CrossTerms, Identifier, Issuer, Linted, Order, Planned, SubjectInput, Template,
    Urls, plan, plan_cross,
};

//! The verification service (证书使用支持, Measures Art. 18 (2)): whether a certificate or a signature
//! holds, as a report in which each check is passed, failed or unknown, with its reason.
//!
//! # How a question is answered
//!
//! 1. What is put to the question is read strictly; what is no certificate or no signature at all is an
//!    error, what breaks a rule of the format is a failed check.
//! 2. A chain to a trust anchor is looked for ([`pki::path`]); anchors are a file list of the operator
//!    and the institution's own roots, and each report cites them as a snapshot ([`Trust`]).
//! 3. Each certificate below the anchor is asked for its status: those of our own issuers (name *and*
//!    key, T-15) in our own tables, as the OCSP responder does; others by the lists that are followed
//!    ([`crate::foreign`]) and by the CRLs and OCSP answers that came with the question. No list is fetched because of
//!    a question; where none decides, the responder is asked that the trust list names, if the operator wants that
//!    ([`crate::foreign::responder`]). What we never issued fails (T-07).
//! 4. Of a signature, each signer has checks of its own; the certificate is judged at the time of
//!    signing only if a timestamp proves that time, and as of now otherwise.
//! 5. The verdict is passed only if every check that weighs is passed. What could not be determined is
//!    unknown, and unknown is not passed (Invariant 11).
//!
//! Not here: RSA, ECDSA and PDF signatures. They are told as unknown, with the reason.
//!
//! # Rooms
//!
//! | module | holds |
//! | --- | --- |
//! | [`model`] | questions, evidence, trust, reports |
//! | [`rules`] | pure decisions: chain, status, signature, verdict |
//! | [`message`] | signed messages of GM/T 0010 and RFC 5652, taken apart |
//! | `sql` | reads over the CA's tables |
//! | `service` | [`Verifier`] |

pub mod message;
pub mod model;
pub mod rules;
mod service;
mod sql;

pub use model::{
    Basis, CertificateQuestion, CertificateReport, Check, Covered, Evidence, Facts, Form, Judged,
    Outcome, Purpose, SignatureQuestion, SignatureReport, SignerReport, StampFacts, StampQuestion,
    StampReport, TimeBasis, Trust, Wrong,
};
pub use service::Verifier;

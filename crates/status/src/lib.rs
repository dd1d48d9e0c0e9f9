//! The status of certificates: OCSP answers and the revocation lists that are in force; and
//! [`timestamp`], the timestamp service.
//!
//! Relying parties ask here whether a certificate counts (Measures Art. 23: status must be
//! queryable; GM/T 0034: real-time status service). Octets go in and octets come out; HTTP
//! is in `web`, and what the status *is* was decided in `ca`, whose tables are read here.
//!
//! # How a question is answered
//!
//! 1. [`Responder::answer`] reads the question strictly; what is not one gets
//!    `malformedRequest`.
//! 2. The CertID is held against the name *and* key of every issuer (incident T-15); a
//!    question about nobody we know gets `unauthorized`.
//! 3. A question without nonce about one certificate may be answered from the cache of
//!    signed answers, which [`Responder::prepare`] fills ahead of time. A change of status takes
//!    its answers out at once in this process, and in others within a second, since all follow
//!    `status_change`.
//! 4. Otherwise the row is read, the answer signed by the delegated key, and the signature
//!    verified before it leaves. What has no row was not issued: `unknown`, or revoked in the
//!    extended meaning of RFC 6960 §2.2, never `good` (incident T-07), and never cached.
//!
//! # Keys
//!
//! Each responder key has one short certificate by each issuer it answers for. `app` makes the
//! next one in good time; [`rules::delegation`] says which signs. Answers carry the certificate, so
//! old ones verify as long as they count. A certificate of ours that is revoked takes everything
//! with it that was signed ahead.
//!
//! When the store is halted, all of this goes on: only reads are needed (invariant 4).
//!
//! # Rooms
//!
//! | module | holds |
//! | --- | --- |
//! | [`model`] | configuration, answers, lists |
//! | [`rules`] | pure decisions: which issuer, which status, which window, how long to keep |
//! | `sql` | reads over `migrations/institution/0100_ca.sql`; no table of its own |
//! | [`foreign`] | revocation lists of other institutions, followed for mutual recognition |
//! | [`timestamp`] | a subject of its own, with the same rooms |
//! | `service` | [`Responder`] and [`Lists`] |
//! | [`verification`] | whether certificates and signatures hold, as reports |
//! | [`http`] | what RFC 6960 appendix A and RFC 5019 say about HTTP, without HTTP |

mod cache;
mod error;
pub mod foreign;
pub mod http;
pub mod model;
pub mod rules;
mod service;
mod sql;
pub mod timestamp;
pub mod verification;

pub use error::Error;
pub use model::{
    Answer, Caching, Delegation, Health, ListKind, ListName, ListWindow, Outcome, Prepared,
    PublishedList, StatusConfig, Unissued,
};
pub use service::{Lists, Responder};

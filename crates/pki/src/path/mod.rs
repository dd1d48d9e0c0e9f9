//! Certification path validation (RFC 5280 §6) over SM2.
//!
//! [`validate`] takes a certificate, other certificates that may help, the anchors that the caller trusts, and CRLs. It
//! looks for a path, holds every check of RFC 5280 against it, and returns a [`Verdict`] with one row per check:
//! passed, failed or unknown, each with its reason in Chinese. What cannot be determined is unknown and never passes:
//! a signature of another algorithm, a status without a CRL, a path whose issuer is missing.
//!
//! Where it is stricter than the RFC: an anchor is held to its own validity and constraints (RFC 5937), a purpose that
//! an issuing CA's certificate does not have is not passed on, and key identifiers that contradict each other fail
//! (GM/T 0043 §6).
//!
//! What it is not: it fetches nothing. Time, certificates and CRLs are arguments.

mod build;
mod constraints;
mod names;
mod policy;
mod process;
mod revocation;
mod verdict;

use gm::UserId;
use jiff::Timestamp;

use crate::ext::KeyUsage;
use crate::{Certificate, Oid, crl::Crl};

pub use verdict::{Check, Kind, Outcome, PathEntry, Validity, Verdict};

/// The question.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The certificate in question.
    pub leaf: &'a Certificate,
    /// Certificates that may stand between it and an anchor.
    pub untrusted: &'a [Certificate],
    /// Certificates that are trusted.
    pub anchors: &'a [Certificate],
    /// CRLs, complete and delta, of whichever issuer.
    pub crls: &'a [Crl],
    /// The instant at which the certificate is to be valid.
    pub at: Timestamp,
    /// What else is asked.
    pub options: &'a Options,
}

/// What else is asked (the inputs of RFC 5280 §6.1.1).
#[derive(Clone, Debug)]
pub struct Options {
    /// The user identity in SM2 signatures of certificates and CRLs (GM/T 0009 §10).
    pub user_id: UserId,
    /// A purpose that the certificate must serve.
    pub purpose: Option<Oid>,
    /// Key usages that the certificate must have.
    pub usage: Option<KeyUsage>,
    /// The policies that are acceptable; empty for any.
    pub policies: Vec<Oid>,
    /// Whether the path must be valid for one of them.
    pub require_explicit_policy: bool,
    /// Whether mappings count for nothing.
    pub inhibit_policy_mapping: bool,
    /// Whether anyPolicy counts for nothing.
    pub inhibit_any_policy: bool,
    /// Whether status is looked up.
    pub revocation: Revocation,
    /// The most certificates in a path, leaf and anchor included; never more than [`Options::MOST_CERTIFICATES`].
    pub most_certificates: usize,
}

/// How status is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Revocation {
    /// Every certificate below the anchor must be good by the CRLs given.
    #[default]
    Required,
    /// Status is not asked; the row says so, and the verdict is one without status.
    NotAsked,
}

impl Options {
    /// No path is followed beyond this many certificates.
    pub const MOST_CERTIFICATES: usize = 32;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_id: UserId::default(),
            purpose: None,
            usage: None,
            policies: Vec::new(),
            require_explicit_policy: false,
            inhibit_policy_mapping: false,
            inhibit_any_policy: false,
            revocation: Revocation::Required,
            most_certificates: 16,
        }
    }
}

/// Looks for a path from an anchor to the certificate and holds every check against it.
///
/// When several paths exist, the first that is valid counts; when none is valid, the one that fails least.
#[must_use]
pub fn validate(request: &Request<'_>) -> Verdict {
    build::search(request)
}

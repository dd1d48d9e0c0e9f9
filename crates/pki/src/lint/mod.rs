//! Lints: the rules of law and standards, each held against every certificate.
//!
//! A lint is one rule in one file: its text in Chinese, its citation, the day from which it holds, a check, and
//! named examples of certificates that keep it and that break it. The same lints run on the to-be-signed
//! certificate before the device signs it, on certificates in store, and on files of strangers.
//!
//! | folder | rules of |
//! | --- | --- |
//! | `art19` | the Measures, Art. 19 and 20: what a certificate must state |
//! | `gmt0043` | GM/T 0043-2015 §6: what inspectors test |
//! | `gmt0015` | GM/T 0015 (GB/T 20518): identity extensions |
//! | `rfc5280` | RFC 5280: structure and extensions |
//! | `role` | RFC 6960, RFC 3161: certificates of services |
//! | `incident` | what went wrong elsewhere: entropy, keys, times, encodings |
//! | `crl`, `ocsp` | the same for CRLs and OCSP answers |
//!
//! What it is not: a lint decides nothing about trust (that is [`crate::path`]) and changes nothing.

mod art19;
mod check;
mod context;
pub mod crl;
#[cfg(test)]
mod example;
mod gmt0015;
mod gmt0043;
mod incident;
pub mod name;
pub mod ocsp;
mod prelude;
mod registry;
mod report;
mod rfc5280;
mod role;
mod source;
pub mod tlv;
mod uri;
pub mod values;
pub mod view;

pub use check::{Lint, Outcome, Rule, Severity, Target};
pub use context::{Context, Role};
pub use registry::{Set, documentation};
pub use report::{Finding, Report, Undetermined};

use crate::Certificate;

/// Runs every lint on a to-be-signed certificate (DER of the TBSCertificate).
#[must_use]
pub fn run_tbs(tbs: &[u8], context: &Context<'_>) -> Report {
    Set::all().run_tbs(tbs, context)
}

/// Runs every lint on a certificate.
#[must_use]
pub fn run_certificate(certificate: &Certificate, context: &Context<'_>) -> Report {
    run_der(certificate.der(), context)
}

/// Runs every lint on the octets of a certificate that the strict gate may refuse.
#[must_use]
pub fn run_der(certificate: &[u8], context: &Context<'_>) -> Report {
    Set::all().run_der(certificate, context)
}

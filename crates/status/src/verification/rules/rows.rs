//! What path validation says, as rows of a report.

use pki::Certificate;
use pki::path::{self, Kind};

use super::{Asked, Chain, row};
use crate::verification::model::{Basis, Check, Facts, Outcome, Trust};

/// What a certificate says.
pub fn facts(certificate: &Certificate) -> Facts {
    Facts {
        subject: Some(certificate.subject().to_string()),
        issuer: certificate.issuer().to_string(),
        serial: certificate.serial().to_hex(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        fingerprint: certificate.fingerprint(),
    }
}

/// The rows of path validation, without status.
pub fn path_checks(chain: &Chain, asked: &Asked, trust: &Trust) -> Vec<Check> {
    let rows = chain.verdict.checks.iter().filter(|one| one.check != Kind::Revocation);
    rows.map(|one| path_check(one, chain, asked, trust)).collect()
}

fn path_check(one: &path::Check, chain: &Chain, asked: &Asked, trust: &Trust) -> Check {
    let word = word(one.check);
    let code = format!("{word}.{}", finer(one, chain, asked));
    let mut check = row((word, one.title), one.outcome, code, one.reason.as_str());
    if one.check == Kind::Path {
        check.basis = Some(Basis::Anchors { snapshot: trust.snapshot().to_owned() });
    }
    // Nobody asked for an extended key usage: the row is shown and doesn't weigh.
    check.weighs = one.check != Kind::Purpose || asked.purpose.extended().is_some();
    match (one.check, one.outcome) {
        (Kind::KeyUsage, Outcome::Passed) => usage(check, chain, asked),
        _ => check,
    }
}

/// The key usage of the certificate in question: one of those that the purpose needs (RFC 5280
/// §4.2.1.3; a certificate that names none is not restricted).
fn usage(check: Check, chain: &Chain, asked: &Asked) -> Check {
    let (Some(wanted), Some(leaf)) = (asked.purpose.usages(), chain.path.first()) else {
        return check;
    };
    match leaf.key_usage() {
        Some(usage) if !usage.intersects(wanted) => Check {
            outcome: Outcome::Failed,
            code: "key-usage.wrong".to_owned(),
            reason: format!(
                "证书的密钥用法是“{usage}”，不能用于{}；需要其中之一：{wanted}",
                asked.purpose.chinese()
            ),
            ..check
        },
        _ => check,
    }
}

/// Stable words; `Kind` has the same in its serialized form.
const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Path => "path",
        Kind::Signature => "signature",
        Kind::Validity => "validity",
        Kind::Names => "names",
        Kind::KeyIdentifiers => "key-identifiers",
        Kind::BasicConstraints => "basic-constraints",
        Kind::PathLength => "path-length",
        Kind::KeyUsage => "key-usage",
        Kind::NameConstraints => "name-constraints",
        Kind::Policies => "policies",
        Kind::CriticalExtensions => "critical-extensions",
        Kind::Purpose => "purpose",
        Kind::Revocation => "revocation",
    }
}

/// How a row ended, more exactly where there is something to tell apart.
fn finer(one: &path::Check, chain: &Chain, asked: &Asked) -> &'static str {
    match (one.check, one.outcome) {
        (_, Outcome::Passed) => "passed",
        (Kind::Validity, Outcome::Failed) => {
            let early = |certificate: &Certificate| asked.at < certificate.not_before();
            if chain.path.iter().any(early) { "not-yet" } else { "expired" }
        }
        (_, Outcome::Failed) => "failed",
        (Kind::Purpose, Outcome::Unknown) if chain.is_anchored => "not-asked",
        (_, Outcome::Unknown) => "unknown",
    }
}

const FORMAT: (&str, &str) = ("format", "证书格式");

/// The certificate was read.
pub fn readable() -> Check {
    row(FORMAT, Outcome::Passed, "format.passed", "DER 编码和证书结构符合标准")
}

/// The certificate breaks a rule of its format; `code` is that rule.
pub fn unreadable(code: &str, why: &str) -> Check {
    row(FORMAT, Outcome::Failed, format!("format.{code}"), why)
}

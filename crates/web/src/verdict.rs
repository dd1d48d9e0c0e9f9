//! Why something did not pass, as one word: interfaces of GM/T 0029 and GM/T 0020 answer with one
//! number where a report has rows. The worst reason wins, and what is unknown is never success
//! (Invariant 11).

use status::verification::{
    CertificateQuestion, CertificateReport, Check, Evidence, Outcome, Purpose, SignatureReport,
    StampReport,
};

/// The reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Everything that weighs passed.
    Passed,
    /// What was put to the question breaks a rule of its format.
    Format,
    /// The signature is of something else or of another key.
    Signature,
    /// There is nothing that the signature could cover.
    Content,
    /// The certificate of the signer is not there.
    NoCertificate,
    /// Revoked.
    Revoked,
    /// Suspended.
    Suspended,
    /// Past its validity.
    Expired,
    /// Before its validity.
    NotYet,
    /// Not for this purpose.
    Purpose,
    /// No chain to a trust anchor, or a broken one; never issued.
    Untrusted,
    /// An algorithm that isn't judged here.
    Algorithm,
    /// Nobody says whether it is revoked.
    Status,
    /// Something else could not be determined.
    Unknown,
}

#[cfg(test)]
impl Cause {
    /// Every one but that everything passed.
    pub(crate) const WRONG: [Self; 13] = [
        Self::Format,
        Self::Signature,
        Self::Content,
        Self::NoCertificate,
        Self::Revoked,
        Self::Suspended,
        Self::Expired,
        Self::NotYet,
        Self::Purpose,
        Self::Untrusted,
        Self::Algorithm,
        Self::Status,
        Self::Unknown,
    ];
}

/// Codes of rows that failed, in the order in which they count.
const FAILED: [(&str, Cause); 13] = [
    ("format.", Cause::Format),
    ("value.", Cause::Signature),
    ("content.", Cause::Signature),
    ("imprint.", Cause::Signature),
    ("attributes.", Cause::Signature),
    ("status.not-", Cause::Untrusted),
    ("status.suspended", Cause::Suspended),
    ("status.", Cause::Revoked),
    ("validity.not-yet", Cause::NotYet),
    ("validity.", Cause::Expired),
    ("key-usage.", Cause::Purpose),
    ("purpose.", Cause::Purpose),
    ("", Cause::Untrusted),
];

/// Codes of rows that stayed unknown, likewise. Without a chain nothing else can be known.
const UNKNOWN: [(&str, Cause); 9] = [
    ("format.", Cause::Algorithm),
    ("algorithm.", Cause::Algorithm),
    ("value.no-certificate", Cause::NoCertificate),
    ("value.", Cause::Content),
    ("content.", Cause::Content),
    ("attributes.", Cause::Content),
    ("path.", Cause::Untrusted),
    ("status.", Cause::Status),
    ("", Cause::Unknown),
];

/// The reason of a verdict over these rows.
pub(crate) fn cause<'a>(verdict: Outcome, checks: impl IntoIterator<Item = &'a Check>) -> Cause {
    let weighs: Vec<&Check> = checks.into_iter().filter(|check| check.weighs).collect();
    let (outcome, order): (_, &[(&str, Cause)]) = match verdict {
        Outcome::Passed => return Cause::Passed,
        Outcome::Failed => (Outcome::Failed, &FAILED),
        Outcome::Unknown => (Outcome::Unknown, &UNKNOWN),
    };
    let mut ranked = order.iter().filter(|(start, _)| {
        weighs.iter().any(|check| check.outcome == outcome && check.code.starts_with(start))
    });
    ranked.next().map_or(Cause::Unknown, |(_, cause)| *cause)
}

/// Whether a certificate holds now, for whatever.
pub(crate) fn question(der: Vec<u8>) -> CertificateQuestion {
    let (evidence, policies) = (Evidence::default(), Vec::new());
    CertificateQuestion { der, evidence, at: None, purpose: Purpose::Any, policies }
}

/// Of a certificate.
pub(crate) fn of_certificate(report: &CertificateReport) -> Cause {
    cause(report.judged.verdict, &report.judged.checks)
}

/// Of a signature and its signers.
pub(crate) fn of_signature(report: &SignatureReport) -> Cause {
    let signers = report.signers.iter().flat_map(|signer| {
        let judged = signer.certificate.iter().flat_map(|judged| &judged.checks);
        signer.checks.iter().chain(judged)
    });
    cause(report.verdict, report.checks.iter().chain(signers))
}

/// Of a timestamp.
pub(crate) fn of_stamp(report: &StampReport) -> Cause {
    let judged = report.certificate.iter().flat_map(|judged| &judged.checks);
    cause(report.verdict, report.checks.iter().chain(judged))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: Outcome, code: &str) -> Check {
        let (reason, code) = (String::new(), code.to_owned());
        let (check, title) = ("x", "某项");
        Check { check, title, outcome, code, reason, about: None, weighs: true, basis: None }
    }

    #[test]
    fn the_worst_reason_wins_and_no_unknown_is_success() {
        use Outcome::{Failed, Passed, Unknown};
        let of = |verdict, rows: &[(Outcome, &str)]| {
            let checks: Vec<_> = rows.iter().map(|(one, code)| check(*one, code)).collect();
            cause(verdict, &checks)
        };
        for (verdict, rows, expected) in [
            (Passed, &[(Passed, "status.good")][..], Cause::Passed),
            (Failed, &[(Failed, "validity.expired"), (Failed, "status.revoked")], Cause::Revoked),
            (Failed, &[(Failed, "status.suspended")], Cause::Suspended),
            (Failed, &[(Failed, "status.list-revoked")], Cause::Revoked),
            (Failed, &[(Failed, "status.not-issued")], Cause::Untrusted),
            (Failed, &[(Failed, "validity.not-yet"), (Unknown, "status.no-source")], Cause::NotYet),
            (Failed, &[(Failed, "value.wrong"), (Failed, "status.revoked")], Cause::Signature),
            (Failed, &[(Failed, "key-usage.wrong")], Cause::Purpose),
            (Failed, &[(Failed, "path.failed")], Cause::Untrusted),
            (Unknown, &[(Unknown, "value.no-certificate")], Cause::NoCertificate),
            (Unknown, &[(Unknown, "status.no-source")], Cause::Status),
            (Unknown, &[(Unknown, "path.unknown"), (Unknown, "status.x")], Cause::Untrusted),
            (Unknown, &[], Cause::Unknown),
        ] {
            assert_eq!(of(verdict, rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn what_does_not_weigh_is_no_reason() {
        let silent = Check { weighs: false, ..check(Outcome::Unknown, "status.no-source") };
        assert_eq!(cause(Outcome::Unknown, [&silent]), Cause::Unknown);
    }
}

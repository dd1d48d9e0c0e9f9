//! Answers of the functions of GM/T 0020.

use serde::Serialize;
use status::verification::{CertificateReport, SignatureReport, StampReport};
use utoipa::ToSchema;

use super::Sor;
use crate::api::verify_view::{
    CertificateReportView, JudgedView, ReportCheckView, SignatureReportView, TrustView, chinese,
    word,
};
use crate::verdict::{self, Cause};

/// The number for a reason. What is unknown has none of success (Invariant 11).
pub(crate) const fn code(cause: Cause) -> Sor {
    match cause {
        Cause::Passed => Sor::Ok,
        Cause::Format => Sor::Message,
        Cause::Content => Sor::Indata,
        Cause::Signature => Sor::Verify,
        Cause::NoCertificate => Sor::CertNotFound,
        Cause::Untrusted => Sor::CertInvalid,
        Cause::Purpose => Sor::KeyUsage,
        Cause::Revoked => Sor::CertRevoked,
        Cause::Suspended => Sor::CertSuspended,
        Cause::Expired => Sor::CertExpired,
        Cause::NotYet => Sor::CertNotYet,
        Cause::Algorithm => Sor::Algorithm,
        Cause::Status | Cause::Unknown => Sor::Policy,
    }
}

/// The answer about a certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct SofCertificateView {
    /// The number of `SOF_GetLastError`; 0 only if every check passed.
    pub code: u32,
    /// Its name.
    pub name: &'static str,
    /// What happened and what to do, in Chinese.
    pub message: String,
    /// 1 valid; -1 not trusted; -2 expired; -3 revoked; -4 suspended; -5 not yet valid; -6 otherwise.
    pub result: i32,
    /// Every check; absent where the certificate can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<CertificateReportView>,
}

/// The answer about a signature.
#[derive(Debug, Serialize, ToSchema)]
pub struct SofSignatureView {
    /// The number of `SOF_GetLastError`; 0 only if every check passed.
    pub code: u32,
    /// Its name.
    pub name: &'static str,
    /// What happened and what to do, in Chinese.
    pub message: String,
    /// Whether the signature holds.
    pub result: bool,
    /// Every check; absent where the question can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<SignatureReportView>,
}

/// The answer about a timestamp.
#[derive(Debug, Serialize, ToSchema)]
pub struct SofStampView {
    /// The number of `SOF_GetLastError`; 0 only if every check passed.
    pub code: u32,
    /// Its name.
    pub name: &'static str,
    /// What happened and what to do, in Chinese.
    pub message: String,
    /// Whether the timestamp holds over the content.
    pub result: bool,
    /// Every check; absent where the question can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<StampReportView>,
}

/// An answer that is a text, or nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct SofTextView {
    /// The number of `SOF_GetLastError`.
    pub code: u32,
    /// Its name.
    pub name: &'static str,
    /// What happened and what to do, in Chinese.
    pub message: String,
    /// The result; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// `text`, or `base64` of DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
}

/// The report on a timestamp.
#[derive(Debug, Serialize, ToSchema)]
pub struct StampReportView {
    /// `passed`, `failed`, or `unknown`: what is unknown is not passed.
    pub verdict: &'static str,
    /// The verdict in Chinese.
    pub verdict_text: &'static str,
    /// When the report was made, RFC 3339.
    pub made_at: String,
    /// The trust anchors that it rests on.
    pub trust: TrustView,
    /// SM3 of the timestamp as it came, hexadecimal.
    pub input_sm3: String,
    /// What the timestamp says, RFC 3339; not to be believed unless passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamped_at: Option<String>,
    /// Its number, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its policy, dotted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The digest's algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<&'static str>,
    /// The checks of the timestamp.
    pub checks: Vec<ReportCheckView>,
    /// The authority's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<JudgedView>,
}

/// Answers without a report, and the result that says so.
macro_rules! refused {
    ($($view:ident $result:literal,)*) => {
        $(impl $view {
            /// Without a report.
            pub(crate) fn refused(code: Sor) -> Self {
                let (code, name, message) = parts(code);
                Self { code, name, message, result: $result, report: None }
            }
        })*
    };
}

refused! {
    SofCertificateView -6,
    SofSignatureView false,
    SofStampView false,
}

/// Answers to whether something holds over a content.
macro_rules! judged {
    ($($report:ident $of:ident $view:ident,)*) => {
        $(impl From<$report> for $view {
            fn from(report: $report) -> Self {
                let cause = verdict::$of(&report);
                let (code, name, message) = parts(code(cause));
                let (result, report) = (cause == Cause::Passed, Some(report.into()));
                Self { code, name, message, result, report }
            }
        })*
    };
}

judged! {
    SignatureReport of_signature SofSignatureView,
    StampReport of_stamp SofStampView,
}

impl From<CertificateReport> for SofCertificateView {
    fn from(report: CertificateReport) -> Self {
        let cause = verdict::of_certificate(&report);
        // Of a certificate, what breaks the format is its encoding.
        let sor = if cause == Cause::Format { Sor::CertEncode } else { code(cause) };
        let (number, name, message) = parts(sor);
        let (result, report) = (standing(cause), Some(report.into()));
        Self { code: number, name, message, result, report }
    }
}

/// The result of `SOF_ValidateCert`, as two public interfaces have it.
const fn standing(cause: Cause) -> i32 {
    match cause {
        Cause::Passed => 1,
        Cause::Untrusted => -1,
        Cause::Expired => -2,
        Cause::Revoked => -3,
        Cause::Suspended => -4,
        Cause::NotYet => -5,
        _ => -6,
    }
}

impl From<StampReport> for StampReportView {
    fn from(report: StampReport) -> Self {
        let facts = report.facts;
        Self {
            verdict: word(report.verdict),
            verdict_text: chinese(report.verdict),
            made_at: report.made_at.to_string(),
            trust: TrustView { snapshot: report.snapshot, anchors: report.anchors },
            input_sm3: report.input,
            stamped_at: facts.as_ref().map(|facts| facts.at.to_string()),
            serial: facts.as_ref().map(|facts| facts.serial.clone()),
            policy: facts.as_ref().map(|facts| facts.policy.clone()),
            algorithm: facts.as_ref().map(|facts| facts.algorithm),
            checks: report.checks.into_iter().map(ReportCheckView::from).collect(),
            certificate: report.certificate.map(JudgedView::from),
        }
    }
}

impl SofTextView {
    /// A result.
    pub(crate) fn of(result: impl Into<String>, encoding: &'static str) -> Self {
        let (code, name, message) = parts(Sor::Ok);
        Self { code, name, message, result: Some(result.into()), encoding: Some(encoding) }
    }

    /// None, and why.
    pub(crate) fn refused(code: Sor) -> Self {
        Self::told(code, code.chinese())
    }

    /// None, and why in words of one's own.
    pub(crate) fn told(code: Sor, message: impl Into<String>) -> Self {
        let (code, name, _) = parts(code);
        Self { code, name, message: message.into(), result: None, encoding: None }
    }
}

fn parts(code: Sor) -> (u32, &'static str, String) {
    (code.number(), code.name(), code.chinese().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passed_is_a_success() {
        for cause in Cause::WRONG {
            assert!(code(cause) != Sor::Ok && standing(cause) < 0, "{cause:?}");
        }
        assert_eq!((code(Cause::Passed), standing(Cause::Passed)), (Sor::Ok, 1));
    }
}

//! Reports of the verification service, as JSON.

use pki::path::PathEntry;
use serde::Serialize;
use status::verification::{
    Basis, CertificateReport, Check, Facts, Judged, Outcome, SignatureReport, SignerReport,
    TimeBasis,
};
use utoipa::ToSchema;

/// The report on a certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateReportView {
    /// `passed`, `failed`, or `unknown`: what is unknown is not passed.
    pub verdict: &'static str,
    /// The verdict in Chinese.
    pub verdict_text: &'static str,
    /// When the report was made, RFC 3339.
    pub made_at: String,
    /// The trust anchors that it rests on.
    pub trust: TrustView,
    /// SM3 of the certificate's DER as it came, hexadecimal.
    pub input_sm3: String,
    /// What the certificate was to serve for.
    pub purpose: &'static str,
    /// What came of it.
    pub certificate: JudgedView,
}

/// The report on a signature.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignatureReportView {
    /// `passed`, `failed`, or `unknown`: what is unknown is not passed.
    pub verdict: &'static str,
    /// The verdict in Chinese.
    pub verdict_text: &'static str,
    /// When the report was made, RFC 3339.
    pub made_at: String,
    /// The trust anchors that it rests on.
    pub trust: TrustView,
    /// SM3 of the signature as it came, hexadecimal.
    pub input_sm3: String,
    /// SM3 of the content, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_sm3: Option<String>,
    /// `raw`, `gmt0010`, `cms`, `pdf`, or `signed-message` when it can't be read.
    pub form: &'static str,
    /// Whether the signature carries its content.
    pub attached: bool,
    /// Checks of the whole.
    pub checks: Vec<ReportCheckView>,
    /// Each signature.
    pub signers: Vec<SignerView>,
}

/// Which trust anchors.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrustView {
    /// SM3 over the SM3 digests of the anchors' DER, in ascending order, hexadecimal.
    pub snapshot: String,
    /// How many.
    pub anchors: usize,
}

/// One signature.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignerView {
    /// With the certificate's verdict.
    pub verdict: &'static str,
    /// The verdict in Chinese.
    pub verdict_text: &'static str,
    /// Issuer of the signer's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Its serial number, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// When the signer says to have signed; nothing vouches for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<String>,
    /// Why the certificate was judged at its instant: `timestamp` or `now`.
    pub time_basis: &'static str,
    /// The checks of the signature.
    pub checks: Vec<ReportCheckView>,
    /// The signer's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<JudgedView>,
}

/// A certificate that was judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct JudgedView {
    /// `passed`, `failed` or `unknown`.
    pub verdict: &'static str,
    /// The verdict in Chinese.
    pub verdict_text: &'static str,
    /// The instant for which it was judged, RFC 3339.
    pub at: String,
    /// What it says; absent when it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<FactsView>,
    /// From the certificate to the anchor, as far as it was found.
    pub path: Vec<PathView>,
    /// The policies for which the path is valid.
    pub policies: Vec<String>,
    /// Every check.
    pub checks: Vec<ReportCheckView>,
}

/// What a certificate says.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactsView {
    /// Subject; absent where it was found by its number alone and the signature does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Issuer.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// First second of validity, RFC 3339.
    pub not_before: String,
    /// Last second of validity, RFC 3339.
    pub not_after: String,
    /// SM3 of its DER, hexadecimal.
    pub sm3: String,
}

/// One certificate of a path.
#[derive(Debug, Serialize, ToSchema)]
pub struct PathView {
    /// Subject; empty where it is withheld.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// SM3 of its DER, hexadecimal.
    pub sm3: String,
    /// Whether it is a trust anchor.
    pub anchor: bool,
}

/// One check.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportCheckView {
    /// What was checked; stable.
    pub check: &'static str,
    /// Its Chinese name.
    pub title: &'static str,
    /// `passed`, `failed` or `unknown`.
    pub outcome: &'static str,
    /// How it ended, more exactly; stable.
    pub code: String,
    /// Why, in Chinese.
    pub reason: String,
    /// The serial number of the certificate that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Whether it counts for the verdict.
    pub weighs: bool,
    /// What it was judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<BasisView>,
}

/// What a check was judged by.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct BasisView {
    /// `anchors`, `records` (our own), `crl` (enclosed), `followed` (a list that is followed), `asked` (a
    /// responder that was asked), `ocsp` (enclosed) or `timestamp`.
    pub by: &'static str,
    /// Who issued the list, the answer or the timestamp; or the certificate, for our own records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Snapshot of the anchors, number of the list or of the timestamp (hexadecimal), or journal number
    /// of the last change of status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The moment for which it is known to be right, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this_update: Option<String>,
    /// When newer information is due, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<String>,
    /// Where a followed list was fetched, or the responder that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// SM3 of a followed list, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm3: Option<String>,
    /// When a followed list was fetched or seen unchanged, or the responder answered, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<String>,
}

/// The answers of a batch, in the order of its items.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// One for each item.
    pub reports: Vec<BatchEntryView>,
}

/// The answer for one item: a report, or why there is none.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchEntryView {
    /// The asker's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<CertificateReportView>,
    /// Why there is no report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
}

/// Why there is no report.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// The stable code.
    pub code: String,
    /// What to do, in Chinese.
    pub detail: String,
}

/// The word of an outcome.
pub const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
    }
}

/// An outcome in Chinese. What could not be determined is no pass (Invariant 11).
pub const fn chinese(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "通过",
        Outcome::Failed => "不通过",
        Outcome::Unknown => "未能判定",
    }
}

impl From<CertificateReport> for CertificateReportView {
    fn from(report: CertificateReport) -> Self {
        let verdict = report.judged.verdict;
        Self {
            verdict: word(verdict),
            verdict_text: chinese(verdict),
            made_at: report.made_at.to_string(),
            trust: TrustView { snapshot: report.snapshot, anchors: report.anchors },
            input_sm3: report.input,
            purpose: report.purpose.word(),
            certificate: report.judged.into(),
        }
    }
}

impl From<SignatureReport> for SignatureReportView {
    fn from(report: SignatureReport) -> Self {
        Self {
            verdict: word(report.verdict),
            verdict_text: chinese(report.verdict),
            made_at: report.made_at.to_string(),
            trust: TrustView { snapshot: report.snapshot, anchors: report.anchors },
            input_sm3: report.input,
            content_sm3: report.content,
            form: report.form,
            attached: report.attached,
            checks: report.checks.into_iter().map(ReportCheckView::from).collect(),
            signers: report.signers.into_iter().map(SignerView::from).collect(),
        }
    }
}

impl From<SignerReport> for SignerView {
    fn from(signer: SignerReport) -> Self {
        let (issuer, serial) = signer.named.unzip();
        Self {
            verdict: word(signer.verdict),
            verdict_text: chinese(signer.verdict),
            issuer,
            serial,
            claimed_at: signer.claimed_at.map(|at| at.to_string()),
            time_basis: match signer.time_basis {
                TimeBasis::Timestamp => "timestamp",
                TimeBasis::Now => "now",
            },
            checks: signer.checks.into_iter().map(ReportCheckView::from).collect(),
            certificate: signer.certificate.map(JudgedView::from),
        }
    }
}

impl From<Judged> for JudgedView {
    fn from(judged: Judged) -> Self {
        Self {
            verdict: word(judged.verdict),
            verdict_text: chinese(judged.verdict),
            at: judged.at.to_string(),
            facts: judged.facts.map(FactsView::from),
            path: judged.path.into_iter().map(PathView::from).collect(),
            policies: judged.policies,
            checks: judged.checks.into_iter().map(ReportCheckView::from).collect(),
        }
    }
}

impl From<Facts> for FactsView {
    fn from(facts: Facts) -> Self {
        Self {
            subject: facts.subject,
            issuer: facts.issuer,
            serial: facts.serial,
            not_before: facts.not_before.to_string(),
            not_after: facts.not_after.to_string(),
            sm3: facts.fingerprint,
        }
    }
}

impl From<PathEntry> for PathView {
    fn from(entry: PathEntry) -> Self {
        let PathEntry { subject, issuer, serial, fingerprint, anchor } = entry;
        Self { subject, issuer, serial, sm3: fingerprint, anchor }
    }
}

impl From<Check> for ReportCheckView {
    fn from(check: Check) -> Self {
        Self {
            check: check.check,
            title: check.title,
            outcome: word(check.outcome),
            code: check.code,
            reason: check.reason,
            about: check.about,
            weighs: check.weighs,
            basis: check.basis.map(BasisView::from),
        }
    }
}

impl From<Basis> for BasisView {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Anchors { snapshot } => {
                Self { by: "anchors", number: Some(snapshot), ..Self::default() }
            }
            Basis::Records { issuer, as_of, change } => Self {
                by: "records",
                issuer: Some(issuer),
                number: Some(change.to_string()),
                this_update: Some(as_of.to_string()),
                ..Self::default()
            },
            Basis::List { issuer, number, this_update, next_update } => Self {
                by: "crl",
                issuer: Some(issuer),
                number,
                this_update: Some(this_update.to_string()),
                next_update: next_update.map(|next| next.to_string()),
                ..Self::default()
            },
            Basis::Followed {
                source,
                issuer,
                number,
                this_update,
                next_update,
                digest,
                fetched_at,
            } => Self {
                by: "followed",
                issuer: Some(issuer),
                number,
                this_update: Some(this_update.to_string()),
                next_update: next_update.map(|next| next.to_string()),
                source: Some(source),
                sm3: Some(digest),
                fetched_at: Some(fetched_at.to_string()),
            },
            Basis::Asked { source, responder, this_update, next_update, asked_at } => Self {
                by: "asked",
                issuer: Some(responder),
                this_update: Some(this_update.to_string()),
                next_update: next_update.map(|next| next.to_string()),
                source: Some(source),
                fetched_at: Some(asked_at.to_string()),
                ..Self::default()
            },
            Basis::Answer { responder, produced_at: _, this_update, next_update } => Self {
                by: "ocsp",
                issuer: Some(responder),
                number: None,
                this_update: Some(this_update.to_string()),
                next_update: next_update.map(|next| next.to_string()),
                ..Self::default()
            },
            Basis::Stamp { authority, serial, at } => Self {
                by: "timestamp",
                issuer: Some(authority),
                number: Some(serial),
                this_update: Some(at.to_string()),
                ..Self::default()
            },
        }
    }
}

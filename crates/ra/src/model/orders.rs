//! What people order, as it is signed: the payload of a signed act is one of these in JSON, and what
//! is done is what was signed.

use serde::{Deserialize, Serialize};

use super::ids::{ApplicationId, InquiryId, MaterialId};

/// A clerk hands an application in (录入). Payload of `application.enter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterOrder {
    /// The version that was read.
    pub version: i64,
}

/// A clerk has proofed identity. Payload of `application.proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofOrder {
    /// The version that was read.
    pub version: i64,
    /// By which method of `proofing.toml`.
    pub method: String,
    /// One row for each element of the form.
    pub evidence: Vec<EvidenceRow>,
}

/// What shows that one element is true (T-18: one row each, never one for several).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRow {
    /// The element's key: `holder_name`, `domains/0`.
    pub element: String,
    /// By which means of the method.
    pub means: String,
    /// What was found.
    pub finding: Finding,
    /// The material that was looked at, where the means needs one.
    #[serde(default)]
    pub material: Option<MaterialId>,
    /// The answer of a public database, where the means needs one.
    #[serde(default)]
    pub inquiry: Option<InquiryId>,
    /// How it was done, where the means needs it said.
    #[serde(default)]
    pub note: Option<String>,
}

/// What a check found. Undetermined never passes (Invariant 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It agrees.
    Matched,
    /// It does not agree.
    Mismatched,
    /// It could not be told.
    Undetermined,
}

/// The application goes back to be supplemented. Payload of `application.return`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnOrder {
    /// The version that was read.
    pub version: i64,
    /// Everything that is to be mended, at once.
    pub items: Vec<SupplementItem>,
}

/// One defect: where, what, why, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementItem {
    /// The field, or `material:<name>`.
    pub target: String,
    /// What is wrong.
    pub defect: String,
    /// Under which article.
    pub article: String,
    /// How to mend it.
    pub remedy: String,
}

/// A reviewer decides. Payload of `application.review`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewOrder {
    /// The version that was read.
    pub version: i64,
    /// What was decided.
    pub decision: Decision,
}

/// What a reviewer decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// 审核通过.
    Approve {
        /// The lines of the checklist that were examined.
        ticked: Vec<String>,
        /// Other applications of the same holder that were looked at.
        #[serde(default)]
        duplicates: Vec<ApplicationId>,
        /// An opinion, if there is one.
        #[serde(default)]
        opinion: Option<String>,
    },
    /// 不予签发.
    Refuse {
        /// Why, for the applicant.
        reason: String,
        /// Under which articles.
        basis: String,
    },
    /// 不予受理: not accepted at all, decided by the clerk who was to take it in.
    Decline {
        /// Which case of `decline.toml`.
        ground: String,
        /// What is so in this case, for the applicant.
        reason: String,
    },
}

/// A clerk does not accept an application. Payload of `application.decline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclineOrder {
    /// The version that was read.
    pub version: i64,
    /// Which case of `decline.toml`.
    pub ground: String,
    /// What is so in this case.
    pub reason: String,
}

/// A clerk gives the applicant, recognised in person, another check code. Payload of
/// `application.code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeOrder {
    /// The version that was read.
    pub version: i64,
    /// How the applicant was recognised.
    pub recognised: String,
}

/// A list of defects as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplementList {
    /// 1 is the first.
    pub position: u32,
    /// When it was told.
    pub at: jiff::Timestamp,
    /// Everything that is to be mended.
    pub items: Vec<SupplementItem>,
}

//! What stands behind a certificate that was issued: the application it came of, who entered, proofed and reviewed
//! that, and for each element of its subject the one row of evidence (Measures Art. 21 ¶3; T-18, T-20). Nothing
//! personal: values are masked, people are named as the journal names them.

use jiff::Timestamp;

use super::ids::{ApplicationId, OfficeId};
use crate::catalogue::SubjectPart;

/// What stands behind a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backing {
    /// The application.
    pub application: ApplicationId,
    /// Its number.
    pub number: String,
    /// The service.
    pub service: String,
    /// The kind of certificate.
    pub kind: String,
    /// The registration office with its name; none is the institution itself.
    pub office: Option<(OfficeId, String)>,
    /// Who of the staff entered it; empty: the holder did.
    pub entered: Vec<String>,
    /// How the present submission was proofed.
    pub proofing: Option<Proofing>,
    /// Who approved, and when.
    pub reviewed: Option<(String, Timestamp)>,
    /// The version of the agreement that both sides signed, and when.
    pub agreed: Option<(String, Timestamp)>,
    /// One for each element of the subject, in the order of the certificate.
    pub elements: Vec<BackedElement>,
    /// What is wrong with it, each once.
    pub shortfalls: Vec<Shortfall>,
}

/// How an application was proofed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proofing {
    /// The method.
    pub method: String,
    /// What it is called; the method itself where the registration data has it no more.
    pub title: String,
    /// 1 to 3.
    pub level: u8,
    /// By whom.
    pub person: String,
    /// When.
    pub at: Timestamp,
}

/// One element of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedElement {
    /// Which place of the certificate.
    pub part: SubjectPart,
    /// Its value, masked where it is personal.
    pub value: String,
    /// The key of the element in the form; none where the form has no such value.
    pub element: Option<String>,
    /// The row of evidence about this very value.
    pub evidence: Option<EvidenceShown>,
    /// What is wrong with it.
    pub shortfall: Option<Shortfall>,
}

/// A row of evidence as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceShown {
    /// The means of proofing.
    pub means: String,
    /// What it is called; the means itself where the registration data has it no more.
    pub title: String,
    /// The name of the material in the list of the kind.
    pub material: Option<String>,
    /// The public database that was asked, and what it said.
    pub inquiry: Option<(String, String)>,
}

macro_rules! shortfalls {
    ($($shortfall:ident $word:literal $chinese:literal,)*) => {
        /// What is wrong with what stands behind a certificate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Shortfall {
            $(#[doc = $chinese] $shortfall,)*
        }

        impl Shortfall {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$shortfall,)*];

            /// The stable word in reports.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$shortfall => $word,)* }
            }

            /// For people.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$shortfall => $chinese,)* }
            }
        }
    };
}

shortfalls! {
    Unproven "element-unproven" "证书写明的内容没有核验记录",
    OtherValue "element-other-value" "证书写明的内容与所核验的不是同一内容",
    NoElements "no-elements" "证书主体没有可以核验的内容",
    NoProof "no-proof" "没有身份核验",
    NoReview "no-review" "没有审核通过的结论",
    SamePerson "same-person" "录入或核验的人又作了审核",
    NoAgreement "no-agreement" "没有双方签署的服务协议",
    OutOfOrder "out-of-order" "核验、审核、签约不在签发之前，或者次序颠倒",
    NotNamed "not-named" "签发记录没有写明这张证书出自这件申请",
    RecordsDiffer "records-differ" "核验或审核与日志记录不符",
}

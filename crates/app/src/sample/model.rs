//! The report: what `docs/integrate/weekly-sample.md` describes, member by member. The format is stable: members may be
//! added, none goes and none gets another meaning; a change that cannot be told so gets another [`FORMAT`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::look::Looked;
use super::settings::SampleSettings;
use super::week::Week;
use crate::error::Error;

/// The first member of what is signed.
pub const FORMAT: &str = "yinxin-weekly-sample/1";
/// The code of a certificate whose policy only holds the place of one of the institution's own.
pub(super) const EXAMPLE_POLICY: &str = "example-policy";

/// A report: the canonical JSON of this is what the institution signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// Who reports.
    pub institution: Reporter,
    /// Its Monday.
    pub week: Week,
    /// The first instant of the week.
    pub from: Timestamp,
    /// The first instant behind it.
    pub until: Timestamp,
    /// When the report was made.
    pub made_at: Timestamp,
    /// The journal at the end of the week.
    pub journal: JournalState,
    /// How many are drawn.
    pub rule: SampleSettings,
    /// The seed of the draw, hexadecimal.
    pub seed: String,
    /// What came of it.
    pub counts: Counts,
    /// What was drawn, the lowest score first.
    pub sample: Vec<Entry>,
}

/// Who reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// The full name.
    pub name: String,
    /// The unified social credit code; empty where it is not set.
    pub credit_code: String,
    /// The name of its journal.
    pub origin: String,
}

/// The journal as it was at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalState {
    /// Number of records.
    pub size: u64,
    /// The root over them, hexadecimal.
    pub root: String,
}

/// Figures of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Certificates that were issued in the week.
    pub population: u64,
    /// Certificates that the tables have of the week; reports from before this was counted have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<u64>,
    /// Of these drawn.
    pub drawn: u64,
    /// Of the drawn: evidence for every element, and nothing wrong.
    pub backed: u64,
    /// Something is wrong or missing.
    pub faulty: u64,
    /// Could not be judged (Invariant 11).
    pub unjudged: u64,
    /// Nothing wrong but a policy that is only an example.
    pub example_policy: u64,
    /// Ordered by an API client, that brings no evidence.
    pub no_evidence: u64,
    /// The institution's own.
    pub own: u64,
}

impl Counts {
    /// Whether records of issue and certificates agree in number: what is drawn from then is all there is.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.certificates.is_none_or(|certificates| certificates == self.population)
    }

    /// Counts an entry.
    pub(super) fn note(&mut self, verdict: Verdict) {
        self.drawn += 1;
        *match verdict {
            Verdict::Backed => &mut self.backed,
            Verdict::Faulty => &mut self.faulty,
            Verdict::Unjudged => &mut self.unjudged,
            Verdict::ExamplePolicy => &mut self.example_policy,
            Verdict::NoEvidence => &mut self.no_evidence,
            Verdict::Own => &mut self.own,
        } += 1;
    }
}

/// From whom the order of a certificate came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// An application at a desk.
    Application,
    /// An API client with the right to issue.
    Client,
    /// A key of an application, ordered by two of the institution.
    Signing,
    /// The institution itself, for its own authorities and services.
    Institution,
    /// Nothing explains it.
    Unknown,
}

impl Origin {
    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Application => "注册申请",
            Self::Client => "客户端直接签发",
            Self::Signing => "应用签名密钥",
            Self::Institution => "本机构自用",
            Self::Unknown => "来历不明",
        }
    }
}

/// What an entry comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Evidence for every element.
    Backed,
    /// Something is wrong or missing.
    Faulty,
    /// Could not be judged.
    Unjudged,
    /// A policy that is only an example.
    ExamplePolicy,
    /// Ordered by a client: no evidence was brought.
    NoEvidence,
    /// The institution's own: no subscriber's evidence is due.
    Own,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Faulty,
        Self::Unjudged,
        Self::ExamplePolicy,
        Self::NoEvidence,
        Self::Backed,
        Self::Own,
    ];

    /// The word in addresses and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Backed => "backed",
            Self::Faulty => "faulty",
            Self::Unjudged => "unjudged",
            Self::ExamplePolicy => "example-policy",
            Self::NoEvidence => "no-evidence",
            Self::Own => "own",
        }
    }

    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Backed => "依据齐全",
            Self::Faulty => "有问题",
            Self::Unjudged => "未能判定",
            Self::ExamplePolicy => "示例策略",
            Self::NoEvidence => "未附核验依据",
            Self::Own => "本机构自用",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The stable code.
    pub code: String,
    /// For people.
    pub text: String,
}

impl Fault {
    pub(super) fn new(code: &str, text: &str) -> Self {
        Self { code: code.to_owned(), text: text.to_owned() }
    }
}

/// A certificate that was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its score, hexadecimal.
    pub score: String,
    /// The number of its record in the journal.
    pub record: u64,
    /// The hash of that record as a leaf, hexadecimal.
    pub leaf: String,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// `sign`, `enc`, `service` or `ca`.
    pub role: String,
    /// The profile that it was made by.
    pub profile: String,
    /// SM3 of the certificate, hexadecimal.
    pub sm3: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Its certificate policies.
    pub policies: Vec<String>,
    /// From whom the order came.
    pub origin: Origin,
    /// Who ordered, as the journal names it: `client:…`, `applicant:…`, `person:…`.
    pub ordered_by: Option<String>,
    /// The application, where one led to it.
    pub application: Option<Applied>,
    /// Each element of the subject; empty for what is the institution's own.
    pub elements: Vec<ElementShown>,
    /// What it comes to.
    pub verdict: Verdict,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What could not be judged, and why.
    pub unjudged: Vec<Fault>,
}

/// An application that led to a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Its number.
    pub number: String,
    /// The service.
    pub service: String,
    /// The kind of certificate.
    pub kind: String,
    /// The name of the registration office; none is the institution itself.
    pub office: Option<String>,
    /// Who of the staff entered it; empty: the holder did.
    pub entered: Vec<String>,
    /// The method of proofing, with its name for people and its level.
    pub method: Option<MethodShown>,
    /// Who proofed, and when.
    pub proofed: Option<Done>,
    /// Who reviewed, and when.
    pub reviewed: Option<Done>,
    /// Version of the agreement, and when both sides had signed it.
    pub agreed: Option<Agreed>,
}

/// A method of proofing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodShown {
    /// Its stable name.
    pub name: String,
    /// For people.
    pub title: String,
    /// 1 to 3.
    pub level: u8,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The person, by number.
    pub person: String,
    /// When.
    pub at: Timestamp,
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Version of its text.
    pub version: String,
    /// When both sides had signed.
    pub at: Timestamp,
}

/// An element of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementShown {
    /// `CN`, `O`, `OU`, `S`, `L`, `E`, `DNS`, `IP`, `identify-code` or `credit-code`.
    pub part: String,
    /// Its value, masked where it is personal.
    pub value: String,
    /// The row of evidence; none where there is none.
    pub evidence: Option<EvidenceOfElement>,
    /// The code of what is wrong.
    pub fault: Option<String>,
}

/// A row of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceOfElement {
    /// The means of proofing.
    pub means: String,
    /// For people.
    pub title: String,
    /// The material that was looked at, by its name in the list of the kind.
    pub material: Option<String>,
    /// The public database that was asked.
    pub source: Option<String>,
    /// What it said.
    pub answer: Option<String>,
}

impl Report {
    /// The octets that are signed.
    pub(super) fn to_octets(&self) -> Result<String, Error> {
        let value = serde_json::to_value(self).map_err(|_| Error::Stored("抽查报告"))?;
        Ok(store::to_canonical(&value)?)
    }

    /// Reads what was signed.
    pub fn from_octets(text: &str) -> Result<Self, Error> {
        let report: Self =
            serde_json::from_str(text).map_err(|_| Error::Stored("抽查报告的内容不能读取"))?;
        match report.format == FORMAT {
            true => Ok(report),
            false => Err(Error::Stored("抽查报告的格式不受支持")),
        }
    }
}

/// A report as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSummary {
    /// The week.
    pub week: Week,
    /// Records of the journal at its end, and the root over them.
    pub journal: JournalState,
    /// Certificates of the week.
    pub population: u64,
    /// Of these drawn.
    pub drawn: u64,
    /// Something is wrong or missing.
    pub faulty: u64,
    /// Could not be judged.
    pub unjudged: u64,
    /// Under an example policy.
    pub example_policy: u64,
    /// Without evidence, by clients.
    pub by_client: u64,
    /// SM3 of the signed text, hexadecimal.
    pub digest: String,
    /// The record.
    pub seq: store::Seq,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who went through it, and what they found; none while nobody did.
    pub looked: Option<Looked>,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A row with so many faulty certificates.
    pub fn summary_of(week: &str, faulty: u64) -> SampleSummary {
        SampleSummary {
            week: week.parse().unwrap(),
            journal: JournalState { size: 9, root: String::new() },
            population: 30,
            drawn: 20,
            faulty,
            unjudged: 0,
            example_policy: 0,
            by_client: 3,
            digest: String::new(),
            seq: store::Seq(9),
            made_at: Timestamp::UNIX_EPOCH,
            looked: None,
        }
    }

    /// An entry of an application that these people entered, proofed and reviewed.
    pub fn entry_by(entered: &str, proofed: &str, reviewed: &str) -> Entry {
        let done = |person: &str| Some(Done { person: person.into(), at: Timestamp::UNIX_EPOCH });
        let applied = Applied {
            number: "1".into(),
            service: "new".into(),
            kind: "person".into(),
            office: None,
            entered: vec![entered.into()],
            method: None,
            proofed: done(proofed),
            reviewed: done(reviewed),
            agreed: None,
        };
        Entry {
            score: String::new(),
            record: 1,
            leaf: String::new(),
            serial: "0a".into(),
            role: "sign".into(),
            profile: "person-sign".into(),
            sm3: String::new(),
            issued_at: Timestamp::UNIX_EPOCH,
            policies: Vec::new(),
            origin: Origin::Application,
            ordered_by: None,
            application: Some(applied),
            elements: Vec::new(),
            verdict: Verdict::Backed,
            faults: Vec::new(),
            unjudged: Vec::new(),
        }
    }

    /// A report over these.
    pub fn report_of(sample: Vec<Entry>) -> Report {
        let week: Week = "2026-11-23".parse().unwrap();
        Report {
            format: FORMAT.into(),
            institution: Reporter {
                name: "示例".into(),
                credit_code: String::new(),
                origin: "ca.example.cn/journal".into(),
            },
            week,
            from: week.begin(),
            until: week.end(),
            made_at: Timestamp::UNIX_EPOCH,
            journal: JournalState { size: 9, root: String::new() },
            rule: SampleSettings::default(),
            seed: String::new(),
            counts: Counts::default(),
            sample,
        }
    }
}

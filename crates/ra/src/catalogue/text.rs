//! Texts in versions: the four notices and the service agreement. A version once in force stays.

use gm::Digest;
use law::CivilDate;
use serde::Deserialize;

/// One of the four notices (Measures Art. 21 ¶2): `registration/notices/*.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// `conditions`, `liability`, `information`, `responsibility`.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// Under which article it is given.
    pub basis: String,
    /// Oldest first.
    #[serde(rename = "version")]
    pub versions: Vec<NoticeVersion>,
}

/// A notice as it was from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeVersion {
    /// Its number.
    pub number: String,
    /// From which day.
    pub effective: CivilDate,
    /// The text.
    pub paragraphs: Vec<String>,
}

impl Notice {
    /// The version in force on a day.
    #[must_use]
    pub fn on(&self, day: CivilDate) -> Option<&NoticeVersion> {
        self.versions.iter().rfind(|version| version.effective <= day)
    }

    /// The version of this number.
    #[must_use]
    pub fn version(&self, number: &str) -> Option<&NoticeVersion> {
        self.versions.iter().find(|version| version.number == number)
    }
}

impl NoticeVersion {
    /// SM3 of the text: what an acknowledgement is bound to.
    #[must_use]
    pub fn hash(&self) -> Digest {
        gm::sm3::hash(self.paragraphs.join("\n").as_bytes())
    }
}

/// The service agreement (Measures Art. 21 ¶4): `registration/agreement/service.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementTemplate {
    /// Its title.
    pub title: String,
    /// Under which article it is made.
    pub basis: String,
    /// Oldest first.
    #[serde(rename = "version")]
    pub versions: Vec<AgreementVersion>,
}

/// The agreement as it was from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementVersion {
    /// Its number.
    pub number: String,
    /// From which day.
    pub effective: CivilDate,
    /// Number, parties, subject.
    pub preamble: Vec<String>,
    /// What is agreed.
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
}

/// A headed part of the agreement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Its clauses; numbered when the text is made.
    pub clauses: Vec<String>,
}

/// The places to be filled in.
pub const PLACEHOLDERS: [&str; 11] = [
    "number",
    "institution",
    "institution_code",
    "holder",
    "holder_number",
    "agent",
    "kind",
    "service",
    "term",
    "version",
    "date",
];

impl AgreementTemplate {
    /// The version in force on a day.
    #[must_use]
    pub fn on(&self, day: CivilDate) -> Option<&AgreementVersion> {
        self.versions.iter().rfind(|version| version.effective <= day)
    }
}

impl AgreementVersion {
    /// Every line of the text, for checks.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let clauses = self.sections.iter().flat_map(|section| &section.clauses);
        self.preamble.iter().chain(clauses).map(String::as_str)
    }
}

//! The unit's agreement for all applications of a batch that were approved: one text with the list of
//! them, signed by the unit's own certificate (Measures Art. 21 ¶4; check C21-4).

use std::collections::BTreeSet;

use gm::{Digest, PublicKey, Signature};
use law::CivilDate;
use serde::{Deserialize, Serialize};

use super::agreement::AgreementLine;
use super::ids::BatchId;

/// One application of a list: its id, the version of its form, and its own.
pub(crate) type Listed = (String, i64, i64);

/// The text that the unit signs. Made anew from the batch whenever it is asked for: the same day and the
/// same list, the same text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAgreementText {
    /// Whose.
    pub batch: BatchId,
    /// The number of the batch: also the agreement's.
    pub number: String,
    /// Version of the template.
    pub version: String,
    /// The day that it bears.
    pub day: CivilDate,
    /// Its title.
    pub title: String,
    /// Line by line; headings are lines without a number.
    pub lines: Vec<AgreementLine>,
    /// SM3, in hexadecimal, over the lines of the list; stands in the text.
    pub list_sm3: String,
    pub(crate) members: Vec<Listed>,
}

impl std::fmt::Debug for BatchAgreementText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BatchAgreementText({}, {})", self.number, self.version)
    }
}

impl BatchAgreementText {
    /// How many applications it is for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// The whole text: what is hashed and printed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.title.clone();
        for line in &self.lines {
            text.push('\n');
            text.push_str(&line.text);
        }
        text
    }

    /// The list as it is hashed: a line for each application, `id form version`.
    #[must_use]
    pub fn list(&self) -> String {
        crate::rules::batch::list_text(
            self.members.iter().map(|(id, form, version)| (id.as_str(), *form, *version)),
        )
    }

    /// SM3 of the text, and with it of the list.
    #[must_use]
    pub fn hash(&self) -> Digest {
        gm::sm3::hash(self.text().as_bytes())
    }

    /// What both sides sign (SM2 with SM3, default user ID), as for the agreement of one application.
    #[must_use]
    pub fn statement(&self) -> String {
        format!("yinxin-agreement/1 {} {} sm3:{}", self.number, self.version, self.hash().to_hex())
    }
}

/// The signatures of both sides under a [`BatchAgreementText`].
#[derive(Debug, Clone)]
pub struct BatchAgreementSigned {
    /// The institution's, by its agreement key.
    pub institution: Signature,
    /// The key of the unit's certificate.
    pub key: PublicKey,
    /// The unit's, by that key.
    pub unit: Signature,
}

/// Such an agreement as it is kept, sealed: text, list and both signatures.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptConsent {
    /// Tells it from the scan of a paper.
    pub form: String,
    pub text: BatchAgreementText,
    /// Serial of the unit's certificate.
    pub serial: String,
    /// All in hexadecimal.
    pub key: String,
    pub unit: String,
    pub institution: String,
}

/// The word in [`KeptConsent::form`].
pub(crate) const CONSENT_FORM: &str = "yinxin-batch-agreement/1";

/// How a unit agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchConsent {
    /// By hand before these witnesses.
    Paper {
        /// Their names.
        witnesses: [String; 2],
    },
    /// By its certificate.
    Certificate {
        /// Serial of the certificate.
        serial: String,
        /// For how many applications.
        count: usize,
        /// What was signed.
        statement: String,
    },
}

/// The unit's agreement as a run holds its applications against it.
pub(crate) enum RunConsent {
    Paper { blob: String, witnesses: [String; 2] },
    Certificate { blob: String, kept: Box<KeptConsent>, members: BTreeSet<Listed> },
}

impl std::fmt::Debug for RunConsent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Paper { .. } => "paper",
            Self::Certificate { .. } => "certificate",
        })
    }
}

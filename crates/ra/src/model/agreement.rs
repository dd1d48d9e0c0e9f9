//! The service agreement of one application, and how it is signed.

use gm::{Digest, PublicKey, Signature};
use serde::{Deserialize, Serialize};

use super::ids::{ApplicationId, Number};

/// Who signs for the institution. The party of every agreement (Measures Art. 27 ¶3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Institution {
    /// Its name in law.
    pub name: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// The key with which it signs agreements.
    pub agreement_key: PublicKey,
}

/// The text of one agreement, made from a version of the template and sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementText {
    /// Whose.
    pub application: ApplicationId,
    /// Its number for people: also the agreement's.
    pub number: Number,
    /// Version of the template.
    pub version: String,
    /// Its title.
    pub title: String,
    /// Line by line; headings are lines without a number.
    pub lines: Vec<AgreementLine>,
}

/// A line of an agreement.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementLine {
    /// Whether it is a heading.
    pub heading: bool,
    /// What it says.
    pub text: String,
}

impl std::fmt::Debug for AgreementText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgreementText({}, {})", self.number, self.version)
    }
}

impl AgreementText {
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

    /// SM3 of the text.
    #[must_use]
    pub fn hash(&self) -> Digest {
        gm::sm3::hash(self.text().as_bytes())
    }

    /// What both sides sign (SM2 with SM3, default user ID): one line that names the agreement,
    /// the version of its text and the SM3 of all of it.
    #[must_use]
    pub fn statement(&self) -> String {
        format!("yinxin-agreement/1 {} {} sm3:{}", self.number, self.version, self.hash().to_hex())
    }
}

/// How the applicant signs.
pub enum ApplicantSignature {
    /// By a key: that of a certificate in force, or the one that will be certified.
    Key {
        /// The key.
        public_key: PublicKey,
        /// Over [`AgreementText::statement`].
        signature: Signature,
    },
    /// By hand on paper, before two witnesses.
    Handwritten {
        /// The signed paper, as PDF, PNG, JPEG or OFD.
        scan: Vec<u8>,
        /// Their names.
        witnesses: [String; 2],
    },
}

impl std::fmt::Debug for ApplicantSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.way())
    }
}

impl ApplicantSignature {
    /// The word in the database.
    #[must_use]
    pub const fn way(&self) -> &'static str {
        match self {
            Self::Key { .. } => "key",
            Self::Handwritten { .. } => "handwritten",
        }
    }
}

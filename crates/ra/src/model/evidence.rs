//! What was proven about an application. None of these can be made outside of this crate, and
//! [`ReadyToIssue`] only from all of them: without notice, proof, second-person review and agreement
//! nobody can order a certificate (Measures Art. 21; Invariant 9).

use jiff::Timestamp;
use pki::attestation::Judged;
use pki::{ProofOfPossession, SubjectInput};

use super::application::{Application, At};
use super::ids::ApplicationId;
use crate::catalogue::Ground;

/// The applicant acknowledged one of the four notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    pub(crate) application: ApplicationId,
    pub(crate) notice: String,
    pub(crate) version: String,
    pub(crate) at: Timestamp,
}

impl Acknowledgement {
    /// Of which application.
    #[must_use]
    pub fn application(&self) -> &ApplicationId {
        &self.application
    }

    /// Which notice.
    #[must_use]
    pub fn notice(&self) -> &str {
        &self.notice
    }

    /// In which version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// The applicant's identity was proofed: one row of evidence for each element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProof {
    pub(crate) application: ApplicationId,
    pub(crate) method: String,
    pub(crate) level: u8,
    pub(crate) person: String,
    pub(crate) elements: usize,
}

impl IdentityProof {
    /// Of which application.
    #[must_use]
    pub fn application(&self) -> &ApplicationId {
        &self.application
    }

    /// By which method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Of which level: 1 to 3.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// By whom.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// How many elements: as many as rows of evidence.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.elements
    }
}

/// A second person examined the materials and approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub(crate) application: ApplicationId,
    pub(crate) person: String,
    pub(crate) at: Timestamp,
}

impl Review {
    /// Of which application.
    #[must_use]
    pub fn application(&self) -> &ApplicationId {
        &self.application
    }

    /// By whom.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Both sides signed the agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub(crate) application: ApplicationId,
    pub(crate) version: String,
    pub(crate) text_hash: String,
    pub(crate) at: Timestamp,
}

impl Agreement {
    /// Of which application.
    #[must_use]
    pub fn application(&self) -> &ApplicationId {
        &self.application
    }

    /// Version of the text.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// SM3 of the text, in hexadecimal.
    #[must_use]
    pub fn text_hash(&self) -> &str {
        &self.text_hash
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Everything that the law wants is there: the certificates may be ordered, once. Not `Clone`:
/// consumed by [`crate::Ra::issued`] or [`crate::Ra::issue_failed`].
#[derive(Debug)]
pub struct ReadyToIssue {
    pub(crate) application: Application,
    pub(crate) acknowledgements: Vec<Acknowledgement>,
    pub(crate) proof: IdentityProof,
    pub(crate) review: Review,
    pub(crate) agreement: Agreement,
    pub(crate) subject: SubjectInput,
    pub(crate) term_years: u8,
    pub(crate) possession: ProofOfPossession,
    pub(crate) attestation: Judged,
    pub(crate) attempt: u32,
}

impl ReadyToIssue {
    /// The application at the version that was checked.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// The application at this version.
    #[must_use]
    pub fn at(&self) -> At {
        self.application.at()
    }

    /// The name of the order of issue: the same for every repetition of this attempt, so that it
    /// leads to the same certificates (Invariant 3).
    #[must_use]
    pub fn request_id(&self) -> String {
        format!("ra-{}-{}", self.application.id, self.attempt)
    }

    /// What came of the attestation of the key (Measures Art. 20 ¶2).
    #[must_use]
    pub fn attestation(&self) -> &Judged {
        &self.attestation
    }

    /// Who the certificate is for, as proofed.
    #[must_use]
    pub fn subject(&self) -> &SubjectInput {
        &self.subject
    }

    /// How long the certificate is to be valid.
    #[must_use]
    pub fn term_years(&self) -> u8 {
        self.term_years
    }

    /// The applicant's key, with the proof that the applicant has it.
    #[must_use]
    pub fn possession(&self) -> &ProofOfPossession {
        &self.possession
    }

    /// The four acknowledgements.
    #[must_use]
    pub fn acknowledgements(&self) -> &[Acknowledgement] {
        &self.acknowledgements
    }

    /// The proof of identity.
    #[must_use]
    pub fn proof(&self) -> &IdentityProof {
        &self.proof
    }

    /// The review.
    #[must_use]
    pub fn review(&self) -> &Review {
        &self.review
    }

    /// The agreement.
    #[must_use]
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }
}

/// Proofed and reviewed: a certificate that exists may be suspended, resumed or revoked, once.
/// Consumed by [`crate::Ra::carried_out`].
#[derive(Debug)]
pub struct ReadyToCarryOut {
    pub(crate) application: Application,
    pub(crate) proof: IdentityProof,
    pub(crate) review: Review,
    pub(crate) serial: String,
    pub(crate) ground: Ground,
}

impl ReadyToCarryOut {
    /// The application.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// `suspend`, `resume` or `revoke`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.application.service
    }

    /// The certificate, by serial in hexadecimal.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Why, as the applicant stated it: fixes the one reason that the CA records (T-14).
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The proof of identity.
    #[must_use]
    pub fn proof(&self) -> &IdentityProof {
        &self.proof
    }

    /// The review.
    #[must_use]
    pub fn review(&self) -> &Review {
        &self.review
    }
}

/// A certificate whose replacement its holder has: it is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub(crate) application: ApplicationId,
    pub(crate) serial: String,
    pub(crate) ground: Ground,
}

impl Ending {
    /// The application that replaced it.
    #[must_use]
    pub fn application(&self) -> &ApplicationId {
        &self.application
    }

    /// The certificate, by serial in hexadecimal.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Why, as the applicant stated it.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }
}

/// The activation code, told once: app sends it by a second channel.
#[derive(Debug)]
pub struct Delivery {
    /// The application, delivered.
    pub application: Application,
    /// Eight digits.
    pub activation_code: String,
    /// A new check code, where the holder never had one: goes by another way than the activation code.
    pub check_code: Option<String>,
    /// Where the applicant wants to be told.
    pub phone: String,
    /// And by mail, if there is one.
    pub email: Option<String>,
}

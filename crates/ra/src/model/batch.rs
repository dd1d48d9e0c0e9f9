//! A batch: one unit, many applications. What is ordered for all of them at once names them by their
//! number and by the SM3 over their list, so that nobody signs for another list than the one that is
//! carried out (Measures Art. 21; T-18; Invariant 9).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Actor;

use super::batch_consent::RunConsent;
use super::ids::{ApplicationId, BatchId, MaterialId, OfficeId};
use super::material::Media;
use crate::catalogue::Matter;
use crate::sheet::SheetFormat;

/// A batch as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its name inside.
    pub id: BatchId,
    /// Its number for people: `P` and a number as applications have it.
    pub number: String,
    /// The kind of all its certificates.
    pub kind: String,
    /// The office that takes it; `None` is the institution itself.
    pub office: Option<OfficeId>,
    /// Where it stands.
    pub state: BatchState,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Grows with each change.
    pub version: i64,
    /// Whether the signed agreement is there.
    pub has_agreement: bool,
    pub(crate) blob: String,
    pub(crate) unit_index: String,
    pub(crate) run_by: Option<(Actor, String)>,
    pub(crate) paper: Option<String>,
}

impl Batch {
    /// The subject of its journal records and the object of its acts.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("batch:{}", self.id)
    }

    /// What scoped permissions are held against: that of its office.
    #[must_use]
    pub fn object(&self) -> access::Object {
        access::Object::of_office(self.office.as_ref().map(OfficeId::as_str))
    }
}

/// Where a batch stands. How far its applications are is theirs to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Sheets and acts.
    Open,
    /// Agreements are made and certificates issued.
    Running,
    /// Nothing new is begun.
    Paused,
    /// What is not issued will not be.
    Cancelled,
    /// Nothing is left to do.
    Done,
}

impl BatchState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Running, Self::Paused, Self::Cancelled, Self::Done];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Open => "办理中",
            Self::Running => "签发中",
            Self::Paused => "已暂停签发",
            Self::Cancelled => "已取消",
            Self::Done => "已办结",
        }
    }
}

/// The unit and whom to ask.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchParty {
    /// The unit's full name.
    pub unit_name: String,
    /// Its 统一社会信用代码.
    pub credit_code: String,
    /// The person in charge there.
    pub contact_name: String,
    /// The telephone.
    pub contact_phone: String,
    /// The mailbox: check codes go there when a holder has none.
    pub contact_email: String,
}

/// Personal data stay out of logs.
impl std::fmt::Debug for BatchParty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BatchParty({})", self.unit_name)
    }
}

/// A batch that is to be begun.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// The kind of all its certificates.
    pub kind: String,
    /// Where; `None` is the institution itself.
    pub office: Option<OfficeId>,
    /// For whom.
    pub party: BatchParty,
}

/// Which batches are looked for. The name of a unit is sealed: it is found by its credit code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchSearch {
    /// A part of the number.
    pub number: Option<String>,
    /// The whole 统一社会信用代码.
    pub credit_code: Option<String>,
    /// Where it stands.
    pub state: Option<BatchState>,
    /// The kind of its certificates.
    pub kind: Option<String>,
}

/// How fast a batch is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Applications delivered in a minute, as of the last minute.
    pub per_minute: u64,
    /// How many are left.
    pub left: u64,
    /// For so many seconds, at this pace.
    pub seconds: u64,
}

/// A material of a batch: it counts for each of its applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchMaterial {
    /// Its name inside.
    pub id: MaterialId,
    /// The entry of the kind's list of materials, or [`ACKNOWLEDGEMENT`].
    pub name: String,
    /// What it is.
    pub media: Media,
    /// In octets.
    pub size: u64,
    /// When it came.
    pub added_at: Timestamp,
    pub(crate) blob: String,
    pub(crate) content: String,
}

/// The list on which the notices were acknowledged; stands among the other materials of an application.
pub const ACKNOWLEDGEMENT: &str = "acknowledgement";

/// A sheet and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSheet {
    /// 1 is the first.
    pub position: u32,
    /// How it is written.
    pub format: SheetFormat,
    /// When it came.
    pub at: Timestamp,
    /// How many rows it has.
    pub rows: u64,
    /// How many became applications and how many did not; nothing while it is worked on.
    pub result: Option<(u64, u64)>,
    pub(crate) blob: String,
    pub(crate) bad_blob: Option<String>,
    pub(crate) person: String,
    pub(crate) actor: Actor,
}

impl BatchSheet {
    /// Whether there are rows to be corrected.
    #[must_use]
    pub fn has_bad_rows(&self) -> bool {
        self.bad_blob.is_some()
    }
}

/// What an act does to all applications of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BatchStep {
    /// Notices acknowledged and handed in.
    Enter,
    /// Identity proofed.
    Proof,
    /// Approved.
    Review,
}

impl BatchStep {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Enter, Self::Proof, Self::Review];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Proof => "proof",
            Self::Review => "review",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Enter => "告知确认并提交",
            Self::Proof => "核验身份",
            Self::Review => "审核",
        }
    }

    /// The state of the applications that it is for.
    pub(crate) const fn from(self) -> &'static str {
        match self {
            Self::Enter => "draft",
            Self::Proof => "acknowledged",
            Self::Review => "proofed",
        }
    }
}

/// The applications that an act would be done to: what is signed names count and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchList {
    /// What is to be done.
    pub step: BatchStep,
    /// How many.
    pub count: u64,
    /// SM3, in hexadecimal, over the lines `id form version` in the order of the ids.
    pub sm3: String,
}

/// A step of a batch that was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchProgress {
    /// What.
    pub step: BatchStep,
    /// When it was signed.
    pub at: Timestamp,
    /// To how many.
    pub members: u64,
    /// How many of them are through, and how many were refused.
    pub done: u64,
    /// How many were refused: they go their way one by one.
    pub refused: u64,
}

/// Which list an order is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRef {
    /// The batch.
    pub batch: BatchId,
    /// How many applications.
    pub count: u64,
    /// SM3 over their list.
    pub list_sm3: String,
}

/// The unit's agent acknowledged the notices for all, and a clerk hands all in. Payload of `batch.enter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterBatchOrder {
    /// Which list.
    #[serde(flatten)]
    pub list: ListRef,
    /// The versions of the notices that were acknowledged, by name.
    pub notices: BTreeMap<String, String>,
}

/// A clerk has proofed the identity of all. Payload of `batch.proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofBatchOrder {
    /// Which list.
    #[serde(flatten)]
    pub list: ListRef,
    /// By which method.
    pub method: String,
    /// How each matter was proofed: of this each element of each form gets its own row (T-18).
    pub evidence: Vec<BatchEvidence>,
}

/// How one matter was proofed in all applications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchEvidence {
    /// What.
    pub matter: Matter,
    /// By which means of the method.
    pub means: String,
    /// The entry of the list of materials that was looked at.
    #[serde(default)]
    pub material: Option<String>,
    /// How it was done.
    #[serde(default)]
    pub note: Option<String>,
}

/// A second person approves all. Payload of `batch.review`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewBatchOrder {
    /// Which list.
    #[serde(flatten)]
    pub list: ListRef,
    /// The lines of the checklist that were examined.
    pub ticked: Vec<String>,
    /// An opinion, if there is one.
    #[serde(default)]
    pub opinion: Option<String>,
}

/// One application that the reviewer has to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    /// Which.
    pub application: ApplicationId,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
}

/// A row for the result file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// The application.
    pub application: super::Application,
    /// Which sheet and which row of it.
    pub place: (u32, u32),
    /// The code of the refusal, if it was not issued.
    pub problem: Option<String>,
}

/// That a batch runs, and for whom. Made only from the stored batch; what is done with it is done in
/// the name of the person who started it.
#[derive(Clone)]
pub struct BatchRun {
    pub(crate) batch: BatchId,
    pub(crate) actor: Actor,
    pub(crate) consent: Arc<RunConsent>,
    /// Of the unit's contact: for holders who have none.
    pub(crate) mailbox: String,
}

/// Personal data stay out of logs.
impl std::fmt::Debug for BatchRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BatchRun({}, {:?})", self.batch, self.consent)
    }
}

/// The agreement of one application of a run, with the request that comes after it: made and used up by
/// [`crate::Ra`], so that nothing else is agreed to than what was made.
#[derive(Debug)]
pub struct RunAgreement {
    pub(crate) at: super::At,
    pub(crate) text: super::AgreementText,
    pub(crate) request: Option<RunRequest>,
}

impl RunAgreement {
    /// What the institution signs.
    #[must_use]
    pub fn statement(&self) -> String {
        self.text.statement()
    }
}

/// The key that came with a row, proven and new.
#[derive(Debug)]
pub(crate) struct RunRequest {
    pub key: gm::PublicKey,
    pub csr: Vec<u8>,
    pub judged: pki::attestation::Judged,
}

impl BatchRun {
    /// In whose name.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Which batch.
    #[must_use]
    pub fn batch(&self) -> &BatchId {
        &self.batch
    }
}

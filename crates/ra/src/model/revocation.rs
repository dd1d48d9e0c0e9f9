//! A revocation on a ground that others than the holder bring, or that the holder brings by telephone
//! or at the counter: entered by one person, confirmed by another.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::hold::HoldId;
use super::ids::{Number, OfficeId, RevocationId};
use super::material::Media;
use crate::catalogue::{Ground, Source};

/// What a clerk writes down.
#[derive(Clone)]
pub struct RevocationDraft {
    /// Which ground of `grounds.toml`.
    pub ground: String,
    /// The certificates, by serial; either of a pair.
    pub serials: Vec<String>,
    /// Who asks for it, and on which paper.
    pub particulars: Particulars,
    /// The pieces of evidence, by the name that the ground gives them.
    pub evidence: Vec<(String, Vec<u8>)>,
}

/// What an administrator writes down to lift holds on the word of who ordered them.
#[derive(Clone)]
pub struct LiftingDraft {
    /// Which ground of `grounds.toml`.
    pub ground: String,
    /// The holds.
    pub holds: Vec<HoldId>,
    /// Who lifts them, and by which paper.
    pub particulars: Particulars,
    /// The pieces of evidence, by the name that the ground gives them.
    pub evidence: Vec<(String, Vec<u8>)>,
}

/// Who asks, and on which paper. Kept sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// Who asks: caller, unit, authority.
    pub requester: String,
    /// The number of the authority's or unit's paper.
    pub document_number: String,
    /// What happened, in words.
    pub account: String,
}

impl std::fmt::Debug for Particulars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Particulars")
    }
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationState {
    /// Written down; the list can be looked at, nothing counts yet.
    Draft,
    /// Signed by who entered it; waits for another person.
    Entered,
    /// Confirmed; being carried out.
    Approved,
    /// Not confirmed.
    Refused,
    /// Carried out for every certificate of the list.
    Done,
    /// Given up before it was signed.
    Dropped,
    /// A call that nobody decided in time: it came to nothing.
    Lapsed,
    /// A call that its holder ended by resuming the certificate.
    Closed,
}

impl RevocationState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::Entered,
        Self::Approved,
        Self::Refused,
        Self::Done,
        Self::Dropped,
        Self::Lapsed,
        Self::Closed,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Entered => "entered",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Done => "done",
            Self::Dropped => "dropped",
            Self::Lapsed => "lapsed",
            Self::Closed => "closed",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Draft => "试算，未签名",
            Self::Entered => "待复核",
            Self::Approved => "已复核，正在办理",
            Self::Refused => "复核未通过",
            Self::Done => "已办结",
            Self::Dropped => "已放弃",
            Self::Lapsed => "逾期未复核，已失效",
            Self::Closed => "持有人已申请恢复，已终结",
        }
    }

    /// Whether it was entered and then came to nothing.
    #[must_use]
    pub const fn came_to_nothing(self) -> bool {
        matches!(self, Self::Refused | Self::Lapsed | Self::Closed)
    }

    /// Whether somebody still has to do something about it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Entered | Self::Approved)
    }
}

/// How a caller's stop ended when the revocation came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopEnd {
    /// It was lifted, and with it the last hold: the certificate was resumed.
    Lifted,
    /// It was lifted, and the certificate stays suspended: another hold stands.
    Held,
    /// It was not lifted: the key was proved to be compromised, and the certificate is revoked only, never resumed (T-31).
    Kept,
    /// There was nothing to lift: resumed, revoked or over by then.
    Moot,
}

impl StopEnd {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lifted, Self::Held, Self::Kept, Self::Moot];

    /// The word in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lifted => "lifted",
            Self::Held => "held",
            Self::Kept => "kept",
            Self::Moot => "moot",
        }
    }

    /// What people are told.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Lifted => "先行暂停已解除，证书恢复使用",
            Self::Held => "先行暂停已解除；证书另因其他事由暂停，没有恢复使用",
            Self::Kept => {
                "密钥已证明失密，先行暂停没有解除，证书不再恢复使用；还没有撤销的，请登记撤销"
            }
            Self::Moot => "证书届时没有因这次来电暂停，无须解除",
        }
    }
}

/// A revocation as it stands.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// Its name inside.
    pub id: RevocationId,
    /// Its number for people.
    pub number: Number,
    /// Why.
    pub ground: Ground,
    /// Whose clerk entered it; `None` is the institution itself.
    pub office: Option<OfficeId>,
    /// Where it stands.
    pub state: RevocationState,
    /// Since when.
    pub since: Timestamp,
    /// Grows with each change.
    pub version: i64,
    /// Who entered it.
    pub entered_by: String,
    /// Who decided.
    pub reviewed_by: Option<String>,
    /// SM3 over the list, in hexadecimal.
    pub list_hash: String,
    /// When the caller read the one-time code back.
    pub called_at: Option<Timestamp>,
    /// When the certificates were suspended at once.
    pub stopped_at: Option<Timestamp>,
    /// How that ended, where the revocation came to nothing.
    pub stop_end: Option<StopEnd>,
    /// From when the term of a call runs, where that is not its entry.
    pub term_from: Option<Timestamp>,
    pub(crate) blob: String,
}

impl Revocation {
    /// The subject of its journal records.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("revocation:{}", self.id)
    }

    /// Whether it lifts holds instead of revoking certificates.
    #[must_use]
    pub fn is_lifting(&self) -> bool {
        self.ground.is_lifting()
    }

    /// What scoped permissions are held against.
    #[must_use]
    pub fn object(&self) -> access::Object {
        access::Object::of_office(self.office.as_ref().map(OfficeId::as_str))
    }
}

/// What is looked for among revocations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevocationSelection {
    /// In this state alone.
    pub state: Option<RevocationState>,
    /// On a ground that this side brings.
    pub source: Option<Source>,
    /// With this number, or about the certificate of this serial.
    pub q: String,
    /// Rows to leave out before the first.
    pub offset: u32,
    /// Most rows.
    pub limit: u32,
}

/// A revocation in a list.
#[derive(Debug, Clone)]
pub struct RevocationRow {
    /// The revocation.
    pub revocation: Revocation,
    /// How many certificates it is about.
    pub certificates: u64,
}

/// A caller's stop whose revocation came to nothing, not settled yet. Only [`crate::Ra`] makes it.
#[derive(Debug)]
pub struct OpenStop {
    pub(crate) revocation: Revocation,
    pub(crate) serial: String,
    pub(crate) ground: Ground,
}

impl OpenStop {
    /// The revocation that came to nothing.
    #[must_use]
    pub fn revocation(&self) -> &Revocation {
        &self.revocation
    }

    /// The certificate.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Why the stop is lifted.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }
}

/// One certificate of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationItem {
    /// Its place, from 1.
    pub position: u32,
    /// Serial of the signing certificate.
    pub serial: String,
    /// The hold to be lifted, where it is not a certificate to be revoked.
    pub hold: Option<HoldId>,
    /// What became of it.
    pub outcome: Option<Outcome>,
}

impl RevocationItem {
    /// Its line in what is signed.
    #[must_use]
    pub fn line(&self) -> String {
        match &self.hold {
            Some(hold) => format!("{} {hold}", self.serial),
            None => self.serial.clone(),
        }
    }
}

/// What became of a certificate of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Revoked, or it was already for the same reason.
    Revoked,
    /// The hold was lifted.
    Lifted,
    /// Refused for good: over, revoked before for another reason, or the hold was gone.
    Refused(String),
}

/// A revocation with what belongs to it.
#[derive(Debug, Clone)]
pub struct RevocationView {
    /// The revocation.
    pub revocation: Revocation,
    /// Who asks, and on which paper.
    pub particulars: Particulars,
    /// The list.
    pub items: Vec<RevocationItem>,
    /// The evidence on file: name and type.
    pub evidence: Vec<(String, Media)>,
}

/// A clerk answers for what was written down. Payload of `revocation.enter`: the list that was shown in
/// the dry run, by its count and its SM3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationOrder {
    /// The version that was read.
    pub version: i64,
    /// Which ground.
    pub ground: String,
    /// How many certificates.
    #[serde(rename = "certificates")]
    pub count: usize,
    /// SM3 over the list.
    #[serde(rename = "certificates_sm3")]
    pub list_sm3: String,
}

/// Another person decides. Payload of `revocation.review`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationReview {
    /// What was examined: the same as in [`RevocationOrder`].
    #[serde(flatten)]
    pub order: RevocationOrder,
    /// What was decided.
    pub decision: RevocationDecision,
    /// Why not; an opinion otherwise.
    #[serde(default)]
    pub reason: String,
}

/// What the second person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationDecision {
    /// 复核通过.
    Confirm,
    /// 复核不通过.
    Reject,
}

/// Entered by one, confirmed by another: certificates may be revoked. Only [`crate::Ra`] makes it.
#[derive(Debug)]
pub struct ReadyToRevoke {
    pub(crate) revocation: Revocation,
    pub(crate) open: Vec<RevocationItem>,
}

impl ReadyToRevoke {
    /// The revocation.
    #[must_use]
    pub fn revocation(&self) -> &Revocation {
        &self.revocation
    }

    /// Why: fixes the reason that the CA records (T-14).
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.revocation.ground
    }

    /// What of the list is not done yet.
    #[must_use]
    pub fn open(&self) -> &[RevocationItem] {
        &self.open
    }
}

//! A timestamp that is put to the question by itself (RFC 3161, GM/T 0033).

use jiff::Timestamp;

use super::{Check, Evidence, Judged, Outcome};

/// Does this timestamp hold, over this content?
#[derive(Debug, Clone)]
pub struct StampQuestion {
    /// A `TimeStampResp` or the token alone, in DER.
    pub der: Vec<u8>,
    /// What was stamped.
    pub content: Vec<u8>,
    /// What came along.
    pub evidence: Evidence,
}

/// What a timestamp says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampFacts {
    /// When the content was there.
    pub at: Timestamp,
    /// Its number in hexadecimal.
    pub serial: String,
    /// The policy.
    pub policy: String,
    /// The digest's algorithm.
    pub algorithm: &'static str,
}

/// The report on a timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampReport {
    /// All in all.
    pub verdict: Outcome,
    /// When the report was made.
    pub made_at: Timestamp,
    /// The trust anchors it rests on.
    pub snapshot: String,
    /// How many they are.
    pub anchors: usize,
    /// SM3 of what was sent as the timestamp.
    pub input: String,
    /// What it says; nothing of it is to be believed unless the verdict is passed.
    pub facts: Option<StampFacts>,
    /// The checks of the timestamp.
    pub checks: Vec<Check>,
    /// The certificate of the authority, judged for the instant that the timestamp states.
    pub certificate: Option<Judged>,
}

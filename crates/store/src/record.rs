//! Journal records: who did what to what, and when.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use tlog::Hash;

use crate::{Error, canonical::to_canonical};

/// A leaf longer than this has no place in an entry bundle (C2SP tlog-tiles: two octets of length).
const MAX_LEAF: usize = 65_535;
const MAX_NAME: usize = 256;

/// The position of a record in the journal, from 0, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub u64);

impl Seq {
    /// As SQL holds it.
    pub fn to_sql(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who acts: `system`, `client:<id>`, `person:<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor(String);

impl Actor {
    /// Checked when the record is appended: not empty, at most 256 octets, no control characters.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The program itself: timers, recovery, checks.
    pub fn system() -> Self {
        Self::new("system")
    }

    /// An API client.
    pub fn client(id: &str) -> Self {
        Self(format!("client:{id}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to be recorded. Personal data do not belong here: put them into a sealed blob and record
/// its commitment.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What happened, past tense: `certificate.issued`.
    pub kind: &'static str,
    /// Who did it.
    pub actor: Actor,
    /// To what: `certificate:…`, `request:…`.
    pub subject: String,
    /// The particulars. Whole numbers up to 2^53 only; anything finer goes in as text.
    pub body: Value,
}

impl Record {
    /// A record.
    pub fn new(kind: &'static str, actor: Actor, subject: impl Into<String>, body: Value) -> Self {
        Self { kind, actor, subject: subject.into(), body }
    }

    /// The record at its place, as the tree holds it.
    pub(crate) fn into_leaf(self, seq: Seq, at: Timestamp) -> Result<Leaf, Error> {
        for name in [self.kind, self.actor.as_str(), &*self.subject] {
            let clean = !name.is_empty() && !name.contains(|c: char| c.is_control());
            if !clean || name.len() > MAX_NAME {
                return Err(Error::BadRecord("名称为空、过长或含控制字符"));
            }
        }
        let at = at.as_second();
        let text = Timestamp::from_second(at).map_err(|_| Error::BadRecord("时间超出范围"))?;
        let bytes = to_canonical(&json!({
            "actor": self.actor.as_str(),
            "at": text.to_string(),
            "body": self.body,
            "kind": self.kind,
            "seq": seq.0,
            "subject": &*self.subject,
        }))?
        .into_bytes();
        if bytes.len() > MAX_LEAF {
            return Err(Error::BadRecord("内容超过64KB，请将材料存为密封数据"));
        }
        let hash = Hash::leaf(&bytes);
        Ok(Leaf { at, kind: self.kind, actor: self.actor.0, subject: self.subject, bytes, hash })
    }
}

/// A record in the form in which it is hashed, with the copies that SQL searches.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) at: i64,
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    pub(crate) subject: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: Hash,
}

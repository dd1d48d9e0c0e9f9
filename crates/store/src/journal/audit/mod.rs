//! Audit marks: which part of the journal somebody has gone through, and what was found (GM/T 0034:
//! auditors may work on records but never alter them; audited records carry a visible mark). A mark
//! is itself a record; only the institution's schema has the table.

mod rules;
mod sql;

use jiff::Timestamp;
use serde_json::{Value, json};
use tlog::Hash;

use super::{head, tree};
use crate::{Actor, Error, Record, Seq, Store, Tx};

pub use rules::{FINDING_MAX, check_range, next_first};

/// The record of a mark.
pub const AUDITED: &str = "journal.audited";

/// What an audit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// 未见异常.
    Clear,
    /// 发现问题, told in the finding.
    Findings,
}

impl Verdict {
    /// The word in the database and in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Findings => "findings",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Clear => "未见异常",
            Self::Findings => "发现问题",
        }
    }

    /// From the word in the database.
    pub fn from_word(word: &str) -> Result<Self, Error> {
        [Self::Clear, Self::Findings]
            .into_iter()
            .find(|verdict| verdict.word() == word)
            .ok_or_else(|| Error::damaged("审计标记的结论"))
    }
}

/// A range that somebody went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditMark {
    /// The first record.
    pub first: Seq,
    /// The last record.
    pub last: Seq,
    /// Root of the tree of all records up to the last one: what the auditor saw.
    pub root: Hash,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found; no personal data.
    pub finding: String,
}

impl NewAuditMark {
    /// From the words of an order: the root in hexadecimal, the verdict by its word.
    pub fn of_words(
        (first, last): (Seq, Seq),
        root: &str,
        (verdict, finding): (&str, &str),
    ) -> Result<Self, Error> {
        let root = hex::decode(root).ok().and_then(|octets| Hash::from_slice(&octets).ok());
        Ok(Self {
            first,
            last,
            root: root.ok_or(Error::BadRecord("审计标记的根应为64位十六进制数"))?,
            verdict: Verdict::from_word(verdict)?,
            finding: finding.to_owned(),
        })
    }
}

/// A mark of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditMark {
    /// What was marked.
    pub mark: NewAuditMark,
    /// By whom, as in the journal.
    pub actor: String,
    /// Its own record.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
}

impl AuditMark {
    /// Whether its record says the same: the table is only a copy.
    #[must_use]
    pub fn agrees(&self, record: &crate::Stored) -> bool {
        let body = &record.body;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let number = |name: &str| body.get(name).and_then(Value::as_u64);
        record.intact
            && record.kind == AUDITED
            && record.seq == self.seq
            && record.actor == self.actor
            && number("first") == Some(self.mark.first.0)
            && number("last") == Some(self.mark.last.0)
            && text("root") == Some(&*self.mark.root.to_string())
            && text("verdict") == Some(self.mark.verdict.word())
            && text("finding") == Some(&*self.mark.finding)
    }
}

impl Store {
    /// Where the next mark begins.
    pub async fn next_audit(&self) -> Result<Seq, Error> {
        let last = sql::last_marked(&mut *self.core().reader().await?).await?;
        Ok(Seq(next_first(last)))
    }

    /// Marks, the newest range first, from before one that begins at `before`.
    pub async fn audit_marks(
        &self,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<AuditMark>, Error> {
        sql::marks(&mut *self.core().reader().await?, before, limit).await
    }

    /// The marks that cover records from one to another.
    pub async fn audit_marks_over(&self, first: Seq, last: Seq) -> Result<Vec<AuditMark>, Error> {
        sql::marks_over(&mut *self.core().reader().await?, first, last).await
    }

    /// Root of the tree of all records up to and with this one.
    pub async fn root_through(&self, last: Seq) -> Result<Hash, Error> {
        let mut conn = self.core().reader().await?;
        let size = head::size(&mut conn).await?;
        if last.0 >= size {
            return Err(Error::NotFound("该日志记录"));
        }
        Ok(tree::range_at(&mut conn, last.0.saturating_add(1)).await?.root())
    }

    /// Marks a range, in the caller's unit: the row and its record, or neither. `signed` is the
    /// auditor's signed statement. Refused where the range leaves a gap or the tree is another than
    /// the one that was signed.
    pub async fn mark_audited(
        &self,
        tx: &mut Tx,
        mark: NewAuditMark,
        (actor, signed): (Actor, Value),
    ) -> Result<Seq, Error> {
        rules::check_finding(&mark)?;
        let size = head::size(tx.conn()).await?;
        let next = next_first(sql::last_marked(tx.conn()).await?);
        check_range((mark.first.0, mark.last.0), next, size)?;
        let root = tree::range_at(tx.conn(), mark.last.0.saturating_add(1)).await?.root();
        if root != mark.root {
            return Err(Error::AuditRoot(mark.last.0));
        }
        let body = json!({
            "first": mark.first.0,
            "last": mark.last.0,
            "root": root.to_string(),
            "verdict": mark.verdict.word(),
            "finding": mark.finding,
            "act": signed,
        });
        let at = tx.now();
        let seq = tx.append(Record::new(AUDITED, actor.clone(), "journal", body)).await?;
        let row = AuditMark { mark, actor: actor.as_str().to_owned(), seq, at };
        sql::insert(tx.conn(), &row).await?;
        Ok(seq)
    }
}

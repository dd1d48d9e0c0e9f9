//! Reading records: by time, person and kind of act, singly or together (GM/T 0037 §8.6.1.6).

use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use tlog::Hash;

use super::head::to_sql;
use crate::{Error, Seq};

const MOST_ROWS: u32 = 1000;
const COLUMNS: &str = "seq, at, kind, actor, subject, leaf, leaf_hash";

/// Which records. Everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Exactly this kind.
    pub kind: Option<String>,
    /// Exactly this actor.
    pub actor: Option<String>,
    /// Exactly this subject.
    pub subject: Option<String>,
    /// Not before this record.
    pub first: Option<Seq>,
    /// Not behind this record.
    pub last: Option<Seq>,
}

/// Which part of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Continue behind this record (before it, when the newest come first).
    pub after: Option<Seq>,
    /// At most this many; never more than 1000.
    pub limit: u32,
    /// Newest first.
    pub newest_first: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, limit: 100, newest_first: false }
    }
}

/// A record of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its place.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// The particulars.
    pub body: Value,
    /// The canonical text that was hashed.
    pub leaf: String,
    /// Its hash.
    pub leaf_hash: Hash,
    /// Whether text, stored hash and columns agree. Where they do not, the record was harmed: what is
    /// shown comes from the columns, and [`crate::Store::verify_journal`] says what is wrong. Whether
    /// it stands in the tree says only a proof.
    pub intact: bool,
}

impl Stored {
    fn from_row(row: &AnyRow) -> Result<Self, Error> {
        let (seq, at): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let (leaf, stored): (Vec<u8>, Vec<u8>) = (row.try_get(5)?, row.try_get(6)?);
        let leaf_hash = Hash::leaf(&leaf);
        let value = serde_json::from_slice(&leaf).unwrap_or(Value::Null);
        let mut record = Self {
            seq: Seq(u64::try_from(seq).unwrap_or(0)),
            at: Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH),
            kind: row.try_get(2)?,
            actor: row.try_get(3)?,
            subject: row.try_get(4)?,
            body: Value::Null,
            leaf: String::from_utf8_lossy(&leaf).into_owned(),
            intact: stored == leaf_hash.0,
            leaf_hash,
        };
        record.intact &= record.agrees(&value);
        record.body = value.get("body").cloned().unwrap_or_default();
        Ok(record)
    }

    /// Whether the columns say the same as the leaf.
    fn agrees(&self, leaf: &Value) -> bool {
        let text = |name: &str| leaf.get(name).and_then(Value::as_str);
        leaf.get("seq").and_then(Value::as_u64) == Some(self.seq.0)
            && text("at") == Some(&*self.at.to_string())
            && text("kind") == Some(&*self.kind)
            && text("actor") == Some(&*self.actor)
            && text("subject") == Some(&*self.subject)
    }
}

/// A value to bind.
enum Bind<'a> {
    Int(i64),
    Text(&'a str),
}

/// Conditions in their order; the text names parameters `$1`, `$2`, ….
pub(super) struct Conditions<'a> {
    text: String,
    binds: Vec<Bind<'a>>,
}

impl<'a> Conditions<'a> {
    pub(super) fn of(filter: &'a Filter) -> Self {
        let mut all = Self { text: "seq >= 0".into(), binds: Vec::new() };
        if let Some(from) = filter.from {
            all.add("at >=", Bind::Int(from.as_second()));
        }
        if let Some(until) = filter.until {
            all.add("at <", Bind::Int(until.as_second()));
        }
        for (column, value) in
            [("kind =", &filter.kind), ("actor =", &filter.actor), ("subject =", &filter.subject)]
        {
            if let Some(value) = value {
                all.add(column, Bind::Text(value));
            }
        }
        for (left, seq) in [("seq >=", filter.first), ("seq <=", filter.last)] {
            if let Some(seq) = seq {
                all.add(left, Bind::Int(seq.to_sql()));
            }
        }
        all
    }

    /// The condition, for a WHERE.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// `left` is one of the texts in this file, never input.
    fn add(&mut self, left: &'static str, value: Bind<'a>) {
        self.binds.push(value);
        self.text.push_str(&format!(" AND {left} ${}", self.binds.len()));
    }

    pub(super) fn query(
        &self,
        text: String,
    ) -> sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(text));
        for bind in &self.binds {
            query = match bind {
                Bind::Int(value) => query.bind(*value),
                Bind::Text(value) => query.bind((*value).to_owned()),
            };
        }
        query
    }
}

/// A page of records.
pub(crate) async fn records(
    conn: &mut AnyConnection,
    filter: &Filter,
    page: Page,
) -> Result<Vec<Stored>, Error> {
    let mut conditions = Conditions::of(filter);
    if let Some(after) = page.after {
        let left = if page.newest_first { "seq <" } else { "seq >" };
        conditions.add(left, Bind::Int(to_sql(after.0)?));
    }
    let order = if page.newest_first { "DESC" } else { "ASC" };
    let limit = page.limit.min(MOST_ROWS);
    let text = format!(
        "SELECT {COLUMNS} FROM journal WHERE {} ORDER BY seq {order} LIMIT {limit}",
        conditions.text
    );
    let rows = conditions.query(text).fetch_all(conn).await?;
    rows.iter().map(Stored::from_row).collect()
}

/// How many records.
pub(crate) async fn count(conn: &mut AnyConnection, filter: &Filter) -> Result<u64, Error> {
    let conditions = Conditions::of(filter);
    let text = format!("SELECT COUNT(*) FROM journal WHERE {}", conditions.text);
    let count: i64 = conditions.query(text).fetch_one(conn).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

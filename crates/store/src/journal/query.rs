//! Reading records: by time, person and kind of act, singly or together (GM/T 0037 §8.6.1.6).

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use tlog::Hash;

use super::head::to_sql;
use crate::{Error, Seq};

const MOST_ROWS: u32 = 1000;

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
        Self {
            after: None,
            limit: 100,
            newest_first: false,
        }
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
}

impl Stored {
    /// From the leaf alone: the columns beside it are for searching only.
    fn from_leaf(seq: i64, leaf: Vec<u8>) -> Result<Self, Error> {
        let damaged = || Error::damaged(format!("第 {seq} 号日志记录无法读取"));
        let leaf_hash = Hash::leaf(&leaf);
        let leaf = String::from_utf8(leaf).map_err(|_| damaged())?;
        let mut value: Value = serde_json::from_str(&leaf).map_err(|_| damaged())?;
        let mut take = |name: &str| value.get_mut(name).map(Value::take).ok_or_else(damaged);
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(damaged()),
        };
        Ok(Self {
            seq: Seq(u64::try_from(seq).map_err(|_| damaged())?),
            at: text(take("at")?)?.parse().map_err(|_| damaged())?,
            kind: text(take("kind")?)?,
            actor: text(take("actor")?)?,
            subject: text(take("subject")?)?,
            body: take("body")?,
            leaf_hash,
            leaf,
        })
    }
}

/// A value to bind.
enum Bind<'a> {
    Int(i64),
    Text(&'a str),
}

/// Conditions in their order; the text names parameters `$1`, `$2`, ….
struct Conditions<'a> {
    text: String,
    binds: Vec<Bind<'a>>,
}

impl<'a> Conditions<'a> {
    fn of(filter: &'a Filter) -> Self {
        let mut all = Self {
            text: "1 = 1".into(),
            binds: Vec::new(),
        };
        if let Some(from) = filter.from {
            all.add("at >=", Bind::Int(from.as_second()));
        }
        if let Some(until) = filter.until {
            all.add("at <", Bind::Int(until.as_second()));
        }
        for (column, value) in [
            ("kind =", &filter.kind),
            ("actor =", &filter.actor),
            ("subject =", &filter.subject),
        ] {
            if let Some(value) = value {
                all.add(column, Bind::Text(value));
            }
        }
        all
    }

    /// `left` is one of the texts in this file, never input.
    fn add(&mut self, left: &'static str, value: Bind<'a>) {
        self.binds.push(value);
        self.text
            .push_str(&format!(" AND {left} ${}", self.binds.len()));
    }

    fn query(&self, text: String) -> sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments> {
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
        "SELECT seq, leaf FROM journal WHERE {} ORDER BY seq {order} LIMIT {limit}",
        conditions.text
    );
    let rows = conditions.query(text).fetch_all(conn).await?;
    rows.iter()
        .map(|row| Stored::from_leaf(row.try_get(0)?, row.try_get(1)?))
        .collect()
}

/// How many records.
pub(crate) async fn count(conn: &mut AnyConnection, filter: &Filter) -> Result<u64, Error> {
    let conditions = Conditions::of(filter);
    let text = format!("SELECT COUNT(*) FROM journal WHERE {}", conditions.text);
    let count: i64 = conditions.query(text).fetch_one(conn).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

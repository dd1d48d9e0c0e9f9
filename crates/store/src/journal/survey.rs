//! The journal at a glance, for people who look after it: how much of what, day by day, and the
//! checkpoints that are kept.

use jiff::Timestamp;
use sqlx::Row as _;

use super::query::Conditions;
use super::{Filter, SignedCheckpoint, note};
use crate::{Error, Store};

const DAY_SECONDS: i64 = 86_400;

/// How many records of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTotal {
    /// Days since 1970 in the zone that was asked for.
    pub day: i64,
    /// Records.
    pub total: u64,
}

impl Store {
    /// How many records a filter selects on each day that has any; days begin `offset` seconds
    /// before those of UTC.
    pub async fn count_by_day(&self, filter: &Filter, offset: u32) -> Result<Vec<DayTotal>, Error> {
        let conditions = Conditions::of(filter);
        let day = format!("(at + {offset}) / {DAY_SECONDS}");
        let text = format!(
            "SELECT {day} AS day, COUNT(*) AS total FROM journal WHERE {} GROUP BY {day} ORDER BY 1",
            conditions.text()
        );
        let rows = conditions.query(text).fetch_all(&mut *self.core().reader().await?).await?;
        let total = |row: &sqlx::any::AnyRow| -> Result<DayTotal, Error> {
            let total: i64 = row.try_get("total")?;
            let total = u64::try_from(total).unwrap_or(0);
            Ok(DayTotal { day: row.try_get("day")?, total })
        };
        rows.iter().map(total).collect()
    }

    /// How many records of each kind a filter selects, by kind.
    pub async fn count_by_kind(&self, filter: &Filter) -> Result<Vec<(String, u64)>, Error> {
        let conditions = Conditions::of(filter);
        let text = format!(
            "SELECT kind, COUNT(*) AS total FROM journal WHERE {} GROUP BY kind ORDER BY kind",
            conditions.text()
        );
        let rows = conditions.query(text).fetch_all(&mut *self.core().reader().await?).await?;
        let total = |row: &sqlx::any::AnyRow| -> Result<(String, u64), Error> {
            let total: i64 = row.try_get("total")?;
            Ok((row.try_get("kind")?, u64::try_from(total).unwrap_or(0)))
        };
        rows.iter().map(total).collect()
    }

    /// The checkpoints that are kept, the newest first: size, and when it was signed.
    pub async fn checkpoints(&self, limit: u32) -> Result<Vec<(u64, Timestamp)>, Error> {
        let rows =
            sqlx::query("SELECT size, at FROM journal_checkpoint ORDER BY size DESC LIMIT $1")
                .bind(i64::from(limit))
                .fetch_all(&mut *self.core().reader().await?)
                .await?;
        let read = |row: &sqlx::any::AnyRow| -> Result<(u64, Timestamp), Error> {
            let (size, at): (i64, i64) = (row.try_get("size")?, row.try_get("at")?);
            let at = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
            Ok((u64::try_from(size).unwrap_or(0), at))
        };
        rows.iter().map(read).collect()
    }

    /// The checkpoint of a size that is kept, its signature verified.
    pub async fn checkpoint_at(&self, size: u64) -> Result<Option<SignedCheckpoint>, Error> {
        let text: Option<String> =
            sqlx::query_scalar("SELECT note FROM journal_checkpoint WHERE size = $1")
                .bind(super::head::to_sql(size)?)
                .fetch_optional(&mut *self.core().reader().await?)
                .await?;
        let Some(note) = text else { return Ok(None) };
        let checkpoint = note::open(self.core(), &note)?;
        Ok(Some(SignedCheckpoint { checkpoint, note }))
    }
}

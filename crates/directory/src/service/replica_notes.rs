//! What is kept about another directory: the place reached, what it refused, how comparisons ended.

use jiff::Timestamp;
use serde_json::Value;
use store::{Actor, Record};

use super::replica::{Mirror, Place};
use crate::error::Error;
use crate::sql;

/// A refusal of the other directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The certificate.
    pub certificate: i64,
    /// The result code.
    pub code: u32,
    /// What the other directory said.
    pub reason: String,
}

impl Mirror {
    /// Notes that a step arrived, but for what was refused.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn arrived(&self, place: &Place, refused: Vec<Refused>) -> Result<(), Error> {
        let row = place.row().clone();
        self.store()
            .commit(move |tx| {
                let now = tx.now().as_second();
                Box::pin(async move {
                    for one in refused {
                        let why = (i64::from(one.code), one.reason.as_str(), now);
                        sql::replica::refuse(tx.conn(), one.certificate, why).await?;
                    }
                    sql::replica::note_place(tx.conn(), &row).await
                })
            })
            .await
    }

    /// Refused entries whose last attempt is not after an instant: number of the certificate and reason.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn refused(&self, before: Timestamp, most: i64) -> Result<Vec<(i64, String)>, Error> {
        let mut conn = self.store().read().await?;
        sql::replica::refused(&mut conn, before.as_second(), most).await
    }

    /// How many entries are refused.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_refused(&self) -> Result<u64, Error> {
        let count = sql::replica::count_refused(&mut *self.store().read().await?).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// A refused entry has arrived, or isn't wanted any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forgive(&self, certificate: i64) -> Result<(), Error> {
        self.store()
            .commit(move |tx| {
                Box::pin(async move { sql::replica::forgive(tx.conn(), certificate).await })
            })
            .await
    }

    /// When all entries were compared last, and what came out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn checked(&self) -> Result<Option<(Timestamp, Value)>, Error> {
        let row = sql::replica::checked(&mut *self.store().read().await?).await?;
        let row = row.filter(|row| row.checked_at > 0);
        Ok(row.and_then(|row| {
            let at = Timestamp::from_second(row.checked_at).ok()?;
            Some((at, serde_json::from_str(&row.checked).ok()?))
        }))
    }

    /// Notes how a comparison ended, with its record in the journal.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn note_checked(&self, actor: Actor, report: Value) -> Result<(), Error> {
        self.store()
            .commit(move |tx| {
                let now = tx.now().as_second();
                Box::pin(async move {
                    let text = report.to_string();
                    let record = Record::new(
                        "directory.replica-checked",
                        actor,
                        "directory:replica",
                        report,
                    );
                    tx.append(record).await?;
                    sql::replica::note_checked(tx.conn(), now, &text).await
                })
            })
            .await
    }
}

//! The index against the certificates: what is missing is added, what is too much goes (Invariant 8).

use std::collections::{BTreeMap, BTreeSet};

use store::Tx;

use super::Directory;
use crate::error::Error;
use crate::rules::index::{self, Key, Row};
use crate::sql;

/// Certificates that are compared at a time.
const BATCH: i64 = 500;

/// What was found and repaired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexReport {
    /// Published certificates that were looked at.
    pub certificates: u64,
    /// Rows that were missing.
    pub missing: u64,
    /// Rows that nothing explains.
    pub surplus: u64,
}

impl IndexReport {
    /// Whether nothing had to be repaired.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.missing == 0 && self.surplus == 0
    }
}

/// Rows by attribute and value, of one certificate.
type Rows = BTreeSet<(String, Vec<u8>)>;

/// What is to be changed about some certificates.
#[derive(Default)]
struct Repair {
    missing: Vec<(i64, Vec<Row>)>,
    surplus: Vec<(i64, String, Vec<u8>)>,
}

impl Directory {
    /// Compares the index with all certificates that were followed, and repairs it.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn verify(&self) -> Result<IndexReport, Error> {
        self.follow().await?;
        let (mut report, mut after) = (IndexReport::default(), 0);
        loop {
            let mut conn = self.0.store.read().await?;
            let Some((_, until_seq)) = sql::progress(&mut conn).await? else {
                return Ok(report);
            };
            let issued = sql::certificates_after(&mut conn, after, BATCH).await?;
            // After the last one there is nothing that a row could be of.
            let Some(until) = issued.last().map(|last| last.id) else {
                return Ok(report);
            };
            let mut there: BTreeMap<i64, Rows> = BTreeMap::new();
            for (id, attribute, value) in sql::rows_between(&mut conn, (after, until)).await? {
                there.entry(id).or_default().insert((attribute, value));
            }
            drop(conn);
            let mut repair = Repair::default();
            for one in issued.iter().filter(|one| one.seq <= until_seq) {
                let mut own = Vec::new();
                if self.is_published(&one.profile) {
                    report.certificates += 1;
                    own = index::rows(&pki::Certificate::from_der(&one.der)?);
                }
                repair.compare(one.id, own, there.remove(&one.id).unwrap_or_default());
            }
            self.repair(repair, &mut report).await?;
            after = until;
        }
    }

    async fn repair(&self, repair: Repair, report: &mut IndexReport) -> Result<(), Error> {
        let missing: usize = repair.missing.iter().map(|(_, rows)| rows.len()).sum();
        if missing == 0 && repair.surplus.is_empty() {
            return Ok(());
        }
        report.missing += u64::try_from(missing).unwrap_or_default();
        report.surplus += u64::try_from(repair.surplus.len()).unwrap_or_default();
        tracing::error!(
            missing,
            surplus = repair.surplus.len(),
            "the directory's index was repaired"
        );
        self.0.store.commit(|tx| Box::pin(async move { repair.carry_out(tx).await })).await
    }
}

impl Repair {
    fn compare(&mut self, id: i64, own: Vec<Row>, mut there: Rows) {
        let named = |(key, value): &Row| (Key::as_str(*key).to_owned(), value.clone());
        let missing: Vec<_> = own.into_iter().filter(|row| !there.remove(&named(row))).collect();
        if !missing.is_empty() {
            self.missing.push((id, missing));
        }
        self.surplus.extend(there.into_iter().map(|(attribute, value)| (id, attribute, value)));
    }

    async fn carry_out(self, tx: &mut Tx) -> Result<(), Error> {
        for (id, rows) in &self.missing {
            sql::insert(tx.conn(), *id, rows).await?;
        }
        for (id, attribute, value) in self.surplus {
            sql::remove(tx.conn(), id, &attribute, value).await?;
        }
        Ok(())
    }
}

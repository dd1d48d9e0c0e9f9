//! Which CRLs are due, how the current ones stand, and their bytes.

use jiff::{SignedDuration, Timestamp};

use super::CrlKind;
use super::publish::PublishedCrl;
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::rules::crl::{Freshness, due, freshness, gap};
use crate::sql::crl::CrlRow;
use crate::sql::{self, instant};

/// A published CRL without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlRecord {
    /// The name of the generation that signed it.
    pub issuer: String,
    /// Which.
    pub kind: CrlKind,
    /// Its number.
    pub number: i64,
    /// The number of the full CRL that a delta is about.
    pub base_number: Option<i64>,
    /// When it was made.
    pub this_update: Timestamp,
    /// Until when it counts.
    pub next_update: Timestamp,
    /// How many certificates it names.
    pub entries: u64,
    /// SM3 of its bytes, hexadecimal.
    pub etag: String,
    /// Whether it was signed in advance.
    pub spare: bool,
    /// When it went out.
    pub published_at: Timestamp,
}

/// A current CRL with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentCrl {
    /// About it.
    pub record: CrlRecord,
    /// Its bytes.
    pub der: Vec<u8>,
}

/// How a kind of CRL stands, for readiness and alarms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlHealth {
    /// The name of the generation that signs it.
    pub issuer: String,
    /// Which.
    pub kind: CrlKind,
    /// Fresh, half spent (alarm) or expired (not ready).
    pub freshness: Freshness,
    /// Until when the current one counts; none when there is none.
    pub next_update: Option<Timestamp>,
}

impl CrlRow {
    fn record(self, issuer: &str) -> Result<CrlRecord, Error> {
        let row = self;
        Ok(CrlRecord {
            issuer: issuer.to_owned(),
            kind: CrlKind::from_row(&row.kind, row.shard)?,
            number: row.number,
            base_number: row.base_number,
            this_update: instant(row.this_update)?,
            next_update: instant(row.next_update)?,
            entries: sql::count(row.entries)?,
            etag: row.etag,
            spare: row.spare == 1,
            published_at: instant(row.published_at)?,
        })
    }
}

impl Ca {
    /// Publishes every CRL that is due, of each generation that signs: by interval, by age, after a
    /// change of status. Where
    /// signing fails and the current CRL is past the middle of its window, its spare goes
    /// out. The first failure is returned after all kinds had their turn, unless a spare
    /// covered it. Call it every few seconds.
    pub async fn publish_due(&self) -> Result<Vec<PublishedCrl>, Error> {
        let mut published = Vec::new();
        let mut failure = None;
        for one in self.each() {
            for kind in one.kinds_by_haste().await? {
                if !one.is_due(kind).await? {
                    continue;
                }
                match one.publish_crl(kind).await {
                    Ok(crl) => published.push(crl),
                    // Another node did it; whether there is more to tell is asked again the next time.
                    Err(Error::Refused(Refusal::ListOutrun)) => {}
                    Err(error) => {
                        tracing::warn!(%error, ?one, ?kind, "CRL could not be published");
                        published.extend(one.spare_instead(kind).await?);
                        failure.get_or_insert(error);
                    }
                }
            }
        }
        match failure {
            Some(error) if published.is_empty() => Err(error),
            _ => Ok(published),
        }
    }

    /// A delta list first: it is how a change is seen within a second. Without a full list it has no base
    /// yet, and comes last.
    async fn kinds_by_haste(&self) -> Result<Vec<CrlKind>, Error> {
        let mut kinds = self.crl_kinds();
        if self.current_row(CrlKind::Full).await?.is_some() {
            kinds.sort_by_key(|kind| *kind != CrlKind::Delta);
        }
        Ok(kinds)
    }

    async fn spare_instead(&self, kind: CrlKind) -> Result<Option<PublishedCrl>, Error> {
        if kind == CrlKind::Delta { Ok(None) } else { self.use_spare(kind).await }
    }

    async fn is_due(&self, kind: CrlKind) -> Result<bool, Error> {
        let policy = &self.inner().config.crl;
        let row = self.current_row(kind).await?;
        let delta = row.as_ref().filter(|_| kind == CrlKind::Delta);
        let entries = delta.map(|row| sql::count(row.entries)).transpose()?;
        let current = row.map(|row| row.current()).transpose()?;
        let last_change = self.last_change(kind).await?;
        let times = (self.every(kind), gap(entries, policy));
        Ok(due(current.as_ref(), last_change, times, policy, self.inner().clock.now()))
    }

    fn every(&self, kind: CrlKind) -> SignedDuration {
        match kind {
            CrlKind::Delta => self.inner().config.crl.delta_every,
            _ => self.inner().config.crl.full_every,
        }
    }

    /// The CRL of a kind to hand out now, with its bytes: the published one with the highest
    /// number, or its spare where that one is past the middle of its window and could not even
    /// be replaced in the database (the journal may need the same device that is gone).
    pub async fn current_crl(&self, kind: CrlKind) -> Result<Option<CurrentCrl>, Error> {
        let own = self.pinned();
        let Some(row) = own.current_row(kind).await? else {
            return Ok(None);
        };
        if let Some(spare) = own.ready_spare(kind).await? {
            return spare.into_current(own.name(), kind).map(Some);
        }
        let mut reader = own.inner().store.read().await?;
        let der = sql::crl::der(&mut reader, row.id).await?;
        Ok(Some(CurrentCrl { record: row.record(own.name())?, der }))
    }

    /// Published CRLs of all generations, newest first, as far as they are kept.
    pub async fn crls(&self, limit: u32) -> Result<Vec<CrlRecord>, Error> {
        let mut reader = self.inner().store.read().await?;
        let mut rows = Vec::new();
        for one in self.generations() {
            for row in sql::crl::history(&mut reader, one.issuer_id(), limit.into()).await? {
                rows.push((row.id, row.record(one.name())?));
            }
        }
        rows.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(rows.into_iter().map(|(_, record)| record).collect())
    }

    /// How every kind stands, of each generation that signs.
    pub async fn crl_health(&self) -> Result<Vec<CrlHealth>, Error> {
        let now = self.inner().clock.now();
        let mut health = Vec::new();
        for one in self.each() {
            for kind in one.crl_kinds() {
                let current = one.current_row(kind).await?.map(|row| row.current()).transpose()?;
                health.push(CrlHealth {
                    issuer: one.name().to_owned(),
                    kind,
                    freshness: freshness(current.as_ref(), now),
                    next_update: current.map(|current| current.next_update),
                });
            }
        }
        Ok(health)
    }
}

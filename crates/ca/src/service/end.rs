//! The end of a generation: noted when nothing is left to sign, its key destroyed by order of two.

mod give_up;

use std::collections::BTreeSet;

use gm::{DeviceError, RefusedReason};
use jiff::Timestamp;
use pki::time::whole_seconds;
use serde_json::json;
use sqlx::AnyConnection;
use store::{Actor, Record, Tx, Warrant};

use super::{Ca, OCSP, text};
use crate::CrlKind;
use crate::ceremony::{SHARES, THRESHOLD};
use crate::error::{Error, Refusal};
use crate::rules::succession::{Remains, is_over};
use crate::sql::{self, instant, seconds};

/// Profiles of certificates that keep no generation from being over: those of its responders, and a root's own,
/// which no list revokes.
const ASIDE: [&str; 2] = [OCSP, "root"];

impl Ca {
    /// The last second of the certificates that this generation issued, its own and those of its responders aside.
    pub async fn last_end(&self) -> Result<Option<Timestamp>, Error> {
        let mut reader = self.inner().store.read().await?;
        let end = sql::succession::last_end(&mut reader, self.issuer_id(), ASIDE).await?;
        end.map(instant).transpose()
    }

    /// Notes the generations that issue no longer and have nothing left to sign; how many there were.
    /// Call it now and then.
    pub async fn note_over(&self) -> Result<usize, Error> {
        let mut noted = 0;
        for one in self.generations_left() {
            let (own, issuing) = (one.generation()?, self.pinned().generation()?);
            if own.number < issuing.number
                && whole_seconds(self.now()) > one.certificate().not_after()
            {
                one.explain_ended().await?;
            }
            if own.number < issuing.number && is_over(&one.remains().await?, self.now()) {
                noted += usize::from(one.end().await?);
            }
        }
        if noted > 0 {
            self.follow_line().await?;
        }
        Ok(noted)
    }

    async fn remains(&self) -> Result<Remains, Error> {
        let mut reader = self.inner().store.read().await?;
        self.remains_in(&mut reader).await
    }

    async fn remains_in(&self, conn: &mut AnyConnection) -> Result<Remains, Error> {
        let issuer_id = self.issuer_id();
        let last_end = sql::succession::last_end(conn, issuer_id, ASIDE).await?;
        let open = sql::issuance::open(conn, issuer_id, 0, 1).await?;
        let mut made = Vec::new();
        for kind in self.crl_kinds().into_iter().filter(|kind| *kind != CrlKind::Delta) {
            let shard = kind.shard_column();
            let row = sql::crl::current(conn, issuer_id, kind.as_str(), shard).await?;
            made.push(row.map(|row| row.this_update));
        }
        // A list that is missing comes first.
        let oldest_list = made.into_iter().min().flatten().map(instant).transpose()?;
        Ok(Remains {
            last_end: last_end.map(instant).transpose()?,
            has_open: !open.is_empty(),
            oldest_list,
            status_kept: self.inner().config.status_kept,
            own_end: self.certificate().not_after(),
        })
    }

    /// Whether it has nothing left to sign, by what stands in the tables at the instant of the unit.
    async fn is_over_in(&self, tx: &mut Tx) -> Result<bool, Error> {
        let now = tx.now();
        Ok(self.is_followed(tx).await? && is_over(&self.remains_in(tx.conn()).await?, now))
    }

    async fn end(&self) -> Result<bool, Error> {
        let ca = self.clone();
        let last = self.last_end().await?;
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let now = seconds(tx.now());
                    let is_over = ca.is_over_in(tx).await?;
                    if !is_over
                        || !sql::succession::note_over(tx.conn(), ca.issuer_id(), now).await?
                    {
                        return Ok(false);
                    }
                    // A spare has the next number: handed out once its time has come, and not any more
                    // later, the number would go back (Invariant 7).
                    sql::crl::drop_spares(tx.conn(), ca.issuer_id()).await?;
                    let body = json!({
                        "key": ca.inner().issuer.key_hash,
                        "last_not_after": last.map(text),
                    });
                    let about = format!("issuer:{}", ca.name());
                    tx.append(Record::new("issuer.over", Actor::system(), about, body)).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Destroys the key of a generation that is over; that it is, the unit asks the tables anew, and the
    /// one that issues and those after it are never destroyed. Recorded before and after, so that a cut between
    /// leaves a destruction that is begun and can be ordered again.
    pub async fn destroy_key(&self, warrant: &Warrant) -> Result<(), Error> {
        self.destroy(warrant, &[]).await
    }

    /// The end of a root key, which is on no device: those with these numbers brought their shares, and they were
    /// destroyed before the two. So many that those left make up no key any more; from then on nobody can bring it back
    /// here either.
    pub async fn destroy_shared_key(&self, warrant: &Warrant, shares: &[u8]) -> Result<(), Error> {
        let named: BTreeSet<u8> = shares.iter().copied().collect();
        let fits = named.iter().all(|index| (1..=SHARES).contains(index));
        if !fits || named.len() <= usize::from(SHARES - THRESHOLD) {
            return Err(Refusal::SharesLeft.into());
        }
        self.destroy(warrant, &named.into_iter().collect::<Vec<_>>()).await
    }

    async fn destroy(&self, warrant: &Warrant, shares: &[u8]) -> Result<(), Error> {
        self.follow_line().await?;
        let own = self.pinned();
        let record = |kind: &'static str| {
            let about = format!("issuer:{}", own.name());
            let mut details =
                json!({ "key": own.inner().issuer.key_hash, "label": own.key_label().as_str() });
            if !shares.is_empty()
                && let Some(details) = details.as_object_mut()
            {
                details.insert("shares".into(), json!(shares));
            }
            Record::new(kind, warrant.actor(), about, warrant.body(details))
        };
        let (intended, done) =
            (record("issuer.key-destruction-intended"), record("issuer.key-destroyed"));
        let store = &own.inner().store;
        let asked = own.clone();
        store
            .commit(move |tx| {
                Box::pin(async move {
                    let end = sql::succession::end_of(tx.conn(), asked.issuer_id()).await?;
                    if end.is_none() || !asked.is_over_in(tx).await? {
                        return Err(Refusal::NotOver.into());
                    }
                    tx.append(intended).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        store::fault::point("ca.85-key-destruction-intended");
        match own.inner().device.session()?.destroy(own.key_label()) {
            Ok(()) | Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => {}
            Err(error) => return Err(error.into()),
        }
        store::fault::point("ca.86-key-destroyed");
        let issuer_id = own.issuer_id();
        store
            .commit(move |tx| {
                Box::pin(async move {
                    let now = seconds(tx.now());
                    sql::succession::note_destroyed(tx.conn(), issuer_id, now).await?;
                    tx.append(done).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.follow_line().await?;
        Ok(())
    }
}

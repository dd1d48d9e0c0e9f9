//! The end of a generation: noted when nothing is left to sign, its key destroyed by order of two.

use gm::{DeviceError, RefusedReason};
use jiff::Timestamp;
use serde_json::json;
use store::{Actor, Record, Warrant};

use super::{Ca, OCSP, text};
use crate::CrlKind;
use crate::error::{Error, Refusal};
use crate::rules::succession::{Remains, is_over};
use crate::sql::{self, instant, seconds};

impl Ca {
    /// The last second of the certificates that this generation issued, those of its responders aside.
    pub async fn last_end(&self) -> Result<Option<Timestamp>, Error> {
        let mut reader = self.inner().store.read().await?;
        let end = sql::succession::last_end(&mut reader, self.issuer_id(), OCSP).await?;
        end.map(instant).transpose()
    }

    /// Notes the generations that issue no longer and have nothing left to sign; how many there were.
    /// Call it now and then.
    pub async fn note_over(&self) -> Result<usize, Error> {
        let mut noted = 0;
        for one in self.signing_generations() {
            let (own, issuing) = (one.generation()?, self.pinned().generation()?);
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
        let last_end = self.last_end().await?;
        let mut reader = self.inner().store.read().await?;
        let open = sql::issuance::open(&mut reader, self.issuer_id(), 0, 1).await?;
        drop(reader);
        let mut made = Vec::new();
        for kind in self.crl_kinds().into_iter().filter(|kind| *kind != CrlKind::Delta) {
            made.push(self.current_row(kind).await?.map(|row| row.this_update));
        }
        // A list that is missing comes first.
        let oldest_list = made.into_iter().min().flatten().map(instant).transpose()?;
        Ok(Remains { last_end, has_open: !open.is_empty(), oldest_list })
    }

    async fn end(&self) -> Result<bool, Error> {
        let ca = self.clone();
        let last = self.last_end().await?;
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let now = seconds(tx.now());
                    if !sql::succession::note_over(tx.conn(), ca.issuer_id(), now).await? {
                        return Ok(false);
                    }
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

    /// Destroys the key of a generation that is over. Recorded before and after, so that a cut between
    /// leaves a destruction that is begun and can be ordered again.
    pub async fn destroy_key(&self, warrant: &Warrant) -> Result<(), Error> {
        let own = self.pinned();
        if own.generation()?.over_at.is_none() {
            return Err(Refusal::NotOver.into());
        }
        let record = |kind: &'static str| {
            let about = format!("issuer:{}", own.name());
            let details =
                json!({ "key": own.inner().issuer.key_hash, "label": own.key_label().as_str() });
            Record::new(kind, warrant.actor(), about, warrant.body(details))
        };
        let (intended, done) =
            (record("issuer.key-destruction-intended"), record("issuer.key-destroyed"));
        let store = &own.inner().store;
        store
            .commit(move |tx| {
                Box::pin(async move {
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

//! Application (standby → in use) and restoration to a new signing key.

use gm::WrappedKey;
use serde_json::json;
use store::{Record, SealedBlob, Tx, fault};
use zeroize::Zeroizing;

use super::{Kmc, actor, generation, subject, whole_second};
use crate::error::Error;
use crate::model::{ApplyOrder, Ca, IssuedKey, RestoreOrder};
use crate::rules::{self, Applying, Restoring};
use crate::sql::{self, moves::Cause};

impl Kmc {
    /// Gives the CA an encryption pair for a certificate that it is about to issue, the private
    /// half enveloped to the subscriber's signing key. The same order again yields the same pair.
    pub async fn apply(&self, ca: &Ca, order: ApplyOrder) -> Result<IssuedKey, Error> {
        let to = order.signing_key;
        let name = self.seal_name(&order).await?;
        let assigned = self.assign(ca, (order.clone(), name.clone()), Vec::new());
        let wrapped = match assigned.await? {
            Some(wrapped) => wrapped,
            None => self.assign_realtime(ca, (order, name)).await?,
        };
        fault::point("kmc.14-apply-committed");
        self.envelope(wrapped, to).await
    }

    /// Envelopes the encryption key of a certificate to the subscriber's new signing key.
    pub async fn restore(&self, ca: &Ca, order: RestoreOrder) -> Result<IssuedKey, Error> {
        let (ca, to) = (ca.clone(), order.signing_key);
        let wrapped = self
            .inner
            .store
            .commit(move |tx| Box::pin(async move { restore(tx, &ca, &order).await }))
            .await?;
        fault::point("kmc.23-restore-committed");
        self.envelope(wrapped, to).await
    }

    /// The standby store was empty: generate one and assign it in the same unit. Another
    /// application may take it first from the store, so a second try is due.
    async fn assign_realtime(
        &self,
        ca: &Ca,
        order: (ApplyOrder, Option<SealedBlob>),
    ) -> Result<WrappedKey, Error> {
        tracing::warn!("standby store is empty, generating in real time");
        let fresh = self.generate(1).await?;
        fault::point("kmc.10-realtime-generated");
        let assigned = self.assign(ca, order, fresh).await?;
        assigned.ok_or(Error::Interrupted)
    }

    /// The subscriber's name is personal data: it is sealed before the unit starts.
    async fn seal_name(&self, order: &ApplyOrder) -> Result<Option<SealedBlob>, Error> {
        let Some(name) = &order.user_name else {
            return Ok(None);
        };
        let plain = Zeroizing::new(name.clone());
        let sealed = self.inner.store.seal_blob(plain, "subscriber-name").await?;
        Ok(Some(sealed))
    }

    /// `fresh` pairs, if any, go through the standby store in the same unit.
    async fn assign(
        &self,
        ca: &Ca,
        (order, name): (ApplyOrder, Option<SealedBlob>),
        fresh: Vec<WrappedKey>,
    ) -> Result<Option<WrappedKey>, Error> {
        let (ca, device) = (ca.clone(), self.provenance());
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    generation::add(tx, (&fresh, &device), Cause::Realtime).await?;
                    apply(tx, (&ca, &order), name).await
                })
            })
            .await
    }
}

async fn apply(
    tx: &mut Tx,
    (ca, order): (&Ca, &ApplyOrder),
    name: Option<SealedBlob>,
) -> Result<Option<WrappedKey>, Error> {
    let existing = sql::pairs::find(tx.conn(), ca.id, &order.cert_serial).await?;
    match (rules::decide_apply(existing.as_ref(), order, tx.now())?, existing) {
        (Applying::Again, Some(pair)) => {
            let subject = subject(ca.id, &order.cert_serial);
            let body = json!({ "signing_key": order.signing_key.fingerprint() });
            tx.append(Record::new("key.delivered_again", actor(ca), subject, body)).await?;
            Ok(Some(pair.wrapped))
        }
        _ => take(tx, (ca, order), name).await,
    }
}

async fn take(
    tx: &mut Tx,
    (ca, order): (&Ca, &ApplyOrder),
    name: Option<SealedBlob>,
) -> Result<Option<WrappedKey>, Error> {
    let at = whole_second(tx.now());
    let blob_id = name.as_ref().map(|name| name.reference().id.clone());
    let taken = sql::moves::assign(tx.conn(), ca.id, (order, blob_id, at)).await?;
    let Some((pair_id, wrapped)) = taken else {
        return Ok(None);
    };
    fault::point("kmc.11-pair-taken");
    let name = match name {
        Some(name) => Some(name.insert(tx).await?.to_json()),
        None => None,
    };
    sql::moves::release(tx.conn(), pair_id, ("apply", &order.signing_key, at)).await?;
    fault::point("kmc.12-release-written");
    let body = json!({
        "ca": ca.name(),
        "public_key": wrapped.public_key.fingerprint(),
        "signing_key": order.signing_key.fingerprint(),
        "not_before": order.not_before.as_second(),
        "not_after": order.not_after.as_second(),
        "user_name": name,
    });
    let subject = subject(ca.id, &order.cert_serial);
    tx.append(Record::new("key.assigned", actor(ca), subject, body)).await?;
    fault::point("kmc.13-apply-written");
    Ok(Some(wrapped))
}

async fn restore(tx: &mut Tx, ca: &Ca, order: &RestoreOrder) -> Result<WrappedKey, Error> {
    let pair = sql::pairs::find(tx.conn(), ca.id, &order.cert_serial)
        .await?
        .ok_or(Error::UnknownCertificate)?;
    let releases = sql::pairs::releases(tx.conn(), pair.id).await?;
    let decided = rules::decide_restore(&pair, &releases, &order.signing_key)?;
    let kind = match decided {
        Restoring::Again => "key.delivered_again",
        Restoring::Release => "key.restored",
    };
    if decided == Restoring::Release {
        let at = whole_second(tx.now());
        sql::moves::rebind(tx.conn(), pair.id, &order.signing_key).await?;
        fault::point("kmc.20-rebound");
        sql::moves::release(tx.conn(), pair.id, ("restore", &order.signing_key, at)).await?;
        fault::point("kmc.21-restore-released");
    }
    let body = json!({
        "public_key": pair.wrapped.public_key.fingerprint(),
        "signing_key": order.signing_key.fingerprint(),
    });
    let subject = subject(ca.id, &order.cert_serial);
    tx.append(Record::new(kind, actor(ca), subject, body)).await?;
    fault::point("kmc.22-restore-written");
    Ok(pair.wrapped)
}

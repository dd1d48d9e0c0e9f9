//! Revocation and expiry (in use → history). Nothing leads out of the history store: keys are kept
//! for more than ten years after their end (GM/T 0034 §5), and no operation here removes them.

use serde_json::json;
use store::{Actor, Record, Tx, fault};

use super::{Kmc, actor, subject, whole_second};
use crate::error::Error;
use crate::model::{AssignedPair, Ca, EndReason, Ending, Place, Retention};
use crate::rules;
use crate::sql;
use pki::Serial;

/// Pairs that one unit of the expiry sweep moves.
const SWEEP: u32 = 200;

impl Kmc {
    /// The encryption certificate was revoked: its pair goes to history. Doing so again changes
    /// nothing and answers the same.
    pub async fn revoke(&self, ca: &Ca, cert_serial: Serial) -> Result<Ending, Error> {
        let (ca, retention) = (ca.clone(), self.inner.config.retention);
        let ending = self
            .inner
            .store
            .commit(move |tx| {
                Box::pin(async move { revoke(tx, (&ca, &cert_serial), retention).await })
            })
            .await?;
        fault::point("kmc.33-revoke-committed");
        Ok(ending)
    }

    /// Moves the pairs of expired certificates to history, and answers how many.
    pub async fn expire(&self) -> Result<u64, Error> {
        let mut moved = 0;
        loop {
            let retention = self.inner.config.retention;
            let swept = self
                .inner
                .store
                .commit(move |tx| Box::pin(async move { sweep(tx, retention).await }))
                .await?;
            fault::point("kmc.34-sweep-committed");
            moved += u64::from(swept);
            if swept < SWEEP {
                return Ok(moved);
            }
        }
    }
}

async fn revoke(
    tx: &mut Tx,
    (ca, cert_serial): (&Ca, &Serial),
    retention: Retention,
) -> Result<Ending, Error> {
    let pair =
        sql::pairs::find(tx.conn(), ca.id, cert_serial).await?.ok_or(Error::UnknownCertificate)?;
    let now = whole_second(tx.now());
    match (rules::decide_end(&pair, EndReason::Revoked, now, retention)?, pair.place) {
        (Some(ending), _) => {
            end(tx, &pair, (ending, actor(ca))).await?;
            Ok(ending)
        }
        (None, Place::History(ending)) => Ok(ending),
        (None, Place::InUse) => Err(Error::StoredData("store")),
    }
}

async fn sweep(tx: &mut Tx, retention: Retention) -> Result<u32, Error> {
    let now = whole_second(tx.now());
    let expired = sql::pairs::expired(tx.conn(), now.as_second(), SWEEP).await?;
    let mut swept = 0;
    for pair in &expired {
        if let Some(ending) = rules::decide_end(pair, EndReason::Expired, now, retention)? {
            end(tx, pair, (ending, Actor::system())).await?;
            swept += 1;
        }
    }
    Ok(swept)
}

async fn end(
    tx: &mut Tx,
    pair: &AssignedPair,
    (ending, actor): (Ending, Actor),
) -> Result<(), Error> {
    fault::point("kmc.30-ending");
    sql::moves::end(tx.conn(), pair.id, &ending).await?;
    fault::point("kmc.31-ended");
    let body = json!({
        "public_key": pair.wrapped.public_key.fingerprint(),
        "reason": ending.reason.word(),
        "retain_until": ending.retain_until.as_second(),
    });
    let subject = subject(pair.assignment.ca_id, &pair.assignment.cert_serial);
    tx.append(Record::new("key.ended", actor, subject, body)).await?;
    fault::point("kmc.32-end-written");
    Ok(())
}

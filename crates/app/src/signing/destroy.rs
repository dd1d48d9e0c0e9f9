//! The end of the signing key itself: stopped, and every certificate of it revoked or over, it has nothing left to sign
//! and is destroyed in the device, recorded before and after. What is cut off in between the next round finds gone and
//! says so. Encryption keys stay: what was enclosed to them before has to be opened yet, by order, and the key centre
//! has the same keys in its history (GM/T 0034).

use gm::{DeviceError, RefusedReason};
use serde_json::json;
use store::{Actor, Record};

use super::key;
use super::order::about;
use super::sql::destroy as sql;
use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Destroys the signing keys that have nothing left to do. Doing it again changes nothing; one that fails holds up
    /// no other.
    pub async fn destroy_spent_keys(&self) -> Result<(), Error> {
        let spent = sql::spent(&mut *self.store().read().await?).await?;
        let mut first = Ok(());
        for number in spent {
            if let Err(error) = self.destroy_signing_key(number).await {
                tracing::warn!(number, %error, "a signing key could not be destroyed; tried again");
                first = first.and(Err(error));
            }
        }
        first
    }

    async fn destroy_signing_key(&self, number: i64) -> Result<(), Error> {
        let (label, device) = (key::sign_label(number)?, self.device().clone());
        let named = label.clone();
        let look = move || match device.session()?.key(&named) {
            Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(None),
            found => found.map(Some),
        };
        let found = tokio::task::spawn_blocking(look).await.map_err(|_| Error::Interrupted)??;
        let Some(info) = found else {
            // Never made, or destroyed before a cut.
            return self.note_destroyed(number, json!({ "found_gone": true })).await;
        };
        let fingerprint = info.public_key.map(|key| key.fingerprint());
        let body = json!({ "key": fingerprint, "uses": info.uses });
        let intended = Record::new(
            "signing.destruction_intended",
            Actor::system(),
            about(number),
            body.clone(),
        );
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                tx.append(intended).await?;
                Ok::<_, Error>(())
            })
        });
        unit.await?;
        let device = self.device().clone();
        let destroy = move || match device.session()?.destroy(&label) {
            // Another node was faster.
            Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(()),
            done => done,
        };
        tokio::task::spawn_blocking(destroy).await.map_err(|_| Error::Interrupted)??;
        self.note_destroyed(number, body).await
    }

    async fn note_destroyed(&self, number: i64, body: serde_json::Value) -> Result<(), Error> {
        let record = Record::new("signing.destroyed", Actor::system(), about(number), body);
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                let at = tx.now().as_second();
                if sql::destroyed(tx.conn(), (number, at)).await? {
                    tx.append(record).await?;
                }
                Ok::<_, Error>(())
            })
        });
        unit.await
    }
}

//! The end of the signing key itself: stopped, and every certificate of it revoked or over, it has nothing left to sign
//! and is destroyed in the device, recorded before and after. What is cut off in between the next round finds gone and
//! says so. Encryption keys stay: what was enclosed to them before has to be opened yet, by order, and the key centre
//! has the same keys in its history (GM/T 0034).

use gm::{DeviceError, RefusedReason};
use serde_json::json;
use store::{Actor, Filter, Page, Record};

use super::key;
use super::order::about;
use super::sql::destroy as sql;
use crate::error::Error;
use crate::institution::Institution;

const INTENDED: &str = "signing.destruction_intended";

impl Institution {
    /// Destroys the signing keys that have nothing left to do. Doing it again changes nothing; one that fails holds up
    /// no other.
    pub async fn destroy_spent_keys(&self) -> Result<(), Error> {
        let spent = sql::spent(&mut *self.store().read().await?).await?;
        let (mut first, now) = (Ok(()), self.clock().now());
        for number in self.signing().not_resting(spent, now) {
            if let Err(error) = self.destroy_signing_key(number).await {
                tracing::warn!(number, %error, "a signing key could not be destroyed; tried again later");
                self.signing().rest(number, now);
                first = first.and(Err(error));
            }
        }
        first
    }

    /// Keys that have nothing left to do and are not destroyed.
    pub(super) async fn spent_keys(&self) -> Result<Vec<i64>, Error> {
        Ok(sql::spent(&mut *self.store().read().await?).await?)
    }

    async fn is_recorded(&self, kind: &str, number: i64) -> Result<bool, Error> {
        let (kind, subject) = (Some(kind.to_owned()), Some(about(number)));
        let filter = Filter { kind, subject, ..Filter::default() };
        let page = Page { limit: 1, newest_first: true, ..Page::default() };
        Ok(!self.store().records(&filter, page).await?.is_empty())
    }

    /// Whether a key that isn't in the device may count as destroyed: it was to be, or was never certified. Any other is
    /// perhaps in another device, where it would stay for ever.
    async fn may_be_gone(&self, number: i64) -> Result<bool, Error> {
        if self.is_recorded(INTENDED, number).await? {
            return Ok(true);
        }
        let is_made = self.is_recorded("signing.key_made", number).await?
            || self.is_recorded("signing.made_too_late", number).await?;
        Ok(!is_made)
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
            if !self.may_be_gone(number).await? {
                tracing::warn!(
                    number,
                    "a spent signing key is not in the device; nothing says that it was destroyed"
                );
                self.signing().rest(number, self.clock().now());
                return Ok(());
            }
            return self.note_destroyed(number, json!({ "found_gone": true })).await;
        };
        let fingerprint = info.public_key.map(|key| key.fingerprint());
        let body = json!({ "key": fingerprint, "uses": info.uses });
        // Once: a device that refuses is asked again, the journal isn't told again.
        if !self.is_recorded(INTENDED, number).await? {
            self.note_intended(number, body.clone()).await?;
        }
        let device = self.device().clone();
        let destroy = move || match device.session()?.destroy(&label) {
            // Another node was faster.
            Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(()),
            done => done,
        };
        tokio::task::spawn_blocking(destroy).await.map_err(|_| Error::Interrupted)??;
        self.note_destroyed(number, body).await
    }

    async fn note_intended(&self, number: i64, body: serde_json::Value) -> Result<(), Error> {
        let record = Record::new(INTENDED, Actor::system(), about(number), body);
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                tx.append(record).await?;
                Ok::<_, Error>(())
            })
        });
        unit.await
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

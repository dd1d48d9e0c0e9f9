//! The end of keys that have done their work: recorded before and after. A cut between the two leaves a key
//! that is gone without a word; the next run finds it and says so.

use gm::{DeviceError, KeyInfo, RefusedReason};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use status::rules::delegation;
use store::{Actor, Filter, Page, Record, Stored};

use super::{Service, public};
use crate::error::Error;
use crate::institution::Institution;

/// How long after its successor was made a key that never came to a certificate is kept. An order for it
/// was recorded before that, and is given up after a day at the latest.
const WAIT: SignedDuration = SignedDuration::from_hours(48);
/// Destructions that are looked at: more than one at a time are a matter of long outages.
const LOOKED_AT: u32 = 16;

impl Institution {
    /// Destroys the keys of a service that have done their work, of all that the device has: those whose
    /// last certificate ended a week ago, and those that never came to one and never will. The newest
    /// stays.
    pub(crate) async fn retire_service_keys(
        &self,
        service: &Service,
        keys: Vec<KeyInfo>,
    ) -> Result<(), Error> {
        self.note_unrecorded_destructions(service, &keys).await?;
        let keys = service.in_order(keys);
        for pair in keys.windows(2) {
            if let [info, successor] = pair
                && self.is_spent(service, info, successor).await?
            {
                self.destroy_service_key(service, info).await?;
            }
        }
        Ok(())
    }

    async fn is_spent(
        &self,
        service: &Service,
        info: &KeyInfo,
        successor: &KeyInfo,
    ) -> Result<bool, Error> {
        let (certificates, now) = (self.ca().of_key(&public(info)?).await?, self.clock().now());
        if !certificates.is_empty() {
            let ends = certificates.iter().map(|one| one.not_after);
            return Ok(delegation::is_key_spent(ends, now));
        }
        let made = self.made_record(service, &successor.label).await?;
        Ok(is_forsaken(made.map(|record| record.at), now))
    }

    async fn destroy_service_key(&self, service: &Service, info: &KeyInfo) -> Result<(), Error> {
        let body = json!({ "key": public(info)?.fingerprint(), "uses": info.uses });
        let subject = format!("key:{}", info.label);
        self.note_service_key(service.destruction_intended, &subject, body.clone()).await?;
        let (device, label) = (self.device().clone(), info.label.clone());
        let destroy = move || match device.session()?.destroy(&label) {
            // Another node was faster.
            Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(()),
            done => done,
        };
        tokio::task::spawn_blocking(destroy).await.map_err(|_| Error::Interrupted)??;
        self.note_service_key(service.destroyed, &subject, body).await
    }

    /// Keys that were to be destroyed, are gone, and of which nothing says that they were destroyed.
    async fn note_unrecorded_destructions(
        &self,
        service: &Service,
        present: &[KeyInfo],
    ) -> Result<(), Error> {
        let kind = Some(service.destruction_intended.to_owned());
        let filter = Filter { kind, ..Filter::default() };
        for record in self.store().records(&filter, newest()).await? {
            if is_present(present, &record) || self.is_told(service, &record).await? {
                continue;
            }
            let body = json!({
                "key": key_of(&record), "uses": record.body.get("uses"),
                "found_gone_after": record.seq.0,
            });
            self.note_service_key(service.destroyed, &record.subject, body).await?;
        }
        Ok(())
    }

    /// Whether a record says that the key was destroyed which was to be: asked by its name, for of some keys
    /// two nodes say so.
    async fn is_told(&self, service: &Service, intended: &Stored) -> Result<bool, Error> {
        let (kind, subject) = (service.destroyed.to_owned(), intended.subject.clone());
        let filter = Filter { kind: Some(kind), subject: Some(subject), ..Filter::default() };
        let told = self.store().records(&filter, newest()).await?;
        Ok(told.iter().any(|record| key_of(record) == key_of(intended)))
    }

    async fn note_service_key(
        &self,
        kind: &'static str,
        subject: &str,
        body: Value,
    ) -> Result<(), Error> {
        let record = Record::new(kind, Actor::system(), subject, body);
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    tx.append(record).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

/// The newest records that are looked at.
fn newest() -> Page {
    Page { limit: LOOKED_AT, newest_first: true, ..Page::default() }
}

/// Whether a key without certificate will never have one: no order can be open that was begun before its
/// successor was made. A successor that isn't recorded yet was made just now.
fn is_forsaken(successor_made: Option<Timestamp>, now: Timestamp) -> bool {
    successor_made.is_some_and(|made| now.duration_since(made) >= WAIT)
}

/// The fingerprint that a record names.
fn key_of(record: &Stored) -> Value {
    record.body.get("key").cloned().unwrap_or_default()
}

fn is_present(keys: &[KeyInfo], record: &Stored) -> bool {
    let named = key_of(record);
    let mut fingerprints = keys.iter().filter_map(|info| info.public_key.as_ref());
    fingerprints.any(|key| named.as_str() == Some(key.fingerprint().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_certificate_waits_until_no_order_for_it_can_be_open() {
        let hour = |count: i64| Timestamp::from_second(1_800_000_000 + count * 3_600).unwrap();
        assert!(!is_forsaken(Some(hour(0)), hour(47)) && is_forsaken(Some(hour(0)), hour(48)));
        assert!(!is_forsaken(None, hour(1_000)), "its successor was never ordered");
    }
}

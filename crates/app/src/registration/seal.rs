//! The institution's own signing key, for agreements, letters and reports: made on the device when it has none, by
//! whichever node comes first, and recorded once, whatever cut or other node came between (Measures Art. 20; check C20-2).
//! A device that was replaced, or lost the key, gets another one under the same label, with a record of its own.

use std::sync::Arc;

use gm::{Device, DeviceError, KeyInfo, KeyKind, KeyLabel, PublicKey, RefusedReason};
use serde_json::{Value, json};
use store::{Actor, Filter, Page, Record, Store};

use crate::error::Error;
use crate::service_keys::note_made;
use crate::sql;

/// Signs agreements and letters in the institution's name.
pub const SEAL_KEY: &str = "institution-seal";
const MADE: &str = "key.generated";

pub(crate) fn seal_label() -> Result<KeyLabel, Error> {
    KeyLabel::new(SEAL_KEY).map_err(|_| Error::Stored("机构签名密钥的名称无效"))
}

/// The institution's key for agreements on this device, if it is there. Whoever only reads makes none.
pub(crate) fn find_seal_key(device: &Arc<dyn Device>) -> Result<Option<PublicKey>, Error> {
    match device.session()?.key(&seal_label()?) {
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(None),
        found => public(&found?).map(Some),
    }
}

/// The institution's key for agreements; made when there is none yet, and recorded when no record says so.
pub(crate) async fn seal_key(store: &Store, device: &Arc<dyn Device>) -> Result<PublicKey, Error> {
    if let Some(key) = find_seal_key(device)? {
        // What signs is there already: a journal that can't be written just now closes nothing (Invariant 4).
        if let Err(error) = note(store, device, &key).await {
            tracing::error!(%error, "the record that the institution's key was made");
        }
        return Ok(key);
    }
    let key = public(&made(device)?)?;
    note(store, device, &key).await?;
    Ok(key)
}

fn public(info: &KeyInfo) -> Result<PublicKey, Error> {
    info.public_key.ok_or(Error::Stored("机构签名密钥没有公钥"))
}

fn made(device: &Arc<dyn Device>) -> Result<KeyInfo, Error> {
    let (mut session, label) = (device.session()?, seal_label()?);
    Ok(match session.generate(&label, KeyKind::Sm2Sign) {
        // Another node was faster.
        Err(DeviceError::Refused(RefusedReason::LabelTaken)) => session.key(&label)?,
        made => made?,
    })
}

/// Records that this very key was made, unless that is on record: a cut, or another node, may have come between. Programs
/// from before wrote no row, or one that names no key, so the records are looked for too.
async fn note(store: &Store, device: &Arc<dyn Device>, key: &PublicKey) -> Result<(), Error> {
    let row = format!("{SEAL_KEY}:{}", key.fingerprint());
    if sql::is_made(&mut *store.read().await?, &row).await? {
        return Ok(());
    }
    let (about, named) = (format!("key:{SEAL_KEY}"), hex::encode(key.to_sec1()));
    let is_known = is_recorded(store, &about, &named).await?;
    let body = json!({ "label": SEAL_KEY, "key": named, "device": device.info().provenance() });
    let record = (!is_known).then(|| Record::new(MADE, Actor::system(), about, body));
    store
        .commit(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let is_first = note_made(tx.conn(), &row, now).await?;
                if let Some(record) = record.filter(|_| is_first) {
                    tx.append(record).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await
}

/// Whether a record says that this key was made. A label has few of them: one for each device that held it.
async fn is_recorded(store: &Store, about: &str, key: &str) -> Result<bool, Error> {
    let filter = Filter {
        kind: Some(MADE.to_owned()),
        subject: Some(about.to_owned()),
        ..Filter::default()
    };
    let page = Page { limit: 1000, newest_first: true, ..Page::default() };
    let records = store.records(&filter, page).await?;
    Ok(records.iter().any(|record| record.body.get("key").and_then(Value::as_str) == Some(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use store::{FixedClock, Opening, Schema, StoreConfig};
    use testkit::fault::{Counted, FaultyDevice};
    use testkit::scratch::Scratch;

    struct Place {
        device: Arc<FaultyDevice<Scratch>>,
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Place {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let device = Arc::new(FaultyDevice::new(Scratch::new()));
            let clock = Arc::new(FixedClock::at("2026-11-22T04:00:00Z").unwrap());
            let url = format!("sqlite:{}", folder.path().join("institution.db").display());
            let anchor = folder.path().join("anchor");
            let config =
                StoreConfig::new(url, Schema::Institution, anchor, "ca.example.cn/journal");
            let config = config.opening(Opening::New);
            let store = Store::open(config, device.clone(), clock).await.unwrap();
            Self { device, store, _folder: folder }
        }

        fn device(&self) -> Arc<dyn Device> {
            self.device.clone()
        }

        async fn records(&self) -> usize {
            self.keys().await.len()
        }

        /// The keys of which a record says that they were made.
        async fn keys(&self) -> Vec<String> {
            let filter = Filter { kind: Some(MADE.to_owned()), ..Filter::default() };
            let found = self.store.records(&filter, Page::default()).await.unwrap();
            let own = found.iter().filter(|one| one.subject == "key:institution-seal");
            own.map(|one| one.body["key"].as_str().unwrap_or_default().to_owned()).collect()
        }
    }

    /// Killed between the device and the journal: the next start finds a key of which nothing is said.
    #[tokio::test]
    async fn a_key_that_was_made_before_a_cut_is_recorded_by_the_next_start_once() {
        let place = Place::new().await;
        let label = seal_label().unwrap();
        place.device().session().unwrap().generate(&label, KeyKind::Sm2Sign).unwrap();
        let key = seal_key(&place.store, &place.device()).await.unwrap();
        assert_eq!(place.records().await, 1);
        assert_eq!(seal_key(&place.store, &place.device()).await.unwrap(), key);
        assert_eq!(place.records().await, 1);
    }

    /// Programs from before left a record and no row, then one that names no key.
    #[tokio::test]
    async fn a_key_that_a_program_from_before_recorded_is_not_recorded_again() {
        for has_row in [false, true] {
            let place = Place::new().await;
            let label = seal_label().unwrap();
            let made =
                place.device().session().unwrap().generate(&label, KeyKind::Sm2Sign).unwrap();
            let key = hex::encode(made.public_key.unwrap().to_sec1());
            let body = json!({ "label": SEAL_KEY, "key": key });
            let record = Record::new(MADE, Actor::system(), "key:institution-seal", body);
            let unit = place.store.commit(move |tx| {
                Box::pin(async move {
                    if has_row {
                        let now = tx.now();
                        note_made(tx.conn(), SEAL_KEY, now).await?;
                    }
                    tx.append(record).await.map(drop)
                })
            });
            unit.await.unwrap();
            seal_key(&place.store, &place.device()).await.unwrap();
            assert_eq!(place.records().await, 1, "{has_row}");
        }
    }

    /// The device was replaced, or lost the key: what is made then is another one.
    #[tokio::test]
    async fn a_key_that_is_made_anew_under_the_label_is_recorded_too() {
        let place = Place::new().await;
        let lost = seal_key(&place.store, &place.device()).await.unwrap();
        place.device().session().unwrap().destroy(&seal_label().unwrap()).unwrap();
        let key = seal_key(&place.store, &place.device()).await.unwrap();
        assert_ne!(key, lost);
        assert_eq!(seal_key(&place.store, &place.device()).await.unwrap(), key);
        let mut recorded = place.keys().await;
        recorded.sort_unstable();
        let mut made = [lost, key].map(|key| hex::encode(key.to_sec1()));
        made.sort_unstable();
        assert_eq!(recorded, made);
    }

    /// Another node makes it between any two steps of this one on the device.
    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_nodes_that_start_at_once_both_open_and_one_records() {
        // A session and the key, a session and a new key.
        for call in 1..=4 {
            let place = Place::new().await;
            let held = place.device.hold(Counted::Calls, place.device.count(Counted::Calls) + call);
            let (store, device) = (place.store.clone(), place.device());
            let here = tokio::spawn(async move { seal_key(&store, &device).await });
            while !held.is_waiting() {
                assert!(!here.is_finished(), "call {call}");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let there = seal_key(&place.store, &place.device()).await.unwrap();
            held.release();
            assert_eq!(here.await.unwrap().unwrap(), there, "call {call}");
            assert_eq!(place.records().await, 1, "call {call}");
        }
    }
}

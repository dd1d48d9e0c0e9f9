//! The root key out of three shares, and away from the device again.

use std::sync::Arc;

use gm::{Device, DeviceError, KeyLabel, RefusedReason};
use serde_json::json;
use store::{Actor, Record, Store};

use super::ROOT;
use super::shares::{self, SealedShare};
use crate::error::{Error, Invalid, Refusal};
use crate::sql::{self, seconds};

/// Restores the root key on the device from any three shares, for a new CRL of the root or a
/// new issuing CA. The key must be that of the root certificate in the database.
pub async fn restore_root(
    store: &Store,
    device: Arc<dyn Device>,
    sealed: Vec<SealedShare>,
    actor: Actor,
) -> Result<(), Error> {
    let mut reader = store.read().await?;
    let root = sql::issuer::by_name(&mut reader, ROOT)
        .await?
        .ok_or_else(|| Invalid::NoIssuer(ROOT.into()))?;
    drop(reader);
    let certificate = pki::Certificate::from_der(&root.certificate_der)?;
    let key = certificate.public_key()?;
    let label = label(ROOT)?;
    let holders = sealed.len();
    shares::combine(&*device, &label, &sealed, &key)?;
    let uses = device.session()?.key(&label)?.uses;
    let uses = i64::try_from(uses).map_err(|_| Error::stored("设备签名计数超出范围"))?;
    store
        .commit(move |tx| {
            Box::pin(async move {
                let now = seconds(tx.now());
                // A restored key counts from its own beginning.
                sql::signer::set_base(tx.conn(), ROOT, uses, now).await?;
                let body = json!({ "shares": holders, "key": key.fingerprint() });
                tx.append(Record::new("ceremony.root-restored", actor, "key:root", body)).await?;
                Ok::<_, Error>(())
            })
        })
        .await
}

/// Destroys the root key on the device; the shares remain. Recorded before and after.
pub async fn destroy_root(
    store: &Store,
    device: Arc<dyn Device>,
    actor: Actor,
) -> Result<(), Error> {
    let record = |kind: &'static str, actor: Actor| {
        store.commit(move |tx| {
            Box::pin(async move {
                tx.append(Record::new(kind, actor, "key:root", json!({}))).await?;
                Ok::<_, Error>(())
            })
        })
    };
    record("ceremony.root-destruction-intended", actor.clone()).await?;
    destroy_if_there(&*device, ROOT)?;
    record("ceremony.root-destroyed", actor).await
}

pub(super) fn destroy_if_there(device: &dyn Device, name: &str) -> Result<(), Error> {
    match device.session()?.destroy(&label(name)?) {
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(()),
        other => Ok(other?),
    }
}

pub(super) fn label(name: &str) -> Result<KeyLabel, Error> {
    KeyLabel::new(name).map_err(|error| Refusal::Ceremony(error.to_string()).into())
}

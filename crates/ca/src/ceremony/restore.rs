//! The root key out of three shares, and away from the device again.

use std::sync::Arc;

use gm::{Device, DeviceError, KeyLabel, RefusedReason};
use serde_json::json;
use sqlx::AnyConnection;
use store::{Actor, Record, Store};

use super::ROOT;
use super::shares::{self, SealedShare};
use crate::error::{Error, Invalid, Refusal};
use crate::sql::{self, seconds};

/// Restores a root key on the device from any three shares, for a new CRL of the root or a
/// new issuing CA. Which generation's it is, the shares say (ADR 15); the key must be that of its
/// certificate in the database, and nobody may have attested the destruction of its shares.
pub async fn restore_root(
    store: &Store,
    device: Arc<dyn Device>,
    sealed: Vec<SealedShare>,
    actor: Actor,
) -> Result<(), Error> {
    let mut reader = store.read().await?;
    let root = root_of(&mut reader, &sealed).await?;
    let end = sql::succession::end_of(&mut reader, root.id).await?;
    drop(reader);
    if end.is_some_and(|end| end.destroyed_at.is_some()) {
        let text = "这一代根密钥的分量已登记销毁，不能恢复；请核对分量从何而来，并报告安全管理人员";
        return Err(Refusal::Ceremony(text.into()).into());
    }
    let certificate = pki::Certificate::from_der(&root.certificate_der)?;
    let key = certificate.public_key()?;
    let label = label(&root.key_label)?;
    let holders = sealed.len();
    shares::combine(&*device, &label, &sealed, &key)?;
    let uses = device.session()?.key(&label)?.uses;
    let uses = i64::try_from(uses).map_err(|_| Error::stored("设备签名计数超出范围"))?;
    store
        .commit(move |tx| {
            Box::pin(async move {
                let now = seconds(tx.now());
                // A restored key counts from its own beginning.
                sql::signer::set_base(tx.conn(), &root.key_label, uses, now).await?;
                let body = json!({ "shares": holders, "key": key.fingerprint() });
                let about = format!("key:{}", root.key_label);
                tx.append(Record::new("ceremony.root-restored", actor, about, body)).await?;
                Ok::<_, Error>(())
            })
        })
        .await
}

/// The generation of the root whose key the first share names; of a share that names none, the first one, whose
/// shares these are not.
async fn root_of(
    conn: &mut AnyConnection,
    sealed: &[SealedShare],
) -> Result<sql::issuer::IssuerRow, Error> {
    let stated = sealed.first().map(shares::key_of).transpose()?.unwrap_or_default();
    let named = sql::issuer::by_key(conn, &stated).await?;
    let named = named.filter(|row| is_root_label(&row.key_label));
    let root = match named {
        Some(row) => Some(row),
        None => sql::issuer::by_name(conn, ROOT).await?,
    };
    root.ok_or_else(|| Invalid::NoIssuer(ROOT.into()).into())
}

/// Whether a key of the device is one of the root: `root`, `root-2`.
fn is_root_label(label: &str) -> bool {
    label == ROOT || label.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('-'))
}

/// Destroys every root key on the device; the shares remain. Recorded before and after. The key of a generation that
/// isn't appointed yet stays: its ceremony goes on with it, and perhaps nobody holds a share of it.
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
    let later = {
        let mut reader = store.read().await?;
        sql::succession::successors(&mut reader, ROOT).await?
    };
    destroy_if_there(&*device, ROOT)?;
    for row in later.into_iter().filter(|row| row.active_from.is_some()) {
        destroy_if_there(&*device, &row.issuer.key_label)?;
    }
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

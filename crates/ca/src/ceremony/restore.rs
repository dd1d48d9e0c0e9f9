//! The root key out of three shares, and away from the device again.

use std::sync::Arc;

use gm::{Device, DeviceError, KeyLabel, RefusedReason};
use serde_json::{Value, json};
use sqlx::AnyConnection;
use store::{Actor, Record, Store};

use super::ROOT;
use super::shares::{self, SealedShare};
use crate::error::{Error, Invalid, Refusal};
use crate::service::{Reconciliation, reconcile_key};
use crate::sql::{self, seconds};

/// What came of destroying the root keys on a device.
#[derive(Debug, Clone, Default)]
pub struct RootsDestroyed {
    /// Labels of root keys that are still there: their generation is not appointed, a ceremony goes on with them.
    pub left: Vec<String>,
    /// Those whose signatures did not agree with the records.
    pub alarms: Vec<Reconciliation>,
}

const DESTROYED: &str =
    "这一代根密钥的分量已登记销毁，不能恢复；请核对分量从何而来，并报告安全管理人员";

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
    let later = sql::succession::successors(&mut reader, ROOT).await?;
    drop(reader);
    let is_unappointed =
        later.iter().any(|row| row.issuer.id == root.id && row.active_from.is_none());
    if end.is_some() && is_unappointed {
        let text = "这一代根密钥所属的换代仪式已放弃，密钥已作废，不能恢复；请收回并销毁这些分量";
        return Err(Refusal::Ceremony(text.into()).into());
    }
    if end.is_some_and(|end| end.destroyed_at.is_some()) {
        return Err(Refusal::Ceremony(DESTROYED.into()).into());
    }
    let certificate = pki::Certificate::from_der(&root.certificate_der)?;
    let key = certificate.public_key()?;
    let label = label(&root.key_label)?;
    let holders = sealed.len();
    shares::combine(&*device, &label, &sealed, &key)?;
    let uses = device.session()?.key(&label)?.uses;
    let uses = i64::try_from(uses).map_err(|_| Error::stored("设备签名计数超出范围"))?;
    let (root_id, on_device) = (root.id, label.clone());
    let noted = store
        .commit(move |tx| {
            Box::pin(async move {
                // Two people may have attested its destruction since it was asked.
                let end = sql::succession::end_of(tx.conn(), root_id).await?;
                if end.is_some_and(|end| end.destroyed_at.is_some()) {
                    return Err(Refusal::Ceremony(DESTROYED.into()).into());
                }
                let now = seconds(tx.now());
                // A restored key counts from its own beginning.
                sql::signer::set_base(tx.conn(), &root.key_label, uses, now).await?;
                let body = json!({ "shares": holders, "key": key.fingerprint() });
                let about = format!("key:{}", root.key_label);
                tx.append(Record::new("ceremony.root-restored", actor, about, body)).await?;
                Ok::<_, Error>(())
            })
        })
        .await;
    if noted.is_err() {
        // A key that nobody recorded does not stay.
        destroy_if_there(&*device, on_device.as_str())?;
    }
    noted
}

/// The generation of the root whose key the first share names.
async fn root_of(
    conn: &mut AnyConnection,
    sealed: &[SealedShare],
) -> Result<sql::issuer::IssuerRow, Error> {
    let stated = sealed.first().map(shares::key_of).transpose()?.unwrap_or_default();
    let named = sql::issuer::by_key(conn, &stated).await?;
    if let Some(row) = named.filter(|row| is_root_label(&row.key_label)) {
        return Ok(row);
    }
    sql::issuer::by_name(conn, ROOT).await?.ok_or_else(|| Invalid::NoIssuer(ROOT.into()))?;
    let text = format!(
        "属于公钥指纹为 {stated} 的密钥，数据库中没有这一把根密钥；请核对分量，数据库由备份恢复的，备份可能早于根密钥换代"
    );
    Err(Invalid::Share(text).into())
}

/// Whether a key of the device is one of the root: `root`, `root-2`, and one that is tried out of shares.
#[must_use]
pub fn is_root_label(label: &str) -> bool {
    label == ROOT || label.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('-'))
}

/// Destroys every root key on the device; the shares remain. Recorded before and after. The key of a generation that
/// isn't appointed yet stays: its ceremony goes on with it, and perhaps nobody holds a share of it. What the device
/// counted is held against the records before: an alarm stays in the journal (T-06).
pub async fn destroy_root(
    store: &Store,
    device: Arc<dyn Device>,
    actor: Actor,
) -> Result<RootsDestroyed, Error> {
    let record = |kind: &'static str, actor: Actor, body: Value| {
        store.commit(move |tx| {
            Box::pin(async move {
                tx.append(Record::new(kind, actor, "key:root", body)).await?;
                Ok::<_, Error>(())
            })
        })
    };
    record("ceremony.root-destruction-intended", actor.clone(), json!({})).await?;
    let later = {
        let mut reader = store.read().await?;
        sql::succession::successors(&mut reader, ROOT).await?
    };
    let appointed = later.into_iter().filter(|row| row.active_from.is_some());
    let mut done = RootsDestroyed::default();
    for name in std::iter::once(ROOT.to_owned()).chain(appointed.map(|row| row.issuer.key_label)) {
        done.alarms.extend(alarm_of(store, &device, &label(&name)?).await?);
        retire(store, &*device, &name).await?;
    }
    destroy_if_there(&*device, shares::TRIAL)?;
    let left = device.session()?.keys()?.into_iter().map(|key| key.label.to_string());
    done.left = left.filter(|label| is_root_label(label)).collect();
    record("ceremony.root-destroyed", actor, json!({ "left": done.left })).await?;
    Ok(done)
}

/// What the device counted of a root key that is there, where the records do not explain it; the alarm is in the journal
/// then. One that signed nothing since it was restored has nothing to explain.
pub(super) async fn alarm_of(
    store: &Store,
    device: &Arc<dyn Device>,
    label: &KeyLabel,
) -> Result<Option<Reconciliation>, Error> {
    match device.session()?.key(label) {
        Ok(info) if info.uses > 0 => {}
        Ok(_) | Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let (device, label) = (device.clone(), label.clone());
    let drawn =
        store.commit(move |tx| Box::pin(async move { reconcile_key(tx, &*device, &label).await }));
    Ok(Some(drawn.await?).filter(|found| found.balance.is_alarm()))
}

/// For people who must look at once.
pub(super) fn alarm_text(found: &Reconciliation) -> String {
    format!(
        "根密钥“{}”的签名次数与记录不符（{:?}）：可能有人绕过程序使用过它，已记入日志（signer.alarm）。请保留现场并报告安全管理人员；\
         查明以后，由两人执行 yinxin ceremony close-root-account，再续办",
        found.label, found.balance
    )
}

/// Destroys a root key that is on the device. Its account ends with it: what is restored later counts from its own
/// beginning, and what nobody recorded as restored has no signature to its credit.
pub(super) async fn retire(store: &Store, device: &dyn Device, name: &str) -> Result<(), Error> {
    match device.session()?.destroy(&label(name)?) {
        Ok(()) => {}
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let name = name.to_owned();
    store
        .commit(move |tx| {
            Box::pin(async move {
                let now = seconds(tx.now());
                sql::signer::set_base(tx.conn(), &name, 0, now).await
            })
        })
        .await
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

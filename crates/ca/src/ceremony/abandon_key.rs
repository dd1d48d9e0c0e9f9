//! What a ceremony that is given up leaves on the device and on the disk: the key that nobody will use, and the files of
//! its shares.
//!
//! What is there is recorded before any of it is touched: a run that dies while it destroys has destroyed what it
//! recorded, and whoever goes on, also under another name, states so. Otherwise people would look for files that are no
//! more.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gm::{DeviceError, KeyInfo, RefusedReason};
use serde_json::{Value, json};
use store::{Actor, Filter, Record, Seq, Tx};

use super::abandon::{AbandonPlan, generation_by, generation_of};
use super::left::{Kind, Left};
use super::run::Ceremony;
use super::{SHARES, Step, restore, shares};
use crate::error::{Error, Refusal};
use crate::sql::{self, seconds};

/// What is under the label of the key.
enum Under {
    Nothing,
    /// The key that the ceremony recorded, or made and did not come to record.
    Own(String),
    /// One that nobody recorded, and that never signed.
    Stray(String),
    /// That of a generation which another ceremony made since, or one that another goes on with.
    Anothers,
}

impl Under {
    /// The fingerprint of what nobody will use.
    fn unused(self) -> Option<String> {
        match self {
            Self::Own(key) | Self::Stray(key) => Some(key),
            Self::Nothing | Self::Anothers => None,
        }
    }
}

impl Ceremony {
    /// Refuses before anything changes, where what is under the label may be in office.
    pub(super) async fn check_unused(&self, left: &Left) -> Result<(), Error> {
        if self.row(Step::UnusedKey).is_none() {
            self.under(left).await?;
        }
        Ok(())
    }

    /// Records what there is to destroy.
    async fn find_unused(&self, plan: &AbandonPlan, left: &Left, label: &str) -> Result<(), Error> {
        let under = self.under(left).await?;
        let is_stray = matches!(under, Under::Stray(_));
        let found = under.unused();
        let is_alarm = found.is_some() && self.is_alarm(label).await?;
        let there = shares::there(&paths(plan, left), &left.stated_key().unwrap_or_default());
        let before = self.found_before(left).await?;
        let is = |name: &str| before.iter().any(|one| flag(one, name));
        let earlier = before.iter().find_map(|one| text(one, "found"));
        let shares: BTreeSet<_> =
            before.iter().flat_map(|one| numbers(one, "shares")).chain(there).collect();
        let detail = json!({
            "gives_up": left.name, "label": label, "key": left.stated_key(),
            "found": found.or(earlier), "stray": is_stray || is("stray"),
            "alarm": is_alarm || is("alarm"), "shares": shares,
        });
        self.record(Step::UnusedKeyFound, detail).await
    }

    /// What earlier ceremonies that gave up the same one found: they may have destroyed it, and died before they said so.
    async fn found_before(&self, left: &Left) -> Result<Vec<Value>, Error> {
        let mut reader = self.store.read().await?;
        let step = Step::UnusedKeyFound.kind();
        let others = sql::ceremony::others(&mut reader, step, &self.plan.name).await?;
        let read = others.iter().filter_map(|detail| serde_json::from_str::<Value>(detail).ok());
        Ok(read.filter(|one| text(one, "gives_up").as_ref() == Some(&left.name)).collect())
    }

    /// The key that nobody will use, off the device, and the files of its shares that are still where they were written.
    pub(super) async fn destroy_unused(
        &self,
        plan: &AbandonPlan,
        left: &Left,
    ) -> Result<(), Error> {
        let Some((label, _)) = left.key().filter(|_| self.row(Step::UnusedKey).is_none()) else {
            return Ok(());
        };
        let is_resumed = self.row(Step::UnusedKeyFound).is_some();
        if !is_resumed {
            self.find_unused(plan, left, label).await?;
        }
        let found = self.detail(Step::UnusedKeyFound)?;
        let mut is_alarm = flag(&found, "alarm");
        // Asked anew: since a run that died here, another ceremony may have begun under the label.
        let is_there = self.under(left).await?.unused().is_some();
        if is_there {
            is_alarm |= is_resumed && self.is_alarm(label).await?;
            restore::retire(&self.store, &*self.device, label).await?;
            store::fault::point("ca.91-unused-key-destroyed");
        }
        let (key, now) = (text(&found, "found"), self.key_under(label)?.map(|info| of(&info)));
        let is_destroyed = is_there || (key.is_some() && key != now);
        let key = left.stated_key().unwrap_or_default();
        let removed = shares::remove(&paths(plan, left), &key)?;
        store::fault::point("ca.92-unused-shares-removed");
        let removed: BTreeSet<_> = numbers(&found, "shares").into_iter().chain(removed).collect();
        let written =
            (left.kind == Kind::Root && left.is_done(Step::RootShared)).then_some(1..=SHARES);
        let out: Vec<_> =
            written.into_iter().flatten().filter(|index| !removed.contains(index)).collect();
        let detail = json!({ "label": label, "key": left.stated_key(), "destroyed": is_destroyed,
            "stray": flag(&found, "stray"), "alarm": is_alarm,
            "shares_removed": removed, "shares_out": out });
        let (ceremony, left) = (self.clone(), left.clone());
        self.commit(move |tx| {
            Box::pin(async move {
                ceremony.note_unused(tx, &left).await?;
                ceremony.record_in(tx, Step::UnusedKey, detail).await
            })
        })
        .await
    }

    /// Whether signatures of it are not explained: that stays in the journal, and does not save the key.
    async fn is_alarm(&self, label: &str) -> Result<bool, Error> {
        let label = restore::label(label)?;
        Ok(restore::alarm_of(&self.store, &self.device, &label).await?.is_some())
    }

    fn key_under(&self, label: &str) -> Result<Option<KeyInfo>, Error> {
        match self.device.session()?.key(&restore::label(label)?) {
            Ok(info) => Ok(Some(info)),
            Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whose the key is that is under the label of the other one's. One that signed is not destroyed by anybody where it may
    /// be in office: a database out of a backup doesn't know the successions that were held, or brought to their end, since.
    async fn under(&self, left: &Left) -> Result<Under, Error> {
        let Some((label, step)) = left.key() else { return Ok(Under::Nothing) };
        let Some(info) = self.key_under(label)? else { return Ok(Under::Nothing) };
        let key = of(&info);
        let is_stated = left.stated_key().is_none_or(|stated| stated == key);
        if info.uses > 0 && is_stated && self.is_restored_since(left, step).await? {
            return Err(perhaps_in_office(&left.name, &info));
        }
        let mut reader = self.store.read().await?;
        if let Some(row) = sql::issuer::by_key(&mut reader, &key).await? {
            let is_own = is_stated && Some(row.id) == generation_by(&mut reader, left).await?;
            return Ok(if is_own { Under::Own(key) } else { Under::Anothers });
        }
        let others = sql::ceremony::others(&mut reader, step.kind(), &left.name).await?;
        let names = |detail: &String| {
            let detail = serde_json::from_str::<Value>(detail).unwrap_or_default();
            text(&detail, "key").as_ref() == Some(&key)
        };
        if others.iter().any(names) {
            return Ok(Under::Anothers);
        }
        if info.uses > 0 && left.stated_key().as_ref() != Some(&key) {
            return Err(unknown(&left.name, &info));
        }
        Ok(if is_stated { Under::Own(key) } else { Under::Stray(key) })
    }

    /// Whether the journal was anchored anew since a step: what was done after the backup is in no record.
    async fn is_restored_since(&self, left: &Left, step: Step) -> Result<bool, Error> {
        let Some(row) = left.row(step) else { return Ok(false) };
        let seq =
            u64::try_from(row.seq).map_err(|_| Error::stored("仪式步骤的日志序号超出范围"))?;
        let kind = Some("journal.reanchored".to_owned());
        let anew = Filter { kind, first: Some(Seq(seq)), ..Filter::default() };
        Ok(self.store.count(&anew).await? > 0)
    }

    /// The end of the generation's key, where there is one: from then on its shares bring nothing back.
    async fn note_unused(&self, tx: &mut Tx, left: &Left) -> Result<(), Error> {
        let Some(id) = generation_of(tx, left).await? else { return Ok(()) };
        let end = sql::succession::end_of(tx.conn(), id).await?;
        if end.is_none_or(|end| end.destroyed_at.is_some()) {
            return Ok(());
        }
        let now = seconds(tx.now());
        sql::succession::note_destroyed(tx.conn(), id, now).await?;
        let detail = left_detail(tx, &left.name).await?;
        let name = text(&detail, "generation").unwrap_or_default();
        let actor = Actor::new(format!("person:{}", self.quorum.participants().leader.id));
        let label = left.key().map(|(label, _)| label);
        let body = json!({ "key": left.stated_key(), "label": label, "given_up": left.name });
        tx.append(Record::new("issuer.key-destroyed", actor, format!("issuer:{name}"), body))
            .await?;
        Ok(())
    }
}

/// Of a key that signed, and of which neither the ceremony that is given up nor any row tells.
fn unknown(name: &str, info: &KeyInfo) -> Error {
    let text = format!(
        "密码设备中“{}”名下的密钥不是仪式“{name}”记录的那一把，数据库中也没有它的记录，而它已签名 {} 次，不能销毁，放弃没有继续；请报告安全管理人员，\
         查明它的来历：数据库由备份恢复的，备份可能早于后来的换代，它可能正是在用的密钥",
        info.label, info.uses
    );
    Refusal::Ceremony(text).into()
}

/// Of the key of the ceremony, where the database is one out of a backup that does not tell how the ceremony went on.
fn perhaps_in_office(name: &str, info: &KeyInfo) -> Error {
    let text = format!(
        "仪式“{name}”记录密钥以后，日志重建过锚点（数据库由备份恢复），备份以后的经过没有记录；密码设备中“{}”名下的密钥已签名 {} 次，可能正是在用的密钥，\
         不能销毁，放弃没有继续。请用原方案续办这一仪式；确知它没有启用的，先用密码设备的管理工具销毁这把密钥，再办放弃",
        info.label, info.uses
    );
    Refusal::Ceremony(text).into()
}

async fn left_detail(tx: &mut Tx, name: &str) -> Result<Value, Error> {
    let rows = sql::ceremony::steps(tx.conn(), name).await?;
    let row = rows.into_iter().find(|row| row.step == Step::GivenUp.kind());
    let detail = row.and_then(|row| serde_json::from_str(&row.detail).ok());
    detail.ok_or_else(|| Error::stored(format!("仪式“{name}”的放弃没有记录")))
}

/// Where files of shares of the unused key may be.
fn paths(plan: &AbandonPlan, left: &Left) -> Vec<PathBuf> {
    if left.kind != Kind::Root || left.stated_key().is_none() {
        return Vec::new();
    }
    let stated = left.detail(Step::RootShared).unwrap_or_default();
    let stated = stated.get("files").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut paths: Vec<PathBuf> =
        stated.iter().filter_map(|file| file.as_str().map(PathBuf::from)).collect();
    let usual = (1..=SHARES).map(|index| plan.left_shares.join(format!("share-{index}.json")));
    paths.extend(usual);
    paths
}

fn of(info: &KeyInfo) -> String {
    info.public_key.map(|key| key.fingerprint()).unwrap_or_default()
}

fn text(detail: &Value, name: &str) -> Option<String> {
    detail.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn flag(detail: &Value, name: &str) -> bool {
    detail.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn numbers(detail: &Value, name: &str) -> Vec<u8> {
    let all = detail.get(name).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| one.as_u64().and_then(|index| u8::try_from(index).ok())).collect()
}

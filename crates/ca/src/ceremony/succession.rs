//! The next generation of the issuing CA: a new key with a name of its own, certified by the root that
//! three custodians bring back, and appointed to issue from an instant (ADR 14).
//!
//! Each step is a row; run again with the same plan, the ceremony goes on where it was cut off. Until the
//! step that appoints it, the new generation issues nothing and the old one goes on; from then on the
//! clock decides. There is no instant at which both or neither issue.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use gm::{Device, DeviceError, KeyLabel, RefusedReason};
use jiff::Timestamp;
use pki::profile::ProfileSet;
use pki::{Certificate, SubjectInput};
use serde_json::{Value, json};
use store::{Actor, Clock, Record, Store};

use super::participants::Quorum;
use super::protocol::{ProtocolFiles, certificate, person};
use super::run::{Ceremony, CeremonyPlan, Made};
use super::shares::{self, SealedShare};
use super::{Step, restore};
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::model::CaConfig;
use crate::service::text;
use crate::sql::{self, instant, seconds};

/// What a succession is to make.
#[derive(Debug, Clone)]
pub struct SuccessionPlan {
    /// Names the ceremony; running it again with the same name goes on.
    pub name: String,
    /// The institution.
    pub institution: String,
    /// Subject of the new generation. No generation before may have had it: lists and certificates are
    /// told apart by the issuer's name alone (RFC 5280 §6.3.3).
    pub subject: SubjectInput,
    /// From when it issues; absent: from the end of the ceremony on.
    pub from: Option<Timestamp>,
    /// Addresses and CRL policy of the root; its `issuer` is `root`.
    pub root_config: CaConfig,
    /// Addresses and CRL policy of the issuing CA; its `issuer` is `issuing`.
    pub issuing_config: CaConfig,
    /// At least three custodians' files.
    pub shares: Vec<SealedShare>,
    /// Where the protocol is written.
    pub protocol: PathBuf,
}

/// What a succession made.
#[derive(Debug, Clone)]
pub struct SuccessionReport {
    /// The generation before.
    pub before: Certificate,
    /// The new generation.
    pub issuing: Certificate,
    /// Its name: of its files and its entry in the directory.
    pub name: String,
    /// From when it issues.
    pub from: Timestamp,
    /// The signed protocol.
    pub protocol: ProtocolFiles,
}

impl Ceremony {
    /// Holds the ceremony of the next generation to its end, from wherever it is.
    pub async fn succeed(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        profiles: Arc<ProfileSet>,
        (plan, quorum): (SuccessionPlan, Quorum),
    ) -> Result<SuccessionReport, Error> {
        let parts = (store.clone(), device.clone(), clock.clone(), profiles.clone());
        let config = plan.issuing_config.clone();
        let line = Ca::open(parts.0, parts.1, parts.2, parts.3, config).await?;
        let mut ceremony =
            Self::new(store, device, clock, profiles, (later(&plan, &line), quorum))?;
        ceremony.read_rows().await?;
        let generation = ceremony.convene_succession(&line, &plan).await?;
        ceremony.made = Made::of(generation);
        ceremony.carry_on(&line, &plan).await
    }

    /// The generation that a ceremony of this name was begun for, if one was: what was not said in its plan
    /// stays as it was then.
    pub async fn generation_of(store: &Store, name: &str) -> Result<Option<u32>, Error> {
        let mut reader = store.read().await?;
        let steps = sql::ceremony::steps(&mut reader, name).await?;
        let convened = steps.into_iter().find(|row| row.step == Step::Convened.kind());
        let detail = convened.and_then(|row| serde_json::from_str::<Value>(&row.detail).ok());
        let number = detail.and_then(|detail| detail.get("generation").and_then(Value::as_u64));
        Ok(number.and_then(|number| u32::try_from(number).ok()))
    }

    async fn carry_on(&self, line: &Ca, plan: &SuccessionPlan) -> Result<SuccessionReport, Error> {
        // The generation of the root that certifies now (ADR 15).
        let root = self.ca(&plan.root_config).await?.pinned();
        let steps = [Step::IssuingCertificate, Step::RootList];
        if steps.into_iter().any(|step| self.row(step).is_none()) {
            self.bring_root_back(&root, &plan.shares).await?;
            if self.row(Step::IssuingCertificate).is_none() {
                self.certify_issuing(&root).await?;
            }
            // While the root is here, its yearly list is made as well.
            self.publish_first(Step::RootList, &root).await?;
        }
        line.follow_line().await?;
        let missing = || Error::stored(format!("签发机构 {} 没有记录", self.made.name));
        let new = line.generation_named(&self.made.name).ok_or_else(missing)?;
        // Relying parties find its lists before they see its first certificate.
        self.publish_first(Step::IssuingList, &new).await?;
        self.retire_roots(&[&root]).await?;
        let before = self.before(line, &new)?;
        let from = self.appoint((&before, &new), plan.from).await?;
        line.follow_line().await?;
        self.sign_succession(plan, (line, &new), from).await
    }

    /// Records the participants, and which generation it is to be: the next one, if the one before it
    /// issues by now.
    async fn convene_succession(&self, line: &Ca, plan: &SuccessionPlan) -> Result<u32, Error> {
        let number = |value: Option<&Value>| value.and_then(Value::as_u64);
        if self.row(Step::Convened).is_some() {
            let detail = self.detail(Step::Convened)?;
            let generation = number(detail.get("generation")).and_then(|n| u32::try_from(n).ok());
            let text = format!("名为“{}”的仪式不是换代仪式，请另起名称", plan.name);
            let generation = generation.ok_or(Refusal::Ceremony(text))?;
            if detail.get("plan") != Some(&bound(plan)?) {
                return Err(other_plan());
            }
            self.check_people()?;
            if self.row(Step::IssuingCertificate).is_none() {
                check_not_made(line, &Made::of(generation).name)?;
            }
            return Ok(generation);
        }
        let (last, generation) = next_generation(line)?;
        check_from(&last, plan.from, self.clock.now())?;
        let subject = SubjectInput::from_name;
        let mut before = line.generations().into_iter();
        if before
            .any(|one| subject(one.certificate().subject()).common_name == plan.subject.common_name)
        {
            let text = "新一代签发机构的名称（CN）不得与以前各代相同，例如在名称后加上 G2";
            return Err(Refusal::Ceremony(text.into()).into());
        }
        let detail = self.convened(json!({
            "generation": generation,
            "before": last.name(),
            "plan": bound(plan)?,
            "shares": shares::indices(&plan.shares)?,
        }));
        self.record(Step::Convened, detail).await?;
        Ok(generation)
    }

    /// The root key on the device, out of the shares that were named at the beginning: in every run that
    /// needs it, those who hold them show them. A key that a run which was cut off left there is no leave
    /// to go on without them (GM/T 0034 §8.5): it is made anew, so that its signatures count from zero.
    pub(super) async fn bring_root_back(
        &self,
        root: &Ca,
        sealed: &[SealedShare],
    ) -> Result<(), Error> {
        let key = root.certificate().public_key()?;
        let indices = json!(shares::indices(sealed)?);
        if self.detail(Step::Convened)?.get("shares") != Some(&indices) {
            return Err(other_plan());
        }
        let label = root.key_label().clone();
        let there = self.device.session()?.key(&label);
        let left = match there {
            Ok(info) if info.public_key == Some(key) => {
                // Nothing is lost when the shares are not those of the key.
                shares::try_out(&*self.device, sealed, &key)?;
                self.check_account(&label).await?;
                restore::retire(&self.store, &*self.device, label.as_str()).await?;
                Some(info.uses)
            }
            Ok(_) => return Err(Error::stored("设备中的根密钥与根证书不符")),
            Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => None,
            Err(error) => return Err(error.into()),
        };
        shares::combine(&*self.device, &label, sealed, &key)?;
        store::fault::point("ca.80-root-restored");
        let detail = json!({ "shares": sealed.len(), "indices": indices, "key": key.fingerprint(),
            "uses_of_key_found": left });
        self.note_root_back(label, detail).await
    }

    /// The step, and the same record again for each time that it was needed again.
    async fn note_root_back(&self, label: KeyLabel, detail: Value) -> Result<(), Error> {
        let uses = self.device.session()?.key(&label)?.uses;
        let uses = i64::try_from(uses).map_err(|_| Error::stored("设备签名计数超出范围"))?;
        let (ceremony, is_first) = (self.clone(), self.row(Step::RootRestored).is_none());
        self.commit(move |tx| {
            Box::pin(async move {
                let now = seconds(tx.now());
                // A restored key counts from its own beginning.
                sql::signer::set_base(tx.conn(), label.as_str(), uses, now).await?;
                if is_first {
                    return ceremony.record_in(tx, Step::RootRestored, detail).await;
                }
                let actor =
                    Actor::new(format!("person:{}", ceremony.quorum.participants().leader.id));
                let about = format!("ceremony:{}", ceremony.plan.name);
                tx.append(Record::new(Step::RootRestored.kind(), actor, about, detail)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Refuses to go on where the device counted signatures of a root key that no record explains: destroyed, it could
    /// not be asked any more (T-06).
    async fn check_account(&self, label: &KeyLabel) -> Result<(), Error> {
        match restore::alarm_of(&self.store, &self.device, label).await? {
            Some(found) => Err(Refusal::Ceremony(restore::alarm_text(&found)).into()),
            None => Ok(()),
        }
    }

    /// Also in a run after the step was recorded: a key that is there again does not stay.
    pub(super) async fn retire_roots(&self, roots: &[&Ca]) -> Result<(), Error> {
        for root in roots {
            self.check_account(root.key_label()).await?;
            restore::retire(&self.store, &*self.device, root.key_label().as_str()).await?;
            store::fault::point("ca.70-root-destroyed");
        }
        if self.row(Step::RootRetired).is_some() {
            return Ok(());
        }
        self.record(Step::RootRetired, json!({ "destroyed": true })).await
    }

    /// The generation before the one that this ceremony makes: the one that issued when it began. Ceremonies of before did
    /// not note it.
    fn before(&self, line: &Ca, new: &Ca) -> Result<Ca, Error> {
        let detail = self.detail(Step::Convened)?;
        let mut generations = line.generations().into_iter();
        let before = match detail.get("before").and_then(Value::as_str) {
            Some(name) => generations.find(|one| one.name() == name),
            None => {
                let counts = |one: &Ca| one.generation().is_ok_and(|known| !known.is_given_up());
                generations.rfind(|one| one.issuer_id() < new.issuer_id() && counts(one))
            }
        };
        before.ok_or_else(|| Error::stored("上一代签发机构没有记录"))
    }

    /// The one step that changes who issues: row and record in one unit. An instant that is over when
    /// the ceremony comes to it counts from now.
    pub(super) async fn appoint(
        &self,
        (before, new): (&Ca, &Ca),
        from: Option<Timestamp>,
    ) -> Result<Timestamp, Error> {
        if self.row(Step::Appointed).is_none() {
            let (ceremony, before, new) = (self.clone(), before.clone(), new.clone());
            self.commit(move |tx| {
                Box::pin(async move {
                    check_from(&before, from, tx.now())?;
                    let from = from.map_or(tx.now(), |from| from.max(tx.now()));
                    if from >= new.certificate().not_after() {
                        let text = "启用时刻晚于新一代签发机构证书的有效期，请改正仪式方案";
                        return Err(Refusal::Ceremony(text.into()).into());
                    }
                    let at = seconds(from);
                    if !sql::succession::appoint(tx.conn(), new.issuer_id(), at).await? {
                        return Err(Error::stored("这一代签发密钥的启用时刻已经确定"));
                    }
                    let leader = &ceremony.quorum.participants().leader.id;
                    let actor = Actor::new(format!("person:{leader}"));
                    let body = json!({ "from": text(from), "authority": new.authority_name() });
                    let about = format!("issuer:{}", new.name());
                    tx.append(Record::new("issuer.appointed", actor, about, body)).await?;
                    let detail = json!({ "from": at, "name": new.name() });
                    ceremony.record_in(tx, Step::Appointed, detail).await
                })
            })
            .await?;
            store::fault::point("ca.81-appointed");
        }
        let detail = self.detail(Step::Appointed)?;
        let from = detail.get("from").and_then(Value::as_i64);
        let said = instant(from.ok_or_else(|| Error::stored("启用时刻没有记录"))?)?;
        // Two people may have brought it forward since.
        new.follow_line().await?;
        Ok(new.generation()?.active_from.map_or(said, |stands| stands.min(said)))
    }

    async fn sign_succession(
        &self,
        plan: &SuccessionPlan,
        (line, new): (&Ca, &Ca),
        from: Timestamp,
    ) -> Result<SuccessionReport, Error> {
        let before = self.before(line, new)?;
        let to = ProtocolFiles::in_folder(&plan.protocol);
        if self.row(Step::ProtocolWritten).is_none() {
            let own = json!({
                "generation": self.made.generation,
                "issues_from": text(from),
                "certificates": {
                    "before": certificate(before.certificate()),
                    "issuing": certificate(new.certificate()),
                },
            });
            let document = self.document_of("yinxin-succession/1", own)?;
            self.record(Step::ProtocolWritten, json!({ "document": document })).await?;
        }
        if self.row(Step::ProtocolSigned).is_none() {
            self.write_protocol(&to, new, Self::succession_text).await?;
        }
        if !new.settle().await? {
            tracing::warn!("the account of the new issuing key is not settled");
        }
        Ok(SuccessionReport {
            before: before.certificate().clone(),
            issuing: new.certificate().clone(),
            name: self.made.name.clone(),
            from,
            protocol: to,
        })
    }

    /// The protocol in Chinese.
    fn succession_text(&self, document: &Value, digest: &str) -> String {
        let all = self.quorum.participants();
        let of = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let mut lines = vec![
            format!("{}签发密钥换代记录", self.plan.institution),
            format!("仪式编号：{}", self.plan.name),
            format!("主持人：{}", person(&all.leader)),
        ];
        lines.extend(all.witnesses.iter().map(|one| format!("见证人：{}", person(one))));
        let custodian = |one: &super::Custodian| format!("密钥分量保管人：{}", person(&one.person));
        lines.extend(all.custodians.iter().map(custodian));
        lines.push("\n步骤（时间为协调世界时）：".to_owned());
        let steps = document.get("steps").and_then(Value::as_array);
        for (number, step) in steps.into_iter().flatten().enumerate() {
            lines.push(format!("{}. {} {}", number + 1, of(step, "at"), of(step, "title")));
        }
        lines.push("\n证书：".to_owned());
        for (key, title) in [("before", "上一代签发机构"), ("issuing", "新一代签发机构")]
        {
            let empty = Value::Null;
            let made = document.get("certificates").and_then(|all| all.get(key));
            let made = made.unwrap_or(&empty);
            lines.push(format!("{title}：{}", of(made, "subject")));
            lines.push(format!("  序列号 {}", of(made, "serial")));
            lines.push(format!("  SM3 指纹 {}", of(made, "sm3")));
        }
        lines.push(format!(
            "\n自 {} 起由新一代签发新证书；上一代只签撤销列表和状态应答者证书，到它签发的证书全部到期为止。",
            of(document, "issues_from")
        ));
        lines.push("根密钥已从密码设备中销毁，分量仍由保管人保存。".to_owned());
        lines.push(format!("记录文件 ceremony.json 的 SM3 值：{digest}"));
        lines.push("本记录由新一代签发密钥签署，签名见 ceremony.json.sig。".to_owned());
        let mut out = String::new();
        for line in lines {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{line}");
        }
        out
    }
}

/// The last generation, and the number after the newest one. One that doesn't issue yet is not followed by another,
/// unless its ceremony was given up, or its certificate was revoked before its day.
pub(super) fn next_generation(line: &Ca) -> Result<(Ca, u32), Error> {
    let mut number = 0;
    for one in line.generations().into_iter().rev() {
        let known = one.generation()?;
        number = number.max(known.number);
        let is_gone = known.is_given_up() && known.destroyed_at.is_some();
        if is_gone || known.is_void(line.now()) {
            continue;
        }
        let text = match (known.is_issuing, known.is_given_up()) {
            (true, _) => return Ok((one, number.saturating_add(1))),
            (false, true) => "放弃上一次换代的仪式还没有完成，不能再次换代；请先用它的方案续办",
            (false, false) => {
                "上一次换代还没有完成或者还没有到启用时刻，不能再次换代；中断的仪式请用原方案续办，不能续办的请放弃（yinxin ceremony abandon）；已确定启用时刻、而现在签发的一代证书已撤销的，可以立即启用（yinxin ceremony appoint-now）"
            }
        };
        return Err(Refusal::Ceremony(text.into()).into());
    }
    Err(Error::stored("签发机构没有记录"))
}

/// A ceremony that was cut off before its certificate was made does not make a generation that another one made since.
pub(super) fn check_not_made(line: &Ca, name: &str) -> Result<(), Error> {
    match line.generation_named(name) {
        None => Ok(()),
        Some(_) => {
            let text = format!("{name} 已由另一次仪式签发，本次仪式不能续办");
            Err(Refusal::Ceremony(text).into())
        }
    }
}

/// An instant to come must not lie behind the end of the generation before, nor behind the day of one that was revoked
/// before it came: in between, none could issue.
fn check_from(before: &Ca, from: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    let end = before.certificate().not_after();
    if from.is_some_and(|from| from > now && from >= end) {
        let text = format!(
            "启用时刻晚于上一代签发机构证书的有效期（至 {end}），其间无法签发，请改正仪式方案"
        );
        return Err(Refusal::Ceremony(text).into());
    }
    for one in before.generations() {
        let known = one.generation()?;
        let day = known.active_from.filter(|_| known.is_void(now));
        if let Some((from, day)) = from.zip(day).filter(|(from, day)| from > day) {
            let text = format!(
                "启用时刻 {from} 晚于证书已撤销的 {} 的启用时刻（{day}），其间无法签发，请改正仪式方案",
                known.name
            );
            return Err(Refusal::Ceremony(text).into());
        }
    }
    Ok(())
}

/// What of a plan a ceremony is held to from its beginning to its end.
fn bound(plan: &SuccessionPlan) -> Result<Value, Error> {
    let subject = store::to_canonical(&json!(plan.subject))?;
    Ok(json!({
        "subject": gm::sm3::hash(subject.as_bytes()).to_hex(),
        "from": plan.from.map(seconds),
    }))
}

pub(super) fn other_plan() -> Error {
    let text = "仪式方案的名称、启用时刻、主持人、见证人、保管人或者到场的分量与仪式开始时不同；请用原方案、由原来的人续办";
    Refusal::Ceremony(text.into()).into()
}

fn later(plan: &SuccessionPlan, line: &Ca) -> CeremonyPlan {
    let configs = (&plan.root_config, &plan.issuing_config);
    let (issuing, shards) = (plan.subject.clone(), line.shards());
    let later = CeremonyPlan::later((&plan.name, &plan.institution), configs, &plan.protocol);
    CeremonyPlan { issuing, shards, ..later }
}

//! The chain of states.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use gm::passphrase::Stretch;
use gm::{Device, KeyInfo, KeyKind, KeyLabel};
use pki::profile::ProfileSet;
use pki::{Certificate, SubjectInput};
use serde_json::{Value, json};
use store::{Actor, Clock, Record, Store, Tx};

use super::participants::Quorum;
use super::protocol::ProtocolFiles;
use super::{ISSUING, ISSUING_KEY, RESPONDER_KEY, ROOT, Step};
use crate::error::{Error, Refusal};
use crate::model::CaConfig;
use crate::sql::ceremony::StepRow;
use crate::sql::{self, seconds};
use crate::{Ca, CrlKind};

/// What a ceremony is to make.
#[derive(Debug, Clone)]
pub struct CeremonyPlan {
    /// Names the ceremony, such as `2026-11-22`; running it again with the same name goes on.
    pub name: String,
    /// The institution.
    pub institution: String,
    /// Subject of the root certificate.
    pub root: SubjectInput,
    /// Subject of the issuing CA certificate.
    pub issuing: SubjectInput,
    /// Subject of the OCSP responder certificate.
    pub responder: SubjectInput,
    /// Addresses and CRL policy of the root; its `issuer` is `root`.
    pub root_config: CaConfig,
    /// Addresses and CRL policy of the issuing CA; its `issuer` is `issuing`.
    pub issuing_config: CaConfig,
    /// Shards of the issuing CA's CRL; 0 for none.
    pub shards: u16,
    /// Keep the root key on the device. The rule is to destroy it there: an offline root.
    pub keep_root: bool,
    /// Where the custodians' files are written.
    pub shares: PathBuf,
    /// Where the protocol is written.
    pub protocol: PathBuf,
    /// How hard guessing a custodian's passphrase is made.
    pub stretch: Stretch,
}

impl CeremonyPlan {
    /// The plan of a later ceremony, as the machinery keeps it: what only a founding needs is not used.
    pub(super) fn later(
        (name, institution): (&str, &str),
        (root, issuing): (&CaConfig, &CaConfig),
        protocol: &std::path::Path,
    ) -> Self {
        let unused = SubjectInput::named(ROOT);
        Self {
            name: name.to_owned(),
            institution: institution.to_owned(),
            root: unused.clone(),
            issuing: unused.clone(),
            responder: unused,
            root_config: CaConfig { issuer: ROOT.into(), ..root.clone() },
            issuing_config: CaConfig { issuer: ISSUING.into(), ..issuing.clone() },
            shards: 0,
            keep_root: false,
            shares: PathBuf::new(),
            protocol: protocol.to_owned(),
            stretch: Stretch::STRONG,
        }
    }
}

/// What a ceremony made.
#[derive(Debug, Clone)]
pub struct CeremonyReport {
    /// The self-signed root certificate.
    pub root: Certificate,
    /// The issuing CA certificate.
    pub issuing: Certificate,
    /// The OCSP responder certificate.
    pub responder: Certificate,
    /// Each custodian's file.
    pub shares: Vec<PathBuf>,
    /// The signed protocol.
    pub protocol: ProtocolFiles,
}

/// A ceremony that is being held.
#[derive(Clone)]
pub struct Ceremony {
    pub(super) store: Store,
    pub(super) device: Arc<dyn Device>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) profiles: Arc<ProfileSet>,
    pub(super) plan: Arc<CeremonyPlan>,
    pub(super) quorum: Arc<Quorum>,
    /// The generation of the issuing CA that it makes.
    pub(super) made: Made,
    /// The generation of the root that it makes, where it makes one.
    pub(super) root: Made,
    done: Arc<Mutex<HashMap<String, StepRow>>>,
}

/// Names of a generation of the issuing CA, or of the root.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// 1 for the first.
    pub(super) generation: u32,
    /// Name of its row.
    pub(super) name: String,
    /// Label of its key.
    pub(super) key: String,
}

impl Made {
    pub(super) fn of(generation: u32) -> Self {
        let (name, key) = match generation {
            1 => (ISSUING.to_owned(), ISSUING_KEY.to_owned()),
            later => (format!("{ISSUING}{later}"), format!("{ISSUING_KEY}-{later}")),
        };
        Self { generation, name, key }
    }

    pub(super) fn root(generation: u32) -> Self {
        let (name, key) = match generation {
            1 => (ROOT.to_owned(), ROOT.to_owned()),
            later => (format!("{ROOT}{later}"), format!("{ROOT}-{later}")),
        };
        Self { generation, name, key }
    }
}

/// The participants are recorded.
pub(super) struct Convened(());

impl Convened {
    /// Of a ceremony that has a record of its own about who is there.
    pub(super) const fn by_record() -> Self {
        Self(())
    }
}

/// The root certificate exists.
pub(super) struct RootMade {
    pub(super) root: Ca,
}

/// The five files are written, and three of them restored the key in a trial.
pub(super) struct RootShared {
    pub(super) root: Ca,
    pub(super) shares: Vec<PathBuf>,
}

/// The issuing CA certificate exists.
pub(super) struct IssuingMade {
    pub(super) before: RootShared,
    pub(super) issuing: Ca,
}

/// The responder certificate exists.
pub(super) struct ResponderMade {
    pub(super) before: IssuingMade,
    pub(super) responder: Certificate,
}

/// Both CRLs are out and the root key is disposed of.
pub(super) struct Retired {
    pub(super) before: ResponderMade,
}

impl Ceremony {
    /// A ceremony, new or cut off.
    pub fn new(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        profiles: Arc<ProfileSet>,
        (plan, quorum): (CeremonyPlan, Quorum),
    ) -> Result<Self, Error> {
        if plan.root_config.issuer != ROOT || plan.issuing_config.issuer != ISSUING {
            let text = "密钥仪式中签发机构的名称应为 root 和 issuing";
            return Err(Refusal::Ceremony(text.into()).into());
        }
        Ok(Self {
            store,
            device,
            clock,
            profiles,
            plan: Arc::new(plan),
            quorum: Arc::new(quorum),
            made: Made::of(1),
            root: Made::root(1),
            done: Arc::default(),
        })
    }

    /// Holds the ceremony to its end, from wherever it is.
    pub async fn run(&self) -> Result<CeremonyReport, Error> {
        self.read_rows().await?;
        let convened = self.convene().await?;
        let made = self.make_root(convened).await?;
        self.show_before_root_signs(&made)?;
        let shared = self.share_root(made).await?;
        let issuing = self.make_issuing(shared).await?;
        let responder = self.make_responder(issuing).await?;
        let retired = self.publish_and_retire(responder).await?;
        self.sign_protocol(retired).await
    }

    pub(super) async fn read_rows(&self) -> Result<(), Error> {
        let mut reader = self.store.read().await?;
        let steps = sql::ceremony::steps(&mut reader, &self.plan.name).await?;
        if steps.iter().any(|row| row.step == Step::GivenUp.kind()) {
            return Err(given_up(&self.plan.name));
        }
        let mut done = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *done = steps.into_iter().map(|row| (row.step.clone(), row)).collect();
        Ok(())
    }

    /// What the first step of a later ceremony says: who is there and with what, and what is the ceremony's own.
    pub(super) fn convened(&self, own: Value) -> Value {
        let all = self.quorum.participants();
        let custodians: Vec<_> = all.custodians.iter().map(|c| &c.person).collect();
        let common = json!({
            "institution": self.plan.institution,
            "leader": all.leader,
            "witnesses": all.witnesses,
            "custodians": custodians,
            "device": self.device.info().provenance(),
            "software": env!("CARGO_PKG_VERSION"),
        });
        joined(common, own)
    }

    async fn convene(&self) -> Result<Convened, Error> {
        if self.row(Step::Convened).is_some() {
            self.check_people()?;
        } else {
            let all = self.quorum.participants();
            let custodians: Vec<_> = all.custodians.iter().map(|c| &c.person).collect();
            let device = self.device.info();
            let detail = json!({
                "institution": self.plan.institution,
                "leader": all.leader,
                "witnesses": all.witnesses,
                "custodians": custodians,
                "device": { "name": device.name, "kind": device.kind,
                    "certified": device.is_certified(), "product": device.product },
                "software": env!("CARGO_PKG_VERSION"),
            });
            self.record(Step::Convened, detail).await?;
        }
        Ok(Convened(()))
    }

    /// ARL and first CRL, then the root key leaves the device unless it is to stay.
    async fn publish_and_retire(&self, before: ResponderMade) -> Result<Retired, Error> {
        let (root, issuing) = (&before.before.before.root, &before.before.issuing);
        self.publish_first(Step::RootList, root).await?;
        self.publish_first(Step::IssuingList, issuing).await?;
        if self.row(Step::RootRetired).is_none() {
            let destroyed = !self.plan.keep_root;
            if destroyed {
                super::restore::retire(&self.store, &*self.device, ROOT).await?;
                store::fault::point("ca.70-root-destroyed");
            }
            self.record(Step::RootRetired, json!({ "destroyed": destroyed })).await?;
        }
        Ok(Retired { before })
    }

    pub(super) async fn publish_first(&self, step: Step, ca: &Ca) -> Result<(), Error> {
        if self.row(step).is_some() {
            return Ok(());
        }
        let mut lists = Vec::new();
        for kind in ca.crl_kinds().into_iter().filter(|kind| *kind != CrlKind::Delta) {
            let list = ca.publish_crl(kind).await?;
            lists.push(json!({ "kind": kind.as_str(), "number": list.number, "sm3": list.etag }));
        }
        self.record(step, json!({ "lists": lists })).await
    }

    /// The key of this label, made now or by an earlier run. One that signed already is not
    /// the ceremony's; one that a run recorded is the only one from then on.
    pub(super) async fn key(&self, step: Step, label: &str) -> Result<KeyInfo, Error> {
        let label = KeyLabel::new(label).map_err(|error| Refusal::Ceremony(error.to_string()))?;
        let known = self.device.session()?.key(&label);
        if self.row(step).is_some() {
            return self.recorded_key(step, known);
        }
        let info = match known {
            Ok(info) => info,
            Err(gm::DeviceError::Refused(gm::RefusedReason::NoSuchKey)) => {
                let made = self.device.session()?.generate(&label, KeyKind::Sm2Sign)?;
                store::fault::point("ca.60-key-made");
                made
            }
            Err(error) => return Err(error.into()),
        };
        self.record_key(step, &info).await?;
        Ok(info)
    }

    /// A key that was lost or exchanged after its step is not made anew unseen: what was recorded and signed since
    /// is of the other one.
    fn recorded_key(
        &self,
        step: Step,
        known: Result<KeyInfo, gm::DeviceError>,
    ) -> Result<KeyInfo, Error> {
        let stated = self.detail(step)?.get("key").cloned();
        let what = match known {
            Ok(info) if stated == Some(json!(info.public_key.map(|key| key.fingerprint()))) => {
                return Ok(info);
            }
            Ok(_) => "设备中这个名称的密钥不是仪式生成的那一把",
            Err(gm::DeviceError::Refused(gm::RefusedReason::NoSuchKey)) => {
                "仪式生成的密钥已不在密码设备中"
            }
            Err(error) => return Err(error.into()),
        };
        let text = format!(
            "{what}（步骤“{}”的记录与设备不符），不能续办；请报告安全管理人员，查明密钥的去向",
            step.chinese()
        );
        Err(Refusal::Ceremony(text).into())
    }

    /// Who goes on with a ceremony is who began it: the protocol names one leader, one set of witnesses and custodians
    /// for all its steps.
    pub(super) fn check_people(&self) -> Result<(), Error> {
        let (detail, all) = (self.detail(Step::Convened)?, self.quorum.participants());
        let custodians: Vec<_> = all.custodians.iter().map(|c| &c.person).collect();
        let now = [
            ("leader", json!(all.leader)),
            ("witnesses", json!(all.witnesses)),
            ("custodians", json!(custodians)),
        ];
        match now.iter().all(|(name, people)| detail.get(*name) == Some(people)) {
            true => Ok(()),
            false => Err(super::succession::other_plan()),
        }
    }

    async fn record_key(&self, step: Step, info: &KeyInfo) -> Result<(), Error> {
        if info.uses > 0 {
            let text = format!("密码设备中已有用过的密钥“{}”，不能用于仪式", info.label);
            return Err(Refusal::Ceremony(text).into());
        }
        let fingerprint = info.public_key.map(|key| key.fingerprint());
        // Where the key was made counts as it was then (Measures Art. 20 ¶2; check C20-2).
        let device = self.device.info().provenance();
        let detail = json!({ "label": info.label.as_str(), "key": fingerprint, "device": device });
        let (ceremony, label) = (self.clone(), info.label.clone());
        self.commit(move |tx| {
            Box::pin(async move {
                let now = seconds(tx.now());
                if label.as_str() != RESPONDER_KEY {
                    sql::signer::set_base(tx.conn(), label.as_str(), 0, now).await?;
                }
                ceremony.record_in(tx, step, detail).await
            })
        })
        .await
    }

    /// The row of a step that is done.
    pub(super) fn row(&self, step: Step) -> Option<StepRow> {
        let done = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        done.get(step.kind()).cloned()
    }

    /// Detail of a step that must be done by now.
    pub(super) fn detail(&self, step: Step) -> Result<Value, Error> {
        let row = self.row(step).ok_or_else(|| missing(step))?;
        serde_json::from_str(&row.detail).map_err(|_| missing(step))
    }

    /// Row and journal record of a step, in a unit of its own.
    pub(super) async fn record(&self, step: Step, detail: Value) -> Result<(), Error> {
        let ceremony = self.clone();
        self.commit(move |tx| Box::pin(async move { ceremony.record_in(tx, step, detail).await }))
            .await
    }

    /// The same inside a unit that does more. The row counts as done once it is written here;
    /// a unit that fails ends the run, and each run reads the rows anew.
    pub(super) async fn record_in(
        &self,
        tx: &mut Tx,
        step: Step,
        detail: Value,
    ) -> Result<(), Error> {
        // Another process may have given it up since this run began.
        if sql::ceremony::is_done(tx.conn(), &self.plan.name, Step::GivenUp.kind()).await? {
            return Err(given_up(&self.plan.name));
        }
        let actor = Actor::new(format!("person:{}", self.quorum.participants().leader.id));
        let subject = format!("ceremony:{}", self.plan.name);
        let text = store::to_canonical(&detail)?;
        let seq = tx.append(Record::new(step.kind(), actor, subject, detail)).await?;
        let row = StepRow {
            step: step.kind().into(),
            seq: seq.to_sql(),
            at: seconds(tx.now()),
            detail: text,
        };
        sql::ceremony::done(tx.conn(), &self.plan.name, &row).await?;
        let mut done = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        done.insert(row.step.clone(), row);
        Ok(())
    }

    pub(super) async fn commit<T, F>(&self, unit: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> futures_util::future::BoxFuture<'t, Result<T, Error>>
            + Send
            + 'static,
    {
        let done = self.store.commit(unit).await;
        store::fault::point("ca.61-ceremony-step");
        done
    }

    /// A CA of this ceremony.
    pub(super) async fn ca(&self, config: &CaConfig) -> Result<Ca, Error> {
        let (store, device) = (self.store.clone(), self.device.clone());
        let (clock, profiles) = (self.clock.clone(), self.profiles.clone());
        Ca::open(store, device, clock, profiles, config.clone()).await
    }
}

impl std::fmt::Debug for Ceremony {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ceremony({})", self.plan.name)
    }
}

/// One object out of two; what is in the second goes before.
pub(super) fn joined(mut common: Value, own: Value) -> Value {
    if let (Some(all), Value::Object(own)) = (common.as_object_mut(), own) {
        all.extend(own);
    }
    common
}

fn given_up(name: &str) -> Error {
    let text = format!("仪式“{name}”已放弃，不能续办；请另起名称重新举行");
    Refusal::Ceremony(text).into()
}

fn missing(step: Step) -> Error {
    Error::stored(format!("密钥仪式的步骤“{}”没有记录", step.chinese()))
}

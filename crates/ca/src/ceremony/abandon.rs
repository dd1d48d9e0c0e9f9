//! Giving up a ceremony that its people can't bring to its end (ADR 15, point 13): a ceremony of its own, to which any
//! three who hold the key that certifies now bring their shares.
//!
//! Each step is a row. What one that was cut off did is found by the next, also under another name and with other people:
//! otherwise there were a trap again. From the step that records it on, the ceremony that is given up cannot go on.
//!
//! ```text
//! convened → shares shown, the other one closed (intents, certificates, generation) → root restored → list of the root
//!          → unused key and its shares found → destroyed → root retired → protocol signed
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use gm::Device;
use pki::profile::ProfileSet;
use serde_json::{Value, json};
use store::{Actor, Clock, Record, Store, Tx};

use super::left::{Kind, Left};
use super::participants::Quorum;
use super::protocol::{ProtocolFiles, certificate};
use super::run::{Ceremony, CeremonyPlan, Made};
use super::shares::{self, SealedShare};
use super::{ROOT, Step};
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::model::{CaConfig, Role};
use crate::sql::ceremony::StepRow;
use crate::sql::{self, seconds};

/// Letters of a reason: what happened, and why nobody can go on.
const REASON: std::ops::RangeInclusive<usize> = 6..=500;

/// What is to be given up.
#[derive(Debug, Clone)]
pub struct AbandonPlan {
    /// Names this ceremony; running it again with the same name goes on.
    pub name: String,
    /// The ceremony that is given up.
    pub gives_up: String,
    /// Why, in words.
    pub reason: String,
    /// The institution.
    pub institution: String,
    /// Addresses and CRL policy of the root; its `issuer` is `root`.
    pub root_config: CaConfig,
    /// Addresses and CRL policy of the issuing CA; its `issuer` is `issuing`.
    pub issuing_config: CaConfig,
    /// Files of at least three custodians of the root key that certifies now.
    pub shares: Vec<SealedShare>,
    /// Where the ceremony that is given up wrote the shares of its key, if it was one of the root.
    pub left_shares: PathBuf,
    /// Where the protocol is written.
    pub protocol: PathBuf,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct AbandonReport {
    /// What kind of ceremony was given up, in Chinese.
    pub what: &'static str,
    /// Serial numbers of the certificates that were revoked with it.
    pub revoked: Vec<String>,
    /// The generation that was ended.
    pub generation: Option<String>,
    /// A cross-certificate that it had made, which stands.
    pub stands: Option<String>,
    /// Whether the unused key was on the device and was destroyed.
    pub destroyed: bool,
    /// Whether what was destroyed is another key than the one that was recorded, and nobody's.
    pub is_stray: bool,
    /// Whether the unused key had signatures that no record explains: in the journal as `signer.alarm`.
    pub is_alarm: bool,
    /// Shares of the unused key that were not where it wrote them: their custodians have them.
    pub shares_out: Vec<u8>,
    /// The signed protocol.
    pub protocol: ProtocolFiles,
}

impl Ceremony {
    /// Holds the ceremony to its end, from wherever it is.
    pub async fn abandon(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        profiles: Arc<ProfileSet>,
        (plan, quorum): (AbandonPlan, Quorum),
    ) -> Result<AbandonReport, Error> {
        let parts = (store.clone(), device.clone(), clock.clone(), profiles.clone());
        let line =
            Ca::open(parts.0, parts.1, parts.2, parts.3, plan.issuing_config.clone()).await?;
        let mut ceremony = Self::new(store, device, clock, profiles, (later(&plan), quorum))?;
        ceremony.read_rows().await?;
        let left = ceremony.left(&plan.gives_up).await?;
        ceremony.check_unused(&left).await?;
        let signer = ceremony.signer(&line)?;
        ceremony.made = Made::of(signer.generation()?.number);
        ceremony.convene_abandonment(&plan).await?;
        let root = ceremony.ca(&plan.root_config).await?.pinned();
        ceremony.close_and_tell(&plan, (&root, &line)).await?;
        ceremony.destroy_unused(&plan, &left).await?;
        ceremony.retire_roots(&[&root]).await?;
        let to = ProtocolFiles::in_folder(&plan.protocol);
        ceremony.sign_abandonment((&plan, &left), (&root, &signer), &to).await?;
        ceremony.abandoned(&left, to)
    }

    async fn left(&self, name: &str) -> Result<Left, Error> {
        let mut reader = self.store.read().await?;
        Ok(Left::of(name, sql::ceremony::steps(&mut reader, name).await?)?)
    }

    async fn convene_abandonment(&self, plan: &AbandonPlan) -> Result<(), Error> {
        let bound = [("gives_up", json!(plan.gives_up)), ("reason", json!(plan.reason))];
        if self.row(Step::Convened).is_some() {
            let detail = self.detail(Step::Convened)?;
            if bound.iter().any(|(name, value)| detail.get(*name) != Some(value)) {
                let text = "名称、所放弃的仪式或理由与仪式开始时不同；请用原方案续办，或者另起名称";
                return Err(Refusal::Ceremony(text.into()).into());
            }
            return self.check_people();
        }
        if !REASON.contains(&plan.reason.trim().chars().count()) {
            let text = "放弃的理由应写明发生了什么、为什么不能续办，6 至 500 个字";
            return Err(Refusal::Ceremony(text.into()).into());
        }
        let detail = self.convened(json!({
            "gives_up": plan.gives_up,
            "reason": plan.reason,
            "shares": shares::indices(&plan.shares)?,
        }));
        self.record(Step::Convened, detail).await
    }

    /// Closes what the other one left, and has the root say so: what was revoked with it is on the next list.
    async fn close_and_tell(
        &self,
        plan: &AbandonPlan,
        (root, line): (&Ca, &Ca),
    ) -> Result<(), Error> {
        let steps = [Step::Abandonment, Step::RootList];
        if steps.into_iter().all(|step| self.row(step).is_some()) {
            return Ok(());
        }
        if self.row(Step::Abandonment).is_none() {
            // Nothing changes before three of them opened their shares (GM/T 0034 §8.5).
            let key = root.certificate().public_key()?;
            shares::try_out(&*self.device, &plan.shares, &key)?;
            let (ceremony, plan) = (self.clone(), plan.clone());
            let (root, line) = (root.clone(), line.clone());
            self.commit(move |tx| {
                Box::pin(async move { ceremony.give_up_in(tx, &plan, (&root, &line)).await })
            })
            .await?;
            store::fault::point("ca.90-given-up");
        }
        // Its balance is drawn with the intents closed, so that a signature of now can't hide behind one of them.
        self.bring_root_back(root, &plan.shares).await?;
        self.publish_first(Step::RootList, root).await
    }

    async fn give_up_in(
        &self,
        tx: &mut Tx,
        plan: &AbandonPlan,
        (root, line): (&Ca, &Ca),
    ) -> Result<(), Error> {
        // Asked anew: another process may have appointed it meanwhile.
        let rows = sql::ceremony::steps(tx.conn(), &plan.gives_up).await?;
        let left = Left::of(&plan.gives_up, rows)?;
        let closed = match left.detail(Step::GivenUp) {
            Some(by_another) => by_another,
            None => self.close(tx, (&left, &plan.reason), (root, line)).await?,
        };
        self.record_in(tx, Step::Abandonment, closed).await
    }

    /// Intents, certificates and generation of the other one; its last step says that it is given up.
    async fn close(
        &self,
        tx: &mut Tx,
        (left, reason): (&Left, &str),
        (root, line): (&Ca, &Ca),
    ) -> Result<Value, Error> {
        let actor = Actor::new(format!("person:{}", self.quorum.participants().leader.id));
        let requests = left.requests();
        let intents = root.abandon_requests(tx, &requests, "仪式已放弃").await?;
        let lost = self.lose_root(tx, left).await?;
        let (mut revoked, mut stands) = (Vec::new(), None);
        match left.kind {
            Kind::Cross => {
                // What three custodians certified by a plan stands until two people withdraw it.
                for request in &requests {
                    let role = Role::Ca.as_str();
                    let made = sql::certificate::by_request(tx.conn(), request, role).await?;
                    stands = stands.or(made.map(|made| made.serial));
                }
            }
            Kind::Root | Kind::Issuing => {
                revoked = root.revoke_requests(tx, &requests, &actor).await?;
            }
        }
        let by = if left.kind == Kind::Root { root } else { line };
        let generation = match generation_of(tx, left).await? {
            Some(id) => Some(by.end_unappointed(tx, id, (&left.name, &actor)).await?),
            None => None,
        };
        let detail = json!({
            "by": self.plan.name, "reason": reason, "intents": intents + usize::from(lost),
            "revoked": revoked, "generation": generation, "stands": stands,
        });
        let about = format!("ceremony:{}", left.name);
        let text = store::to_canonical(&detail)?;
        let record = Record::new(Step::GivenUp.kind(), actor, about, detail.clone());
        let (seq, at) = (tx.append(record).await?.to_sql(), seconds(tx.now()));
        let row = StepRow { step: Step::GivenUp.kind().into(), seq, at, detail: text };
        sql::ceremony::done(tx.conn(), &left.name, &row).await?;
        Ok(detail)
    }

    /// A root certificate that was recorded to be signed and is not stored: perhaps it was signed. So that the key's
    /// account adds up when it is drawn for the last time.
    async fn lose_root(&self, tx: &mut Tx, left: &Left) -> Result<bool, Error> {
        if left.kind != Kind::Root || left.is_done(Step::RootCertificate) {
            return Ok(false);
        }
        let Some((row, (label, _))) = left.row(Step::RootIntended).zip(left.key()) else {
            return Ok(false);
        };
        let detail = left.detail(Step::RootIntended).unwrap_or_default();
        let serial = detail.get("serial").and_then(Value::as_str).unwrap_or_default();
        let subject = format!("certificate:{ROOT}/{serial}");
        let body =
            json!({ "request": left.own_request(), "intent": row.seq, "reason": "仪式已放弃" });
        let record = Record::new("certificate.abandoned", Actor::system(), subject.as_str(), body);
        let place = (tx.append(record).await?.to_sql(), seconds(tx.now()));
        sql::signer::note(tx.conn(), label, ("lost", &subject), place).await?;
        Ok(true)
    }

    async fn sign_abandonment(
        &self,
        (plan, left): (&AbandonPlan, &Left),
        (root, signer): (&Ca, &Ca),
        to: &ProtocolFiles,
    ) -> Result<(), Error> {
        if self.row(Step::ProtocolWritten).is_none() {
            let unused = match left.kind {
                Kind::Cross => Value::Null,
                _ => self.detail(Step::UnusedKey)?,
            };
            let own = json!({
                "gives_up": { "ceremony": left.name, "what": left.chinese(), "reason": plan.reason,
                    "closed": self.detail(Step::Abandonment)? },
                "unused_key": unused,
                "certificates": {
                    "root": certificate(root.certificate()),
                    "signer": certificate(signer.certificate()),
                },
            });
            let document = self.document_of("yinxin-abandonment/1", own)?;
            self.record(Step::ProtocolWritten, json!({ "document": document })).await?;
        }
        if self.row(Step::ProtocolSigned).is_none() {
            self.write_protocol(to, signer, super::abandon_protocol::text).await?;
        }
        if !signer.settle().await? {
            tracing::warn!("the account of the issuing key is not settled");
        }
        Ok(())
    }

    fn abandoned(&self, left: &Left, protocol: ProtocolFiles) -> Result<AbandonReport, Error> {
        let closed = self.detail(Step::Abandonment)?;
        let unused = match self.row(Step::UnusedKey) {
            Some(_) => self.detail(Step::UnusedKey)?,
            None => Value::Null,
        };
        let text = |name: &str| closed.get(name).and_then(Value::as_str).map(str::to_owned);
        let is = |name: &str| unused.get(name).and_then(Value::as_bool).unwrap_or_default();
        let list = |value: &Value, name: &str| {
            value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let revoked = list(&closed, "revoked");
        let out = list(&unused, "shares_out");
        Ok(AbandonReport {
            what: left.chinese(),
            revoked: revoked.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
            generation: text("generation"),
            stands: text("stands"),
            destroyed: is("destroyed"),
            is_stray: is("stray"),
            is_alarm: is("alarm"),
            shares_out: out
                .iter()
                .filter_map(|one| one.as_u64().and_then(|index| u8::try_from(index).ok()))
                .collect(),
            protocol,
        })
    }
}

/// Row of the generation whose certificate the other one made, if it came so far.
pub(super) async fn generation_of(tx: &mut Tx, left: &Left) -> Result<Option<i64>, Error> {
    generation_by(tx.conn(), left).await
}

pub(super) async fn generation_by(
    conn: &mut sqlx::AnyConnection,
    left: &Left,
) -> Result<Option<i64>, Error> {
    let Some(request) = left.own_request() else { return Ok(None) };
    let made = sql::certificate::by_request(conn, &request, Role::Ca.as_str()).await?;
    let Some(made) = made else { return Ok(None) };
    Ok(sql::issuer::by_key(conn, &made.key_hash).await?.map(|row| row.id))
}

fn later(plan: &AbandonPlan) -> CeremonyPlan {
    let configs = (&plan.root_config, &plan.issuing_config);
    CeremonyPlan::later((&plan.name, &plan.institution), configs, &plan.protocol)
}

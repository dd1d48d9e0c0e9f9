//! One signed act over many applications: what is signed names the batch, how many and the SM3 over their
//! list; the act is recorded with exactly those members, and then carried out on each, one unit each,
//! with the same rows and records as if it had been done to it alone. Cut off anywhere, it goes on with
//! the members that are missing. Nothing here gets around [`rules::order`]: a member whose state has
//! changed meanwhile is left out and goes its way alone (Measures Art. 21; Invariant 9).

use access::{ActKind, Action, Permit, SignedAct};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::{Record, Tx};

use super::batch::SERVICE;
use super::{Ra, ordered, second};
use crate::error::{Error, Refusal};
use crate::model::{
    ACKNOWLEDGEMENT, ApplicationId, Batch, BatchId, BatchList, BatchState, BatchStep, Decision,
    EnterBatchOrder, ListRef, ProofBatchOrder, ReviewBatchOrder, SampleRow,
};
use crate::rules;
use crate::sql;
use crate::sql::batch_act::ActRow;

/// So many members are worked on at a time.
const AT_ONCE: usize = 24;
/// So many are read at a time.
const MEMBERS: u32 = 240;

impl BatchStep {
    /// What a person signs for it.
    #[must_use]
    pub const fn act(self) -> ActKind {
        match self {
            Self::Enter => ActKind::EnterBatch,
            Self::Proof => ActKind::BatchProof,
            Self::Review => ActKind::BatchReview,
        }
    }

    const fn record(self) -> &'static str {
        match self {
            Self::Enter => "batch.entered",
            Self::Proof => "batch.proofed",
            Self::Review => "batch.reviewed",
        }
    }
}

impl Ra {
    /// The applications that a step would be done to now: for whoever may do it.
    pub async fn batch_list(
        &self,
        permit: &Permit,
        id: &BatchId,
        step: BatchStep,
    ) -> Result<BatchList, Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(step.act().action(), &batch.object())?;
        let members =
            sql::batch_act::candidates(&mut *self.store().read().await?, id, step).await?;
        Ok(list_of(step, &members))
    }

    /// Whether a step has its turn: the batch is open, no other step is at work on it, and applications wait for
    /// this one.
    pub async fn batch_turn(&self, batch: &Batch, list: &BatchList) -> Result<(), Error> {
        let mut reader = self.store().read().await?;
        let state = sql::batch::load(&mut reader, &batch.id).await?.state;
        let at_work = sql::batch_act::is_open(&mut reader, &batch.id).await?;
        drop(reader);
        turn((state, at_work), list)
    }

    /// The unit's agent acknowledged the four notices for all (the signed list is there), and a clerk
    /// hands all in.
    pub async fn enter_batch(
        &self,
        permit: &Permit,
        id: &BatchId,
        act: SignedAct,
    ) -> Result<Batch, Error> {
        let order: EnterBatchOrder = self.batch_order(permit, id, &act, BatchStep::Enter)?;
        let batch = self.batch_as_it_is(id).await?;
        let today = self.today();
        for notice in self.catalogue().notices() {
            let given = order.notices.get(&notice.name);
            let version = notice.on(today).map(|version| &version.number);
            if given.is_none() {
                return Err(Refusal::NoticeMissing.at(format!("《{}》", notice.title)));
            }
            if given != version {
                return Err(Refusal::NoticeSuperseded.at(format!("《{}》", notice.title)));
            }
        }
        let there = sql::batch::materials(&mut *self.store().read().await?, id).await?;
        for (name, title, required) in self.batch_material_list(&batch.kind)? {
            if required && !there.iter().any(|material| material.name == name) {
                let refusal = match name == ACKNOWLEDGEMENT {
                    true => Refusal::NoticeMissing,
                    false => Refusal::EvidenceIncomplete,
                };
                return Err(refusal.at(format!("请先上传“{title}”")));
            }
        }
        self.accept_act(permit, batch, (BatchStep::Enter, &order.list), (&order, act)).await
    }

    /// A clerk has proofed the identity of all members and signs for it, once.
    pub async fn proof_batch(
        &self,
        permit: &Permit,
        id: &BatchId,
        act: SignedAct,
    ) -> Result<Batch, Error> {
        let order: ProofBatchOrder = self.batch_order(permit, id, &act, BatchStep::Proof)?;
        let batch = self.batch_as_it_is(id).await?;
        let kind = self.catalogue().kind_for(&batch.kind, SERVICE)?;
        let method = self.catalogue().method(&order.method)?;
        let methods = &self.catalogue().batch().methods;
        rules::batch::proofable((kind, SERVICE), methods, (method, &order))?;
        self.accept_act(permit, batch, (BatchStep::Proof, &order.list), (&order, act)).await
    }

    /// A second person approves all members and signs for it, once, after opening the sample.
    pub async fn review_batch(
        &self,
        permit: &Permit,
        id: &BatchId,
        act: SignedAct,
    ) -> Result<Batch, Error> {
        let order: ReviewBatchOrder = self.batch_order(permit, id, &act, BatchStep::Review)?;
        let batch = self.batch_as_it_is(id).await?;
        let decision = decision_of(&order);
        let checklist = self.catalogue().checklist_for(&batch.kind, SERVICE);
        rules::review::decision(&decision, &checklist, &std::collections::BTreeSet::new())?;
        let person = act.person().as_str();
        let mut reader = self.store().read().await?;
        if sql::batch_act::has_hand(&mut reader, id, person).await? {
            return Err(Refusal::SecondPerson.into());
        }
        let of = (person, &*order.list.list_sm3);
        let sample = sql::batch_act::sample(&mut reader, id, of).await?;
        drop(reader);
        let wanted = self.catalogue().batch().sample(order.list.count);
        let opened = sample.iter().filter(|row| row.opened_at.is_some()).count();
        if u64::try_from(opened).unwrap_or(0) < wanted {
            let text = format!("须逐件打开抽查的 {wanted} 件申请，已打开 {opened} 件");
            return Err(Refusal::ChecklistOpen.at(text));
        }
        self.accept_act(permit, batch, (BatchStep::Review, &order.list), (&decision, act)).await
    }

    fn batch_order<T: DeserializeOwned>(
        &self,
        permit: &Permit,
        id: &BatchId,
        act: &SignedAct,
        step: BatchStep,
    ) -> Result<T, Error> {
        ordered(act, permit, (step.act(), &*format!("batch:{id}")))
    }

    /// Records an act with its members. `evidence` is what the rows of the applications refer to.
    async fn accept_act(
        &self,
        permit: &Permit,
        batch: Batch,
        (step, list): (BatchStep, &ListRef),
        (evidence, act): (&impl Serialize, SignedAct),
    ) -> Result<Batch, Error> {
        permit.covers_object(step.act().action(), &batch.object())?;
        if list.batch != batch.id {
            return Err(Refusal::SignedActNeeded.at("签名的是另一批次"));
        }
        let content = serde_json::to_vec(evidence).map_err(|_| Error::Stored("order"))?;
        let purpose = match step {
            BatchStep::Enter => "ra-batch",
            BatchStep::Proof => "ra-proof",
            BatchStep::Review => "ra-review",
        };
        let blob = self.seal(content, purpose).await?;
        let (id, list, actor) = (hex::encode(self.random::<16>()?), list.clone(), permit.actor());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let state = sql::batch::load(tx.conn(), &batch.id).await?.state;
                    let at_work = sql::batch_act::is_open(tx.conn(), &batch.id).await?;
                    let members = sql::batch_act::candidates(tx.conn(), &batch.id, step).await?;
                    let now_list = list_of(step, &members);
                    turn((state, at_work), &now_list)?;
                    if (now_list.count, &now_list.sm3) != (list.count, &list.list_sm3) {
                        return Err(Error::Changed);
                    }
                    let blob = blob.insert(tx).await?;
                    let body = json!({ "count": list.count, "list_sm3": list.list_sm3,
                        "particulars": blob.to_json(), "act": act.to_json(), "act_id": id });
                    let subject = batch.subject();
                    let record = Record::new(step.record(), actor.clone(), subject, body);
                    let seq = tx.append(record).await?;
                    let reference = json!({ "batch": batch.id.as_str(), "act": id,
                        "kind": act.kind().name(), "record": seq.to_sql(),
                        "statement_sm3": gm::sm3::hash(act.statement().as_bytes()).to_hex() });
                    let row = ActRow {
                        id,
                        batch: batch.id.clone(),
                        step,
                        list_sm3: list.list_sm3,
                        members: list.count,
                        person: act.person().to_string(),
                        actor: actor.to_string(),
                        commitment: hex::encode(blob.commitment),
                        blob: blob.id,
                        reference: reference.to_string(),
                        at: second(tx.now()),
                    };
                    sql::batch_act::insert(tx.conn(), &row).await?;
                    Ok(batch)
                })
            })
            .await
    }

    /// Carries the acts out on their members. How many members it went through.
    pub async fn spread_acts(&self) -> Result<u64, Error> {
        let acts = sql::batch_act::open(&mut *self.store().read().await?).await?;
        let mut through = 0;
        for act in acts {
            loop {
                let mut reader = self.store().read().await?;
                let members = sql::batch_act::open_members(&mut reader, &act.id, MEMBERS).await?;
                drop(reader);
                if members.is_empty() {
                    break;
                }
                through += u64::try_from(members.len()).unwrap_or(0);
                let settled = stream::iter(members)
                    .map(|(application, version)| self.settle_member(&act, application, version))
                    .buffer_unordered(AT_ONCE)
                    .collect::<Vec<Result<(), Error>>>()
                    .await;
                settled.into_iter().collect::<Result<(), Error>>()?;
            }
            self.end_act(&act).await?;
        }
        Ok(through)
    }

    /// A refusal is the member's own and is noted; a fault stops, to be tried again.
    async fn settle_member(
        &self,
        act: &ActRow,
        application: ApplicationId,
        version: i64,
    ) -> Result<(), Error> {
        let done = match act.step {
            BatchStep::Enter => self.enter_member(act, (&application, version)).await,
            BatchStep::Proof => self.proof_member(act, (&application, version)).await,
            BatchStep::Review => self.review_member(act, (&application, version)).await,
        };
        let Err(error) = done else { return Ok(()) };
        if error.kind() == store::ErrorKind::Fault {
            return Err(error);
        }
        let (act, code) = (act.id.clone(), error.code());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    sql::batch_act::settle(tx.conn(), (&act, &application), code).await
                })
            })
            .await
    }

    async fn end_act(&self, act: &ActRow) -> Result<(), Error> {
        let act = act.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = second(tx.now());
                    sql::batch_act::end(tx.conn(), &act.id, now).await?;
                    let all = sql::batch_act::progress(tx.conn(), &act.batch).await?;
                    let of_act = |one: &&crate::model::BatchProgress| {
                        one.step == act.step && one.at == act.at
                    };
                    let (done, refused) =
                        all.iter().find(of_act).map_or((0, 0), |one| (one.done, one.refused));
                    let body = json!({ "act_id": act.id, "step": act.step.word(), "done": done,
                        "refused": refused });
                    let subject = format!("batch:{}", act.batch);
                    let actor = store::Actor::new(act.actor);
                    tx.append(Record::new("batch.act-done", actor, subject, body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// The applications that a reviewer has to open before approving the batch: drawn by the device, once
    /// for each reviewer and list.
    pub async fn batch_sample(
        &self,
        permit: &Permit,
        id: &BatchId,
    ) -> Result<Vec<SampleRow>, Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::ReviewApplication, &batch.object())?;
        let person = super::batch::person_of(permit)?;
        let mut reader = self.store().read().await?;
        let members = sql::batch_act::candidates(&mut reader, id, BatchStep::Review).await?;
        let list = list_of(BatchStep::Review, &members);
        let there = sql::batch_act::sample(&mut reader, id, (&person, &list.sm3)).await?;
        drop(reader);
        if !there.is_empty() || members.is_empty() {
            return Ok(there);
        }
        let drawn = self.draw_sample(members)?;
        let (actor, subject, id) = (permit.actor(), batch.subject(), id.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    for application in &drawn {
                        let of = (&*person, &*list.sm3);
                        sql::batch_act::add_sample(tx.conn(), &id, of, application).await?;
                    }
                    let body = json!({ "list_sm3": list.sm3, "count": list.count,
                        "applications": drawn });
                    tx.append(Record::new("batch.sample-drawn", actor, subject, body)).await?;
                    sql::batch_act::sample(tx.conn(), &id, (&person, &list.sm3)).await
                })
            })
            .await
    }

    fn draw_sample(&self, mut members: Vec<(String, i64, i64)>) -> Result<Vec<String>, Error> {
        let count = u64::try_from(members.len()).unwrap_or(u64::MAX);
        let mut drawn = Vec::new();
        for _ in 0..self.catalogue().batch().sample(count) {
            let left = u64::try_from(members.len()).unwrap_or(1).max(1);
            let at = u64::from_be_bytes(self.random()?) % left;
            let at = usize::try_from(at).unwrap_or(0);
            if at < members.len() {
                drawn.push(members.swap_remove(at).0);
            }
        }
        Ok(drawn)
    }

    /// A reviewer opens one application of the sample.
    pub async fn open_sample(
        &self,
        permit: &Permit,
        id: &BatchId,
        application: &ApplicationId,
    ) -> Result<(), Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::ReviewApplication, &batch.object())?;
        let person = super::batch::person_of(permit)?;
        let (actor, subject) = (permit.actor(), batch.subject());
        let (id, application) = (id.clone(), application.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = second(tx.now());
                    let of = (&*person, &application);
                    if !sql::batch_act::open_sample(tx.conn(), &id, of, now).await? {
                        let name = application.to_string();
                        return Err(Error::Unknown { what: "抽查的申请", name });
                    }
                    let body = json!({ "application": application.as_str() });
                    tx.append(Record::new("batch.sample-opened", actor, subject, body)).await?;
                    Ok(())
                })
            })
            .await
    }
}

fn turn((state, at_work): (BatchState, bool), list: &BatchList) -> Result<(), Error> {
    let asked = list.step.chinese();
    rules::batch::open(state, asked)?;
    if at_work {
        return Err(Error::BatchTurn { asked, state: "上一步正在逐件办理" });
    }
    match list.count {
        0 => Err(Error::BatchTurn { asked, state: "没有等待这一步的申请" }),
        _ => Ok(()),
    }
}

fn list_of(step: BatchStep, members: &[(String, i64, i64)]) -> BatchList {
    let lines = members.iter().map(|(id, form, version)| (id.as_str(), *form, *version));
    let count = u64::try_from(members.len()).unwrap_or(u64::MAX);
    BatchList { step, count, sm3: rules::batch::list_sm3(lines) }
}

/// What the rows of reviewed applications say: as a decision about each alone would.
fn decision_of(order: &ReviewBatchOrder) -> Decision {
    Decision::Approve {
        ticked: order.ticked.clone(),
        duplicates: Vec::new(),
        opinion: order.opinion.clone(),
    }
}

/// What the records of members say about the act.
pub(super) fn reference(act: &ActRow) -> Result<Value, Error> {
    serde_json::from_str(&act.reference).map_err(|_| Error::Stored("reference"))
}

/// Notes in a member's own unit that the act is carried out on it.
pub(super) async fn through(
    tx: &mut Tx,
    act: &ActRow,
    application: &ApplicationId,
) -> Result<(), Error> {
    sql::batch_act::settle(tx.conn(), (&act.id, application), "done").await?;
    store::fault::point("ra.20-member-through");
    Ok(())
}

//! What one act over a batch does to one application: the same rows and records as when it is done to it
//! alone, each naming the act.

use std::collections::BTreeSet;

use serde_json::json;
use store::{Actor, Tx};

use super::Ra;
use super::batch_act::{reference, through};
use super::turn::Turn;
use crate::catalogue::{Kind, Step};
use crate::error::{Error, Refusal};
use crate::model::{
    ACKNOWLEDGEMENT, Acknowledgement, Application, ApplicationId, At, BatchMaterial, Decision,
    Element, EnterBatchOrder, IdentityProof, Material, MaterialId, ProofBatchOrder, State,
};
use crate::rules;
use crate::rules::proof::Exhibits;
use crate::sql;
use crate::sql::batch_act::ActRow;

type Member<'a> = (&'a ApplicationId, i64);

impl Ra {
    async fn evidence_of<T: serde::de::DeserializeOwned>(&self, act: &ActRow) -> Result<T, Error> {
        let content = self.store().open_blob(&act.blob).await?;
        serde_json::from_slice(&content).map_err(|_| Error::Stored("order"))
    }

    async fn member(&self, (id, version): Member<'_>) -> Result<(Application, At), Error> {
        let at = At { id: id.clone(), version };
        Ok((self.loaded(&at).await?, at))
    }

    /// The materials of the batch are this application's, the notices are acknowledged, and it is
    /// handed in.
    pub(super) async fn enter_member(&self, act: &ActRow, member: Member<'_>) -> Result<(), Error> {
        let order: EnterBatchOrder = self.evidence_of(act).await?;
        let (application, at) = self.member(member).await?;
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let mut errors = rules::form::check(kind, &form, self.today());
        if errors.is_empty() {
            errors.extend(self.profile_defect(&application, &form)?);
        }
        if !errors.is_empty() {
            return Err(Error::Form(errors));
        }
        let all = sql::batch::materials(&mut *self.store().read().await?, &act.batch).await?;
        let mut materials = Vec::new();
        for one in all {
            materials.push((MaterialId::from_random(self.random()?), one));
        }
        let (ra, act) = (self.clone(), act.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut at = at;
                    for material in materials {
                        at = ra.attach(tx, &act, (&at, material)).await?.at();
                    }
                    for (notice, version) in &order.notices {
                        at = ra.acknowledge_by(tx, &act, (&at, notice, version)).await?.at();
                    }
                    let actor = Actor::new(act.actor.clone());
                    let turn = Turn::begin_for(&ra, tx, &actor, (&at, Step::Submit)).await?;
                    sql::evidence::add_hand(tx.conn(), &at.id, (&act.person, "entered"), turn.now)
                        .await?;
                    ra.take(tx, turn, reference(&act)?).await?;
                    through(tx, &act, &at.id).await
                })
            })
            .await
    }

    async fn attach(
        &self,
        tx: &mut Tx,
        act: &ActRow,
        (at, (id, of_batch)): (&At, (MaterialId, BatchMaterial)),
    ) -> Result<Application, Error> {
        let actor = Actor::new(act.actor.clone());
        let turn = Turn::begin_for(self, tx, &actor, (at, Step::Save)).await?;
        let name = match of_batch.name.as_str() {
            ACKNOWLEDGEMENT => "other".to_owned(),
            _ => of_batch.name,
        };
        let material = Material {
            id,
            name,
            media: of_batch.media,
            size: of_batch.size,
            added_at: turn.now,
            round: turn.application.round + 1,
            blob: of_batch.blob,
        };
        sql::content::add_material(tx.conn(), &at.id, &material, &of_batch.content).await?;
        let body = json!({ "material": material.id.as_str(), "name": material.name,
            "media": material.media.mime(), "size": material.size,
            "of_batch": { "batch": act.batch.as_str(), "material": of_batch.id.as_str() } });
        turn.finish(tx, "application.material-added", body).await
    }

    async fn acknowledge_by(
        &self,
        tx: &mut Tx,
        act: &ActRow,
        (at, notice, version): (&At, &str, &str),
    ) -> Result<Application, Error> {
        let actor = Actor::new(act.actor.clone());
        let turn = Turn::begin_for(self, tx, &actor, (at, Step::Acknowledge)).await?;
        let text = self.catalogue().notice(notice)?.version(version);
        let hash = text.ok_or(Refusal::NoticeSuperseded)?.hash().to_hex();
        let given = Acknowledgement {
            application: at.id.clone(),
            notice: notice.to_owned(),
            version: version.to_owned(),
            at: turn.now,
        };
        sql::evidence::acknowledge(tx.conn(), &given, (&hash, &act.actor)).await?;
        let body = json!({ "notice": notice, "text": version, "sm3": hash,
            "act": reference(act)? });
        turn.finish(tx, "application.acknowledged", body).await
    }

    /// One row of evidence for each element of this form, out of the order for all (T-18, T-20).
    pub(super) async fn proof_member(&self, act: &ActRow, member: Member<'_>) -> Result<(), Error> {
        let order: ProofBatchOrder = self.evidence_of(act).await?;
        let (application, at) = self.member(member).await?;
        let form = self.form_of(&application).await?;
        let elements = rules::form::elements(self.kind_of(&application)?, &form);
        let arguments = self.arguments(&application, &elements)?;
        let (ra, act) = (self.clone(), act.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let actor = Actor::new(act.actor.clone());
                    let turn = Turn::begin_for(&ra, tx, &actor, (&at, Step::Proof)).await?;
                    let proofed = (&*elements, &*arguments);
                    ra.keep_batch_proof(tx, turn, (&act, &order), proofed).await?;
                    through(tx, &act, &at.id).await
                })
            })
            .await
    }

    async fn keep_batch_proof(
        &self,
        tx: &mut Tx,
        mut turn: Turn,
        (act, order): (&ActRow, &ProofBatchOrder),
        (elements, arguments): (&[Element], &[String]),
    ) -> Result<(), Error> {
        let application = &turn.application;
        let materials = sql::content::materials(tx.conn(), &application.id).await?;
        let of_one = rules::batch::proof_of(order, (elements, &materials), application.version);
        let method = self.catalogue().method(&order.method)?;
        let exhibits = Exhibits {
            materials: materials.into_iter().map(|material| material.id).collect(),
            ..Exhibits::default()
        };
        let of = (self.kind_of(application)?, &*application.service);
        rules::proof::check(of, method, &of_one, elements, &exhibits)?;
        let proof = IdentityProof {
            application: application.id.clone(),
            method: method.name.clone(),
            level: method.level,
            person: act.person.clone(),
            elements: elements.len(),
        };
        let round = (&proof, application.round);
        sql::evidence::add_proof(tx.conn(), round, &act.blob, turn.now).await?;
        let mut rows = Vec::new();
        for (element, argument) in elements.iter().zip(arguments) {
            let row = of_one.evidence.iter().find(|row| row.element == element.key);
            let row = row.ok_or(Refusal::EvidenceIncomplete)?;
            sql::evidence::add_evidence(tx.conn(), application, row, argument).await?;
            rows.push(json!({ "element": row.element, "means": row.means }));
        }
        let by = (&*act.person, "proofed");
        sql::evidence::add_hand(tx.conn(), &application.id, by, turn.now).await?;
        turn.enter(State::Proofed {
            method: proof.method.clone(),
            level: proof.level,
            person: proof.person.clone(),
        });
        let body = json!({ "method": proof.method, "level": proof.level, "evidence": rows,
            "particulars": { "blob": act.blob, "commitment": act.commitment },
            "act": reference(act)? });
        turn.finish(tx, "application.proofed", body).await?;
        Ok(())
    }

    /// Approved by the second person, unless that person had a hand in it, or the same holder has
    /// another application that nobody looked at: then it waits for a review of its own.
    pub(super) async fn review_member(
        &self,
        act: &ActRow,
        member: Member<'_>,
    ) -> Result<(), Error> {
        let decision: Decision = self.evidence_of(act).await?;
        let (_, at) = self.member(member).await?;
        let (ra, act) = (self.clone(), act.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let actor = Actor::new(act.actor.clone());
                    let mut turn = Turn::begin_for(&ra, tx, &actor, (&at, Step::Review)).await?;
                    let application = &turn.application;
                    let hands = sql::evidence::hands(tx.conn(), &at.id).await?;
                    rules::review::second_person(&act.person, &hands)?;
                    let kind = ra.kind_of(application)?;
                    let others = others(tx, kind, application, &act).await?;
                    let catalogue = ra.catalogue();
                    let list = catalogue.checklist_for(&application.kind, &application.service);
                    rules::review::decision(&decision, &list, &others)?;
                    let row = ("approve", &*act.person, &*act.blob);
                    sql::evidence::add_review(tx.conn(), application, row, turn.now).await?;
                    turn.enter(State::Reviewed { person: act.person.clone() });
                    let mut body = json!({ "duplicates": [], "act": reference(&act)?,
                        "particulars": { "blob": act.blob, "commitment": act.commitment } });
                    if let (Decision::Approve { ticked, .. }, Some(body)) =
                        (&decision, body.as_object_mut())
                    {
                        body.insert("ticked".to_owned(), json!(ticked));
                    }
                    turn.finish(tx, "application.reviewed", body).await?;
                    through(tx, &act, &at.id).await
                })
            })
            .await
    }

    /// The versions of the four notices in force: what the unit's agent acknowledges for all.
    pub fn notices_in_force(&self) -> Result<std::collections::BTreeMap<String, String>, Error> {
        let mut versions = std::collections::BTreeMap::new();
        for notice in self.catalogue().notices() {
            let version = notice.on(self.today()).ok_or(Refusal::NoticeMissing)?;
            versions.insert(notice.name.clone(), version.number.clone());
        }
        Ok(versions)
    }
}

/// Other applications of the same person outside of the batch, by number or telephone. That many have
/// the same unit, or the same agent, is what a batch is for.
async fn others(
    tx: &mut Tx,
    kind: &Kind,
    application: &Application,
    act: &ActRow,
) -> Result<BTreeSet<ApplicationId>, Error> {
    if rules::batch::holder_number(kind).is_none() {
        return Ok(BTreeSet::new());
    }
    sql::batch_act::others(tx.conn(), application, &act.batch).await
}

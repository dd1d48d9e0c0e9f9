//! Identity proofing (Measures Art. 21 ¶3): one row of evidence for each element (T-18).

use std::collections::BTreeSet;

use access::{ActKind, Action, Permit, SignedAct};
use serde_json::{Value, json};
use store::{BlobRef, SealedBlob, Tx};

use super::turn::Turn;
use super::{Ra, ordered};
use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{
    Application, ApplicationId, At, Element, IdentityProof, InquiryId, ProofOrder, State,
};
use crate::port::Answer;
use crate::rules;
use crate::rules::proof::Exhibits;
use crate::sql;

/// What a public database said about one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// To be named in the row of evidence.
    pub id: InquiryId,
    /// The element's key.
    pub element: String,
    /// Which database.
    pub source: String,
    /// What it said.
    pub answer: Answer,
}

/// A proof on its way into the database.
struct Prepared {
    order: ProofOrder,
    elements: Vec<Element>,
    arguments: Vec<String>,
    blob: SealedBlob,
    act: Value,
}

impl Ra {
    /// What has to be proofed: for a clerk who may proof this application, with the values. That
    /// somebody looked goes on record (PIPL Art. 51).
    pub async fn elements(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<Element>, Error> {
        let elements = self.elements_of(permit, id).await?;
        let keys: Vec<&str> = elements.iter().map(|element| element.key.as_str()).collect();
        let body = json!({ "elements": keys });
        self.note(permit, id, ("application.elements-shown", body)).await?;
        Ok(elements)
    }

    async fn elements_of(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<Element>, Error> {
        let application = self.load(id).await?;
        permit.covers_object(Action::ProofIdentity, &application.object())?;
        let form = self.form_of(&application).await?;
        Ok(rules::form::elements(self.kind_of(&application)?, &form))
    }

    /// How the present submission was proofed, row by row: for the person who reviews it.
    pub async fn proofed(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Option<(IdentityProof, ProofOrder)>, Error> {
        let application = self.application(permit, id).await?;
        let row = sql::evidence::proof(&mut *self.store().read().await?, &application).await?;
        let Some((proof, blob)) = row else { return Ok(None) };
        let content = self.store().open_blob(&blob).await?;
        let order = serde_json::from_slice(&content).map_err(|_| Error::Stored("proof"))?;
        Ok(Some((proof, order)))
    }

    /// What public databases said about the present form, the newest first.
    pub async fn inquiries(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<Inquiry>, Error> {
        let application = self.application(permit, id).await?;
        let mut reader = self.store().read().await?;
        let rows = sql::evidence::inquiries(&mut reader, &application).await?;
        rows.into_iter()
            .map(|row| {
                let answer = Answer::of(&row.answer).ok_or(Error::Stored("answer"))?;
                let sql::evidence::InquiryRow { id, element, source, .. } = row;
                Ok(Inquiry { id, element, source, answer })
            })
            .collect()
    }

    /// Asks the public database about one element, and keeps what it said as it said it.
    pub async fn inquire(&self, permit: &Permit, at: &At, element: &str) -> Result<Inquiry, Error> {
        let application = self.reached((permit, Action::ProofIdentity), at).await?;
        let elements = self.elements_of(permit, &at.id).await?;
        let about = elements.iter().find(|one| one.key == element).ok_or_else(|| {
            Error::Unknown { what: "须核验的要素", name: element.chars().take(64).collect() }
        })?;
        let port = &self.config().public_data;
        let answer = port.ask(about, &elements).await;
        let inquiry = Inquiry {
            id: InquiryId::from_random(self.random()?),
            element: about.key.clone(),
            source: port.source().to_owned(),
            answer,
        };
        let row = sql::evidence::InquiryRow {
            id: inquiry.id.clone(),
            element: inquiry.element.clone(),
            source: inquiry.source.clone(),
            answer: answer.word().to_owned(),
        };
        let person = permit.person().map(|one| one.id.to_string()).unwrap_or_default();
        let (actor, subject) = (permit.actor(), application.subject());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = super::second(tx.now());
                    let by = (&*person, now);
                    sql::evidence::add_inquiry(tx.conn(), &application, &row, by).await?;
                    let body = json!({ "inquiry": row.id.as_str(), "element": row.element,
                        "source": row.source, "answer": row.answer });
                    let record = store::Record::new("application.inquired", actor, subject, body);
                    tx.append(record).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(inquiry)
    }

    /// A clerk has proofed the applicant's identity and signs for it.
    pub async fn proof(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        act: SignedAct,
    ) -> Result<(Application, IdentityProof), Error> {
        let on = (ActKind::ProofIdentity, &*format!("application:{id}"));
        let order: ProofOrder = ordered(&act, permit, on)?;
        let at = At { id: id.clone(), version: order.version };
        let application = self.reached((permit, Action::ProofIdentity), &at).await?;
        let elements = self.elements_of(permit, id).await?;
        let prepared = Prepared {
            arguments: self.arguments(&application, &elements)?,
            blob: self.seal(act.payload().to_string().into_bytes(), "ra-proof").await?,
            act: act.to_json(),
            elements,
            order,
        };
        let (ra, permit) = (self.clone(), permit.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::ProofIdentity);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Proof)).await?;
                    ra.keep_proof(tx, turn, prepared, act.person().as_str()).await
                })
            })
            .await
    }

    /// The keyed hash of field and value: the argument of each check, distinct for each element.
    pub(super) fn arguments(
        &self,
        application: &Application,
        elements: &[Element],
    ) -> Result<Vec<String>, Error> {
        elements
            .iter()
            .map(|element| {
                let text = format!("{}\n{}\n{}", application.id, element.field, element.value);
                Ok(self.store().blind_index("ra.element", &text)?)
            })
            .collect()
    }

    async fn keep_proof(
        &self,
        tx: &mut Tx,
        mut turn: Turn,
        prepared: Prepared,
        person: &str,
    ) -> Result<(Application, IdentityProof), Error> {
        let Prepared { order, elements, arguments, blob, act } = prepared;
        let application = &turn.application;
        let method = self.catalogue().method(&order.method)?;
        let exhibits = exhibits(tx, application).await?;
        let of = (self.kind_of(application)?, &*application.service);
        rules::proof::check(of, method, &order, &elements, &exhibits)?;
        let proof = IdentityProof {
            application: application.id.clone(),
            method: method.name.clone(),
            level: method.level,
            person: person.to_owned(),
            elements: elements.len(),
        };
        let blob = blob.insert(tx).await?;
        let round = (&proof, application.round);
        sql::evidence::add_proof(tx.conn(), round, &blob.id, turn.now).await?;
        for (element, argument) in elements.iter().zip(&arguments) {
            let row = order.evidence.iter().find(|row| row.element == element.key);
            let row = row.ok_or(Refusal::EvidenceIncomplete)?;
            sql::evidence::add_evidence(tx.conn(), application, row, argument).await?;
        }
        let by = (person, "proofed");
        sql::evidence::add_hand(tx.conn(), &application.id, by, turn.now).await?;
        turn.enter(State::Proofed {
            method: proof.method.clone(),
            level: proof.level,
            person: proof.person.clone(),
        });
        let body = record_body(&proof, &order, &blob, act);
        Ok((turn.finish(tx, "application.proofed", body).await?, proof))
    }
}

fn record_body(proof: &IdentityProof, order: &ProofOrder, blob: &BlobRef, act: Value) -> Value {
    let rows: Vec<Value> = order
        .evidence
        .iter()
        .map(|row| json!({ "element": row.element, "means": row.means }))
        .collect();
    json!({ "method": proof.method, "level": proof.level, "evidence": rows,
        "particulars": blob.to_json(), "act": act })
}

/// What the evidence may refer to.
async fn exhibits(tx: &mut Tx, application: &Application) -> Result<Exhibits, Error> {
    let materials = sql::content::materials(tx.conn(), &application.id).await?;
    let materials: BTreeSet<_> = materials.into_iter().map(|material| material.id).collect();
    Ok(Exhibits {
        materials,
        matches: sql::evidence::matches(tx.conn(), application).await?,
        endorsed: sql::evidence::is_endorsed(tx.conn(), application).await?,
    })
}

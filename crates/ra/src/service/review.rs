//! The review by a second person (Measures Art. 21 ¶3; Invariant 9).

use std::collections::{BTreeMap, BTreeSet};

use access::{ActKind, Action, Permit, SignedAct};
use serde_json::{Value, json};
use store::{SealedBlob, Tx};

use super::turn::Turn;
use super::{Ra, ordered};
use crate::catalogue::{SearchField, Step};
use crate::error::{Error, Refusal};
use crate::model::{
    Application, ApplicationId, At, Decision, Duplicate, RefusalStage, Review, ReviewOrder, State,
};
use crate::rules;
use crate::sql;

/// A decision as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRecord {
    /// Who decided, and when.
    pub review: Review,
    /// What was decided.
    pub decision: Decision,
}

impl Ra {
    /// Other applications of the same kind, under way or done, that have the holder's number, code or
    /// telephone. The reviewer looks at each.
    pub async fn duplicates(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<Duplicate>, Error> {
        let application = self.application(permit, id).await?;
        alike(&mut *self.store().read().await?, &application).await
    }

    /// A reviewer decides and signs for it.
    pub async fn review(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        act: SignedAct,
    ) -> Result<Application, Error> {
        let on = (ActKind::ReviewApplication, &*format!("application:{id}"));
        let order: ReviewOrder = ordered(&act, permit, on)?;
        let at = At { id: id.clone(), version: order.version };
        let content = serde_json::to_vec(&order.decision).map_err(|_| Error::Stored("decision"))?;
        let blob = self.seal(content, "ra-review").await?;
        let (ra, permit) = (self.clone(), permit.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::ReviewApplication);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Review)).await?;
                    let by = (act.person().as_str(), act.to_json());
                    ra.decide(tx, turn, (order.decision, blob), by).await
                })
            })
            .await
    }

    async fn decide(
        &self,
        tx: &mut Tx,
        mut turn: Turn,
        (decision, blob): (Decision, SealedBlob),
        (person, act): (&str, Value),
    ) -> Result<Application, Error> {
        let application = &turn.application;
        let hands = sql::evidence::hands(tx.conn(), &application.id).await?;
        rules::review::second_person(person, &hands)?;
        let alike = alike(tx.conn(), application).await?;
        let others: BTreeSet<ApplicationId> =
            alike.into_iter().map(|duplicate| duplicate.application.id).collect();
        let checklist = self.catalogue().checklist_for(&application.kind, &application.service);
        rules::review::decision(&decision, &checklist, &others)?;
        let blob = blob.insert(tx).await?;
        let (word, kind, state) = match &decision {
            Decision::Approve { .. } => {
                ("approve", "application.reviewed", State::Reviewed { person: person.to_owned() })
            }
            Decision::Decline { .. } => return Err(Refusal::DeclineUnfounded.into()),
            Decision::Refuse { basis, .. } => (
                "refuse",
                "application.refused",
                State::Refused {
                    stage: RefusalStage::Review,
                    person: person.to_owned(),
                    basis: basis.trim().to_owned(),
                },
            ),
        };
        let row = (word, person, &*blob.id);
        sql::evidence::add_review(tx.conn(), application, row, turn.now).await?;
        turn.enter(state);
        let mut body = json!({ "particulars": blob.to_json(), "act": act });
        if let (Value::Object(body), Decision::Approve { ticked, duplicates, .. }) =
            (&mut body, &decision)
        {
            body.insert("ticked".to_owned(), json!(ticked));
            body.insert("duplicates".to_owned(), json!(duplicates));
        }
        turn.finish(tx, kind, body).await
    }

    /// The decision on the present submission, for the applicant and for the staff.
    pub async fn decision(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Option<ReviewRecord>, Error> {
        let application = self.application(permit, id).await?;
        let row = sql::evidence::review(&mut *self.store().read().await?, &application).await?;
        let Some((_, review, blob)) = row else { return Ok(None) };
        let content = self.store().open_blob(&blob).await?;
        let decision = serde_json::from_slice(&content).map_err(|_| Error::Stored("decision"))?;
        Ok(Some(ReviewRecord { review, decision }))
    }
}

/// A name alone is shared by many; a number, a code or a telephone is not.
async fn alike(
    conn: &mut sql::Connection,
    application: &Application,
) -> Result<Vec<Duplicate>, Error> {
    let telling = [SearchField::IdNumber, SearchField::CreditCode, SearchField::Phone];
    let mut found: BTreeMap<ApplicationId, Duplicate> = BTreeMap::new();
    for (word, value) in sql::content::indexed(conn, &application.id).await? {
        let Some(field) = telling.into_iter().find(|field| field.word() == word) else { continue };
        for other in sql::list::alike(conn, application, (&word, &value)).await? {
            found
                .entry(other.id.clone())
                .or_insert_with(|| Duplicate { application: other, fields: Vec::new() })
                .fields
                .push(field);
        }
    }
    Ok(found.into_values().collect())
}

//! Whether an act that waits for its signature can still be done: asked when its page is opened, so that nobody
//! signs what would be refused. What is signed is checked again in the unit that does it.

use access::{ActKind, Action, Permit};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Ra;
use super::revocation::asked;
use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{
    ApplicationId, BatchId, BatchStep, ListRef, RevocationId, RevocationOrder, RevocationState,
};
use crate::rules;

impl Ra {
    /// What stands in the way of an act now, of those that the registration knows; nothing of others.
    pub async fn foresee(
        &self,
        permit: &Permit,
        (kind, object): (ActKind, &str),
        order: &Value,
    ) -> Result<(), Error> {
        let (_, id) = object.split_once(':').unwrap_or_default();
        let step = match kind {
            ActKind::ProofIdentity => Step::Proof,
            ActKind::ReturnApplication => Step::Return,
            ActKind::DeclineApplication => Step::Decline,
            ActKind::ReviewApplication => Step::Review,
            ActKind::EnterApplication => Step::Submit,
            ActKind::EnterRevocation
            | ActKind::RevokeCertificate
            | ActKind::EnterLifting
            | ActKind::ReviewRevocation
            | ActKind::ReviewLifting => {
                return self
                    .foresee_registration((permit, kind.action()), &id.parse()?, order)
                    .await;
            }
            ActKind::EnterBatch => {
                return self.foresee_batch(permit, (&id.parse()?, BatchStep::Enter), order).await;
            }
            ActKind::BatchProof => {
                return self.foresee_batch(permit, (&id.parse()?, BatchStep::Proof), order).await;
            }
            ActKind::BatchReview => {
                return self.foresee_batch(permit, (&id.parse()?, BatchStep::Review), order).await;
            }
            _ => return Ok(()),
        };
        self.foresee_step((permit, kind.action()), (&id.parse()?, step), order).await
    }

    async fn foresee_step(
        &self,
        (permit, action): (&Permit, Action),
        (id, step): (&ApplicationId, Step),
        order: &Value,
    ) -> Result<(), Error> {
        let application = self.load(id).await?;
        permit.covers_object(action, &application.object())?;
        rules::order::permitted(self.service_of(&application)?, &application.state, step)?;
        same_version(order, application.version)
    }

    async fn foresee_registration(
        &self,
        (permit, action): (&Permit, Action),
        id: &RevocationId,
        order: &Value,
    ) -> Result<(), Error> {
        let found = self.revocation_for(permit, action, id).await?;
        let wanted = match action {
            Action::ReviewRevocation => RevocationState::Entered,
            _ => RevocationState::Draft,
        };
        rules::revocation::in_turn(found.state, (wanted, asked(action)))?;
        let order: RevocationOrder = member(order)?;
        if let (RevocationState::Entered, Some(person)) = (wanted, permit.person()) {
            rules::revocation::second_person(&found.entered_by, person.id.as_str())?;
        }
        if found.version == order.version { Ok(()) } else { Err(Error::Changed) }
    }

    async fn foresee_batch(
        &self,
        permit: &Permit,
        (id, step): (&BatchId, BatchStep),
        order: &Value,
    ) -> Result<(), Error> {
        let list: ListRef = member(order)?;
        let now = self.batch_list(permit, id, step).await?;
        self.batch_turn(&self.batch_as_it_is(id).await?, &now).await?;
        match (now.count, &now.sm3) == (list.count, &list.list_sm3) {
            true => Ok(()),
            false => Err(Error::Changed),
        }
    }
}

/// The order itself, or a part of it under its own names.
fn member<T: DeserializeOwned>(order: &Value) -> Result<T, Error> {
    let known = |value: &Value| serde_json::from_value::<T>(value.clone()).ok();
    let found = known(order).or_else(|| known(order.get("list")?));
    found.ok_or_else(|| Refusal::SignedActNeeded.into())
}

fn same_version(order: &Value, version: i64) -> Result<(), Error> {
    match order.get("version").and_then(Value::as_i64) {
        Some(signed) if signed != version => Err(Error::Changed),
        _ => Ok(()),
    }
}

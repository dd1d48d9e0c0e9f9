//! Delivery by an activation code over a second channel, and its confirmation.

use access::{Action, Permit};
use serde_json::json;

use super::Ra;
use super::door::{Tried, try_code};
use super::turn::Turn;
use crate::catalogue::{FieldKind, Step};
use crate::error::{Error, Refusal};
use crate::model::{Application, At, Delivery, Receipt, State};
use crate::rules;
use crate::sql;
use crate::sql::code::Purpose;

impl Ra {
    /// Draws the activation code, that `app` sends to the applicant's telephone and mailbox. Again:
    /// another code in place of the one before.
    pub async fn deliver(&self, permit: &Permit, at: &At) -> Result<Delivery, Error> {
        let application = self.loaded(at).await?;
        permit.covers_object(Action::DeliverCertificate, &application.object())?;
        let form = self.form_of(&application).await?;
        let activation_code = self.draw_code()?;
        let index = self.code_index(&at.id, Purpose::Activation, &activation_code)?;
        let kind = self.kind_of(&application)?;
        let value_of = |wanted: FieldKind| {
            let field = form.filled(kind).find(|field| field.kind == wanted);
            field.map(|field| form.value(&field.name).to_owned())
        };
        let (phone, email) = (value_of(FieldKind::Phone), value_of(FieldKind::Email));
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        let application = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::DeliverCertificate);
                    let mut turn = Turn::begin(&ra, tx, by, (&at, Step::Deliver)).await?;
                    sql::code::put(tx.conn(), &at.id, Purpose::Activation, &index).await?;
                    let serials = turn.application.state.serials().cloned();
                    let serials = serials.ok_or(Error::Stored("serials"))?;
                    let services = ra.catalogue().services();
                    let confirm_by = rules::clock::confirm_by(services, turn.now);
                    turn.enter(State::Delivered { serials, confirm_by });
                    let body = json!({ "confirm_by": confirm_by.to_string() });
                    turn.finish(tx, "application.delivered", body).await
                })
            })
            .await?;
        Ok(Delivery { application, activation_code, phone: phone.unwrap_or_default(), email })
    }

    /// The applicant confirms receipt with the activation code. Five wrong ones lock it for 15 minutes.
    pub async fn confirm(
        &self,
        permit: &Permit,
        at: &At,
        code: &str,
    ) -> Result<Application, Error> {
        let index = self.code_index(&at.id, Purpose::Activation, code.trim())?;
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        let tried = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::ConfirmReceipt);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Confirm)).await?;
                    match try_code(tx, (&at.id, Purpose::Activation), &index, turn.actor()).await? {
                        Tried::Right => Ok(Ok(received(tx, turn, Receipt::Code).await?)),
                        wrong => Ok::<_, Error>(Err(wrong)),
                    }
                })
            })
            .await?;
        tried.map_err(|wrong| match wrong {
            Tried::Locked => Refusal::Locked.into(),
            _ => Error::WrongActivation,
        })
    }
}

/// From delivered to confirmed.
pub(super) async fn received(
    tx: &mut store::Tx,
    mut turn: Turn,
    receipt: Receipt,
) -> Result<Application, Error> {
    let serials = turn.application.state.serials().cloned().ok_or(Error::Stored("serials"))?;
    turn.enter(State::Confirmed { serials, receipt });
    turn.finish(tx, "application.confirmed", json!({ "receipt": receipt })).await
}

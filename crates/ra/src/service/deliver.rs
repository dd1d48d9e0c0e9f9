//! Delivery by an activation code over a second channel, and its confirmation.

use access::{Action, Permit};
use serde_json::json;

use super::Ra;
use super::door::{Tried, try_code};
use super::status::owe_end;
use super::turn::Turn;
use crate::catalogue::{FieldKind, Ground, Step};
use crate::error::{Error, Refusal};
use crate::model::{Application, At, Delivery, Receipt, State};
use crate::port::{Enclosed, Post};
use crate::rules;
use crate::sql;
use crate::sql::code::Purpose;

impl Ra {
    /// Draws the activation code, that goes out to the applicant's telephone in the same unit. Again:
    /// another code in place of the one before.
    pub async fn deliver(
        &self,
        permit: &Permit,
        at: &At,
        post: &dyn Post,
    ) -> Result<Delivery, Error> {
        let application = self.reached((permit, Action::DeliverCertificate), at).await?;
        let delivery = self.delivery_of(application).await?;
        let sealed = self.sealed_delivery(&delivery, post).await?;
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        let application = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::DeliverCertificate);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Deliver)).await?;
                    ra.keep_delivery(tx, turn, sealed).await
                })
            })
            .await?;
        Ok(Delivery { application, ..delivery })
    }

    /// What there is to be told, and to whom.
    pub(super) async fn delivery_of(&self, application: Application) -> Result<Delivery, Error> {
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let value_of = |wanted: FieldKind| {
            let field = form.filled(kind).find(|field| field.kind == wanted);
            field.map(|field| form.value(&field.name).to_owned())
        };
        let (phone, email) = (value_of(FieldKind::Phone), value_of(FieldKind::Email));
        let activation_code = self.draw_code()?;
        let phone = phone.unwrap_or_default();
        Ok(Delivery { application, activation_code, check_code: None, phone, email })
    }

    /// The indexes of the codes, and the messages that carry them.
    pub(super) async fn sealed_delivery(
        &self,
        delivery: &Delivery,
        post: &dyn Post,
    ) -> Result<SealedDelivery, Error> {
        let id = &delivery.application.id;
        let index = |purpose, code: &String| self.code_index(id, purpose, code);
        let check = delivery.check_code.as_ref().map(|code| index(Purpose::Check, code));
        Ok(SealedDelivery {
            activation: index(Purpose::Activation, &delivery.activation_code)?,
            check: check.transpose()?,
            enclosed: post.seal(delivery).await.map_err(Error::Port)?,
        })
    }

    /// One unit: the state, the codes, and the messages.
    pub(super) async fn keep_delivery(
        &self,
        tx: &mut store::Tx,
        mut turn: Turn,
        sealed: SealedDelivery,
    ) -> Result<Application, Error> {
        let id = turn.application.id.clone();
        sql::code::put(tx.conn(), &id, Purpose::Activation, &sealed.activation).await?;
        if let Some(check) = sealed.check {
            sql::code::put(tx.conn(), &id, Purpose::Check, &check).await?;
        }
        (sealed.enclosed)(tx).await?;
        let serials = turn.application.state.serials().cloned().ok_or(Error::Stored("serials"))?;
        let confirm_by = rules::clock::confirm_by(self.catalogue().services(), turn.now);
        turn.enter(State::Delivered { serials, confirm_by });
        let body = json!({ "confirm_by": confirm_by.to_string() });
        let delivered = turn.finish(tx, "application.delivered", body).await?;
        store::fault::point("ra.50-delivered");
        Ok(delivered)
    }

    /// The applicant confirms receipt with the activation code. Five wrong ones lock it for 15 minutes.
    pub async fn confirm(
        &self,
        permit: &Permit,
        at: &At,
        code: &str,
    ) -> Result<Application, Error> {
        let index = self.code_index(&at.id, Purpose::Activation, code.trim())?;
        let ground = self.ground_of(&self.load(&at.id).await?).await?;
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        let tried = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::ConfirmReceipt);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Confirm)).await?;
                    match try_code(tx, (&at.id, Purpose::Activation), &index, turn.actor()).await? {
                        Tried::Right => {
                            Ok(Ok(received(tx, turn, Receipt::Code, ground.as_ref()).await?))
                        }
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

/// A delivery on its way into its unit.
pub(super) struct SealedDelivery {
    activation: String,
    check: Option<String>,
    enclosed: Enclosed,
}

/// From delivered to confirmed. The certificate that was replaced ends with it: its holder has the
/// other now, and what it says is no longer held to be true (Measures Art. 20).
pub(super) async fn received(
    tx: &mut store::Tx,
    mut turn: Turn,
    receipt: Receipt,
    ground: Option<&Ground>,
) -> Result<Application, Error> {
    let serials = turn.application.state.serials().cloned().ok_or(Error::Stored("serials"))?;
    owe_end(tx, &turn, ground).await?;
    turn.enter(State::Confirmed { serials, receipt });
    turn.finish(tx, "application.confirmed", json!({ "receipt": receipt })).await
}

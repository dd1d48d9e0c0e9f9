//! Delivery by an activation code over a second channel, and its confirmation.

use access::{Action, Permit};
use serde_json::json;

use super::Ra;
use super::door::{Tried, try_code};
use super::status::owe_end;
use super::turn::Turn;
use crate::catalogue::{FieldKind, Ground, Step};
use crate::error::{Error, Refusal};
use crate::model::{Application, At, BatchRun, Delivery, Receipt, State};
use crate::port::Post;
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
        self.deliver_by(delivery, post, None, By::Permit(Box::new(permit.clone()))).await
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

    /// One unit: the state, the codes, and the messages that carry them. `check`: the index of a new check
    /// code.
    pub(super) async fn deliver_by(
        &self,
        delivery: Delivery,
        post: &dyn Post,
        check: Option<String>,
        by: By,
    ) -> Result<Delivery, Error> {
        let at = delivery.application.at();
        let code = &delivery.activation_code;
        let index = self.code_index(&at.id, Purpose::Activation, code)?;
        let enclosed = post.seal(&delivery).await.map_err(Error::Port)?;
        let ra = self.clone();
        let application = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut turn = match &by {
                        By::Permit(permit) => {
                            let by = (&**permit, Action::DeliverCertificate);
                            Turn::begin(&ra, tx, by, (&at, Step::Deliver)).await?
                        }
                        By::Run(run) => {
                            Turn::begin_for(&ra, tx, run.actor(), (&at, Step::Deliver)).await?
                        }
                    };
                    sql::code::put(tx.conn(), &at.id, Purpose::Activation, &index).await?;
                    if let Some(check) = check {
                        sql::code::put(tx.conn(), &at.id, Purpose::Check, &check).await?;
                    }
                    enclosed(tx).await?;
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
        Ok(Delivery { application, ..delivery })
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

/// Who delivers.
pub(super) enum By {
    /// Somebody who may.
    Permit(Box<Permit>),
    /// A batch that runs.
    Run(Box<BatchRun>),
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

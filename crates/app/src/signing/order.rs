//! Orders about keys of applications, each signed: ordered by one, confirmed or declined by another,
//! stopped by either; what a stop does to the certificates is in `ending` (Invariant 9; GM/T 0034 §6).

use access::{ActKind, Action, Permit, Principal, SignedAct};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::{Actor, Record, Tx};

use super::key::KIND;
use super::model::{
    Confirmation, KeyFilter, KeyOrder, KeyState, KeyView, SigningKey, StopOrder, UseOfDay,
};
use super::{Refusal, ending, pair, rules, sql};
use crate::error::Error;
use crate::institution::Institution;

/// The object of an order for a new key.
pub const NEW_OBJECT: &str = "signing-key:new";
/// Why an order isn't confirmed although it was right when it was given.
const GONE: &str = "接口客户端已停用，或者角色不再是“应用系统”；请选择不通过，需要时另行下达";
/// Rows of uses on the page of a key: a month, if each operation is used each day.
const ROWS: u32 = 124;

/// What somebody signed about one key, and who did.
pub(super) struct Ordered<T> {
    pub number: i64,
    pub order: T,
    pub actor: Actor,
    signed: Value,
}

impl<T: DeserializeOwned> Ordered<T> {
    pub(super) fn of(permit: &Permit, act: &SignedAct, kind: ActKind) -> Result<Self, Error> {
        let number = number_of(act)?;
        act.covers(permit, kind, &about(number))?;
        let (order, actor, signed) = (order_of(act)?, permit.actor(), act.to_json());
        Ok(Self { number, order, actor, signed })
    }
}

impl<T> Ordered<T> {
    /// The key, as this unit finds it.
    pub(super) async fn key(&self, tx: &mut Tx) -> Result<SigningKey, Error> {
        let key = sql::by_number(tx.conn(), self.number).await?;
        Ok(key.ok_or(Refusal::NoKey(self.number))?)
    }

    /// Who ordered it, and when.
    pub(super) fn by(&self, tx: &Tx) -> (String, i64) {
        (self.actor.as_str().to_owned(), tx.now().as_second())
    }

    /// Records that it was done, with what was signed; refuses where somebody else was faster.
    pub(super) async fn done(
        self,
        tx: &mut Tx,
        (is_done, kind): (bool, &'static str),
        mut body: Value,
    ) -> Result<(), Error> {
        if !is_done {
            return Err(Refusal::Changed.into());
        }
        if let Some(body) = body.as_object_mut() {
            body.insert("act".to_owned(), self.signed);
        }
        tx.append(Record::new(kind, self.actor, about(self.number), body)).await?;
        Ok(())
    }
}

impl Institution {
    /// Carries out what was signed about a key.
    pub(crate) async fn on_signing(
        &self,
        principal: &Principal,
        act: SignedAct,
    ) -> Result<(), Error> {
        let permit = self.permit(principal, act.kind().action())?;
        match act.kind() {
            ActKind::OrderSigning => self.order_signing_key(&permit, act).await,
            ActKind::ConfirmSigning => {
                self.decide_signing_key(&permit, act).await?;
                // What is cut off here the sweep goes on with.
                self.soon(self.make_signing_keys().await);
                Ok(())
            }
            ActKind::RevokeSigning => {
                self.confirm_ending(&permit, act).await?;
                self.soon(self.end_stopped_keys().await);
                Ok(())
            }
            _ => {
                self.stop_signing_key(&permit, act).await?;
                self.soon(self.end_stopped_keys().await);
                Ok(())
            }
        }
    }

    async fn order_signing_key(&self, permit: &Permit, act: SignedAct) -> Result<(), Error> {
        act.covers(permit, ActKind::OrderSigning, NEW_OBJECT)?;
        let order: KeyOrder = order_of(&act)?;
        let checked = rules::check(&order)?;
        self.may_make_signing_keys()?;
        self.check_client(&order.client).await?;
        let (actor, signed) = (permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (actor.as_str().to_owned(), tx.now().as_second());
                    let number = sql::insert(tx.conn(), (&order, &checked), (&by.0, by.1)).await?;
                    let body = json!({ "order": order, "act": signed });
                    tx.append(Record::new("signing.ordered", actor, about(number), body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    async fn decide_signing_key(&self, permit: &Permit, act: SignedAct) -> Result<(), Error> {
        let ordered: Ordered<Confirmation> = Ordered::of(permit, &act, ActKind::ConfirmSigning)?;
        let decision = &ordered.order;
        let state = match decision.decision.as_str() {
            "confirm" => KeyState::Making,
            "reject" if rules::is_reason(decision.reason.trim()) => KeyState::Declined,
            _ => return Err(Refusal::Order("请选择通过或不通过；不通过的请写明理由").into()),
        };
        if state == KeyState::Making && !self.is_signing_client(&decision.order.client).await? {
            return Err(Refusal::Order(GONE).into());
        }
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let key = ordered.key(tx).await?;
                    if key.ordered_by == ordered.actor.as_str() {
                        return Err(Refusal::OnePerson.into());
                    }
                    let (by, at) = ordered.by(tx);
                    let Confirmation { order, decision, reason } = &ordered.order;
                    let reason = Some(reason.trim()).filter(|text| !text.is_empty());
                    let which = (ordered.number, state);
                    let is_done = rules::fits(&key, order)
                        && sql::decide(tx.conn(), which, (&by, at), reason).await?;
                    let body = json!({ "decision": decision });
                    ordered.done(tx, (is_done, "signing.decided"), body).await
                })
            })
            .await
    }

    async fn stop_signing_key(&self, permit: &Permit, act: SignedAct) -> Result<(), Error> {
        let ordered: Ordered<StopOrder> = Ordered::of(permit, &act, ActKind::StopSigning)?;
        if !rules::is_reason(&ordered.order.reason) {
            return Err(Refusal::Order("请写明停用的理由，2 至 200 个字").into());
        }
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let ((by, at), order) = (ordered.by(tx), &ordered.order);
                    let is_done = sql::stop(tx.conn(), ordered.number, (&by, at), order).await?;
                    let body = json!({ "cause": order.cause.word(), "reason": order.reason });
                    ordered.done(tx, (is_done, "signing.stopped"), body).await
                })
            })
            .await
    }

    /// Whether keys made in the institution's own device are good enough for certificates here (Measures Art.
    /// 20 ¶2): the register of products may demand a certified device.
    pub fn may_make_signing_keys(&self) -> Result<(), Error> {
        self.judge_own_key(KIND).map(drop)
    }

    /// Whether a key can be ordered for a client of this identifier.
    pub async fn is_signing_client(&self, id: &str) -> Result<bool, Error> {
        Ok(self.access().is_application(id).await?)
    }

    /// The client of an order is one of ours, enabled, and an application.
    async fn check_client(&self, id: &str) -> Result<(), Error> {
        match self.is_signing_client(id).await? {
            true => Ok(()),
            false => Err(Refusal::Order(
                "没有这个编号的、角色为“应用系统”的接口客户端；请先建立客户端，再填写其编号",
            )
            .into()),
        }
    }

    /// The keys of a page, newest first.
    pub async fn signing_keys(
        &self,
        permit: &Permit,
        filter: &KeyFilter,
    ) -> Result<Vec<SigningKey>, Error> {
        permit.covers(Action::ReadSigning)?;
        sql::list(&mut *self.store().read().await?, filter).await
    }

    /// One key with its certificates and its last uses, each newest first.
    pub async fn signing_key(&self, permit: &Permit, number: i64) -> Result<KeyView, Error> {
        permit.covers(Action::ReadSigning)?;
        let mut db = self.store().read().await?;
        let key = sql::by_number(&mut db, number).await?;
        let key = key.ok_or(Refusal::NoKey(number))?;
        let uses = sql::uses(&mut db, number, (None, ROWS)).await?;
        drop(db);
        let (pairs, now) = (self.pairs_of(number).await?, self.clock().now());
        let last_day = self.last_day_of(&pairs);
        let waits_for_another = ending::waits_for_another(&key, &pairs, now);
        let certificates = pair::certified(pairs, now);
        Ok(KeyView { key, uses, certificates, last_day, waits_for_another })
    }

    /// Uses of a key by day and operation, the newest first, behind one of them; for the file of all.
    pub async fn signing_uses(
        &self,
        permit: &Permit,
        number: i64,
        (behind, rows): (Option<&UseOfDay>, u32),
    ) -> Result<Vec<UseOfDay>, Error> {
        permit.covers(Action::ReadSigning)?;
        sql::uses(&mut *self.store().read().await?, number, (behind, rows)).await
    }
}

/// `signing-key:7`.
pub(super) fn about(number: i64) -> String {
    format!("signing-key:{number}")
}

fn number_of(act: &SignedAct) -> Result<i64, Error> {
    let number = act.object().strip_prefix("signing-key:").and_then(|text| text.parse().ok());
    number.ok_or(Error::Stored("签名事项的对象"))
}

fn order_of<T: DeserializeOwned>(act: &SignedAct) -> Result<T, Error> {
    serde_json::from_value(act.payload().clone()).map_err(|_| Error::Stored("签名事项的内容"))
}

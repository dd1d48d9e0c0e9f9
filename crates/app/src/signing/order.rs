//! Orders about keys of applications, each signed: ordered by one, confirmed or declined by another,
//! stopped by either; what a stop does to the certificates is in `ending` (Invariant 9; GM/T 0034 §6).

use access::{ActKind, Action, Permit, Principal, SignedAct};
use serde::de::DeserializeOwned;
use serde_json::json;
use store::Record;

use super::key::KIND;
use super::model::{Confirmation, KeyFilter, KeyOrder, KeyState, KeyView, SigningKey, StopOrder};
use super::{Refusal, pair, rules, sql};
use crate::error::Error;
use crate::institution::Institution;

/// The object of an order for a new key.
pub const NEW_OBJECT: &str = "signing-key:new";
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
        let number = number_of(&act)?;
        act.covers(permit, ActKind::ConfirmSigning, &about(number))?;
        let decision: Confirmation = order_of(&act)?;
        let state = match decision.decision.as_str() {
            "confirm" => KeyState::Making,
            "reject" if rules::is_reason(decision.reason.trim()) => KeyState::Declined,
            _ => return Err(Refusal::Order("请选择通过或不通过；不通过的请写明理由").into()),
        };
        let (actor, signed) = (permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let key = sql::by_number(tx.conn(), number).await?;
                    let key = key.ok_or(Refusal::NoKey(number))?;
                    if key.ordered_by == actor.as_str() {
                        return Err(Refusal::OnePerson.into());
                    }
                    let by = (actor.as_str().to_owned(), tx.now().as_second());
                    let reason = Some(decision.reason.trim()).filter(|text| !text.is_empty());
                    let is_same = fits(&key, &decision.order);
                    let decided = is_same
                        && sql::decide(tx.conn(), (number, state), (&by.0, by.1), reason).await?;
                    if !decided {
                        return Err(Refusal::Changed.into());
                    }
                    let body = json!({ "decision": decision.decision, "act": signed });
                    tx.append(Record::new("signing.decided", actor, about(number), body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    async fn stop_signing_key(&self, permit: &Permit, act: SignedAct) -> Result<(), Error> {
        let number = number_of(&act)?;
        act.covers(permit, ActKind::StopSigning, &about(number))?;
        let order: StopOrder = order_of(&act)?;
        if !rules::is_reason(&order.reason) {
            return Err(Refusal::Order("请写明停用的理由，2 至 200 个字").into());
        }
        let (actor, signed) = (permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (actor.as_str().to_owned(), tx.now().as_second());
                    if !sql::stop(tx.conn(), number, (&by.0, by.1), &order).await? {
                        return Err(Refusal::Changed.into());
                    }
                    let body = json!({ "cause": order.cause.word(), "reason": order.reason,
                        "act": signed });
                    tx.append(Record::new("signing.stopped", actor, about(number), body)).await?;
                    Ok::<_, Error>(())
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
        // A month, if each operation is used each day.
        let uses = sql::uses(&mut db, number, 124).await?;
        drop(db);
        let pairs = self.pairs_of(number, usize::MAX).await?;
        let last_day = self.last_day_of(&pairs);
        let certificates = pair::certified(pairs, self.clock().now());
        Ok(KeyView { key, uses, certificates, last_day })
    }
}

/// `signing-key:7`.
pub(super) fn about(number: i64) -> String {
    format!("signing-key:{number}")
}

/// What was confirmed is what was ordered.
fn fits(key: &SigningKey, order: &KeyOrder) -> bool {
    let Ok(checked) = rules::check(order) else { return false };
    key.client == order.client
        && key.name == order.name
        && key.reason == order.reason
        && key.operations == checked.operations
        && key.quota == checked.quota
}

pub(super) fn number_of(act: &SignedAct) -> Result<i64, Error> {
    let number = act.object().strip_prefix("signing-key:").and_then(|text| text.parse().ok());
    number.ok_or(Error::Stored("签名事项的对象"))
}

pub(super) fn order_of<T: DeserializeOwned>(act: &SignedAct) -> Result<T, Error> {
    serde_json::from_value(act.payload().clone()).map_err(|_| Error::Stored("签名事项的内容"))
}

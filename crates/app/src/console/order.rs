//! Orders of administrators that make something of the institution's own: recorded with their
//! signature before they are carried out (Invariant 3 in its spirit: no act without its order).

use access::{ActKind, Action, Permit, SignedAct};
use ca::{CrlKind, PublishedCrl};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, Record};

use super::order_of;
use crate::error::Error;
use crate::institution::Institution;

/// The object of an order for a revocation list.
pub const CRL_OBJECT: &str = "crl:issuing";
/// The object of an order for standby keys.
pub const STANDBY_OBJECT: &str = "kmc:standby";
/// Most pairs that one order makes: each takes the device a moment.
pub const MOST_PAIRS: u32 = 1_000;

/// Which list to make now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrlOrder {
    /// `full`, `delta` or `shard`.
    pub list: String,
    /// The shard, if it is one.
    pub shard: Option<u16>,
    /// Why out of turn.
    pub reason: String,
}

impl CrlOrder {
    /// The kind of list, if there is such a one.
    #[must_use]
    pub fn kind(&self) -> Option<CrlKind> {
        match (self.list.as_str(), self.shard) {
            ("full", None) => Some(CrlKind::Full),
            ("delta", None) => Some(CrlKind::Delta),
            ("shard", Some(shard)) => Some(CrlKind::Shard(shard)),
            _ => None,
        }
    }
}

/// How many standby pairs to make now (GM/T 0038 §7.6.2.1: by hand).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefillOrder {
    /// Pairs, from 1 to [`MOST_PAIRS`].
    pub pairs: u32,
    /// Why by hand.
    pub reason: String,
}

impl Institution {
    pub(super) async fn publish_ordered(
        &self,
        permit: &Permit,
        act: SignedAct,
    ) -> Result<(), Error> {
        permit.covers(Action::PublishCrl)?;
        act.covers(permit, ActKind::PublishCrl, CRL_OBJECT)?;
        let order: CrlOrder = order_of(&act)?;
        let kind = order.kind().ok_or(Error::Stored("签名事项的内容"))?;
        let about = format!("crl:{}", crate::ISSUER);
        self.note_order(("crl.ordered", about), permit.actor(), &act).await?;
        self.publish_now(kind).await.map(drop)
    }

    /// Makes and publishes a list out of turn, of each generation that signs: first of the one that issues,
    /// whose list is answered. One that fails holds up no other, and the first error is answered.
    pub async fn publish_now(&self, kind: CrlKind) -> Result<PublishedCrl, Error> {
        let issuing = self.ca().name().to_owned();
        let mut done = self.ca().publish_crl(kind).await;
        let others = self.ca().signing_generations().into_iter();
        for one in others.filter(|one| one.name() != issuing) {
            if let Err(error) = one.publish_crl(kind).await {
                tracing::warn!(%error, ?one, ?kind, "a list was not made out of turn");
                done = done.and(Err(error));
            }
        }
        Ok(done?)
    }

    pub(super) async fn refill_ordered(
        &self,
        permit: &Permit,
        act: SignedAct,
    ) -> Result<(), Error> {
        permit.covers(Action::RefillKmc)?;
        act.covers(permit, ActKind::RefillKmc, STANDBY_OBJECT)?;
        let order: RefillOrder = order_of(&act)?;
        let text = "密钥管理中心在另一进程，请由该处的人员补充备用密钥";
        let kmc = self.kmc().ok_or(Error::NotApplicable(text))?;
        if !(1..=MOST_PAIRS).contains(&order.pairs) {
            return Err(Error::NotApplicable("一次补充的备用密钥应为1至1000对，请改正后重新提交"));
        }
        let about = STANDBY_OBJECT.to_owned();
        self.note_order(("kmc.refill_ordered", about), permit.actor(), &act).await?;
        Ok(kmc.generate_batch(order.pairs).await?)
    }

    /// The order with its signature, before anything is done.
    async fn note_order(
        &self,
        (kind, about): (&'static str, String),
        actor: Actor,
        act: &SignedAct,
    ) -> Result<(), Error> {
        let body = json!({ "order": act.payload(), "act": act.to_json() });
        let record = Record::new(kind, actor, about, body);
        self.store()
            .commit(move |tx| Box::pin(async move { tx.append(record).await.map(drop) }))
            .await
            .map_err(|error: store::Error| error.into())
    }
}

//! Another round of tries for messages that were given up: ordered by an administrator's signature and on
//! record in the unit that does it (GM/T 0034 §6).

use access::{ActKind, Action, Principal, SignedAct};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Record;

use super::sql;
use crate::error::Error;
use crate::institution::Institution;

/// The object of an order for another round.
pub const REQUEUE_OBJECT: &str = "messages:failed";
/// Most messages that one order names.
pub const MOST_CHOSEN: usize = 50;

/// Which messages are to be tried again: those that are named, or all that were given up until an instant.
/// Payload of `message.requeue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequeueOrder {
    /// Their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// All that were given up until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_until: Option<Timestamp>,
    /// How many they are.
    pub messages: u64,
}

impl Institution {
    pub(crate) async fn on_messages(
        &self,
        principal: &Principal,
        act: SignedAct,
    ) -> Result<(), Error> {
        let permit = self.permit(principal, Action::RequeueMessages)?;
        permit.covers(Action::RequeueMessages)?;
        act.covers(&permit, ActKind::RequeueMessages, REQUEUE_OBJECT)?;
        let order: RequeueOrder = serde_json::from_value(act.payload().clone())
            .map_err(|_| Error::Stored("签名事项的内容"))?;
        if order.chosen.len() > MOST_CHOSEN {
            return Err(Error::NotApplicable(
                "一次最多选择 50 条通知，请分几次办理，或选择全部重发",
            ));
        }
        let actor = permit.actor();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let (now, mut requeued) = (tx.now().as_second(), 0_u64);
                    for id in &order.chosen {
                        requeued += u64::from(sql::requeue(tx.conn(), id, now).await?);
                    }
                    if let Some(until) = order.failed_until {
                        let until = until.as_second();
                        requeued += sql::requeue_until(tx.conn(), until, now).await?;
                    }
                    if requeued == 0 {
                        let text = "所选的通知已经不在“发送失败”中，没有可重发的；请刷新列表";
                        return Err(Error::NotApplicable(text));
                    }
                    let body =
                        json!({ "order": order, "requeued": requeued, "act": act.to_json() });
                    tx.append(Record::new("message.requeued", actor, "messages", body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

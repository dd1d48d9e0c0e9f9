//! Audit marks as signed acts: the auditor signs the range, the root of the tree that was seen, and
//! the finding; the mark is made over that very tree or not at all (GM/T 0034: audit records are
//! signed by their creator).

use access::{ActKind, Action, Permit, SignedAct};
use serde::{Deserialize, Serialize};
use store::{NewAuditMark, Seq, Verdict};

use super::order_of;
use crate::error::Error;
use crate::institution::Institution;

/// The object of the act.
pub const AUDIT_OBJECT: &str = "journal:audit";

/// What an auditor signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditOrder {
    /// The first record.
    pub first: u64,
    /// The last record.
    pub last: u64,
    /// Root of the tree of all records up to the last, hexadecimal.
    pub root: String,
    /// `clear` or `findings`.
    pub verdict: String,
    /// What was found.
    pub report: String,
}

impl Institution {
    /// The order for the records that nobody has gone through yet, up to `last`; refused where
    /// there are none.
    pub async fn audit_order(
        &self,
        last: u64,
        (verdict, report): (Verdict, &str),
    ) -> Result<AuditOrder, Error> {
        let (next, size) = (self.store().next_audit().await?, self.store().size().await?);
        store::check_range((next.0, last), next.0, size)?;
        let root = self.store().root_through(Seq(last)).await?;
        Ok(AuditOrder {
            first: next.0,
            last,
            root: root.to_string(),
            verdict: verdict.word().to_owned(),
            report: report.trim().to_owned(),
        })
    }

    pub(super) async fn mark_audited(&self, permit: &Permit, act: SignedAct) -> Result<(), Error> {
        permit.covers(Action::AuditJournal)?;
        act.covers(permit, ActKind::AuditJournal, AUDIT_OBJECT)?;
        let order: AuditOrder = order_of(&act)?;
        let range = (Seq(order.first), Seq(order.last));
        let told = (&*order.verdict, &*order.report);
        let mark = NewAuditMark::of_words(range, &order.root, told)?;
        let (store, actor, signed) = (self.store().clone(), permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move { store.mark_audited(tx, mark, (actor, signed)).await })
            })
            .await
            .map(drop)
            .map_err(|error: store::Error| error.into())
    }
}

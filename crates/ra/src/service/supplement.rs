//! Back to the applicant, with everything that is to be mended at once (Licensing Law Art. 32).

use std::collections::BTreeSet;

use access::{ActKind, Action, Permit, SignedAct};
use serde_json::{Value, json};
use store::{SealedBlob, Tx};

use super::turn::Turn;
use super::{Ra, ordered};
use crate::catalogue::Step;
use crate::error::Error;
use crate::model::{
    Application, ApplicationId, At, Material, ReturnOrder, State, SupplementItem, SupplementList,
};
use crate::rules;
use crate::sql;
use crate::sql::evidence::SupplementRow;

impl Ra {
    /// Sends the application back. Who sends it back signs the list.
    pub async fn send_back(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        act: SignedAct,
    ) -> Result<Application, Error> {
        let on = (ActKind::ReturnApplication, &*format!("application:{id}"));
        let order: ReturnOrder = ordered(&act, permit, on)?;
        let at = At { id: id.clone(), version: order.version };
        let application = self.reached((permit, Action::ReturnApplication), &at).await?;
        let changed = self.changed_since_told(&application).await?;
        let content = serde_json::to_vec(&order.items).map_err(|_| Error::Stored("items"))?;
        let blob = self.seal(content, "ra-supplement").await?;
        let (ra, permit) = (self.clone(), permit.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::ReturnApplication);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Return)).await?;
                    let told = sql::evidence::told(tx.conn(), &at.id).await?;
                    let kind = ra.kind_of(&turn.application)?;
                    rules::supplement::check(kind, &order.items, &told, &changed)?;
                    let by = (act.person().as_str(), act.to_json());
                    keep(tx, turn, (order.items, blob), by).await
                })
            })
            .await
    }

    /// What the applicant changed since the first list: only that may a later list name anew.
    async fn changed_since_told(
        &self,
        application: &Application,
    ) -> Result<BTreeSet<String>, Error> {
        let mut reader = self.store().read().await?;
        let lists = sql::evidence::supplements(&mut reader, &application.id).await?;
        let materials = sql::content::materials(&mut reader, &application.id).await?;
        drop(reader);
        let Some(last) = lists.last() else { return Ok(BTreeSet::new()) };
        let old = self.form_version(&application.id, last.form).await?;
        let new = self.form_of(application).await?;
        let kind = self.kind_of(application)?;
        let mut changed = rules::supplement::changed_fields(kind, &old, &new);
        let fresh = |material: &&Material| material.round > last.round;
        changed.extend(
            materials.iter().filter(fresh).map(|material| format!("material:{}", material.name)),
        );
        Ok(changed)
    }

    /// What was told, the last list last: for the applicant and for the staff.
    pub async fn supplements(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<SupplementList>, Error> {
        self.application(permit, id).await?;
        let rows = sql::evidence::supplements(&mut *self.store().read().await?, id).await?;
        let mut lists = Vec::new();
        for row in rows {
            let content = self.store().open_blob(&row.blob).await?;
            let items: Vec<SupplementItem> =
                serde_json::from_slice(&content).map_err(|_| Error::Stored("items"))?;
            lists.push(SupplementList { position: row.position, at: row.at, items });
        }
        Ok(lists)
    }
}

async fn keep(
    tx: &mut Tx,
    mut turn: Turn,
    (items, blob): (Vec<SupplementItem>, SealedBlob),
    (person, act): (&str, Value),
) -> Result<Application, Error> {
    let blob = blob.insert(tx).await?;
    let earlier = sql::evidence::supplements(tx.conn(), &turn.application.id).await?;
    let row = SupplementRow {
        position: earlier.last().map_or(1, |last| last.position + 1),
        form: turn.application.form,
        round: turn.application.round,
        blob: blob.id.clone(),
        at: turn.now,
    };
    let targets: BTreeSet<String> = items.into_iter().map(|item| item.target).collect();
    let by = (&row, person);
    sql::evidence::add_supplement(tx.conn(), &turn.application, by, &targets).await?;
    turn.enter(State::Returned { list: row.position });
    let body = json!({ "list": row.position, "targets": targets, "particulars": blob.to_json(),
        "act": act });
    turn.finish(tx, "application.returned", body).await
}

//! 不予受理: an application that is outside of the institution's remit is not accepted, on a ground
//! from data, signed by the clerk; and another check code for who lost it.

use access::{ActKind, Action, Permit, SignedAct};
use serde_json::json;
use store::Record;

use super::turn::Turn;
use super::{Ra, ordered};
use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{
    Application, ApplicationId, At, CodeOrder, Decision, DeclineOrder, RefusalStage, State,
};
use crate::sql;
use crate::sql::code::Purpose;

impl Ra {
    /// The clerk who was to take an application in does not accept it. What can be mended is sent
    /// back instead (Licensing Law Art. 32 ¶1, followed here).
    pub async fn decline(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        act: SignedAct,
    ) -> Result<Application, Error> {
        let on = (ActKind::DeclineApplication, &*format!("application:{id}"));
        let order: DeclineOrder = ordered(&act, permit, on)?;
        let known = self.catalogue().declines().iter().find(|one| one.name == order.ground);
        let said = (4..=1000).contains(&order.reason.trim().chars().count());
        let ground = known.filter(|_| said).ok_or(Refusal::DeclineUnfounded)?.clone();
        let at = At { id: id.clone(), version: order.version };
        let decision = Decision::Decline { ground: order.ground, reason: order.reason };
        let content = serde_json::to_vec(&decision).map_err(|_| Error::Stored("decision"))?;
        let blob = self.seal(content, "ra-review").await?;
        let (ra, permit) = (self.clone(), permit.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::DeclineApplication);
                    let mut turn = Turn::begin(&ra, tx, by, (&at, Step::Decline)).await?;
                    let blob = blob.insert(tx).await?;
                    let person = act.person().as_str();
                    let row = ("refuse", person, &*blob.id);
                    sql::evidence::add_review(tx.conn(), &turn.application, row, turn.now).await?;
                    let (person, basis) = (person.to_owned(), ground.basis);
                    turn.enter(State::Refused { stage: RefusalStage::Door, person, basis });
                    let body = json!({ "ground": ground.name, "particulars": blob.to_json(),
                        "act": act.to_json() });
                    turn.finish(tx, "application.declined", body).await
                })
            })
            .await
    }

    /// Gives another check code to an applicant who lost it and whom a clerk recognised in person. The
    /// code before stops to open the application.
    pub async fn reissue_check_code(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        act: SignedAct,
    ) -> Result<String, Error> {
        let on = (ActKind::IssueCheckCode, &*format!("application:{id}"));
        let order: CodeOrder = ordered(&act, permit, on)?;
        let said = (4..=500).contains(&order.recognised.trim().chars().count());
        if !said {
            return Err(Refusal::ReasonMissing.at("写明怎样确认了申请人的身份"));
        }
        let at = At { id: id.clone(), version: order.version };
        let application = self.reached((permit, Action::SubmitApplication), &at).await?;
        let code = self.draw_code()?;
        let index = self.code_index(id, Purpose::Check, &code)?;
        let (actor, act) = (permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    sql::code::put(tx.conn(), &application.id, Purpose::Check, &index).await?;
                    sql::code::tried(tx.conn(), &application.id, Purpose::Check, (0, None)).await?;
                    let (subject, body) = (application.subject(), json!({ "act": act }));
                    tx.append(Record::new("application.code-renewed", actor, subject, body))
                        .await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(code)
    }
}

//! Ends that nobody decides: withdrawn by the applicant, expired, received by the time set.

use access::{Action, Permit};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::Record;

use super::Ra;
use super::deliver::received;
use super::turn::Turn;
use crate::catalogue::Step;
use crate::error::Error;
use crate::model::{Application, At, OfficeId, Receipt, Selection, State};
use crate::rules;
use crate::sql;
use crate::sql::list::Listed;

impl Ra {
    /// The applicant withdraws, as long as nothing is ordered.
    pub async fn withdraw(&self, permit: &Permit, at: &At) -> Result<Application, Error> {
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::WithdrawApplication);
                    let mut turn = Turn::begin(&ra, tx, by, (&at, Step::Withdraw)).await?;
                    let from = turn.application.state.word();
                    turn.enter(State::Withdrawn);
                    turn.finish(tx, "application.withdrawn", json!({ "from": from })).await
                })
            })
            .await
    }

    /// Moves an application to another office or to the institution itself, above all when its office
    /// is suspended: the applicant does not begin anew.
    pub async fn transfer(
        &self,
        permit: &Permit,
        at: &At,
        office: Option<OfficeId>,
    ) -> Result<Application, Error> {
        permit.covers(Action::ManageOffices)?;
        let (actor, at) = (permit.actor(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut application = sql::application::load(tx.conn(), &at.id).await?;
                    if application.version != at.version || application.state.is_final() {
                        return Err(Error::Changed);
                    }
                    if let Some(id) = &office {
                        let office = sql::office::load(tx.conn(), id).await?;
                        rules::office::may_take(&office, &application.kind, 0)?;
                    }
                    let name = |office: &Option<OfficeId>| office.as_ref().map(OfficeId::to_string);
                    let body = json!({ "from": name(&application.office), "to": name(&office) });
                    application.office = office;
                    application.version += 1;
                    sql::application::update(tx.conn(), &application).await?;
                    let subject = application.subject();
                    let record = Record::new("application.transferred", actor, subject, body);
                    tx.append(record).await?;
                    Ok(application)
                })
            })
            .await
    }

    /// Ends what nobody went on with, and takes as received what was delivered long enough ago. To be
    /// called from time to time; how many it settled. One that can't be settled holds up no other: its error is answered
    /// after them.
    pub async fn settle(&self) -> Result<u64, Error> {
        let services = self.catalogue().services();
        let now = self.now();
        let (mut settled, mut failure) = (0, None);
        for (state, days) in [
            ("draft", services.draft_days),
            ("returned", services.supplement_days),
            ("reviewed", services.idle_days),
            ("agreed", services.idle_days),
            ("delivered", services.confirm_days),
        ] {
            let before = now - SignedDuration::from_hours(24 * i64::from(days));
            let before = before + SignedDuration::from_secs(1);
            let (some, wrong) = self.settle_state(state, before).await?;
            settled += some;
            failure = failure.or(wrong);
        }
        failure.map_or(Ok(settled), Err)
    }

    /// How many of a state were settled, and the first error of one that was not.
    async fn settle_state(
        &self,
        state: &str,
        before: Timestamp,
    ) -> Result<(u64, Option<Error>), Error> {
        let mut selection = Selection {
            states: vec![state.to_owned()],
            waiting_since_before: Some(before),
            limit: 200,
            ..Selection::default()
        };
        let (mut settled, mut failure) = (0, None);
        loop {
            let page = sql::list::page(&mut *self.store().read().await?, &selection).await?;
            let Some(mark) = page.iter().rev().find_map(Listed::mark) else {
                return Ok((settled, failure));
            };
            selection.after = Some(mark);
            for one in page {
                let done = match one.found {
                    Ok(application) => self.settle_one(application.at()).await,
                    Err((number, error)) => {
                        self.tell_once(&number, &error);
                        continue;
                    }
                };
                match done {
                    Ok(true) => settled += 1,
                    // Somebody went on with it, or it has no such end.
                    Ok(false) | Err(Error::Changed | Error::OutOfOrder { .. }) => {}
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
        }
    }

    async fn settle_one(&self, at: At) -> Result<bool, Error> {
        let ground = self.ground_of(&self.load(&at.id).await?).await?;
        let ra = self.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let application = sql::application::load(tx.conn(), &at.id).await?;
                    if let State::Delivered { confirm_by, .. } = application.state {
                        if super::second(tx.now()) < confirm_by {
                            return Ok(false);
                        }
                        let turn = Turn::begin_by_itself(&ra, tx, (&at, Step::Confirm)).await?;
                        received(tx, turn, Receipt::Time, ground.as_ref()).await?;
                        return Ok(true);
                    }
                    let mut turn = Turn::begin_by_itself(&ra, tx, (&at, Step::Expire)).await?;
                    let services = ra.catalogue().services();
                    if !rules::clock::is_idle(services, &turn.application, turn.now) {
                        return Ok(false);
                    }
                    let from = turn.application.state.word();
                    turn.enter(State::Expired { from: from.to_owned() });
                    turn.finish(tx, "application.expired", json!({ "from": from })).await?;
                    Ok(true)
                })
            })
            .await
    }
}

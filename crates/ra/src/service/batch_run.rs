//! A batch runs: for each approved application the agreement is made and signed by the institution, the
//! key that came with its row becomes its request (`batch_agree`), and it is ready to be issued like any
//! other. What `app` does in between is its business; what follows from one cause is one unit, and the
//! states of the applications say where to go on after a cut. It is done in the name of the person who
//! started it.

use access::{Action, Permit};
use serde_json::json;
use store::Record;

use super::Ra;
use super::turn::Turn;
use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{
    Application, ApplicationId, At, Batch, BatchId, BatchRow, BatchRun, BatchState, Delivery,
    ReadyToIssue, RunConsent, Serials, State,
};
use crate::port::Post;
use crate::sql;

/// The states that a run goes on from.
pub(super) const ON_THE_WAY: [&str; 4] = ["reviewed", "agreed", "requested", "issued"];
/// What steering to a state is called.
const fn steering(to: BatchState) -> &'static str {
    match to {
        BatchState::Running => "开始或者继续办理",
        BatchState::Paused => "暂停办理",
        BatchState::Cancelled => "取消",
        BatchState::Open | BatchState::Done => "这样办理",
    }
}

/// What a cancelled batch takes back: all that is not ordered.
const TAKEN_BACK: [&str; 7] =
    ["draft", "submitted", "acknowledged", "proofed", "returned", "reviewed", "agreed"];

impl Ra {
    /// Starts a batch, pauses it, goes on with it, or cancels what is not issued.
    pub async fn steer_batch(
        &self,
        permit: &Permit,
        (id, version): (&BatchId, i64),
        to: BatchState,
    ) -> Result<Batch, Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::IssueApplication, &batch.object())?;
        let kind = match (batch.state, to) {
            (BatchState::Open, BatchState::Running) => "batch.started",
            (BatchState::Running, BatchState::Paused) => "batch.paused",
            (BatchState::Paused, BatchState::Running) => "batch.resumed",
            (
                BatchState::Open | BatchState::Running | BatchState::Paused,
                BatchState::Cancelled,
            ) => "batch.cancelled",
            (from, _) => {
                return Err(Error::BatchTurn { asked: steering(to), state: from.chinese() });
            }
        };
        if to == BatchState::Running {
            self.may_start(&batch).await?;
        }
        let (actor, person) = (permit.actor(), super::batch::person_of(permit)?);
        let by = (actor.clone(), person);
        self.change_batch((id, version), (kind, actor), move |tx, mut batch| {
            Box::pin(async move {
                if sql::batch_act::is_open(tx.conn(), &batch.id).await? {
                    return Err(Error::Changed);
                }
                batch.state = to;
                batch.run_by = Some(by);
                Ok((batch, json!({})))
            })
        })
        .await
    }

    async fn may_start(&self, batch: &Batch) -> Result<(), Error> {
        let consent = self.run_consent(batch).await?;
        let text = "请先由单位签署协议：用单位的机构证书签名，或上传手写签署的协议和两名见证人";
        let consent = consent.ok_or_else(|| Refusal::AgreementMissing.at(text))?;
        if let (RunConsent::Certificate { kept, .. }, BatchState::Open) = (&*consent, batch.state) {
            let mut reader = self.store().read().await?;
            let (now, _) = sql::batch_act::approved(&mut reader, &batch.id).await?;
            if now != kept.text.members {
                let text = "单位签署之后，审核通过的申请有变化，请单位对现在的名单重新签署";
                return Err(Refusal::AgreementMissing.at(text));
            }
        }
        let counts = self.counts_of(&batch.id).await?;
        if counts.of(&ON_THE_WAY) == 0 {
            return Err(Refusal::ReviewMissing.at("批次里没有审核通过的申请"));
        }
        Ok(())
    }

    /// The batches that run. One that cannot be read is told of in the log and holds up no other.
    pub async fn runs(&self) -> Result<Vec<BatchRun>, Error> {
        let mut reader = self.store().read().await?;
        let running = sql::batch::in_state(&mut reader, BatchState::Running).await?;
        drop(reader);
        let mut runs = Vec::new();
        for batch in running {
            let number = batch.number.clone();
            match self.run_of(batch).await {
                Ok(run) => runs.extend(run),
                Err(error) => {
                    tracing::error!(number, code = error.code(), %error, "a batch cannot run");
                }
            }
        }
        Ok(runs)
    }

    async fn run_of(&self, batch: Batch) -> Result<Option<BatchRun>, Error> {
        let consent = self.run_consent(&batch).await?;
        let mailbox = self.party_of(&batch).await?.contact_email;
        let by = batch.run_by.zip(consent);
        Ok(by.map(|((actor, _), consent)| BatchRun { batch: batch.id, actor, consent, mailbox }))
    }

    /// Whether a run still runs: asked between the applications, so that a pause takes hold at once.
    pub async fn is_running(&self, run: &BatchRun) -> Result<bool, Error> {
        Ok(self.batch_as_it_is(&run.batch).await?.state == BatchState::Running)
    }

    /// The next applications of a run, behind the id `after`.
    pub async fn run_rows(
        &self,
        run: &BatchRun,
        (after, limit): (&str, u32),
    ) -> Result<Vec<BatchRow>, Error> {
        let mut reader = self.store().read().await?;
        let of = (&ON_THE_WAY[..], true);
        sql::batch::rows(&mut reader, &run.batch, of, (after, limit)).await
    }

    pub(super) async fn member_of(&self, run: &BatchRun, id: &ApplicationId) -> Result<(), Error> {
        let batch = sql::batch::of_application(&mut *self.store().read().await?, id).await?;
        if batch.as_ref() == Some(&run.batch) { Ok(()) } else { Err(Error::Changed) }
    }

    /// Everything that the law wants is there: as [`Ra::ready_to_issue`], with the same look at the evidence.
    pub async fn run_ready(&self, run: &BatchRun, at: &At) -> Result<ReadyToIssue, Error> {
        let application = self.loaded(at).await?;
        self.member_of(run, &at.id).await?;
        self.ready(application).await
    }

    /// The certificates exist and can be fetched: noted, and the codes go out, all in one unit. What
    /// cannot be told now is noted as issued, and delivered by [`Ra::run_deliver`].
    pub async fn run_issued(
        &self,
        run: &BatchRun,
        (ready, serials): (ReadyToIssue, Serials),
        post: &dyn Post,
    ) -> Result<Application, Error> {
        let letter = match self.run_letter(run, ready.application.clone()).await {
            Ok(letter) => self.sealed_delivery(&letter, post).await.map(|sealed| (letter, sealed)),
            Err(error) => Err(error),
        };
        let letter = letter.inspect_err(|error| {
            tracing::warn!(code = error.code(), "issued, and to be delivered later");
        });
        let (ra, run) = (self.clone(), run.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let at = ready.at();
                    let turn = Turn::begin_for(&ra, tx, &run.actor, (&at, Step::Issue)).await?;
                    let issued =
                        super::issue::keep_issued(tx, turn, (&ready, serials), None).await?;
                    store::fault::point("ra.40-issued");
                    let Ok((_, sealed)) = letter else { return Ok(issued) };
                    let step = (&issued.at(), Step::Deliver);
                    let turn = Turn::begin_for(&ra, tx, &run.actor, step).await?;
                    ra.keep_delivery(tx, turn, sealed).await
                })
            })
            .await
    }

    /// The order of issue was refused for good: the application keeps its agreement, and the run goes on
    /// without it. Uses the permission up.
    pub async fn run_refused(
        &self,
        run: &BatchRun,
        ready: ReadyToIssue,
        code: &str,
    ) -> Result<Application, Error> {
        let (ra, run, code) = (self.clone(), run.clone(), code.to_owned());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let at = ready.at();
                    let mut turn = Turn::begin_for(&ra, tx, &run.actor, (&at, Step::Issue)).await?;
                    sql::batch::set_problem(tx.conn(), &at.id, Some(&code)).await?;
                    let body = json!({ "request": ready.request_id(), "code": code });
                    turn.enter(State::Agreed { agreement: ready.agreement.version });
                    turn.finish(tx, "application.issue-failed", body).await
                })
            })
            .await
    }

    /// The certificates can be fetched: the codes go out in the same unit.
    pub async fn run_deliver(
        &self,
        run: &BatchRun,
        at: &At,
        post: &dyn Post,
    ) -> Result<Application, Error> {
        let application = self.loaded(at).await?;
        self.member_of(run, &at.id).await?;
        let letter = self.run_letter(run, application).await?;
        let sealed = self.sealed_delivery(&letter, post).await?;
        let (ra, run, at) = (self.clone(), run.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let step = (&at, Step::Deliver);
                    let turn = Turn::begin_for(&ra, tx, &run.actor, step).await?;
                    ra.keep_delivery(tx, turn, sealed).await
                })
            })
            .await
    }

    /// What its holder is told. There is no receipt: the check code goes out with the notice, by another
    /// way than the activation code.
    async fn run_letter(
        &self,
        run: &BatchRun,
        application: Application,
    ) -> Result<Delivery, Error> {
        let mut delivery = self.delivery_of(application).await?;
        delivery.check_code = Some(self.draw_code()?);
        delivery.email = delivery.email.or_else(|| Some(run.mailbox.clone()));
        Ok(delivery)
    }

    /// A refusal that is the application's own: the run goes on without it.
    pub async fn run_failed(
        &self,
        run: &BatchRun,
        application: &Application,
        code: &str,
    ) -> Result<(), Error> {
        let (id, code) = (application.id.clone(), code.to_owned());
        let (actor, subject) = (run.actor.clone(), application.subject());
        let batch = run.batch.to_string();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    sql::batch::set_problem(tx.conn(), &id, Some(&code)).await?;
                    let body = json!({ "batch": batch, "code": code });
                    tx.append(Record::new("application.run-failed", actor, subject, body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// Ends a run when nothing is left to do for it.
    pub async fn end_run(&self, run: &BatchRun) -> Result<bool, Error> {
        let batch = self.batch_as_it_is(&run.batch).await?;
        let left = self.run_rows(run, ("", 1)).await?;
        if batch.state != BatchState::Running || !left.is_empty() {
            return Ok(false);
        }
        let counts = self.counts_of(&run.batch).await?;
        let actor = run.actor.clone();
        self.change_batch(
            (&run.batch, batch.version),
            ("batch.done", actor),
            move |_, mut batch| {
                Box::pin(async move {
                    batch.state = BatchState::Done;
                    let issued = counts.of(&["issued", "delivered", "confirmed"]);
                    Ok((batch, json!({ "issued": issued, "problems": counts.problems })))
                })
            },
        )
        .await?;
        Ok(true)
    }

    /// Takes back what cancelled batches have not ordered. How many applications it ended.
    pub async fn end_cancelled(&self) -> Result<u64, Error> {
        let mut reader = self.store().read().await?;
        let cancelled = sql::batch::in_state(&mut reader, BatchState::Cancelled).await?;
        drop(reader);
        let mut ended = 0;
        for batch in cancelled {
            let Some((actor, _)) = batch.run_by else { continue };
            loop {
                let mut reader = self.store().read().await?;
                let of = (&TAKEN_BACK[..], false);
                let rows = sql::batch::rows(&mut reader, &batch.id, of, ("", 100)).await?;
                drop(reader);
                if rows.is_empty() {
                    break;
                }
                for row in rows {
                    self.take_back(&actor, row.application.at()).await?;
                    ended += 1;
                }
            }
        }
        Ok(ended)
    }

    async fn take_back(&self, actor: &store::Actor, at: At) -> Result<(), Error> {
        let (ra, actor) = (self.clone(), actor.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut turn = Turn::begin_for(&ra, tx, &actor, (&at, Step::Withdraw)).await?;
                    let from = turn.application.state.word();
                    turn.enter(State::Withdrawn);
                    let body = json!({ "from": from, "with": "batch" });
                    turn.finish(tx, "application.withdrawn", body).await.map(drop)
                })
            })
            .await
    }
}

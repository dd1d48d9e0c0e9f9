//! A batch runs: for each approved application the agreement is made and signed by the institution, the
//! key that came with its row becomes its request, and it is ready to be issued like any other. What `app`
//! does in between is its business; every step here is one unit, and the states of the applications say
//! where to go on after a cut. It is done in the name of the person who started it.

use access::{Action, Permit};
use gm::{Signature, UserId};
use law::CivilDate;
use pki::csr::CertificationRequest;
use serde_json::{Value, json};
use store::{Record, SealedBlob, Tx};

use super::agreement::witnesses_of;
use super::deliver::By;
use super::turn::Turn;
use super::{Ra, second};
use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{
    AgreementText, Application, ApplicationId, At, Batch, BatchId, BatchRow, BatchRun, BatchState,
    Delivery, ReadyToIssue, Serials, State,
};
use crate::port::Certified;
use crate::port::Post;
use crate::rules;
use crate::sql;
use crate::sql::signing::Signatures;

/// The states that a run goes on from.
const ON_THE_WAY: [&str; 4] = ["reviewed", "agreed", "requested", "issued"];
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
                return Err(Error::Sheet(format!("本批次{}，不能这样办理", from.chinese())));
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
        if batch.paper.is_none() {
            return Err(Refusal::AgreementMissing.at("请先上传单位签署的协议和两名见证人"));
        }
        let counts = self.counts_of(&batch.id).await?;
        if counts.of(&ON_THE_WAY) == 0 {
            return Err(Refusal::ReviewMissing.at("批次里没有审核通过的申请"));
        }
        Ok(())
    }

    /// The batches that run.
    pub async fn runs(&self) -> Result<Vec<BatchRun>, Error> {
        let mut reader = self.store().read().await?;
        let running = sql::batch::in_state(&mut reader, BatchState::Running).await?;
        let run = |batch: Batch| {
            let (actor, _) = batch.run_by?;
            Some(BatchRun { batch: batch.id, actor, paper: batch.paper? })
        };
        Ok(running.into_iter().filter_map(run).collect())
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

    /// The agreement of an application, as it stands today: what the institution signs.
    pub async fn run_agreement(
        &self,
        run: &BatchRun,
        application: &Application,
    ) -> Result<AgreementText, Error> {
        self.member_of(run, &application.id).await?;
        rules::order::permitted(self.service_of(application)?, &application.state, Step::Agree)?;
        self.made(application).await
    }

    async fn member_of(&self, run: &BatchRun, id: &ApplicationId) -> Result<(), Error> {
        let batch = sql::batch::of_application(&mut *self.store().read().await?, id).await?;
        if batch.as_ref() == Some(&run.batch) { Ok(()) } else { Err(Error::Changed) }
    }

    /// Both sides have signed: the institution this text, the unit by hand for all of the batch. Then the
    /// key of the row is the application's.
    pub async fn run_agree(
        &self,
        run: &BatchRun,
        at: &At,
        (text, signature): (AgreementText, Signature),
    ) -> Result<Application, Error> {
        let application = self.loaded(at).await?;
        self.member_of(run, &at.id).await?;
        if text != self.made(&application).await? {
            return Err(Refusal::AgreementText.into());
        }
        rules::agreement::signed(&text, &self.institution().agreement_key, &signature)?;
        let form = self.form_of(&application).await?;
        let parties = rules::agreement::parties(self.kind_of(&application)?, &form);
        let paper = self.store().open_blob(&run.paper).await?;
        let witnesses = witnesses_of(&paper).ok_or(Error::Stored("agreement"))?;
        rules::agreement::witnesses(&witnesses, &parties)?;
        let content = serde_json::to_vec(&text).map_err(|_| Error::Stored("agreement"))?;
        let blob = self.seal(content, "ra-agreement").await?;
        let (ra, run, at) = (self.clone(), run.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let turn = Turn::begin_for(&ra, tx, &run.actor, (&at, Step::Agree)).await?;
                    agree(tx, turn, (&run, &text), (blob, signature)).await
                })
            })
            .await
    }

    /// The key that came with the row becomes the application's request.
    pub async fn run_request(&self, run: &BatchRun, at: &At) -> Result<Application, Error> {
        self.member_of(run, &at.id).await?;
        let mut reader = self.store().read().await?;
        let (fingerprint, csr) = sql::batch::request(&mut reader, &at.id).await?;
        drop(reader);
        let possession =
            CertificationRequest::from_der(&csr)?.prove_possession(&UserId::default())?;
        let key = *possession.public_key();
        if key.fingerprint() != fingerprint {
            return Err(Error::Stored("csr"));
        }
        if self.config().keys.certified(&key).await.map_err(Error::Port)? != Certified::Never {
            return Err(Refusal::KeyUsed.into());
        }
        let (ra, run, at) = (self.clone(), run.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let turn = Turn::begin_for(&ra, tx, &run.actor, (&at, Step::Request)).await?;
                    super::issue::keep(tx, turn, (&key, false), &csr).await
                })
            })
            .await
    }

    /// Everything that the law wants is there: as [`Ra::ready_to_issue`], with the same look at the evidence.
    pub async fn run_ready(&self, run: &BatchRun, at: &At) -> Result<ReadyToIssue, Error> {
        let application = self.loaded(at).await?;
        self.member_of(run, &at.id).await?;
        self.ready(application).await
    }

    /// The certificates exist.
    pub async fn run_issued(
        &self,
        run: &BatchRun,
        ready: ReadyToIssue,
        serials: Serials,
    ) -> Result<Application, Error> {
        let (ra, run) = (self.clone(), run.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let at = ready.at();
                    let turn = Turn::begin_for(&ra, tx, &run.actor, (&at, Step::Issue)).await?;
                    super::issue::keep_issued(tx, turn, (&ready, serials), None).await
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
    ) -> Result<Delivery, Error> {
        let application = self.loaded(at).await?;
        self.member_of(run, &at.id).await?;
        let party = self.party_of(&self.batch_as_it_is(&run.batch).await?).await?;
        let mut delivery = self.delivery_of(application).await?;
        // The holder has no receipt: the check code goes out with the notice, by the other way.
        let check_code = self.draw_code()?;
        let index = self.code_index(&at.id, sql::code::Purpose::Check, &check_code)?;
        delivery.check_code = Some(check_code);
        delivery.email = delivery.email.or(Some(party.contact_email));
        self.deliver_by(delivery, post, Some(index), By::Run(Box::new(run.clone()))).await
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

/// Text and signatures in one unit: nobody signs a text that is not kept.
async fn agree(
    tx: &mut Tx,
    mut turn: Turn,
    (run, text): (&BatchRun, &AgreementText),
    (blob, signature): (SealedBlob, Signature),
) -> Result<Application, Error> {
    let (version, hash) = (text.version.clone(), text.hash().to_hex());
    let blob = blob.insert(tx).await?;
    let row = (&*version, &*hash, &*blob.id);
    sql::signing::draw(tx.conn(), &turn.application, row, turn.now).await?;
    let drawn = json!({ "text": version, "sm3": hash, "content": blob.to_json() });
    let subject = turn.application.subject();
    let kind = "application.agreement-drawn";
    tx.append(Record::new(kind, run.actor.clone(), subject, drawn)).await?;
    let signed = Signatures {
        institution: signature.to_der(),
        way: "handwritten",
        applicant_key: None,
        applicant: None,
        certified: false,
        paper: Some(run.paper.clone()),
    };
    if !sql::signing::sign(tx.conn(), &turn.application, &signed, turn.now).await? {
        return Err(Error::Changed);
    }
    turn.enter(State::Agreed { agreement: version.clone() });
    let body = json!({ "text": version, "sm3": hash, "day": CivilDate::of(second(turn.now)),
        "institution": hex::encode(&signed.institution), "way": signed.way, "key": Value::Null,
        "applicant": Value::Null, "paper": { "blob": run.paper, "batch": run.batch.as_str() } });
    turn.finish(tx, "application.agreed", body).await
}

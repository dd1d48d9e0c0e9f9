//! Batches at work: sheets become applications, acts are carried out on their members, and batches that
//! run are issued, with bounded concurrency, in one go. The tables say where to go on: cut off anywhere,
//! the next pass takes up what is left, and the order of each application has one name (Invariant 3), so
//! that nothing is lost or doubled.

mod consent;

use std::pin::pin;

use futures_util::stream::{self, Stream, StreamExt};
use ra::{Application, BatchRun, Ra, ReadyToIssue, Serials, State};
use store::ErrorKind;

use crate::error::Error;
use crate::institution::Institution;
use crate::registration::issue_order_of;

/// So many applications are on their way at a time: group commit makes them share units.
const AT_ONCE: usize = 48;
/// So many are read at a time, and between these a pause takes hold.
const ROWS: u32 = 64;

impl Institution {
    /// One pass over everything that batches have to do. How much was done: 0 when nothing is left.
    pub async fn work_batches(&self) -> Result<u64, Error> {
        let Some(ra) = self.ra() else { return Ok(0) };
        let mut done = ra.work_sheets().await?;
        done += ra.spread_acts().await?;
        let mut fault = None;
        for run in ra.runs().await? {
            match self.run_batch(ra, &run).await {
                Ok(count) => done += count,
                // A batch that cannot be read holds up no other, as within one.
                Err(error) if error.is_unavailable() => return Err(error),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        done += ra.end_cancelled().await?;
        fault.map_or(Ok(done), Err)
    }

    async fn run_batch(&self, ra: &Ra, run: &BatchRun) -> Result<u64, Error> {
        let mut outcomes = pin!(
            applications(ra, run)
                .map(|next| async move {
                    match next {
                        Ok(application) => self.run_application(ra, run, application).await,
                        Err(error) => Err(error.into()),
                    }
                })
                .buffer_unordered(AT_ONCE)
        );
        let (mut done, mut fault) = (0, None);
        while let Some(outcome) = outcomes.next().await {
            done += 1;
            let Err(error) = outcome else { continue };
            // One that cannot be read holds up no other; a service that cannot act holds up all.
            if error.is_unavailable() {
                return Err(error);
            }
            fault = fault.or(Some(error));
        }
        if let Some(error) = fault {
            return Err(error);
        }
        ra.end_run(run).await?;
        Ok(done)
    }

    /// Takes one application as far as it goes. What is refused is its own affair; a fault, or a service
    /// that cannot act, stops the pass, and the next one goes on.
    async fn run_application(
        &self,
        ra: &Ra,
        run: &BatchRun,
        application: Application,
    ) -> Result<(), Error> {
        let mut at_work = application;
        loop {
            let next = match at_work.state {
                State::Reviewed { .. } => self.run_agreement(ra, run, &at_work).await,
                State::Agreed { .. } => {
                    ra.run_request(run, &at_work.at()).await.map_err(Error::from)
                }
                State::Requested { .. } => match self.run_issue(ra, run, &at_work).await {
                    Ok(Some(application)) => Ok(application),
                    Ok(None) => return Ok(()),
                    Err(error) => Err(error),
                },
                State::Issued { .. } => {
                    ra.run_deliver(run, &at_work.at(), self).await.map_err(Error::from)
                }
                _ => return Ok(()),
            };
            match next {
                Ok(application) => at_work = application,
                Err(error) if error.kind() == ErrorKind::Fault || error.is_unavailable() => {
                    return Err(error);
                }
                Err(Error::Ra(ra::Error::Changed)) => return Ok(()),
                Err(error) => {
                    tracing::info!(application = %at_work.id, code = error.code(), "not issued");
                    ra.run_failed(run, &at_work, error.code()).await?;
                    return Ok(());
                }
            }
        }
    }

    /// The institution signs the agreement of one application with its seal key (Measures Art. 21 ¶4).
    async fn run_agreement(
        &self,
        ra: &Ra,
        run: &BatchRun,
        application: &Application,
    ) -> Result<Application, Error> {
        let made = ra.run_agreement(run, application).await?;
        let signature = self.seal_signature(made.statement()).await?;
        Ok(ra.run_agree(run, (made, signature)).await?)
    }

    /// Nothing, if the order was refused for good: that is noted, and the run goes on without it.
    async fn run_issue(
        &self,
        ra: &Ra,
        run: &BatchRun,
        application: &Application,
    ) -> Result<Option<Application>, Error> {
        let ready: ReadyToIssue = ra.run_ready(run, &application.at()).await?;
        let order = issue_order_of(&ready, crate::enrol::Act::New, run.actor().clone())?;
        match self.enrol(order).await {
            Ok(done) => {
                let serials = Serials {
                    sign: done.enrolment.sign_serial.to_hex(),
                    enc: done.enrolment.enc_serial.map(|serial| serial.to_hex()),
                };
                Ok(Some(ra.run_issued(run, (ready, serials), self).await?))
            }
            Err(error) if error.kind() == ErrorKind::Fault || error.is_unavailable() => Err(error),
            Err(error) => {
                // Told in full by the enrolment's own record; the row names the code.
                ra.run_refused(run, ready, error.code()).await?;
                Ok(None)
            }
        }
    }
}

/// The applications that a run goes on with, read page by page while it runs.
fn applications(ra: &Ra, run: &BatchRun) -> impl Stream<Item = Result<Application, ra::Error>> {
    stream::unfold(Some(String::new()), move |after| async move {
        let after = after?;
        match page(ra, run, &after).await {
            Ok(rows) if rows.is_empty() => None,
            Ok(rows) => {
                let last = rows.last().map(|one| one.id.to_string());
                Some((rows.into_iter().map(Ok).collect(), last))
            }
            Err(error) => Some((vec![Err(error)], None)),
        }
    })
    .flat_map(stream::iter)
}

/// The next of them; none as soon as the batch is paused or cancelled.
async fn page(ra: &Ra, run: &BatchRun, after: &str) -> Result<Vec<Application>, ra::Error> {
    if !ra.is_running(run).await? {
        return Ok(Vec::new());
    }
    let rows = ra.run_rows(run, (after, ROWS)).await?;
    Ok(rows.into_iter().map(|row| row.application).collect())
}

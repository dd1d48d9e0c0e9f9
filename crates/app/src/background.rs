//! What goes on by itself while an institution runs: CRLs on time, the standby store filled, the
//! key centre told, expiry noted, accounts and tables held against the records.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use store::Standing;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::breakdown::{place, title};
use crate::error::Error;
use crate::institution::Institution;

/// Certificates whose expiry is noted in one unit.
const EXPIRY_BATCH: u32 = 500;

/// The running loops. They end when [`Background::stop`] is called or it is dropped.
pub struct Background {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts every loop.
    #[must_use]
    pub fn start(institution: &Institution) -> Self {
        place::watch();
        let (stop, seen) = watch::channel(false);
        let run = |period: Duration, name: &'static str, job: Job| {
            debug_assert_ne!(title(name), name, "what people read has a Chinese title");
            let (institution, seen) = (institution.clone(), seen.clone());
            tokio::spawn(repeat(period, name, institution, (job, seen)))
        };
        let every = |seconds: u64, name, job: Job| run(Duration::from_secs(seconds), name, job);
        // A certificate is in the directory within a second.
        let soon = Duration::from_millis(400);
        // A change of status is in the lists within a second.
        let often = Duration::from_millis(250);
        let tasks = vec![
            run(soon, "directory", |i| Box::pin(follow_directory(i))),
            run(soon, "replica", |i| Box::pin(publish_replica(i))),
            run(often, "crl", |i| Box::pin(publish_lists(i))),
            every(2, "key notices", |i| Box::pin(settle(i))),
            every(2, "standby store", |i| Box::pin(refill(i))),
            every(2, "generations", |i| Box::pin(follow_generations(i))),
            every(3600, "generations that are over", |i| Box::pin(note_generations_over(i))),
            every(60, "responder key", |i| Box::pin(keep_responder_key(i))),
            every(10, "status answers", |i| Box::pin(prepare_answers(i))),
            every(60, "timestamp key", |i| Box::pin(keep_timestamp_key(i))),
            every(10, "keys of applications", |i| Box::pin(keep_signing_keys(i))),
            every(5, "lists of other institutions", |i| Box::pin(follow_foreign(i))),
            every(60, "expiry", |i| Box::pin(expire(i))),
            every(5, "decisions", |i| Box::pin(carry_out_decisions(i))),
            every(5, "letters", |i| Box::pin(make_letters(i))),
            every(600, "owed letters", |i| Box::pin(make_owed_letters(i))),
            every(600, "refused requests", |i| Box::pin(record_refusals(i))),
            every(2, "batches", |i| Box::pin(work_batches(i))),
            every(5, "messages", |i| Box::pin(send_messages(i))),
            every(21_600, "notices of expiry", |i| Box::pin(tell_of_expiry(i))),
            every(3600, "public names", |i| Box::pin(note_public_names(i))),
            every(600, "applications", |i| Box::pin(settle_applications(i))),
            every(60, "weekly sample", |i| Box::pin(report_samples(i))),
            every(3600, "evidence of reports", |i| Box::pin(erase_evidence(i))),
            every(3600, "signature account", |i| Box::pin(reconcile(i))),
            every(3600, "tables against the journal", |i| Box::pin(compare(i))),
            every(21_600, "directory index", |i| Box::pin(verify_directory(i))),
            every(600, "comparison of the replica", |i| Box::pin(compare_replica(i))),
        ];
        Self { stop, tasks }
    }

    /// Ends the loops and waits for the work under way.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

type Running = std::pin::Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;
type Job = fn(Institution) -> Running;

/// How a round of a job ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Well,
    Failed,
    /// A panic, with what may be kept of it.
    Broken(String),
}

/// How a round of a job ends. A panic is an error like others: it ends the round, never the loop.
async fn goes(name: &'static str, round: impl Future<Output = Result<(), Error>> + Send) -> Ended {
    match AssertUnwindSafe(round).catch_unwind().await {
        Ok(Ok(())) => Ended::Well,
        Ok(Err(error)) => {
            tracing::error!(job = name, code = error.code(), %error, "background work failed");
            Ended::Failed
        }
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            let text = text.unwrap_or_default();
            tracing::error!(job = name, panic = text, "background work broke down");
            Ended::Broken(place::of(&*panic))
        }
    }
}

/// Runs a job now and then, until told to stop. A failure is logged and tried again, after a second at
/// the soonest.
async fn repeat(
    period: Duration,
    name: &'static str,
    institution: Institution,
    (job, mut stop): (Job, watch::Receiver<bool>),
) {
    let mut is_first = true;
    loop {
        let ended = goes(name, job(institution.clone())).await;
        match &ended {
            Ended::Well => institution.note_well(name, std::mem::take(&mut is_first)).await,
            Ended::Failed => {}
            Ended::Broken(place) => institution.note_breakdown(name, place).await,
        }
        let pause = match ended {
            Ended::Well => period,
            Ended::Failed | Ended::Broken(_) => period.max(Duration::from_secs(1)),
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn publish_lists(institution: Institution) -> Result<(), Error> {
    for list in institution.ca().publish_due().await? {
        tracing::info!(?list, "CRL published");
    }
    Ok(())
}

/// Takes up what a ceremony made elsewhere: no restart is needed.
async fn follow_generations(institution: Institution) -> Result<(), Error> {
    institution.follow_generations().await.map(drop)
}

async fn note_generations_over(institution: Institution) -> Result<(), Error> {
    institution.note_generations_over().await
}

async fn settle(institution: Institution) -> Result<(), Error> {
    institution.settle_key_notices().await.map(drop)
}

/// Ends what nobody went on with, and takes as received what was delivered long ago.
async fn settle_applications(institution: Institution) -> Result<(), Error> {
    if let Some(ra) = institution.ra() {
        ra.settle().await?;
    }
    Ok(())
}

/// Carries out what people decided and what was cut off (Measures Art. 18).
async fn carry_out_decisions(institution: Institution) -> Result<(), Error> {
    institution.carry_out_decisions().await
}

/// Makes the letters that are due and that no step made itself.
async fn make_letters(institution: Institution) -> Result<(), Error> {
    institution.sweep_letters().await.map(drop)
}

async fn make_owed_letters(institution: Institution) -> Result<(), Error> {
    institution.settle_owed_letters().await.map(drop)
}

/// Sheets, acts over many, and batches that run: as long as there is something to do.
async fn work_batches(institution: Institution) -> Result<(), Error> {
    while institution.work_batches().await? > 0 {}
    Ok(())
}

async fn send_messages(institution: Institution) -> Result<(), Error> {
    institution.send_messages().await.map(drop)
}

/// Several times a day: a day's step is told on that day, once.
async fn tell_of_expiry(institution: Institution) -> Result<(), Error> {
    institution.tell_of_expiry().await.map(drop)
}

/// The names of certificates that an older version issued, or the CA alone after a crash.
async fn note_public_names(institution: Institution) -> Result<(), Error> {
    institution.note_public_names().await.map(drop)
}

async fn follow_directory(institution: Institution) -> Result<(), Error> {
    institution.follow_directory().await
}

async fn verify_directory(institution: Institution) -> Result<(), Error> {
    institution.verify_directory().await
}

async fn publish_replica(institution: Institution) -> Result<(), Error> {
    institution.publish_replica().await
}

/// Once a day, when nothing waits to be sent.
async fn compare_replica(institution: Institution) -> Result<(), Error> {
    institution.compare_replica().await
}

/// A year before it ends, the timestamp authority gets another key and certificate.
async fn keep_timestamp_key(institution: Institution) -> Result<(), Error> {
    institution.keep_timestamp_key().await
}

/// While a third of its life is left, the responder of status gets another key and certificate.
async fn keep_responder_key(institution: Institution) -> Result<(), Error> {
    institution.keep_responder_key().await
}

/// Keys of applications are made, renewed and ended, also where a cut left them on their way.
async fn keep_signing_keys(institution: Institution) -> Result<(), Error> {
    institution.keep_signing_keys().await
}

/// Revocation lists of other institutions that the trust list names, where that is switched on.
async fn follow_foreign(institution: Institution) -> Result<(), Error> {
    institution.follow_foreign().await
}

/// The report on the certificates of each week that is over (T-20).
async fn report_samples(institution: Institution) -> Result<(), Error> {
    institution.make_sample_reports().await.map(drop)
}

/// Who was refused often, in one record.
async fn record_refusals(institution: Institution) -> Result<(), Error> {
    institution.record_refusals().await.map(drop)
}

/// What came with reports that were closed long enough ago (PIPL Art. 47).
async fn erase_evidence(institution: Institution) -> Result<(), Error> {
    institution.erase_evidence().await.map(drop)
}

/// Status answers before anybody asks.
async fn prepare_answers(institution: Institution) -> Result<(), Error> {
    institution.prepare_answers().await
}

async fn refill(institution: Institution) -> Result<(), Error> {
    if let Some(kmc) = institution.kmc() {
        kmc.refill().await?;
    }
    Ok(())
}

async fn expire(institution: Institution) -> Result<(), Error> {
    while institution.ca().expire(EXPIRY_BATCH).await? > 0 {}
    // What the root certified: issuing CAs, links, cross-certificates.
    while institution.roots().expire(EXPIRY_BATCH).await? > 0 {}
    if let Some(kmc) = institution.kmc() {
        kmc.expire().await?;
    }
    institution.give_up_stale().await
}

/// Rows that were changed beside the journal stop issuing, as a changed journal does. Once
/// stopped, there is nothing more to find out here.
async fn compare(institution: Institution) -> Result<(), Error> {
    if institution.store().standing() != Standing::Sound {
        return Ok(());
    }
    let found = institution.ca().compare_with_journal().await?;
    for finding in &found.findings {
        tracing::error!(%finding, "a table does not agree with the journal");
    }
    let registration = institution.compare_registration(false).await?;
    for finding in registration.iter().flat_map(|found| &found.findings) {
        tracing::error!(%finding, "a table of the registration does not agree with the journal");
    }
    Ok(())
}

/// A signature that no record explains is an alarm (T-06), also by a key that should sign no more. An account that
/// can't be drawn hides no other.
async fn reconcile(institution: Institution) -> Result<(), Error> {
    let mut done = Ok(());
    for one in institution.ca().keyed_generations() {
        match one.reconcile().await {
            Ok(account) if account.balance.is_alarm() => {
                tracing::error!(?account, "device made signatures that no record explains");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(?one, %error, "signatures of a key could not be counted");
                done = done.and(Err(error.into()));
            }
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A loop that ended would be missed by nobody until its work is.
    #[tokio::test]
    async fn a_round_that_panics_ends_as_one_that_failed() {
        assert_eq!(goes("well", async { Ok(()) }).await, Ended::Well);
        assert_eq!(goes("wrong", async { Err(Error::Interrupted) }).await, Ended::Failed);
        place::watch();
        let broken = async {
            let nothing = std::hint::black_box(Err::<Result<(), Error>, _>("张三"));
            nothing.expect("a broken round")
        };
        let Ended::Broken(kept) = goes("broken", broken).await else { panic!("it went well") };
        assert!(kept.contains("background.rs:"), "{kept}");
        assert!(!kept.contains("张三"), "where it was, and nothing of whom it was about: {kept}");
        assert_eq!(goes("well", async { Ok(()) }).await, Ended::Well, "the loop goes on");
    }
}

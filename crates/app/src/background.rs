//! What goes on by itself while an institution runs: CRLs on time, the standby store filled, the
//! key centre told, expiry noted, accounts and tables held against the records.

use std::future::Future;
use std::time::Duration;

use store::Standing;
use tokio::sync::watch;
use tokio::task::JoinHandle;

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
        let (stop, seen) = watch::channel(false);
        let every = |period: u64, name: &'static str, job: Job| {
            let (institution, seen) = (institution.clone(), seen.clone());
            tokio::spawn(repeat(Duration::from_secs(period), name, institution, (job, seen)))
        };
        let tasks = vec![
            every(1, "crl", |i| Box::pin(publish_lists(i))),
            every(2, "key notices", |i| Box::pin(settle(i))),
            every(2, "standby store", |i| Box::pin(refill(i))),
            every(60, "expiry", |i| Box::pin(expire(i))),
            every(600, "applications", |i| Box::pin(settle_applications(i))),
            every(3600, "signature account", |i| Box::pin(reconcile(i))),
            every(3600, "tables against the journal", |i| Box::pin(compare(i))),
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

/// Runs a job now and then, until told to stop. A failure is logged and tried again.
async fn repeat(
    period: Duration,
    name: &'static str,
    institution: Institution,
    (job, mut stop): (Job, watch::Receiver<bool>),
) {
    loop {
        if let Err(error) = job(institution.clone()).await {
            tracing::error!(job = name, code = error.code(), %error, "background work failed");
        }
        tokio::select! {
            () = tokio::time::sleep(period) => {}
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

async fn refill(institution: Institution) -> Result<(), Error> {
    if let Some(kmc) = institution.kmc() {
        kmc.refill().await?;
    }
    Ok(())
}

async fn expire(institution: Institution) -> Result<(), Error> {
    while institution.ca().expire(EXPIRY_BATCH).await? > 0 {}
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
    Ok(())
}

/// A signature that no record explains is an alarm (T-06).
async fn reconcile(institution: Institution) -> Result<(), Error> {
    let account = institution.ca().reconcile().await?;
    if account.balance.is_alarm() {
        tracing::error!(?account, "device made signatures that no record explains");
    }
    Ok(())
}

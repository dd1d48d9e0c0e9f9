//! Group commit: the one task that writes.
//!
//! The writer takes the first unit that waits, opens a transaction, and runs it and every further
//! unit that already waits, up to the bounds of the configuration. It never waits for more units: an
//! idle store commits a single unit at once, a busy one gathers while the last commit is on its way
//! to the disk.
//!
//! Answers go out only after the commit and the anchor. The anchor of one batch is written while the
//! units of the next one run; the next commit waits for it, so that the database is never more than
//! one batch ahead of its anchor, and nothing is committed after an anchor that failed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sqlx::{Any, Executor as _, Transaction};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::core::Core;
use crate::engine::is_transient;
use crate::journal::{self, Finding, Head, HeadRow};
use crate::{Engine, Error, Tx, fault};

/// A unit that waits for its turn, whatever its result type.
pub(crate) trait Job: Send {
    /// Runs it; whether it is to be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Replaces its result: it was taken back.
    fn fail(&mut self, error: Error);
    /// Answers the caller: with its own result if the batch is durable.
    fn settle(self: Box<Self>, batch: Result<(), Error>);
}

/// A unit and the caller that waits for it.
pub(crate) struct Unit<T, E, F> {
    pub(crate) unit: Option<F>,
    pub(crate) result: Option<Result<T, E>>,
    pub(crate) reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Unit<T, E, F>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(unit) = self.unit.take() else {
                return false;
            };
            let result = unit(tx).await;
            let keep = result.is_ok();
            self.result = Some(result);
            keep
        })
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error.into()));
    }

    fn settle(self: Box<Self>, batch: Result<(), Error>) {
        let result = match batch {
            Err(error) => Err(error.into()),
            Ok(()) => self.result.unwrap_or_else(|| Err(Error::UnitPanicked.into())),
        };
        // A caller that went away does not want its answer.
        let _ = self.reply.send(result);
    }
}

type Jobs = Vec<Box<dyn Job>>;

pub(crate) struct Writer {
    core: Arc<Core>,
    queue: mpsc::Receiver<Box<dyn Job>>,
    /// The head after the last batch.
    head: Head,
    /// The last batch, while its anchor is on its way; its units are answered there.
    anchoring: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn new(core: Arc<Core>, queue: mpsc::Receiver<Box<dyn Job>>, head: Head) -> Self {
        Self { core, queue, head, anchoring: None }
    }

    /// Works until no [`crate::Store`] is left, or one is closed and nothing waits any more.
    pub(crate) async fn run(mut self) {
        while let Some(first) = self.next().await {
            let mut jobs = Jobs::new();
            match self.batch(first, &mut jobs).await {
                Ok(Some(head)) => self.anchor(head, jobs),
                Ok(None) => settle(jobs, &Ok(())),
                Err(error) => settle(jobs, &Err(error)),
            }
        }
        self.anchored().await;
    }

    async fn next(&mut self) -> Option<Box<dyn Job>> {
        tokio::select! {
            biased;
            () = self.core.closing.notified() => {
                self.queue.close();
                self.queue.recv().await
            }
            job = self.queue.recv() => job,
        }
    }

    /// Lets the anchor know a head that is durable, then answers, beside the next batch.
    fn anchor(&mut self, head: Head, jobs: Jobs) {
        let core = self.core.clone();
        self.anchoring = Some(tokio::spawn(async move {
            let done = anchor(&core, &head).await;
            fault::point("store.after_anchor");
            settle(jobs, &done);
        }));
    }

    /// Waits until the last batch is anchored and answered.
    async fn anchored(&mut self) {
        if let Some(anchoring) = self.anchoring.take() {
            // A panic in it has dropped its units, which tells their callers.
            let _ = anchoring.await;
        }
    }

    /// A unit that waits, or that comes while the last anchor is on its way: until then this batch
    /// cannot be committed anyway.
    async fn further(&mut self) -> Option<Box<dyn Job>> {
        if let Ok(job) = self.queue.try_recv() {
            return Some(job);
        }
        tokio::select! {
            biased;
            _ = self.anchoring.as_mut()? => {
                self.anchoring = None;
                None
            }
            job = self.queue.recv() => job,
        }
    }

    /// One transaction. Every job taken ends up in `jobs`, and the result counts for all of them:
    /// the head that is to be anchored before they are answered, if there is one.
    async fn batch(&mut self, first: Box<dyn Job>, jobs: &mut Jobs) -> Result<Option<Head>, Error> {
        jobs.push(first);
        if self.core.pools.engine == Engine::Postgres {
            // Its lock on the head would keep other nodes waiting for our anchor.
            self.anchored().await;
        }
        let mut tx = self.begin().await?;
        let began = Instant::now();
        let mut kept = 0;
        loop {
            if let Some(job) = jobs.last_mut() {
                kept += usize::from(run_unit(&self.core, &self.head, &mut tx, &mut **job).await?);
            }
            let config = &self.core.config;
            if jobs.len() >= config.batch_units || began.elapsed() >= config.batch_time {
                break;
            }
            match self.further().await {
                Some(job) => jobs.push(job),
                None => break,
            }
        }
        self.anchored().await;
        self.core.standing.check()?;
        // Nothing kept: dropping the transaction takes back what there is.
        if kept > 0 { self.finish(tx).await } else { Ok(None) }
    }

    /// Takes the lock of the journal and makes sure that it is the journal left last time.
    async fn begin(&mut self) -> Result<Tx, Error> {
        let core = &*self.core;
        core.standing.check()?;
        let (mut transaction, row) = lock(core).await?;
        let row = row.ok_or_else(|| core.halt(&Finding::no_head()))?;
        if !row.is(&self.head) {
            self.head = journal::follow(core, &mut transaction, &self.head, &row).await?;
        }
        journal::check(core, &mut transaction, &self.head).await?;
        Ok(Tx::new(transaction, core.pools.engine, self.head.size(), core.clock.now()))
    }

    /// Commits; answers with the head that the anchor is to learn.
    async fn finish(&mut self, mut tx: Tx) -> Result<Option<Head>, Error> {
        let core = &*self.core;
        let leaves = std::mem::take(&mut tx.pending);
        let head = match leaves.as_slice() {
            [] => None,
            leaves => Some(journal::append(core, tx.conn(), &self.head, leaves).await?),
        };
        let erased = tx.erased;
        fault::point("store.before_commit");
        tx.commit().await.map_err(|cause| commit_failed(core, cause))?;
        fault::point("store.after_commit");
        if erased {
            clear_traces(core).await;
        }
        let Some(head) = head else { return Ok(None) };
        // The records are durable: the next batch continues from them.
        self.head = head.clone();
        Ok(core.config.anchor_each_commit.then_some(head))
    }
}

fn settle(jobs: Jobs, done: &Result<(), Error>) {
    if let Err(error) = done {
        tracing::warn!(%error, units = jobs.len(), "batch failed");
    }
    for job in jobs {
        job.settle(done.clone());
    }
}

/// Begins a transaction and locks the head of the journal, again and again while that can help: so
/// far no unit has run.
async fn lock(core: &Core) -> Result<(Transaction<'static, Any>, Option<HeadRow>), Error> {
    let mut pause = Duration::from_millis(25);
    loop {
        match try_lock(core).await {
            Err(Error::Database(cause)) if is_transient(&cause) && pause.as_secs() < 2 => {
                tracing::warn!(%cause, "could not begin, trying again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            done => return done,
        }
    }
}

async fn try_lock(core: &Core) -> Result<(Transaction<'static, Any>, Option<HeadRow>), Error> {
    let mut transaction = core.pools.begin().await?;
    let row = HeadRow::lock(&mut transaction, core.pools.engine).await?;
    Ok((transaction, row))
}

/// Runs one unit in its savepoint; whether it was kept. An error means that the whole batch is lost.
async fn run_unit(core: &Core, head: &Head, tx: &mut Tx, job: &mut dyn Job) -> Result<bool, Error> {
    match now(core, head) {
        Ok(now) => tx.set_now(now),
        Err(error) => {
            job.fail(error);
            return Ok(false);
        }
    }
    let mark = tx.enter().await?;
    let ran = AssertUnwindSafe(job.run(tx)).catch_unwind();
    let failed = match tokio::time::timeout(core.config.unit_timeout, ran).await {
        Ok(Ok(true)) => match tx.keep().await {
            Ok(()) => return Ok(true),
            Err(error) => Some(error),
        },
        Ok(Ok(false)) => None,
        Ok(Err(_)) => Some(Error::UnitPanicked),
        Err(_) => Some(Error::UnitTimeout),
    };
    if let Some(error) = failed {
        job.fail(error);
    }
    tx.take_back(mark).await?;
    Ok(false)
}

/// The instant of a unit: never before the last record. A clock that is further behind than the
/// tolerance is wrong, and a wrong clock must not date anything (incident class: back-dating).
fn now(core: &Core, head: &Head) -> Result<Timestamp, Error> {
    let now = core.clock.now();
    let last = Timestamp::from_second(head.last_at).unwrap_or(now);
    let behind = Duration::try_from(last.duration_since(now)).unwrap_or_default();
    if behind > core.config.clock_tolerance && head.size() > 0 {
        return Err(Error::ClockBehind { last });
    }
    Ok(if head.size() > 0 { now.max(last) } else { now })
}

/// Tells a commit that was refused from one whose outcome is unknown. An input or output error of the
/// disk ends all writing: after a failed fsync nobody knows what the disk holds (Rebello, ATC'20).
fn commit_failed(core: &Core, cause: sqlx::Error) -> Error {
    let sqlite_io = |code: &str| code.parse::<u32>().is_ok_and(|code| code & 0xff == 10);
    let Some(error) = cause.as_database_error() else {
        return Error::OutcomeUnknown(Arc::new(cause));
    };
    let on_disk =
        core.pools.engine == Engine::Sqlite && error.code().is_some_and(|c| sqlite_io(&c));
    if on_disk { core.standing.halt(format!("磁盘读写错误：{error}")) } else { cause.into() }
}

/// Tells the anchor. If that fails, the units are durable but unanswered, and nothing more is
/// written: with an anchor that stays behind, a rollback could go unseen.
async fn anchor(core: &Core, head: &Head) -> Result<(), Error> {
    match journal::advance(core, head).await {
        Ok(()) => Ok(()),
        Err(Error::Halted(reason)) => Err(Error::Halted(reason)),
        Err(error) => {
            core.standing.halt(format!("日志锚点无法写入：{error}"));
            Err(Error::AnchorUnwritten(error.to_string().into()))
        }
    }
}

/// After content was erased: the write-ahead log of SQLite still holds the old pages until it is
/// folded back and cut; PostgreSQL keeps dead rows until VACUUM. A reader in the way delays this to
/// the next time; the data key is gone either way.
async fn clear_traces(core: &Core) {
    let statement = match core.pools.engine {
        Engine::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
        Engine::Postgres => "VACUUM blob",
    };
    if let Err(cause) = core.pools.writer.execute(statement).await {
        tracing::warn!(%cause, "traces of erased content not cleared yet");
    }
}

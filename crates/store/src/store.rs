//! The store as its callers see it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gm::Device;
use serde_json::json;
use tlog::CompactRange;
use tlog::tile::{Tile, TileSet};
use tokio::io::AsyncWrite;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::anchor::Anchor;
use crate::core::{Core, blocking};
use crate::engine::Pools;
use crate::journal::{
    self, AnchorSeen, Consistency, ExportSummary, Filter, Finding, Head, Inclusion, JournalReport,
    Page, Progress, Scope, SignedCheckpoint, Stored, Verified,
};
use crate::keys::Keys;
use crate::reader::Reader;
use crate::standing::StandingCell;
use crate::writer::{Job, Unit, Writer};
use crate::{
    Clock, Engine, Error, Opening, Record, Seq, Standing, StoreConfig, Tx, Warrant, index, presence,
};

/// An open store. Clones are the same store; the last one that goes ends its tasks.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    queue: mpsc::Sender<Box<dyn Job>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Says to the timers that the store is closed.
    closed: watch::Sender<bool>,
    timers: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Opens a store: connects, brings the tables up to date, and checks the journal against its
    /// anchor. A journal that is not sound opens nevertheless, halted: status services go on.
    pub async fn open(
        config: StoreConfig,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        if config.opening == Opening::Reanchor && config.warrant.is_none() {
            return Err(Error::Warrant("重建锚点须写明负责人、见证人和理由"));
        }
        let core = Arc::new(prepare(config, device, clock).await?);
        let anchored = journal::anchored_size(&core).await?;
        let head = journal::settle(&core).await?;
        // Halted: the writer refuses before it looks at its head.
        let head = head.unwrap_or_else(Head::nowhere);
        let (queue, waiting) = mpsc::channel(core.config.queue.max(1));
        let writer = tokio::spawn(Writer::new(core.clone(), waiting, head).run());
        let store = Self(Arc::new(Inner {
            core,
            queue,
            writer: Mutex::new(Some(writer)),
            closed: watch::Sender::new(false),
            timers: Mutex::default(),
        }));
        if let Some(warrant) = &store.core().config.warrant {
            store.record_reanchoring(warrant, anchored).await?;
        }
        let signs = spawn_timer(&store, store.core().config.checkpoint_every, false, |store| {
            Box::pin(async move { store.checkpoint().await.map(drop) })
        });
        let verifies = spawn_timer(&store, store.core().config.verify_every, true, |store| {
            Box::pin(async move { store.verify_journal(Scope::Full).await.map(drop) })
        });
        store.0.timers.lock().await.extend(signs.into_iter().chain(verifies));
        Ok(store)
    }

    /// Runs a unit and answers when it is durable. See the head of this crate.
    ///
    /// The unit runs exactly once, in turn with all other units, inside a savepoint: if it returns an
    /// error or panics, only its own statements and records are taken back. It should not wait for
    /// anything slow, for others wait behind it, and never for another unit. When the caller stops waiting, the unit goes on.
    pub async fn commit<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.core().standing.check()?;
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Unit { unit: Some(unit), result: None, reply });
        self.0.queue.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })?;
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(Error::Closed.into()),
        }
    }

    /// A connection that only reads. Whoever holds one asks for no second one: give it back first, or
    /// pass it on (debug builds end there).
    pub async fn read(&self) -> Result<Reader, Error> {
        self.core().reader().await
    }

    /// Whether commits are taken.
    pub fn standing(&self) -> Standing {
        self.core().standing.read()
    }

    /// Which database.
    pub fn engine(&self) -> Engine {
        self.core().pools.engine
    }

    /// Whether no other process works on this database: what is unfinished in it was left by one that ended. An embedded
    /// database has no other; on a server it takes a few moments to be sure that another is there.
    pub async fn is_alone(&self) -> Result<bool, Error> {
        presence::is_alone(&self.core().pools, self.core().config.schema).await
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.core().clock.clone()
    }

    /// Signs the current head now, unless it is signed already.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, Error> {
        journal::checkpoint(self).await
    }

    /// The last checkpoint that was signed, for serving.
    pub async fn latest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, Error> {
        journal::latest(self.core()).await
    }

    /// Proves that a record is in the journal as of its current size.
    pub async fn prove_inclusion(&self, seq: Seq) -> Result<Inclusion, Error> {
        let size = self.size().await?;
        self.prove_inclusion_at(seq, size).await
    }

    /// Proves that a record is in the journal of an earlier size, such as a checkpoint's.
    pub async fn prove_inclusion_at(&self, seq: Seq, size: u64) -> Result<Inclusion, Error> {
        let mut conn = self.core().reader().await?;
        journal::is_reached(&mut conn, size).await?;
        journal::prove_inclusion(&mut conn, seq, size, &mut TileSet::default()).await
    }

    /// Proves that the journal of size `old` is the beginning of the journal of size `new`.
    pub async fn prove_consistency(&self, old: u64, new: u64) -> Result<Consistency, Error> {
        let mut conn = self.core().reader().await?;
        journal::is_reached(&mut conn, new).await?;
        journal::prove_consistency(&mut conn, old, new).await
    }

    /// How many records there are.
    pub async fn size(&self) -> Result<u64, Error> {
        journal::size(&mut *self.core().reader().await?).await
    }

    /// How many records the anchor remembers; `None` when it is missing or cannot be believed.
    pub async fn anchored_size(&self) -> Result<Option<u64>, Error> {
        journal::anchored_size(self.core()).await
    }

    /// Verifies the journal. Findings halt the store.
    pub async fn verify_journal(&self, scope: Scope) -> Result<JournalReport, Error> {
        self.verify_journal_with(scope, &mut |_| ()).await
    }

    /// The same, and tells how far it is.
    pub async fn verify_journal_with(
        &self,
        scope: Scope,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<JournalReport, Error> {
        journal::verify(self.core(), scope, progress).await
    }

    /// Refuses commits from now on, for what a subject found when it held its own rows against
    /// its records. Reads go on.
    pub fn halt(&self, finding: &Finding) {
        // The error is for those who commit.
        let _ = self.core().halt(finding);
    }

    /// Records that a filter selects, a page at a time.
    pub async fn records(&self, filter: &Filter, page: Page) -> Result<Vec<Stored>, Error> {
        journal::records(&mut *self.core().reader().await?, filter, page).await
    }

    /// How many records a filter selects.
    pub async fn count(&self, filter: &Filter) -> Result<u64, Error> {
        journal::count(&mut *self.core().reader().await?, filter).await
    }

    /// Writes the selected records with their proofs towards a fresh checkpoint, or towards the last
    /// one if the store is halted.
    pub async fn export(
        &self,
        filter: &Filter,
        out: &mut (dyn AsyncWrite + Unpin + Send),
    ) -> Result<ExportSummary, Error> {
        let signed = match self.checkpoint().await {
            // A halted journal must be readable for whoever looks into it.
            Err(Error::Halted(_)) => self.latest_checkpoint().await?,
            signed => Some(signed?),
        };
        let signed = signed.ok_or(Error::NotFound("检查点"))?;
        journal::export(self.core(), &signed, filter, out).await
    }

    /// The octets of a tile, for serving (C2SP tlog-tiles).
    pub async fn tile(&self, tile: &Tile) -> Result<Vec<u8>, Error> {
        let hashes = journal::tile(&mut *self.core().reader().await?, tile).await;
        match hashes {
            Ok(hashes) => Ok(tlog::tile::to_bytes(&hashes)),
            Err(Error::Damaged(_)) => Err(Error::NotFound("该日志分块")),
            Err(other) => Err(other),
        }
    }

    /// The leaves below a tile of level 0, for serving.
    pub async fn entries(&self, tile: &Tile) -> Result<Vec<u8>, Error> {
        journal::entries(&mut *self.core().reader().await?, tile).await
    }

    /// The public half of the key that signs checkpoints, and its name in notes.
    pub fn checkpoint_key(&self) -> (gm::PublicKey, tlog::note::NoteKey) {
        (self.core().keys.public, self.core().keys.note.clone())
    }

    /// The blind index of a value: equal values of one field have equal indexes, and nobody can
    /// compute them without the device. White space is left out, full-width letters and digits become
    /// half-width, small letters capital.
    pub fn blind_index(&self, field: &str, value: &str) -> Result<String, Error> {
        index::blind(self.core(), field, value)
    }

    /// Finishes what waits and closes the database, for all clones: units that come later are
    /// answered `store.closed`. Afterwards nothing of it is at work: whoever locked the device for it may
    /// open it again.
    pub async fn close(self) {
        self.core().closing.notify_one();
        if let Some(writer) = self.0.writer.lock().await.take() {
            // It ends by itself; a panic in it has been told to its units.
            let _ = writer.await;
        }
        self.0.closed.send_replace(true);
        self.core().pools.close().await;
        // What a timer was at comes to its end without a database.
        for timer in std::mem::take(&mut *self.0.timers.lock().await) {
            let _ = timer.await;
        }
    }

    pub(crate) fn core(&self) -> &Core {
        &self.0.core
    }

    async fn record_reanchoring(
        &self,
        warrant: &Warrant,
        anchored: Option<u64>,
    ) -> Result<(), Error> {
        if self.standing() != Standing::Sound {
            return Ok(());
        }
        let size = self.size().await?;
        let body = warrant.body(json!({ "size": size, "anchored": anchored }));
        let record = Record::new("journal.reanchored", warrant.actor(), "journal", body);
        self.commit(|tx| Box::pin(async move { tx.append(record).await })).await.map(drop)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({:?}, {:?})", self.engine(), self.core().config.schema)
    }
}

async fn prepare(
    config: StoreConfig,
    device: Arc<dyn Device>,
    clock: Arc<dyn Clock>,
) -> Result<Core, Error> {
    let (for_keys, with) = (device.clone(), config.clone());
    let keys = blocking(move || Keys::find(&*for_keys, &with)).await?;
    let anchor = Arc::new(Anchor::open(&config.anchor, config.schema)?);
    let pools = Pools::open(&config).await?;
    let verified = Verified { range: CompactRange::new(), checkpoint: None };
    Ok(Core {
        config,
        pools,
        device,
        clock,
        keys,
        standing: StandingCell::default(),
        closing: Notify::new(),
        anchor,
        seen: AnchorSeen::default(),
        verified: Mutex::new(verified),
    })
}

/// Does something again and again until the store is closed or gone. Zero means never.
fn spawn_timer(
    store: &Store,
    every: Duration,
    at_once: bool,
    work: fn(Store) -> BoxFuture<'static, Result<(), Error>>,
) -> Option<JoinHandle<()>> {
    if every.is_zero() {
        return None;
    }
    let weak: Weak<Inner> = Arc::downgrade(&store.0);
    let mut closed = store.0.closed.subscribe();
    Some(tokio::spawn(async move {
        let mut pause = if at_once { Duration::from_millis(100) } else { every };
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = closed.wait_for(|is| *is) => return,
            }
            pause = every;
            let Some(inner) = weak.upgrade() else { return };
            if inner.core.standing.check().is_err() {
                continue;
            }
            if let Err(error) = work(Store(inner)).await {
                tracing::warn!(%error, "background work of the store failed");
            }
        }
    }))
}

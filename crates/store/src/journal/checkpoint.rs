//! Signed checkpoints: one for every journal size that was current when the timer came by.

use jiff::Timestamp;
use tlog::Checkpoint;

use super::head::{Head, HeadRow, to_sql};
use super::report::{Finding, FindingKind};
use super::scan::{Mark, Scan};
use super::{guard, note};
use crate::anchor::Slot;
use crate::core::Core;
use crate::{Error, Store};

/// A checkpoint with its note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Text and signature (C2SP signed-note, private profile of [`tlog::note`]).
    pub note: String,
}

/// Signs the current head, unless it is signed already. Before that, the records since the last time
/// are read again and hashed from their stored octets: a bit that flipped on the way to the disk must
/// not be signed (incident class: the CT log Yeti 2022).
pub(crate) async fn checkpoint(store: &Store) -> Result<SignedCheckpoint, Error> {
    let core = store.core();
    core.standing.check()?;
    let mut verified = core.verified.lock().await;
    let head = current(core).await?;
    if let Some(last) = verified.checkpoint.as_ref().filter(|c| c.checkpoint.size == head.size()) {
        return Ok(last.clone());
    }
    let mut scan = Scan::new(verified.range.clone(), head.size());
    scan.mark(head.size(), Mark { root: head.root, kind: FindingKind::Root, detail: "日志头" });
    scan.run(&mut *core.reader().await?, &mut |_| ()).await?;
    if let Some(finding) = scan.findings.first() {
        return Err(core.halt(finding));
    }
    verified.range = head.range.clone();
    let (checkpoint, note) = note::sign(core, &head).await?;
    keep(store, checkpoint.size, note.clone(), core.clock.now()).await?;
    anchor(core, checkpoint.size, note.clone()).await?;
    guard::advance(core, &head).await?;
    let signed = SignedCheckpoint { checkpoint, note };
    verified.checkpoint = Some(signed.clone());
    Ok(signed)
}

/// The last one in the database.
pub(crate) async fn latest(core: &Core) -> Result<Option<SignedCheckpoint>, Error> {
    let note: Option<String> =
        sqlx::query_scalar("SELECT note FROM journal_checkpoint ORDER BY size DESC LIMIT 1")
            .fetch_optional(&mut *core.reader().await?)
            .await?;
    let Some(note) = note else { return Ok(None) };
    Ok(Some(SignedCheckpoint { checkpoint: note::open(core, &note)?, note }))
}

async fn current(core: &Core) -> Result<Head, Error> {
    let row = HeadRow::load(&mut *core.reader().await?).await?;
    let found = match row {
        Some(row) => row.open(core).await?,
        None => Err(Finding::no_head()),
    };
    found.map_err(|finding| core.halt(&finding))
}

/// Keeps it for serving. Of every hour only the last one stays: any two are joined by a consistency
/// proof, so the others prove nothing more.
async fn keep(store: &Store, size: u64, note: String, at: Timestamp) -> Result<(), Error> {
    let (size, at) = (to_sql(size)?, at.as_second());
    let hour = at - at.rem_euclid(3600);
    store
        .commit(move |tx| {
            Box::pin(async move {
                sqlx::query("DELETE FROM journal_checkpoint WHERE at >= $1 AND size < $2")
                    .bind(hour)
                    .bind(size)
                    .execute(tx.conn())
                    .await?;
                sqlx::query(
                    "INSERT INTO journal_checkpoint (size, at, note) VALUES ($1, $2, $3) \
                     ON CONFLICT (size) DO NOTHING",
                )
                .bind(size)
                .bind(at)
                .bind(note)
                .execute(tx.conn())
                .await?;
                Ok::<_, Error>(())
            })
        })
        .await
}

/// Puts it into the anchor unless a later one stands there.
async fn anchor(core: &Core, size: u64, note: String) -> Result<(), Error> {
    for _ in 0..16 {
        let old = core.with_anchor(|anchor| anchor.read(Slot::Checkpoint)).await?;
        let judged = old.as_deref().map(|text| note::open(core, text));
        match judged {
            Some(Ok(old)) if old.size >= size => return Ok(()),
            Some(Ok(_)) => {}
            None | Some(Err(_)) => {
                let detail = "锚点中的检查点文件缺失或被改写";
                return Err(core.halt(&Finding::new(FindingKind::Checkpoint, None, detail)));
            }
        }
        let new = note.clone();
        let swap = move |anchor: &crate::anchor::Anchor| {
            anchor.swap(Slot::Checkpoint, old.as_deref(), &new)
        };
        if core.with_anchor(swap).await? {
            return Ok(());
        }
    }
    Err(Error::AnchorUnwritten("多个节点同时写入".into()))
}

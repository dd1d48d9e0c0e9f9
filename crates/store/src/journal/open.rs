//! What is checked before a store takes its first commit.

use tlog::CompactRange;

use super::checkpoint::SignedCheckpoint;
use super::head::{self, Head, HeadRow};
use super::report::{Finding, FindingKind, Scope};
use super::{guard, note, tree, verify};
use crate::anchor::Slot;
use crate::core::Core;
use crate::{Error, Opening};

/// How far the records are known to be right.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    pub(crate) range: CompactRange,
    pub(crate) checkpoint: Option<SignedCheckpoint>,
}

/// Finds the head and checks everything that [`crate::StoreConfig`] asks for. What is wrong halts
/// the store and the answer is `None`; errors are only those of the machinery.
pub(crate) async fn settle(core: &Core) -> Result<Option<Head>, Error> {
    let mut conn = core.reader().await?;
    let row = HeadRow::load(&mut conn).await?;
    drop(conn);
    let found = match row {
        None => create(core).await?,
        Some(row) => match row.open(core).await? {
            Ok(head) => existing(core, head).await?,
            Err(finding) => Err(finding),
        },
    };
    Ok(found.map_err(|finding| core.halt(&finding)).ok())
}

/// A journal without a single record yet.
async fn create(core: &Core) -> Result<Result<Head, Finding>, Error> {
    if core.config.opening != Opening::New {
        return Ok(Err(Finding::no_head()));
    }
    if let Some(text) = core.anchor.read(Slot::Head)? {
        match guard::open(core, Some(&text)).await? {
            Ok(statement) if statement.size == 0 => {}
            Ok(_) => {
                let detail = "数据库为空，而锚点记载有日志";
                return Ok(Err(Finding::new(FindingKind::RolledBack, None, detail)));
            }
            Err(finding) => return Ok(Err(finding)),
        }
    }
    let head = Head::seal(core, CompactRange::new(), core.clock.now().as_second()).await?;
    let mut tx = core.pools.begin().await?;
    head::create(&mut tx, &core.config, &head).await?;
    tx.commit().await?;
    existing(core, head).await
}

async fn existing(core: &Core, head: Head) -> Result<Result<Head, Finding>, Error> {
    match core.config.opening {
        Opening::New if head.size() == 0 => complete(core, &head).await?,
        Opening::Reanchor => {
            if let Some(finding) = reanchor(core, &head).await? {
                return Ok(Err(finding));
            }
        }
        _ => {}
    }
    let start = start(core, &head).await?;
    let report = verify::examine(core, Scope::Tail, start, &mut |_| ()).await?;
    if let Some(finding) = report.findings.into_iter().next() {
        return Ok(Err(finding));
    }
    tracing::info!(size = head.size(), checked = report.checked, took = ?report.took, "journal opened");
    let mut verified = core.verified.lock().await;
    verified.range = head.range.clone();
    // A checkpoint of this very size need not be signed again.
    verified.checkpoint = anchored(core)?.filter(|signed| signed.checkpoint.size == head.size());
    Ok(Ok(head))
}

/// Makes what a store that has no records yet still lacks: creation may have been interrupted.
async fn complete(core: &Core, head: &Head) -> Result<(), Error> {
    if core.anchor.read(Slot::Head)?.is_none() {
        guard::create(core, head).await?;
    }
    if core.anchor.read(Slot::Checkpoint)?.is_none() {
        let (_, note) = note::sign(core, head).await?;
        core.with_anchor(move |anchor| anchor.swap(Slot::Checkpoint, None, &note)).await?;
    }
    Ok(())
}

/// Gives a journal a new anchor. An officer answers for its head; its records must lead to it.
async fn reanchor(core: &Core, head: &Head) -> Result<Option<Finding>, Error> {
    let report = verify::examine(core, Scope::Full, CompactRange::new(), &mut |_| ()).await?;
    let of_anchor = |kind| matches!(kind, FindingKind::Anchor | FindingKind::RolledBack);
    if let Some(finding) = report.findings.into_iter().find(|f| !of_anchor(f.kind)) {
        return Ok(Some(finding));
    }
    guard::create(core, head).await?;
    let (_, note) = note::sign(core, head).await?;
    core.with_anchor(move |anchor| {
        let old = anchor.read(Slot::Checkpoint)?;
        anchor.swap(Slot::Checkpoint, old.as_deref(), &note)
    })
    .await?;
    Ok(None)
}

/// The checkpoint of the anchor, if it is one of ours.
fn anchored(core: &Core) -> Result<Option<SignedCheckpoint>, Error> {
    let text = core.anchor.read(Slot::Checkpoint)?;
    Ok(text.and_then(|note| {
        let checkpoint = note::open(core, &note).ok()?;
        Some(SignedCheckpoint { checkpoint, note })
    }))
}

/// Where the check at opening starts: at the anchored checkpoint or earlier, so that everything since
/// is read again. What lies before is compared by its stored nodes, and read again by the full
/// verification that follows in the background.
async fn start(core: &Core, head: &Head) -> Result<CompactRange, Error> {
    let signed = anchored(core)?.map_or(0, |signed| signed.checkpoint.size);
    let window = head.size().saturating_sub(core.config.verify_at_open);
    let from = signed.min(window);
    let mut conn = core.reader().await?;
    match tree::range_at(&mut conn, from).await {
        // Nodes that cannot be read are no start; from the first record the scan says what is wrong.
        Err(Error::Damaged(_) | Error::Tree(_)) => Ok(CompactRange::new()),
        other => other,
    }
}

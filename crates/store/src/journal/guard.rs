//! Head against anchor.
//!
//! Whoever holds the lock on the head of the database may compare: the anchor is moved only after a
//! commit, so it is never ahead of the database unless the database was rolled back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::AnyConnection;

use super::head::{Head, Statement};
use super::report::{Finding, FindingKind};
use super::tree;
use crate::Error;
use crate::anchor::Slot;
use crate::core::Core;

/// The text of the anchor that was last written or judged here, and its size.
#[derive(Debug, Default)]
pub(crate) struct AnchorSeen(Mutex<Option<(String, u64)>>);

impl AnchorSeen {
    fn is(&self, text: &str) -> bool {
        self.size_of(text).is_some()
    }

    /// The size that this text stands for, if it is the one last seen.
    fn size_of(&self, text: &str) -> Option<u64> {
        self.lock().as_ref().filter(|(seen, _)| seen == text).map(|(_, size)| *size)
    }

    fn size(&self) -> u64 {
        self.lock().as_ref().map_or(0, |(_, size)| *size)
    }

    fn set(&self, text: String, size: u64) {
        *self.lock() = Some((text, size));
    }

    /// As `set`, unless something later was seen meanwhile.
    fn set_forward(&self, text: String, size: u64) {
        let mut seen = self.lock();
        if seen.as_ref().is_none_or(|(_, known)| *known <= size) {
            *seen = Some((text, size));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(String, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks that the anchor is there, is ours, has not gone back, and that the journal contains what it
/// remembers. Halts otherwise. Cheap while nobody else touches it: one read of a small file.
pub(crate) async fn check(core: &Core, conn: &mut AnyConnection, head: &Head) -> Result<(), Error> {
    let mut text = core.anchor.read(Slot::Head)?;
    let found = loop {
        if text.as_deref().is_some_and(|text| core.seen.is(text)) {
            return Ok(());
        }
        let found = match open(core, text.as_deref()).await? {
            Ok(found) => found,
            Err(finding) => return Err(core.halt(&finding)),
        };
        if found.size >= core.seen.size() {
            break found;
        }
        // A checkpoint may have moved it on since it was read: then it reads differently now.
        let again = core.anchor.read(Slot::Head)?;
        if again == text {
            return Err(core.halt(&anchor("日志锚点文件被换成旧版本")));
        }
        text = again;
    };
    if let Some(finding) = compare(conn, head, &found).await? {
        return Err(core.halt(&finding));
    }
    core.seen.set(text.unwrap_or_default(), found.size);
    Ok(())
}

/// How many records the anchor remembers, if there is one that the device sealed.
pub(crate) async fn anchored_size(core: &Core) -> Result<Option<u64>, Error> {
    let text = core.anchor.read(Slot::Head)?;
    Ok(open(core, text.as_deref()).await?.ok().map(|found| found.size))
}

/// What the anchor says, if the device sealed it for this journal.
pub(crate) async fn open(
    core: &Core,
    text: Option<&str>,
) -> Result<Result<Statement, Finding>, Error> {
    let Some(text) = text else {
        return Ok(Err(anchor("日志锚点文件缺失")));
    };
    let found = Statement::open(core, text).await?;
    Ok(found.ok_or_else(|| anchor("日志锚点文件被改写或不属于本系统")))
}

/// Whether the journal with this head contains the tree that the anchor remembers.
pub(crate) async fn compare(
    conn: &mut AnyConnection,
    head: &Head,
    found: &Statement,
) -> Result<Option<Finding>, Error> {
    if found.size > head.size() {
        let detail =
            format!("数据库被回退：锚点记载 {} 条日志，数据库只有 {} 条", found.size, head.size());
        return Ok(Some(Finding::new(FindingKind::RolledBack, None, detail)));
    }
    let same = tree::has_root(conn, head, found.size, &found.root).await?;
    Ok((!same).then(|| anchor(&format!("前 {} 条日志与锚点不符，曾被改动", found.size))))
}

/// Moves the anchor forward to a head that is durable, never back: the writer, a checkpoint of an
/// older head, or another node may have moved it further meanwhile.
pub(crate) async fn advance(core: &Core, head: &Head) -> Result<(), Error> {
    let text = head.anchor_text(&core.config);
    for _ in 0..16 {
        let current = core.with_anchor(|anchor| anchor.read(Slot::Head)).await?;
        let known = current.as_deref().and_then(|text| core.seen.size_of(text));
        let size = match known {
            Some(size) => size,
            None => match open(core, current.as_deref()).await? {
                Err(finding) => return Err(core.halt(&finding)),
                Ok(found) => found.size,
            },
        };
        if size >= head.size() {
            return Ok(());
        }
        if swap(core, current, text.clone()).await? {
            core.seen.set_forward(text, head.size());
            return Ok(());
        }
    }
    Err(Error::AnchorUnwritten("多个节点同时写入".into()))
}

/// Writes the first anchor of a journal, over whatever is there when an officer answers for it.
pub(crate) async fn create(core: &Core, head: &Head) -> Result<(), Error> {
    let text = head.anchor_text(&core.config);
    let current = core.with_anchor(|anchor| anchor.read(Slot::Head)).await?;
    if !swap(core, current, text.clone()).await? {
        return Err(Error::AnchorUnwritten("另一进程正在建立锚点".into()));
    }
    core.seen.set(text, head.size());
    Ok(())
}

async fn swap(core: &Core, old: Option<String>, new: String) -> Result<bool, Error> {
    core.with_anchor(move |anchor| anchor.swap(Slot::Head, old.as_deref(), &new)).await
}

fn anchor(detail: &str) -> Finding {
    Finding::new(FindingKind::Anchor, None, detail)
}

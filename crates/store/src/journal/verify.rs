//! Verification of the journal as a whole, at rest and while it grows.

use std::time::Instant;

use sqlx::{AnyConnection, Connection as _, Row as _};
use tlog::CompactRange;

use super::guard;
use super::head::{Head, HeadRow, to_sql};
use super::note;
use super::report::{Finding, FindingKind, JournalReport, Progress, Scope};
use super::scan::{Mark, Scan};
use crate::Error;
use crate::anchor::Slot;
use crate::core::Core;

/// Verifies head, anchor, checkpoints and records. What it finds halts the store.
pub(crate) async fn verify(
    core: &Core,
    scope: Scope,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<JournalReport, Error> {
    let start = match scope {
        Scope::Full => CompactRange::new(),
        Scope::Tail => core.verified.lock().await.range.clone(),
    };
    let report = examine(core, scope, start, progress).await?;
    if let Some(finding) = report.findings.first() {
        core.halt(finding);
    }
    Ok(report)
}

/// The same without consequences, from a tree that is known already.
pub(crate) async fn examine(
    core: &Core,
    scope: Scope,
    start: CompactRange,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<JournalReport, Error> {
    let began = Instant::now();
    let mut report = JournalReport {
        scope,
        size: 0,
        root: None,
        checked: 0,
        findings: Vec::new(),
        took: began.elapsed(),
    };
    // The anchor first: it follows the database, so what it says now the database must say later.
    let (anchor, checkpoint) = core
        .with_anchor(|anchor| Ok((anchor.read(Slot::Head)?, anchor.read(Slot::Checkpoint)?)))
        .await?;
    let mut conn = core.reader().await?;
    let seen = Snapshot::read(core, &mut conn).await?;
    match seen.head(core).await? {
        Err(finding) => report.findings.push(finding),
        Ok(head) => {
            report.size = head.size();
            report.root = Some(head.root);
            report.findings.extend(seen.findings(&head));
            match guard::open(core, anchor.as_deref()).await? {
                Err(finding) => report.findings.push(finding),
                Ok(found) => {
                    report.findings.extend(guard::compare(&mut conn, &head, &found).await?);
                }
            }
            let judged = note::judge(core, &mut conn, &head, checkpoint.as_deref()).await?;
            report.findings.extend(judged.err());
            let mut scan = seen.scan(core, &head, start)?;
            let from = scan.range.size();
            scan.run(&mut conn, progress).await?;
            report.checked = scan.range.size() - from;
            report.findings.append(&mut scan.findings);
        }
    }
    report.took = began.elapsed();
    Ok(report)
}

/// One state of everything that is small.
struct Snapshot {
    row: Option<HeadRow>,
    /// Records and nodes past the head.
    beyond: i64,
    checkpoints: Vec<(u64, String)>,
}

impl Snapshot {
    async fn read(core: &Core, conn: &mut AnyConnection) -> Result<Self, Error> {
        let mut tx = conn.begin_with(core.pools.engine.begin_snapshot()).await?;
        let row = HeadRow::load(&mut tx).await?;
        let size = row.as_ref().map_or(0, HeadRow::size);
        let beyond = beyond(&mut tx, size).await?;
        let rows = sqlx::query("SELECT size, note FROM journal_checkpoint ORDER BY size")
            .fetch_all(&mut *tx)
            .await?;
        tx.rollback().await?;
        let checkpoint = |row: &sqlx::any::AnyRow| -> Result<(u64, String), Error> {
            let size: i64 = row.try_get(0)?;
            Ok((u64::try_from(size).unwrap_or(u64::MAX), row.try_get(1)?))
        };
        let checkpoints = rows.iter().map(checkpoint).collect::<Result<_, _>>()?;
        Ok(Self { row, beyond, checkpoints })
    }

    async fn head(&self, core: &Core) -> Result<Result<Head, Finding>, Error> {
        match &self.row {
            Some(row) => row.open(core).await,
            None => Ok(Err(Finding::no_head())),
        }
    }

    fn findings(&self, head: &Head) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.beyond > 0 {
            let detail = format!("日志头之后多出 {} 行，系绕过本系统插入", self.beyond);
            findings.push(Finding::new(FindingKind::Inserted, None, detail));
        }
        if self.checkpoints.last().is_some_and(|(size, _)| *size > head.size()) {
            let detail = "数据库中的检查点大于日志";
            findings.push(Finding::new(FindingKind::Checkpoint, None, detail));
        }
        findings
    }

    /// The walk from `start` to the head, with every stored checkpoint on its way as a mark.
    fn scan(&self, core: &Core, head: &Head, start: CompactRange) -> Result<Scan, Error> {
        let from = start.size();
        let mut scan = Scan::new(start, head.size());
        let root = head.root;
        scan.mark(head.size(), Mark { root, kind: FindingKind::Root, detail: "日志头" });
        for (size, text) in self.checkpoints.iter().filter(|(size, _)| *size >= from) {
            match note::open(core, text) {
                Ok(checkpoint) if checkpoint.size == *size => {
                    let (root, kind) = (checkpoint.root, FindingKind::Checkpoint);
                    scan.mark(*size, Mark { root, kind, detail: "历史检查点" });
                }
                _ => {
                    let detail = format!("数据库中大小为 {size} 的检查点无效");
                    scan.findings.push(Finding::new(FindingKind::Checkpoint, None, detail));
                }
            }
        }
        Ok(scan)
    }
}

/// How many records, and entries of tiles, stand past `size`.
async fn beyond(conn: &mut AnyConnection, size: u64) -> Result<i64, Error> {
    let mut count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM journal WHERE seq >= $1 OR seq < 0")
            .bind(to_sql(size)?)
            .fetch_one(&mut *conn)
            .await?;
    for level in 1..8 {
        let nodes: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM journal_node WHERE level = $1 AND pos >= $2")
                .bind(i64::from(level))
                .bind(to_sql(size >> (8 * level))?)
                .fetch_one(&mut *conn)
                .await?;
        count = count.saturating_add(nodes);
    }
    Ok(count)
}

/// Checks that a head which another node wrote continues the one known here.
pub(crate) async fn follow(
    core: &Core,
    conn: &mut AnyConnection,
    known: &Head,
    row: &HeadRow,
) -> Result<Head, Error> {
    let head = match row.open(core).await? {
        Ok(head) => head,
        Err(finding) => return Err(core.halt(&finding)),
    };
    if head.size() < known.size() {
        let detail = format!(
            "数据库被回退：运行中已有 {} 条日志，数据库只有 {} 条",
            known.size(),
            head.size()
        );
        return Err(core.halt(&Finding::new(FindingKind::RolledBack, None, detail)));
    }
    let mut scan = Scan::new(known.range.clone(), head.size());
    scan.mark(head.size(), Mark { root: head.root, kind: FindingKind::Root, detail: "日志头" });
    scan.run(conn, &mut |_| ()).await?;
    match scan.findings.first() {
        Some(finding) => Err(core.halt(finding)),
        None => Ok(head),
    }
}

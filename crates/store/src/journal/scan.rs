//! Reads records again and recomputes the tree from their stored octets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use tlog::{CompactRange, Hash};

use super::head::to_sql;
use super::report::{Finding, FindingKind, Progress};
use crate::Error;

const PAGE: u64 = 2048;
const MOST_FINDINGS: usize = 100;

/// A root that the tree must have at some size.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) root: Hash,
    pub(crate) kind: FindingKind,
    pub(crate) detail: &'static str,
}

/// A walk over records `range.size() .. upto`.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) range: CompactRange,
    upto: u64,
    marks: BTreeMap<u64, Vec<Mark>>,
    pub(crate) findings: Vec<Finding>,
    /// Entries of tiles above level 0 that the current page completed.
    nodes: Vec<(u8, u64, Hash)>,
}

impl Scan {
    pub(crate) fn new(range: CompactRange, upto: u64) -> Self {
        let (marks, findings, nodes) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { range, upto, marks, findings, nodes }
    }

    pub(crate) fn mark(&mut self, size: u64, mark: Mark) {
        self.marks.entry(size).or_default().push(mark);
    }

    /// Walks to the end, or to the first gap: behind it nothing can be said.
    pub(crate) async fn run(
        &mut self,
        conn: &mut AnyConnection,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), Error> {
        let start = self.range.size();
        if start > self.upto {
            let detail =
                format!("数据库被回退：已核对 {start} 条日志，数据库只有 {} 条", self.upto);
            self.findings.push(Finding::new(FindingKind::RolledBack, None, detail));
        }
        self.meet_marks();
        while self.range.size() < self.upto && self.findings.len() < MOST_FINDINGS {
            let before = self.range.size();
            self.page(conn).await?;
            progress(Progress { done: self.range.size() - start, total: self.upto - start });
            if self.range.size() == before {
                break;
            }
        }
        Ok(())
    }

    async fn page(&mut self, conn: &mut AnyConnection) -> Result<(), Error> {
        let from = self.range.size();
        let to = self.upto.min(from.saturating_add(PAGE));
        let rows = sqlx::query(
            "SELECT seq, at, kind, actor, subject, leaf, leaf_hash FROM journal \
             WHERE seq >= $1 AND seq < $2 ORDER BY seq",
        )
        .bind(to_sql(from)?)
        .bind(to_sql(to)?)
        .fetch_all(&mut *conn)
        .await?;
        for row in &rows {
            if !self.record(row)? {
                return Ok(());
            }
        }
        if self.range.size() < to {
            self.find(FindingKind::Missing, "记录缺失");
        }
        self.compare_nodes(conn).await
    }

    /// Takes one record; `false` if it is not the one that must come next.
    fn record(&mut self, row: &AnyRow) -> Result<bool, Error> {
        let expected = self.range.size();
        let seq: i64 = row.try_get(0)?;
        if u64::try_from(seq) != Ok(expected) {
            self.find(FindingKind::Missing, "记录缺失");
            return Ok(false);
        }
        let (leaf, stored): (Vec<u8>, Vec<u8>) = (row.try_get(5)?, row.try_get(6)?);
        let hash = Hash::leaf(&leaf);
        if stored != hash.0 {
            self.find(FindingKind::Edited, "记录内容与其杂凑值不符，曾被改动");
        } else if !columns_agree(row, seq, &leaf)? {
            self.find(FindingKind::Edited, "检索字段与记录内容不符，曾被改动");
        }
        let nodes = &mut self.nodes;
        self.range.append_seen(hash, |level, position, hash| {
            if level % 8 == 0 {
                nodes.push((level / 8, position, hash));
            }
        });
        self.meet_marks();
        Ok(true)
    }

    /// Compares the root at this size with what others remember of it.
    fn meet_marks(&mut self) {
        let size = self.range.size();
        let Some(marks) = self.marks.remove(&size) else {
            return;
        };
        let root = self.range.root();
        for mark in marks.into_iter().filter(|mark| mark.root != root) {
            let detail = format!("前 {size} 条日志与{}不符，曾被改动", mark.detail);
            self.findings.push(Finding::new(mark.kind, None, detail));
        }
    }

    /// Compares the stored nodes with the ones just computed.
    async fn compare_nodes(&mut self, conn: &mut AnyConnection) -> Result<(), Error> {
        for (level, position, hash) in std::mem::take(&mut self.nodes) {
            let stored: Option<Vec<u8>> =
                sqlx::query_scalar("SELECT hash FROM journal_node WHERE level = $1 AND pos = $2")
                    .bind(i64::from(level))
                    .bind(to_sql(position)?)
                    .fetch_optional(&mut *conn)
                    .await?;
            if stored.as_deref() != Some(&hash.0) {
                let detail = format!("日志树第 {level} 层第 {position} 个节点缺失或被改动");
                self.findings.push(Finding::new(FindingKind::Node, None, detail));
            }
        }
        Ok(())
    }

    fn find(&mut self, kind: FindingKind, detail: &str) {
        self.findings.push(Finding::new(kind, Some(self.range.size()), detail));
    }
}

/// Whether the columns that SQL searches say the same as the leaf.
fn columns_agree(row: &AnyRow, seq: i64, leaf: &[u8]) -> Result<bool, Error> {
    let Ok(leaf) = serde_json::from_slice::<Value>(leaf) else {
        return Ok(false);
    };
    let text = |name: &str| leaf.get(name).and_then(Value::as_str);
    let at = text("at").and_then(|at| at.parse::<Timestamp>().ok()).map(Timestamp::as_second);
    Ok(leaf.get("seq").and_then(Value::as_i64) == Some(seq)
        && at == Some(row.try_get(1)?)
        && text("kind") == Some(row.try_get(2)?)
        && text("actor") == Some(row.try_get(3)?)
        && text("subject") == Some(row.try_get(4)?))
}

//! Tables against the journal: every hold and every registration of a revocation has its records, and every
//! record its row; applications stand as their last step says (Invariant 4; Measures Art. 18, Art. 24).
//!
//! Certificates and their status are `ca`'s to compare. Here is what decides on them: a hold that is added or
//! taken away by hand, a registration that nobody confirmed and that says so all the same.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};

use serde_json::Value;
use store::{Filter, Finding, FindingKind, Page, Seq, Store, Stored};

use super::Ra;
use crate::error::Error;
use crate::rules::comparison::{self as rules, DRAFTED, ENDED, HARMED, HELD, STEPS, STRANGE, Told};
use crate::sql::comparison::{self as sql, HoldRow, RegistrationRow};

/// Rows and records of a page.
const PAGE: u32 = 500;
/// Where a walk stops to collect: there is enough to know.
const MOST_FINDINGS: usize = 100;

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Holds that were held against their records.
    pub holds: u64,
    /// Registrations likewise.
    pub registrations: u64,
    /// Applications likewise.
    pub applications: u64,
    /// What does not agree; at most about a hundred.
    pub findings: Vec<Finding>,
}

impl Comparison {
    /// Whether everything agrees.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn is_full(&self) -> bool {
        self.findings.len() >= MOST_FINDINGS
    }

    /// A row that is not about a record.
    fn strange(&mut self, row: &str, what: &str) {
        let (kind, detail) = (FindingKind::Row, format!("{row}：{what}"));
        self.findings.push(Finding { kind, seq: None, detail });
    }
}

/// The names that records named, however many: of each a keyed hash of eight octets, so that a million take eight
/// megabytes. The key is drawn anew for each walk, and nobody can look for a name that is taken for another.
#[derive(Default)]
struct Names {
    key: RandomState,
    known: Vec<u64>,
}

impl Names {
    fn note(&mut self, name: &str) {
        self.known.push(self.key.hash_one(name));
    }

    /// After the last one.
    fn settled(mut self) -> Self {
        self.known.sort_unstable();
        self
    }

    fn have(&self, name: &str) -> bool {
        self.known.binary_search(&self.key.hash_one(name)).is_ok()
    }
}

/// What is wrong with a hold, given a record about it.
type Judge = fn(Option<&HoldRow>, &Stored) -> Option<&'static str>;

/// Records of a filter, a page at a time.
struct Records<'s> {
    store: &'s Store,
    filter: Filter,
    page: Page,
}

impl<'s> Records<'s> {
    fn new(store: &'s Store, filter: Filter) -> Self {
        Self { store, filter, page: Page { after: None, limit: PAGE, newest_first: false } }
    }

    fn of_kind(store: &'s Store, kind: &str) -> Self {
        Self::new(store, Filter { kind: Some(kind.to_owned()), ..Filter::default() })
    }

    async fn next(&mut self) -> Result<Vec<Stored>, Error> {
        let found = self.store.records(&self.filter, self.page).await?;
        self.page.after = found.last().map(|last| last.seq);
        Ok(found)
    }
}

impl Ra {
    /// Holds what registration keeps against the journal. `all`: also applications that are at their end,
    /// which takes a question for each. What does not agree halts the store, as a changed journal does.
    pub async fn compare_with_journal(&self, all: bool) -> Result<Comparison, Error> {
        let mut found = Comparison::default();
        self.compare_holds(&mut found).await?;
        self.compare_registrations(&mut found).await?;
        self.compare_applications(&mut found, all).await?;
        if let Some(finding) = found.findings.first() {
            self.store().halt(finding);
        }
        Ok(found)
    }

    async fn compare_holds(&self, found: &mut Comparison) -> Result<(), Error> {
        let until = self.store().size().await?;
        let (held, first) = self.walk_holds((HELD, rules::held), until, found).await?;
        let (ended, _) = self.walk_holds((ENDED, rules::ended), until, found).await?;
        let mut behind = String::new();
        while !found.is_full() {
            let mut reader = self.store().read().await?;
            let rows = sql::holds_behind(&mut reader, (&behind, PAGE)).await?;
            drop(reader);
            let Some(last) = rows.last() else { break };
            behind = last.id.clone();
            for row in &rows {
                found.holds += 1;
                if !held.have(&row.id)
                    && let Some(what) = self.unrecorded(row, until, first).await?
                {
                    found.strange(&format!("暂停 {}", row.id), what);
                }
                let is_over = row.ended_at.is_some() && !ended.have(&row.id);
                if is_over && !self.is_recorded(ENDED, until, &row.id).await? {
                    let what = "已经解除，而没有解除的记录，曾被改动";
                    found.strange(&format!("暂停 {}", row.id), what);
                }
            }
        }
        Ok(())
    }

    /// Every record of a kind that there is before `until` against its hold: their names, and the first record.
    async fn walk_holds(
        &self,
        (kind, judge): (&str, Judge),
        until: u64,
        found: &mut Comparison,
    ) -> Result<(Names, Option<Seq>), Error> {
        let mut records = Records::of_kind(self.store(), kind);
        let (mut known, mut first) = (Names::default(), None);
        while !found.is_full() {
            let page = records.next().await?;
            let page: Vec<_> = page.into_iter().filter(|one| one.seq.0 < until).collect();
            let Some(begin) = page.first() else { break };
            first = first.or(Some(begin.seq));
            let name = |one: &Stored| rules::said(one, "hold").unwrap_or_default().to_owned();
            let names: Vec<String> = page.iter().map(name).collect();
            let rows = sql::holds(&mut *self.store().read().await?, &names).await?;
            for (record, name) in page.iter().zip(&names) {
                let wrong = match record.intact {
                    true => judge(rows.get(name), record),
                    false => Some(HARMED),
                };
                found.findings.extend(wrong.map(|text| Finding::row(record.seq, text)));
            }
            names.iter().for_each(|name| known.note(name));
        }
        Ok((known.settled(), first))
    }

    /// What is wrong with a hold that no record before `until` names: it may be newer, or older than holds are.
    async fn unrecorded(
        &self,
        row: &HoldRow,
        until: u64,
        first: Option<Seq>,
    ) -> Result<Option<&'static str>, Error> {
        if self.is_recorded(HELD, until, &row.id).await? {
            return Ok(None);
        }
        let Some(cause) = rules::cause(row) else { return Ok(Some(STRANGE)) };
        let filter = Filter {
            kind: Some(cause.kind.to_owned()),
            subject: cause.subject,
            first: cause.seq,
            last: cause.seq,
            ..Filter::default()
        };
        let records = Records::new(self.store(), filter).next().await?;
        Ok(rules::came_of(row, records.last(), first))
    }

    /// Whether a record of a kind names a hold, from a size of the journal on.
    async fn is_recorded(&self, kind: &str, from: u64, hold: &str) -> Result<bool, Error> {
        let mut records = Records::of_kind(self.store(), kind);
        records.filter.first = Some(Seq(from));
        loop {
            let page = records.next().await?;
            if page.iter().any(|one| rules::said(one, "hold") == Some(hold)) {
                return Ok(true);
            }
            if page.is_empty() {
                return Ok(false);
            }
        }
    }

    async fn compare_registrations(&self, found: &mut Comparison) -> Result<(), Error> {
        for kind in DRAFTED {
            self.walk_registrations(kind, found).await?;
        }
        let mut behind = String::new();
        while !found.is_full() {
            let mut reader = self.store().read().await?;
            let rows = sql::registrations_behind(&mut reader, (&behind, PAGE)).await?;
            drop(reader);
            let Some(last) = rows.last() else { break };
            behind = last.id.clone();
            for row in &rows {
                found.registrations += 1;
                if let Some(what) = self.judge_registration(row, found).await? {
                    found.strange(&format!("登记 {}", row.number), what);
                }
            }
        }
        Ok(())
    }

    /// Every record that a registration was begun with has its row.
    async fn walk_registrations(&self, kind: &str, found: &mut Comparison) -> Result<(), Error> {
        let mut records = Records::of_kind(self.store(), kind);
        while !found.is_full() {
            let page = records.next().await?;
            if page.is_empty() {
                break;
            }
            let name = |one: &Stored| {
                one.subject.strip_prefix("revocation:").unwrap_or_default().to_owned()
            };
            let names: Vec<String> = page.iter().map(name).collect();
            let mut reader = self.store().read().await?;
            let there: BTreeSet<String> = sql::registrations(&mut reader, &names).await?;
            drop(reader);
            for (record, name) in page.iter().zip(&names) {
                if !there.contains(name) {
                    let what = "登记的记录没有对应的行，登记曾被删除";
                    found.findings.push(Finding::row(record.seq, what));
                }
            }
        }
        Ok(())
    }

    /// What is wrong with a registration, given its records: those of one registration at a time, for there may be many.
    async fn judge_registration(
        &self,
        row: &RegistrationRow,
        found: &mut Comparison,
    ) -> Result<Option<&'static str>, Error> {
        let subject = Some(format!("revocation:{}", row.id));
        let filter = Filter { subject, ..Filter::default() };
        let mut records = Records::new(self.store(), filter);
        let mut told = Told::default();
        loop {
            let page = records.next().await?;
            for record in page.iter().filter(|one| STEPS.contains(&&*one.kind)) {
                if !told.note(record) {
                    found.findings.push(Finding::row(record.seq, HARMED));
                }
            }
            if page.is_empty() {
                break;
            }
        }
        match told.version().cmp(&row.version) {
            std::cmp::Ordering::Less => Ok(Some("登记行的版本没有对应的记录，曾被改动或者插入")),
            std::cmp::Ordering::Equal => Ok(rules::registration(row, &told)),
            // It went on since the row was read, or it was set back by hand.
            std::cmp::Ordering::Greater => {
                let mut reader = self.store().read().await?;
                let now = sql::registration_version(&mut reader, &row.id).await?;
                Ok(behind(now, told.version()))
            }
        }
    }

    async fn compare_applications(&self, found: &mut Comparison, all: bool) -> Result<(), Error> {
        let mut place = String::new();
        while !found.is_full() {
            let mut reader = self.store().read().await?;
            let rows = sql::applications_behind(&mut reader, (&place, PAGE), all).await?;
            drop(reader);
            let Some(last) = rows.last() else { break };
            place = last.id.clone();
            for row in &rows {
                found.applications += 1;
                let wrong = match self.last_step(&row.id).await? {
                    None => Some("申请没有对应的记录，系绕过本系统插入"),
                    Some((_, version)) if version < row.version => {
                        Some("申请行的版本没有对应的记录，曾被改动")
                    }
                    Some((state, version)) if version == row.version => {
                        (state != row.state).then_some("申请行的状态与最后一步的记录不符，曾被改动")
                    }
                    Some((_, version)) => {
                        let mut reader = self.store().read().await?;
                        behind(sql::application_version(&mut reader, &row.id).await?, version)
                    }
                };
                if let Some(what) = wrong {
                    found.strange(&format!("申请 {}", row.id), what);
                }
            }
        }
        Ok(())
    }

    /// State and version of an application after its last step: who moves it to another office says neither.
    async fn last_step(&self, id: &str) -> Result<Option<(String, i64)>, Error> {
        let subject = Some(format!("application:{id}"));
        let mut records = Records::new(self.store(), Filter { subject, ..Filter::default() });
        records.page = Page { newest_first: true, limit: 8, ..records.page };
        let mut moved = 0;
        loop {
            let page = records.next().await?;
            for record in &page {
                let version = record.body.get("version").and_then(Value::as_i64);
                match (rules::said(record, "state"), version) {
                    (Some(state), Some(version)) => {
                        return Ok(Some((state.to_owned(), version + moved)));
                    }
                    _ => moved += i64::from(record.kind == "application.transferred"),
                }
            }
            if page.is_empty() {
                return Ok(None);
            }
        }
    }
}

/// What is wrong with a row whose records are further on: nothing, if it is so far itself by now.
fn behind(version: Option<i64>, told: i64) -> Option<&'static str> {
    match version {
        Some(version) if version >= told => None,
        _ => Some("所在行停在记录之前的版本，曾被改回或者删除"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_again_and_others_are_not() {
        let mut names = Names::default();
        (0..5_000).for_each(|at| names.note(&format!("hold-{at}")));
        let names = names.settled();
        assert!((0..5_000).all(|at| names.have(&format!("hold-{at}"))));
        assert!((5_000..10_000).all(|at| !names.have(&format!("hold-{at}"))));
    }
}

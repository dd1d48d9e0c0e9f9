//! Tables against the journal: every certificate and every change of status has its record, and
//! every record its row (invariant 4 both ways; Measures Art. 24: records are kept unchanged).
//!
//! Records and rows come in the same order, so both are walked side by side, a page of each at a
//! time. The walk ends at the size that the journal had when it began; what comes later is for
//! the next walk.

mod cross;

use std::collections::VecDeque;
use std::future::Future;

use sqlx::AnyConnection;
use store::{Filter, Finding, FindingKind, Page, Seq, Store, Stored};

use super::Ca;
use crate::error::Error;
use crate::rules::evidence::{self, CHANGES, ISSUED, LINE};
use crate::sql::evidence::{
    ChangeRow, IssuedRow, Span, changes, generations, issued, issuers, record_of,
};

/// Rows and records of a page.
const PAGE: u32 = 500;
/// Where a walk stops to collect: there is enough to know.
const MOST_FINDINGS: usize = 100;

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Certificates that were held against their records.
    pub certificates: u64,
    /// Changes of status likewise.
    pub changes: u64,
    /// What does not agree; at most about a hundred.
    pub findings: Vec<Finding>,
}

impl Comparison {
    /// Whether everything agrees.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Ca {
    /// Holds the issuers with their certificates, the certificates and changes of status of all issuers, which of
    /// their keys issue and are over, and cross-certificates (ADR 16) against the journal (check C19-9). What does not agree halts the store, as a changed journal does: nothing is issued on top of
    /// rows that somebody changed. Whether the journal itself is sound, [`Store::verify_journal`]
    /// says.
    pub async fn compare_with_journal(&self) -> Result<Comparison, Error> {
        let store = &self.inner().store;
        let until = store.size().await?;
        let mut comparison = Comparison::default();
        let records = Records::new(store, &[ISSUED], until);
        let walked = walk::<IssuedRow>(store, records, &mut comparison.findings).await?;
        comparison.certificates = walked;
        let records = Records::new(store, &CHANGES, until);
        comparison.changes = walk::<ChangeRow>(store, records, &mut comparison.findings).await?;
        compare_issuers(store, &mut comparison.findings).await?;
        compare_generations(store, &mut comparison.findings).await?;
        cross::compare_crosses(store, &mut comparison.findings).await?;
        if let Some(finding) = comparison.findings.first() {
            store.halt(finding);
        }
        Ok(comparison)
    }
}

/// The certificate of an issuer is one that was issued by the records: whose row is held against its record above.
async fn compare_issuers(store: &Store, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let mut reader = store.read().await?;
    for row in issuers(&mut reader).await? {
        let digest = gm::sm3::hash(&row.certificate_der).to_hex();
        let seq = record_of(&mut reader, &digest).await?;
        let text = match seq {
            None => Some("签发机构的证书不是记录中签发的任何一张，曾被改换"),
            Some(_) => evidence::issuer(&row),
        };
        let detail = text.map(|text| format!("{}：{text}", row.name));
        let seq = seq.and_then(|seq| u64::try_from(seq).ok()).map(Seq);
        findings.extend(detail.map(|detail| Finding { kind: FindingKind::Row, seq, detail }));
    }
    Ok(())
}

/// Which key issues, and which are over. There are a few rows and records of a whole life; where another
/// one is written meanwhile, the next comparison sees both.
async fn compare_generations(store: &Store, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let before = all_records(store, &LINE).await?;
    let mut reader = store.read().await?;
    let rows = generations(&mut reader).await?;
    drop(reader);
    let records = all_records(store, &LINE).await?;
    if records.len() != before.len() {
        return Ok(());
    }
    let mut found = |seq: Option<Seq>, name: &str, text: &str| {
        let detail = format!("{name}：{text}");
        findings.push(Finding { kind: FindingKind::Row, seq, detail });
    };
    for row in &rows {
        let subject = format!("issuer:{}", row.name);
        let own: Vec<_> = records.iter().filter(|record| record.subject == subject).collect();
        if let Some(text) = evidence::generation(row, &own) {
            found(own.last().map(|record| record.seq), &row.name, text);
        }
    }
    let is_known = |record: &Stored| {
        rows.iter().any(|row| record.subject.strip_prefix("issuer:") == Some(&*row.name))
    };
    for record in records.iter().filter(|record| !is_known(record)) {
        found(Some(record.seq), &record.subject, "换代记录所指的签发机构已被删除或改名");
    }
    Ok(())
}

/// Records of kinds of which there are a few.
async fn all_records(store: &Store, kinds: &[&str]) -> Result<Vec<Stored>, Error> {
    let mut records = Records::new(store, kinds, u64::MAX);
    let mut all = Vec::new();
    while let Some(record) = records.next().await? {
        all.push(record);
    }
    Ok(all)
}

/// A row that has a record.
trait Evidence: Sized + Send {
    /// What to say when the row of a record is gone.
    const GONE: &'static str;
    /// What to say when the record of a row never was.
    const STRANGE: &'static str;

    /// Number of the record, and of the row.
    fn place(&self) -> (i64, i64);

    /// What is wrong, given the record.
    fn judge(&self, record: &Stored) -> Option<&'static str>;

    /// The next rows.
    fn page(
        conn: &mut AnyConnection,
        span: Span,
    ) -> impl Future<Output = Result<Vec<Self>, Error>> + Send;
}

impl Evidence for IssuedRow {
    const GONE: &'static str = "签发记录没有对应的证书行，证书曾被删除";
    const STRANGE: &'static str = "证书行没有对应的签发记录，系绕过本系统插入";

    fn place(&self) -> (i64, i64) {
        (self.seq, self.id)
    }

    fn judge(&self, record: &Stored) -> Option<&'static str> {
        evidence::issuance(self, record)
    }

    fn page(
        conn: &mut AnyConnection,
        span: Span,
    ) -> impl Future<Output = Result<Vec<Self>, Error>> + Send {
        issued(conn, span)
    }
}

impl Evidence for ChangeRow {
    const GONE: &'static str = "证书状态变更的记录没有对应的行，曾被删除";
    const STRANGE: &'static str = "证书状态变更行没有对应的记录，系绕过本系统插入";

    fn place(&self) -> (i64, i64) {
        (self.seq, 0)
    }

    fn judge(&self, record: &Stored) -> Option<&'static str> {
        evidence::change(self, record)
    }

    fn page(
        conn: &mut AnyConnection,
        span: Span,
    ) -> impl Future<Output = Result<Vec<Self>, Error>> + Send {
        changes(conn, span)
    }
}

/// Walks rows and records side by side; how many rows there were.
async fn walk<R: Evidence>(
    store: &Store,
    mut records: Records<'_>,
    findings: &mut Vec<Finding>,
) -> Result<u64, Error> {
    let mut rows = Rows::<R>::new(store, records.until);
    let mut walked = 0;
    let mut record = records.next().await?;
    while findings.len() < MOST_FINDINGS {
        let Some(row) = rows.next().await? else { break };
        walked += 1;
        // Records that come before this row have none.
        while let Some(earlier) = record.take_if(|record| record.seq.to_sql() < row.place().0) {
            findings.push(Finding::row(earlier.seq, R::GONE));
            record = records.next().await?;
        }
        match record.take_if(|record| record.seq.to_sql() == row.place().0) {
            Some(own) => {
                findings.extend(judged(&row, &own).map(|text| Finding::row(own.seq, text)));
                record = records.next().await?;
            }
            None => findings.push(Finding::row(seq_of(&row), R::STRANGE)),
        }
    }
    while findings.len() < MOST_FINDINGS
        && let Some(left) = record.take()
    {
        findings.push(Finding::row(left.seq, R::GONE));
        record = records.next().await?;
    }
    Ok(walked)
}

fn judged(row: &impl Evidence, record: &Stored) -> Option<&'static str> {
    match record.intact {
        true => row.judge(record),
        false => Some("记录本身已受损，无法核对"),
    }
}

fn seq_of(row: &impl Evidence) -> Seq {
    Seq(u64::try_from(row.place().0).unwrap_or_default())
}

/// Records of some kinds, in their order.
struct Records<'a> {
    store: &'a Store,
    until: u64,
    kinds: Vec<Kind>,
}

/// Records of one kind, a page at a time: the index of the journal gives each kind in order.
struct Kind {
    filter: Filter,
    ahead: VecDeque<Stored>,
    after: Option<Seq>,
    is_over: bool,
}

impl<'a> Records<'a> {
    fn new(store: &'a Store, kinds: &[&str], until: u64) -> Self {
        let kind = |kind: &&str| Kind {
            filter: Filter { kind: Some((*kind).to_owned()), ..Filter::default() },
            ahead: VecDeque::new(),
            after: None,
            is_over: false,
        };
        Self { store, until, kinds: kinds.iter().map(kind).collect() }
    }

    async fn next(&mut self) -> Result<Option<Stored>, Error> {
        for kind in &mut self.kinds {
            kind.fill(self.store, self.until).await?;
        }
        let first = |kind: &&mut Kind| kind.ahead.front().map(|record| record.seq);
        let filled = self.kinds.iter_mut().filter(|kind| !kind.ahead.is_empty());
        Ok(filled.min_by_key(first).and_then(|kind| kind.ahead.pop_front()))
    }
}

impl Kind {
    async fn fill(&mut self, store: &Store, until: u64) -> Result<(), Error> {
        if self.is_over || !self.ahead.is_empty() {
            return Ok(());
        }
        let page = Page { after: self.after, limit: PAGE, newest_first: false };
        let found = store.records(&self.filter, page).await?;
        self.after = found.last().map(|last| last.seq);
        self.ahead = found.into_iter().filter(|record| record.seq.0 < until).collect();
        self.is_over = self.ahead.is_empty();
        Ok(())
    }
}

/// Rows in the order of their records.
struct Rows<'a, R> {
    store: &'a Store,
    ahead: VecDeque<R>,
    span: Span,
}

impl<'a, R: Evidence> Rows<'a, R> {
    fn new(store: &'a Store, until: u64) -> Self {
        let span = Span { after: (-1, 0), until: Seq(until).to_sql(), limit: PAGE.into() };
        Self { store, ahead: VecDeque::new(), span }
    }

    async fn next(&mut self) -> Result<Option<R>, Error> {
        if self.ahead.is_empty() {
            let mut reader = self.store.read().await?;
            self.ahead = R::page(&mut reader, self.span).await?.into();
            self.span.after = self.ahead.back().map_or(self.span.after, R::place);
        }
        Ok(self.ahead.pop_front())
    }
}

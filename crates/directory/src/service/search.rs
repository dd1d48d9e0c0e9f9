//! Searching: place by place, then lookup by lookup, within every limit.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sqlx::AnyConnection;

use super::Directory;
use super::entries::{self, Setting};
use super::tree::{Node, Target, Tree};
use crate::error::Error;
use crate::message::{Outcome, Paging, ResultCode, Scope, SearchRequest};
use crate::model::{AttributeType as A, Dn, Entry};
use crate::rules::cookie::{self, Binding, Position};
use crate::rules::evaluate::{Truth, evaluate};
use crate::rules::plan::{Lookup, plan};
use crate::rules::select::Selection;
use crate::sql::{self, FoundRow};

/// Certificates that are read at a time.
const BATCH: i64 = 64;

/// An entry on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub dn: String,
    /// Its attributes, as they are described.
    pub attributes: Vec<(String, Vec<Bytes>)>,
}

/// What came out of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchDone {
    /// What was found.
    pub entries: Vec<Found>,
    /// How it ended.
    pub outcome: Outcome,
    /// With pages, the mark of the next one; empty when there is none.
    pub cookie: Option<Vec<u8>>,
}

/// Why a search stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// As many entries as may be sent, and there is one more.
    Full,
    /// As many entries as may be looked at.
    Looked,
    /// As many octets as may be sent.
    Octets,
    /// As long as it may take.
    Time,
}

/// How much a search may still take.
struct Allowance {
    entries: u32,
    candidates: u32,
    octets: usize,
    until: Instant,
}

/// A search under way.
struct Search<'a> {
    directory: &'a Directory,
    request: &'a SearchRequest,
    selection: Selection,
    tree: &'a Tree,
    folder: Dn,
    weight: u32,
    position: Position,
    left: Allowance,
    entries: Vec<Found>,
}

impl Directory {
    /// Carries out a search. It always has an outcome: a fault is told as one and logged.
    pub async fn search(&self, request: &SearchRequest, paging: Option<&Paging>) -> SearchDone {
        match self.try_search(request, paging).await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(code = error.code(), %error, "a search of the directory failed");
                self.ended(Outcome::new(ResultCode::Unavailable, "目录暂时不可用，请稍后重试"))
            }
        }
    }

    fn ended(&self, outcome: Outcome) -> SearchDone {
        SearchDone { entries: Vec::new(), outcome, cookie: None }
    }

    async fn try_search(
        &self,
        request: &SearchRequest,
        paging: Option<&Paging>,
    ) -> Result<SearchDone, Error> {
        let Some(position) = self.place(request, paging) else {
            let text = "分页标记无效或已过期，请从第一页重新查询";
            return Ok(self.ended(Outcome::new(ResultCode::UnwillingToPerform, text)));
        };
        let Some(base) = std::str::from_utf8(&request.base).ok().and_then(|b| Dn::parse(b).ok())
        else {
            let text = "起点不是有效的名称（RFC 4514）";
            return Ok(self.ended(Outcome::new(ResultCode::InvalidDnSyntax, text)));
        };
        if paging.is_some_and(|paging| paging.size == 0) {
            let done = self.ended(Outcome::success());
            return Ok(SearchDone { cookie: Some(Vec::new()), ..done });
        }
        // Given back at once: lists are read over connections of their own.
        let tree = Tree::load(&self.0.config.base, &mut *self.0.store.read().await?).await?;
        let mut search = Search {
            directory: self,
            request,
            selection: Selection::of(&request.attributes),
            folder: tree.dn(Node::Certificates),
            tree: &tree,
            weight: request.filter.weight().min(self.limits().candidates),
            left: self.allowance(request, paging, &position),
            position,
            entries: Vec::new(),
        };
        let stop = match search.below(&base).await? {
            Ok(stop) => stop,
            Err(outcome) => return Ok(self.ended(outcome)),
        };
        Ok(search.done(stop, paging))
    }

    /// Where a search goes on; `None` when its mark doesn't count.
    fn place(&self, request: &SearchRequest, paging: Option<&Paging>) -> Option<Position> {
        match paging {
            Some(paging) if !paging.cookie.is_empty() => {
                cookie::open(&paging.cookie, self.binding(request))
            }
            _ => Some(Position::default()),
        }
    }

    fn binding<'a>(&'a self, request: &'a SearchRequest) -> Binding<'a> {
        let now = self.now().as_second();
        Binding { key: &self.0.config.key, search: &request.digest, now }
    }

    fn allowance(
        &self,
        request: &SearchRequest,
        paging: Option<&Paging>,
        position: &Position,
    ) -> Allowance {
        let limits = self.limits();
        let asked = |asked: u32, most: u32| if asked == 0 { most } else { asked.min(most) };
        let entries = match paging {
            None => asked(request.size_limit, limits.entries),
            Some(paging) => {
                let all = asked(request.size_limit, limits.paged_entries);
                paging.size.min(limits.entries).min(all.saturating_sub(position.sent))
            }
        };
        let time = match request.time_limit {
            0 => limits.time,
            seconds => limits.time.min(Duration::from_secs(seconds.into())),
        };
        let until = Instant::now() + time;
        Allowance { entries, candidates: limits.candidates, octets: limits.octets, until }
    }

    /// Whether an entry has a value (RFC 4511 §4.10).
    pub async fn compare(&self, dn: &[u8], attribute: &[u8], value: &[u8]) -> Outcome {
        let known = A::of_description(attribute);
        let Some(attribute) = known.filter(|one| self.0.config.policy.is_searchable(*one)) else {
            return Outcome::new(ResultCode::UndefinedAttributeType, "没有这个属性，或不可比对");
        };
        let mut request = SearchRequest::entry("");
        request.base = dn.to_vec();
        request.attributes = vec![attribute.name().into()];
        let done = self.search(&request, None).await;
        let (ResultCode::Success, Some(entry)) = (done.outcome.code, done.entries.first()) else {
            return done.outcome;
        };
        let values: Vec<_> = entry.attributes.iter().flat_map(|(_, values)| values).collect();
        if values.is_empty() {
            return Outcome::new(ResultCode::NoSuchAttribute, "");
        }
        let equal = |own: &&Bytes| crate::rules::evaluate::equal(attribute.syntax(), own, value);
        let code = match values.iter().map(equal).collect::<Option<Vec<_>>>() {
            None => ResultCode::InvalidAttributeSyntax,
            Some(found) if found.contains(&true) => ResultCode::CompareTrue,
            Some(_) => ResultCode::CompareFalse,
        };
        Outcome::new(code, "")
    }
}

/// What a walk comes to: its end or a stop, or an outcome without any.
type Walk = Result<Result<Option<Stop>, Outcome>, Error>;

impl Search<'_> {
    async fn below(&mut self, base: &Dn) -> Walk {
        let scope = self.request.scope;
        match self.tree.resolve(base) {
            Target::Root if scope == Scope::Base => Ok(Ok(self.one(self.directory.root_entry()))),
            // Below the empty name is everything there is.
            Target::Root if scope == Scope::One => self.tree_below(Node::Base, Scope::Base).await,
            Target::Root => self.tree_below(Node::Base, scope).await,
            Target::Schema if scope == Scope::One => Ok(Ok(None)),
            Target::Schema => Ok(Ok(self.one(Directory::schema_entry()))),
            Target::Node(node) => self.tree_below(node, scope).await,
            Target::Certificate(serial) => self.one_certificate(&serial).await,
            Target::Missing(matched) => Ok(Err(Outcome { matched, ..missing() })),
        }
    }

    /// One entry that stands alone.
    fn one(&mut self, entry: Entry) -> Option<Stop> {
        if self.position.stage == 0 && self.position.id == 0 {
            self.position.id = 1;
            return self.offer(entry).err();
        }
        None
    }

    async fn one_certificate(&mut self, serial: &str) -> Walk {
        let lookup = Lookup {
            key: crate::rules::index::Key::Serial,
            value: serial.as_bytes().to_vec(),
            is_prefix: false,
        };
        let mut conn = self.directory.0.store.read().await?;
        let rows = sql::found(&mut conn, &lookup, (&[], 0), 1).await?;
        let mut entries = self.entries_of(&mut conn, &rows).await?;
        let Some(entry) = entries.pop().flatten() else {
            let matched = self.folder.to_string();
            return Ok(Err(Outcome { matched, ..missing() }));
        };
        if self.request.scope == Scope::One {
            return Ok(Ok(None));
        }
        Ok(Ok(self.one(entry)))
    }

    /// The places and certificates in scope.
    async fn tree_below(&mut self, from: Node, scope: Scope) -> Walk {
        if self.position.stage == 0
            && let Err(stop) = self.places(from, scope).await?
        {
            return Ok(Ok(Some(stop)));
        }
        let certificates = match scope {
            Scope::Base => false,
            Scope::One => from == Node::Certificates,
            Scope::Subtree => matches!(from, Node::Base | Node::Certificates),
        };
        if certificates && let Err(stop) = self.certificates().await? {
            return Ok(Ok(Some(stop)));
        }
        Ok(Ok(None))
    }

    async fn places(&mut self, from: Node, scope: Scope) -> Result<Result<(), Stop>, Error> {
        let asks_lists = self.request.filter.mentions(&|one| one.is_of_the_moment());
        let sends_lists =
            A::ALL.iter().any(|one| one.is_of_the_moment() && self.selection.has(*one));
        let done = usize::try_from(self.position.id).unwrap_or(usize::MAX);
        for (at, node) in self.tree.nodes().into_iter().enumerate().skip(done) {
            if in_scope(node, from, scope) {
                if let Err(stop) = self.look() {
                    return Ok(Err(stop));
                }
                let mut entry = self.tree.entry(node);
                if asks_lists {
                    self.directory.add_lists(&mut entry, node, self.tree).await?;
                }
                if self.selects(&entry) {
                    if sends_lists && !asks_lists {
                        self.directory.add_lists(&mut entry, node, self.tree).await?;
                    }
                    if let Err(stop) = self.take(&entry) {
                        return Ok(Err(stop));
                    }
                }
            }
            self.position.id = i64::try_from(at + 1).unwrap_or(i64::MAX);
        }
        Ok(Ok(()))
    }

    async fn certificates(&mut self) -> Result<Result<(), Stop>, Error> {
        let mut conn = self.directory.0.store.read().await?;
        let lookups = plan(&self.request.filter);
        if self.position.stage == 0 {
            self.position = Position { stage: 1, sent: self.position.sent, ..Position::default() };
        }
        while let Some(lookup) = lookups.get(usize::from(self.position.stage) - 1) {
            loop {
                let after = (self.position.value.as_slice(), self.position.id);
                let rows = sql::found(&mut conn, lookup, after, BATCH).await?;
                let entries = self.entries_of(&mut conn, &rows).await?;
                for (row, entry) in rows.iter().zip(entries) {
                    if let Err(stop) = self.look() {
                        return Ok(Err(stop));
                    }
                    if let Some(entry) = entry.filter(|entry| self.is_first(&lookups, row, entry))
                        && self.selects(&entry)
                        && let Err(stop) = self.take(&entry)
                    {
                        return Ok(Err(stop));
                    }
                    self.position.value.clone_from(&row.value);
                    self.position.id = row.id;
                }
                if rows.len() < usize::try_from(BATCH).unwrap_or_default() {
                    break;
                }
            }
            let (stage, sent) = (self.position.stage + 1, self.position.sent);
            self.position = Position { stage, sent, ..Position::default() };
        }
        Ok(Ok(()))
    }

    /// Whether this row is the first of all lookups that brings the entry: it is sent once.
    fn is_first(&self, lookups: &[Lookup], row: &FoundRow, entry: &Entry) -> bool {
        let at = usize::from(self.position.stage) - 1;
        let earlier = lookups.iter().take(at).any(|lookup| lookup.first_of(entry).is_some());
        let own = lookups.get(at).and_then(|lookup| lookup.first_of(entry));
        !earlier && own.is_none_or(|first| first == row.value)
    }

    /// The entries of rows; `None` for what isn't public. Octets of certificates are read where the
    /// filter or the answer has them.
    async fn entries_of(
        &self,
        conn: &mut AnyConnection,
        rows: &[FoundRow],
    ) -> Result<Vec<Option<Entry>>, Error> {
        let (policy, now) = (&self.directory.0.config.policy, self.directory.now());
        let setting = Setting { folder: &self.folder, policy, now };
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            entries.push(entries::certificate(row, setting)?);
        }
        let asks = self.request.filter.mentions(&|one| one == A::UserCertificate);
        if !asks && !self.selection.has(A::UserCertificate) {
            return Ok(entries);
        }
        let mut wanted = Vec::new();
        for (row, entry) in rows.iter().zip(&entries) {
            let chosen = entry.as_ref().is_some_and(|entry| asks || self.selects(entry));
            if chosen && entries::shows_certificate(row, policy, now)? {
                wanted.push(row.id);
            }
        }
        let octets = sql::octets(conn, &wanted).await?;
        let mut octets: std::collections::HashMap<_, _> = octets.into_iter().collect();
        for (row, entry) in rows.iter().zip(&mut entries) {
            if let (Some(entry), Some(der)) = (entry, octets.remove(&row.id)) {
                entries::add_certificate(entry, der);
            }
        }
        Ok(entries)
    }

    fn selects(&self, entry: &Entry) -> bool {
        evaluate(&self.request.filter, entry, &self.directory.0.config.policy) == Truth::True
    }

    /// Counts an entry that is looked at, as often as the filter is heavy.
    fn look(&mut self) -> Result<(), Stop> {
        if Instant::now() > self.left.until {
            return Err(Stop::Time);
        }
        let left = self.left.candidates.checked_sub(self.weight);
        self.left.candidates = left.ok_or(Stop::Looked)?;
        Ok(())
    }

    fn offer(&mut self, entry: Entry) -> Result<(), Stop> {
        if self.selects(&entry) { self.take(&entry) } else { Ok(()) }
    }

    /// Puts an entry into the answer.
    fn take(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.left.entries = self.left.entries.checked_sub(1).ok_or(Stop::Full)?;
        let dn = entry.dn.to_string();
        let attributes = self.selection.apply(entry, self.request.types_only);
        let values = attributes.iter().flat_map(|(name, values)| {
            std::iter::once(name.len() + 8).chain(values.iter().map(|value| value.len() + 6))
        });
        let octets = dn.len() + values.sum::<usize>() + 16;
        // One entry goes out whatever its size, or a large list could never be read.
        if !self.entries.is_empty() {
            self.left.octets = self.left.octets.checked_sub(octets).ok_or(Stop::Octets)?;
        }
        self.position.sent = self.position.sent.saturating_add(1);
        self.entries.push(Found { dn, attributes });
        Ok(())
    }

    fn done(self, stop: Option<Stop>, paging: Option<&Paging>) -> SearchDone {
        let limits = self.directory.limits();
        let all_sent = match self.request.size_limit {
            0 => self.position.sent >= limits.paged_entries,
            asked => self.position.sent >= asked.min(limits.paged_entries),
        };
        let goes_on = match stop {
            Some(Stop::Full) => paging.is_some() && !all_sent,
            Some(Stop::Looked | Stop::Octets) => paging.is_some(),
            Some(Stop::Time) | None => false,
        };
        let outcome = match stop {
            _ if goes_on => Outcome::success(),
            None => Outcome::success(),
            Some(Stop::Full) => Outcome::new(
                ResultCode::SizeLimitExceeded,
                "结果超过条数上限，请缩小查询范围或分页查询",
            ),
            Some(Stop::Time) => {
                Outcome::new(ResultCode::TimeLimitExceeded, "查询超过时限，请缩小查询范围")
            }
            Some(Stop::Looked | Stop::Octets) => Outcome::new(
                ResultCode::AdminLimitExceeded,
                "查询涉及的条目过多，请用序列号或名称的开头查询，或分页查询",
            ),
        };
        let cookie = paging.map(|_| match goes_on {
            true => cookie::seal(&self.position, self.directory.binding(self.request)),
            false => Vec::new(),
        });
        SearchDone { entries: self.entries, outcome, cookie }
    }
}

fn missing() -> Outcome {
    Outcome::new(ResultCode::NoSuchObject, "没有这个条目")
}

/// Whether a place is in a scope.
fn in_scope(node: Node, from: Node, scope: Scope) -> bool {
    match scope {
        Scope::Base => node == from,
        Scope::One => Tree::parent(node) == Some(from),
        Scope::Subtree => {
            let mut place = Some(node);
            while let Some(here) = place {
                if here == from {
                    return true;
                }
                place = Tree::parent(here);
            }
            false
        }
    }
}

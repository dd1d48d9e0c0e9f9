//! 日志: what was recorded, the newest first, with filters, pages and exports; which records an
//! auditor went through carries a visible mark (GM/T 0034).

use std::collections::VecDeque;

use access::Action;
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use store::{AuditMark, Filter, Page, Seq, Stored};
use tokio_util::io::ReaderStream;

use super::journal_key::JournalKey;
use super::journal_kinds::{KINDS, title};
use super::journal_words::{self as told, Names};
use super::period::Period;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::{address, csv, list, paging, words};
use crate::problem::Problem;

/// Rows of one page.
const ROWS: u32 = 50;
/// Records read at once for an export.
const BLOCK: u32 = 500;
const HEADINGS: [&str; 9] =
    ["序号", "时间", "事项", "种类", "操作者", "对象", "内容", "叶子杂凑值", "审计标记"];

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Kind of record.
    pub kind: String,
    /// `person:…`, or the login or name of somebody.
    pub actor: String,
    /// `application:…`, an application number, a serial number.
    pub object: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Older than this record.
    pub after: String,
    /// Newer than this record.
    pub before: String,
}

impl Query {
    /// An address with this filter, and a place.
    fn address(&self, path: &str, place: (&str, &str)) -> String {
        let filter = [
            ("kind", &*self.kind),
            ("actor", &*self.actor),
            ("object", &*self.object),
            ("from", &*self.from),
            ("to", &*self.to),
            place,
        ];
        address::with(path, &filter)
    }
}

#[derive(Template)]
#[template(path = "admin/journal.html")]
struct Journal {
    frame: Frame,
    query: Query,
    kinds: Vec<(String, String)>,
    mistakes: Mistakes,
    rows: Vec<Row>,
    total: u64,
    older: Option<String>,
    newer: Option<String>,
    first: String,
    csv: Option<String>,
    next_audit: u64,
    size: u64,
    key: JournalKey,
}

struct Row {
    seq: u64,
    at: String,
    title: String,
    who: String,
    /// What sort of thing it is about, and which.
    sort: &'static str,
    which: String,
    link: Option<String>,
    is_audited: bool,
    is_intact: bool,
}

/// `GET /admin/journal`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = filter(&app, &visitor, &query, &mut mistakes).await?;
    let (found, has_more) = found(&app, &query, &filter).await?;
    let names = Names::of(&app, visitor.principal(), found.iter().map(|one| &*one.actor)).await;
    let marks = marks_over(&app, &found).await?;
    let (newest, oldest) = (found.front().map(|one| one.seq), found.back().map(|one| one.seq));
    let is_first = query.after.is_empty() && (query.before.is_empty() || !has_more);
    let is_last = query.before.is_empty() && !has_more;
    let older = oldest.filter(|_| !is_last).map(|seq| query.address(PATH, ("after", &text(seq))));
    let newer = newest.filter(|_| !is_first).map(|seq| query.address(PATH, ("before", &text(seq))));
    let may_export = app.permit(visitor.principal(), Action::ExportJournal).is_ok();
    let shown = Journal {
        rows: found.iter().map(|one| row(one, &frame, (&names, &marks))).collect(),
        total: app.store().count(&filter).await.map_err(app::Error::from)?,
        kinds: kinds(&query.kind),
        older,
        newer,
        first: query.address(PATH, ("", "")),
        csv: may_export.then(|| query.address("/admin/journal/export.csv", ("", ""))),
        next_audit: app.store().next_audit().await.map_err(app::Error::from)?.0,
        size: app.store().size().await.map_err(app::Error::from)?,
        key: JournalKey::of(&app),
        frame,
        query,
        mistakes,
    };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

const PATH: &str = "/admin/journal";

fn text(seq: Seq) -> String {
    seq.0.to_string()
}

/// The records of a page, the newest first, and whether there are more in the direction of reading.
async fn found(
    app: &App,
    query: &Query,
    filter: &Filter,
) -> Result<(VecDeque<Stored>, bool), Problem> {
    let is_back = !query.before.is_empty();
    let place = if is_back { &query.before } else { &query.after };
    let after = match place.as_str() {
        "" => None,
        place => Some(Seq(place.parse().map_err(|_| paging::wrong())?)),
    };
    // One more than shown tells whether there are more.
    let page = Page { after, limit: ROWS + 1, newest_first: !is_back };
    let records = app.store().records(filter, page).await.map_err(app::Error::from)?;
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let has_more = records.len() > most;
    let mut shown = VecDeque::with_capacity(most);
    for record in records.into_iter().take(most) {
        match is_back {
            true => shown.push_front(record),
            false => shown.push_back(record),
        }
    }
    Ok((shown, has_more))
}

async fn marks_over(app: &App, found: &VecDeque<Stored>) -> Result<Vec<AuditMark>, Problem> {
    match (found.back(), found.front()) {
        (Some(oldest), Some(newest)) => {
            let marks = app.store().audit_marks_over(oldest.seq, newest.seq).await;
            Ok(marks.map_err(app::Error::from)?)
        }
        _ => Ok(Vec::new()),
    }
}

/// Whether a mark covers a record.
fn is_audited(marks: &[AuditMark], seq: Seq) -> bool {
    marks.iter().any(|one| (one.mark.first..=one.mark.last).contains(&seq))
}

fn row(record: &Stored, frame: &Frame, (names, marks): (&Names, &[AuditMark])) -> Row {
    let (sort, which) = told::object(&record.subject);
    Row {
        seq: record.seq.0,
        at: words::second(record.at),
        title: title(&record.kind).to_owned(),
        who: names.who(&record.actor),
        link: told::link(frame, &record.subject),
        sort,
        which,
        is_audited: is_audited(marks, record.seq),
        is_intact: record.intact,
    }
}

/// The choices of the form; a kind that was asked for and has no name is one of them.
fn kinds(asked: &str) -> Vec<(String, String)> {
    let known = KINDS.iter().map(|(name, title)| ((*name).to_owned(), (*title).to_owned()));
    let mut all: Vec<_> = known.collect();
    if !asked.is_empty() && !KINDS.iter().any(|(name, _)| *name == asked) {
        all.push((asked.to_owned(), asked.to_owned()));
    }
    all
}

/// The filter of the store; people and applications are found by what people call them.
async fn filter(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    mistakes: &mut Mistakes,
) -> Result<Filter, Problem> {
    let period = Period::of((&query.from, &query.to), mistakes);
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Filter {
        from: period.begin(),
        until: period.end(),
        kind: some(&query.kind),
        actor: match some(&query.actor) {
            Some(actor) => Some(actor_of(app, visitor, actor).await?),
            None => None,
        },
        subject: match some(&query.object) {
            Some(object) => Some(object_of(app, visitor, object).await?),
            None => None,
        },
        ..Filter::default()
    })
}

/// Somebody by login or name, as the journal names them.
async fn actor_of(app: &App, visitor: &Visitor, asked: String) -> Result<String, Problem> {
    if asked.contains(':') || asked == "system" {
        return Ok(asked);
    }
    if asked == "系统" {
        return Ok("system".to_owned());
    }
    let Ok(permit) = app.permit(visitor.principal(), Action::ReadPeople) else {
        return Ok(asked);
    };
    let people = app.access().people(&permit).await?;
    let mut people = people.into_iter();
    let found = people.find(|one| one.login.as_str() == asked || one.name.to_string() == asked);
    Ok(found.map_or(asked, |person| person.actor().to_string()))
}

/// A certificate by its serial number, an application by its number, as the journal names them.
async fn object_of(app: &App, visitor: &Visitor, asked: String) -> Result<String, Problem> {
    if asked.contains(':') || asked == "journal" {
        return Ok(asked);
    }
    if let Ok(permit) = app.permit(visitor.principal(), Action::ReadApplication)
        && let Ok(ra) = app.registration()
        && let Ok(Some(application)) = ra.by_number(&permit, &asked).await
    {
        return Ok(application.subject());
    }
    let digits: String = asked.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    Ok(match pki::Serial::from_hex(&digits.to_lowercase()) {
        Ok(serial) => format!("certificate:{}/{}", app::ISSUER, serial.to_hex()),
        Err(_) => asked,
    })
}

/// `GET /admin/journal/export.csv`: what the filter selects, the oldest first.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = filter(&app, &visitor, &query, &mut mistakes).await?;
    list::refused(&mistakes)?;
    let pages = stream::try_unfold((app, filter, None), |(app, filter, after)| async move {
        let page = Page { after, limit: BLOCK, newest_first: false };
        let records = app.store().records(&filter, page).await?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok::<_, store::Error>(None);
        };
        let marks = app.store().audit_marks_over(first.seq, last.seq).await?;
        let after = Some(last.seq);
        let rows = records.iter().map(|record| csv_row(record, &marks)).collect();
        Ok(Some((rows, (app, filter, after))))
    });
    Ok(csv::streamed("journal", &HEADINGS, pages))
}

fn csv_row(record: &Stored, marks: &[AuditMark]) -> csv::Row {
    vec![
        record.seq.0.to_string(),
        words::second(record.at),
        title(&record.kind).to_owned(),
        record.kind.clone(),
        record.actor.clone(),
        record.subject.clone(),
        record.leaf.clone(),
        record.leaf_hash.to_string(),
        if is_audited(marks, record.seq) { "已审计" } else { "未审计" }.to_owned(),
    ]
}

/// `GET /admin/journal/export.jsonl`: the whole journal with its proofs, as the interface
/// `/api/v1/export/journal.jsonl` has it; `yinxin journal verify --export` reads it.
pub async fn export_whole(State(app): State<App>) -> Response {
    let (mut writer, reader) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        if let Err(error) = app.store().export(&Filter::default(), &mut writer).await {
            tracing::error!(%error, "journal export broke off");
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal.jsonl\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(ReaderStream::new(reader))).into_response()
}

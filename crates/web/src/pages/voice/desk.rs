//! 管理台: complaints as they are worked on. Each step is signed; who reads one is on record.

use std::sync::Arc;

use access::{ActKind, Action};
use app::Mark;
use app::voice::{
    Category, Complaint, ComplaintFilter, ComplaintOrder, ComplaintState, ComplaintWords, Evidence,
    Step,
};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::complaints::{clock, tag};
use super::keep::{Concerned, Keep};
use super::to_be_signed;
use crate::api::{App, Params};
use crate::pages::admin::period::Period;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{self, Asked, Tab};
use crate::pages::order::MOST_TEXT;
use crate::pages::paging::Paging;
use crate::pages::{csv, words};
use crate::problem::Problem;

/// Complaints of one page.
const ROWS: u32 = 50;
/// Complaints read at once for a file.
const BLOCK: u32 = 500;
const HEADINGS: [&str; 7] =
    ["编号", "类别", "状态", "收到时间", "首次答复时间", "办理期限", "是否超期"];

/// Which complaints.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    state: String,
    category: String,
    overdue: String,
    from: String,
    to: String,
    q: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = "/admin/complaints";

    fn tab(&self) -> &str {
        &self.state
    }

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("category", &self.category),
            ("overdue", &self.overdue),
            ("from", &self.from),
            ("to", &self.to),
            ("q", &self.q),
        ]
    }

    fn page(&self) -> &str {
        &self.page
    }
}

impl Query {
    /// A number is one where it begins like one; anything else is looked for in what was written.
    fn filter(&self, mistakes: &mut Mistakes) -> ComplaintFilter {
        let period = Period::of((&self.from, &self.to), mistakes);
        let q = self.q.trim();
        let upper = q.to_uppercase();
        let digits = upper.strip_prefix("TS");
        let is_number = digits.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        let (number, text) = match is_number {
            true => (upper, String::new()),
            false => (String::new(), q.to_owned()),
        };
        ComplaintFilter {
            state: ComplaintState::of(&self.state),
            category: Category::of(&self.category),
            overdue: !self.overdue.is_empty(),
            from: period.begin(),
            until: period.end(),
            number,
            text,
        }
    }
}

#[derive(Template)]
#[template(path = "voice/complaint_list.html")]
struct List {
    frame: Frame,
    query: Query,
    mistakes: Mistakes,
    tabs: Vec<Tab>,
    categories: [Category; 8],
    overdue: u64,
    total: u64,
    is_whole: bool,
    is_search: bool,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
}

struct Row {
    id: String,
    number: String,
    category: &'static str,
    state: &'static str,
    tag: &'static str,
    clock: Option<words::Clock>,
    received_at: String,
}

fn row(app: &App, one: &Complaint) -> Row {
    Row {
        id: one.id.clone(),
        number: one.number.clone(),
        category: one.category.chinese(),
        state: one.state.chinese(),
        tag: tag(one.state),
        clock: clock(app, one),
        received_at: words::minute(one.received_at),
    }
}

/// `GET /admin/complaints`.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let permit = visitor.permit()?;
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    let place = (query.place()?, ROWS);
    let found = app.complaints(permit, &filter, place).await?;
    let shown = List {
        tabs: tabs(&app.complaint_counts(permit).await?, &query),
        categories: Category::ALL,
        overdue: app.complaints_overdue(permit).await?,
        total: found.total,
        is_whole: found.is_whole,
        is_search: query.is_search(),
        rows: found.complaints.iter().map(|one| row(&app, one)).collect(),
        paging: query.paging(place, found.total),
        csv: query.file("/admin/complaints/export"),
        frame,
        query,
        mistakes,
    };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

/// All complaints, then those of each state.
fn tabs(counts: &[(ComplaintState, u64)], query: &Query) -> Vec<Tab> {
    let total = |state| counts.iter().find(|(one, _)| *one == state).map_or(0, |(_, n)| *n);
    let here = ComplaintState::of(&query.state);
    let tab = |state: Option<ComplaintState>| Tab {
        address: Query::default()
            .address(Query::PATH, (state.map_or("", ComplaintState::word), "")),
        title: state.map_or("全部", ComplaintState::chinese),
        total: state.map_or_else(|| counts.iter().map(|(_, n)| n).sum(), total),
        is_here: here == state,
    };
    let states = ComplaintState::ALL.into_iter().map(Some);
    [None].into_iter().chain(states).map(tab).collect()
}

/// `GET /admin/complaints/export`: the list as a file; what was written is not in it.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    list::refused(&mistakes)?;
    let looked = Arc::new((app, visitor.permit()?.clone(), filter));
    Ok(list::file("complaints", &HEADINGS, None, move |behind: Option<Mark>| {
        let looked = looked.clone();
        async move {
            let (app, permit, filter) = &*looked;
            let block = app.complaints_behind(permit, filter, (behind.as_ref(), BLOCK)).await?;
            let rows = block.rows.iter().map(line).collect();
            Ok::<_, app::Error>((rows, block.next.map(Some)))
        }
    }))
}

fn line(one: &Complaint) -> csv::Row {
    let overdue = one.clock.map(|clock| if clock.overdue { "是" } else { "否" });
    vec![
        one.number.clone(),
        one.category.chinese().to_owned(),
        one.state.chinese().to_owned(),
        words::minute(one.received_at),
        one.answered_at.map(words::minute).unwrap_or_default(),
        one.clock.map(|clock| clock.due.day.to_string()).unwrap_or_default(),
        overdue.unwrap_or_default().to_owned(),
    ]
}

#[derive(Template)]
#[template(path = "voice/complaint.html")]
pub(super) struct Shown {
    frame: Frame,
    row: Row,
    is_report: bool,
    version: i64,
    words: ComplaintWords,
    /// Whether what was written was erased.
    is_erased: bool,
    evidence: Vec<Piece>,
    keep: Keep,
    may_open: bool,
    steps: Vec<(&'static str, String, String)>,
    /// What may be done now: word and title.
    choices: Vec<(&'static str, &'static str)>,
    chosen: String,
    text: String,
    /// Whether closing it has to say what it came to for the status of certificates.
    asks_outcome: bool,
    outcome: String,
    serials: String,
    mistakes: Mistakes,
}

impl Shown {
    /// What it is called: a report of a leaked key goes the way of complaints.
    fn sort(&self) -> &'static str {
        if self.is_report { "问题报告" } else { "投诉" }
    }

    /// Who handed it in.
    fn author(&self) -> &'static str {
        if self.is_report { "报告人" } else { "投诉人" }
    }

    /// How large a file is.
    fn size(&self, one: &Evidence) -> String {
        words::size(usize::try_from(one.octets).unwrap_or(usize::MAX))
    }
}

impl Shown {
    /// With what was typed about the term, to be corrected.
    pub(super) fn with_keep(self, (form, mistakes): (Form, Mistakes)) -> Self {
        let keep = Keep { form, ..self.keep };
        Self { keep, mistakes, ..self }
    }

    fn has_kept(&self) -> bool {
        self.evidence.iter().any(|piece| piece.erased_at.is_none())
    }
}

/// A piece of evidence.
struct Piece {
    one: Evidence,
    /// When it was erased.
    erased_at: Option<String>,
}

impl From<Evidence> for Piece {
    fn from(one: Evidence) -> Self {
        Self { erased_at: one.erased_at.map(words::minute), one }
    }
}

/// `GET /admin/complaints/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    page(&shown(&app, frame, &visitor, &id).await?)
}

pub(super) async fn shown(
    app: &App,
    frame: Frame,
    visitor: &Visitor,
    id: &str,
) -> Result<Shown, Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadVoice)?;
    let (complaint, words, steps) = app.open_complaint(&permit, id).await?;
    let evidence = app.evidence_of(&permit, (&complaint.id, &words)).await?;
    let has_evidence = evidence.iter().any(|piece| piece.erased_at.is_none());
    let may = app.permit(visitor.principal(), Action::HandleVoice).is_ok();
    let choices = match complaint.state {
        _ if !may => vec![],
        ComplaintState::Received => {
            vec![("accept", "受理"), ("close", "办结（不属于受理范围等，写明理由）")]
        }
        ComplaintState::Accepted => vec![("answer", "答复"), ("close", "办结（写明理由）")],
        ComplaintState::Answered => vec![("answer", "补充答复"), ("close", "办结")],
        ComplaintState::Closed => vec![],
    };
    Ok(Shown {
        frame,
        row: row(app, &complaint),
        is_report: complaint.category == Category::Misuse,
        version: complaint.version,
        words,
        is_erased: complaint.words_erased_at.is_some(),
        evidence: evidence.into_iter().map(Piece::from).collect(),
        keep: Keep::of(app, (&permit, may), (&complaint, has_evidence)).await?,
        may_open: may,
        steps: steps
            .into_iter()
            .map(|step| (step.step.chinese(), step.text, words::minute(step.at)))
            .collect(),
        choices,
        chosen: String::new(),
        text: String::new(),
        asks_outcome: may && app.asks_outcome(&permit, id).await?,
        outcome: String::new(),
        serials: String::new(),
        mistakes: Mistakes::none(),
    })
}

/// `GET /admin/complaints/{id}/evidence/{position}`: a file of a stranger, to be saved and never shown by us.
pub async fn evidence(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, position)): Path<(String, u32)>,
) -> Answer {
    let permit = visitor.permit()?;
    let content = app.open_evidence(permit, (&id, position)).await?;
    let name = format!("attachment; filename=\"evidence-{position}.bin\"");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, content).into_response())
}

/// `POST /admin/complaints/{id}`: written down, to be signed.
pub async fn handle(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let step = Step::of(form.text("step"));
    let text = form.text("text").trim().to_owned();
    let mut mistakes = Mistakes::none();
    if step.is_none() {
        mistakes.add("step", "请选择怎样办理");
    }
    if !(4..=MOST_TEXT).contains(&text.chars().count()) {
        mistakes.add("text", format!("请写明答复或者理由，4 至 {MOST_TEXT} 字"));
    }
    let mut concerned = Concerned::default();
    if step == Some(Step::Close) {
        let permit = app.permit(visitor.principal(), Action::ReadVoice)?;
        if app.asks_outcome(&permit, &id).await? {
            let fields = ("outcome", "serials");
            concerned = Concerned::read(&app, &permit, (&form, fields), &mut mistakes).await?;
        }
    }
    let (Some(step), true) = (step, mistakes.is_empty()) else {
        let before = shown(&app, frame, &visitor, &id).await?;
        let typed = |name: &str| form.text(name).to_owned();
        let (chosen, outcome, serials) = (typed("step"), typed("outcome"), typed("serials"));
        return page_to_correct(&Shown { chosen, text, outcome, serials, mistakes, ..before });
    };
    let version = crate::pages::version(&form)?;
    let Concerned { outcome, serials } = concerned;
    let order = ComplaintOrder { version, step, text, outcome, serials };
    let object = format!("complaint:{id}");
    to_be_signed(&app, &visitor, (ActKind::HandleComplaint, &object), &order).await
}

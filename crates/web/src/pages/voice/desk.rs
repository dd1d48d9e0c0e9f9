//! 管理台: complaints as they are worked on. Each step is signed; who reads one is on record.

use access::{ActKind, Action};
use app::voice::{Complaint, ComplaintOrder, ComplaintState, ComplaintWords, Step};
use askama::Template;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::complaints::{clock, tag};
use super::to_be_signed;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::csv;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// Which complaints.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    state: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "voice/complaint_list.html")]
struct List {
    frame: Frame,
    tabs: Vec<Tab>,
    here: String,
    q: String,
    rows: Vec<Row>,
    next: Option<String>,
    is_first: bool,
}

struct Tab {
    word: &'static str,
    title: &'static str,
    total: u64,
    is_here: bool,
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
    let state = ComplaintState::of(&query.state);
    let counts = app.complaint_counts(permit).await?;
    let total = |state| counts.iter().find(|(one, _)| *one == state).map_or(0, |(_, n)| *n);
    let mut tabs: Vec<Tab> = ComplaintState::ALL
        .into_iter()
        .map(|one| Tab {
            word: one.word(),
            title: one.chinese(),
            total: total(one),
            is_here: state == Some(one) && query.q.trim().is_empty(),
        })
        .collect();
    let all = counts.iter().map(|(_, n)| n).sum();
    let is_here = state.is_none() && query.q.trim().is_empty();
    tabs.push(Tab { word: "all", title: "全部", total: all, is_here });
    let found = match query.q.trim() {
        "" => {
            let after = match query.after.as_str() {
                "" => None,
                after => app.find_complaint(permit, after).await?,
            };
            app.complaints(permit, (state, after.as_ref())).await?
        }
        q => app.find_complaint(permit, &q.to_uppercase()).await?.into_iter().collect(),
    };
    let is_full = found.len() >= 200;
    let next = found.last().filter(|_| is_full).map(|last| last.id.clone());
    page(&List {
        frame,
        tabs,
        here: query.state,
        rows: found.iter().map(|one| row(&app, one)).collect(),
        q: query.q,
        next,
        is_first: query.after.is_empty(),
    })
}

/// `GET /admin/complaints/export`: the list as a file; what was written is not in it.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let (permit, state) = (visitor.permit()?, ComplaintState::of(&query.state));
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = app.complaints(permit, (state, after.as_ref())).await?;
        rows.extend(page.iter().map(|one| {
            let answered = one.answered_at.map(words::minute).unwrap_or_default();
            let due = one.clock.map(|clock| clock.due.day.to_string()).unwrap_or_default();
            vec![
                one.number.clone(),
                one.category.chinese().to_owned(),
                one.state.chinese().to_owned(),
                words::minute(one.received_at),
                answered,
                due,
            ]
        }));
        match page.into_iter().last() {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    let headings = ["编号", "类别", "状态", "收到时间", "首次答复时间", "办理期限"];
    Ok(csv::list("complaints", &headings, rows))
}

#[derive(Template)]
#[template(path = "voice/complaint.html")]
struct Shown {
    frame: Frame,
    row: Row,
    version: i64,
    words: ComplaintWords,
    steps: Vec<(&'static str, String, String)>,
    /// What may be done now: word and title.
    choices: Vec<(&'static str, &'static str)>,
    chosen: String,
    text: String,
    mistakes: Mistakes,
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

async fn shown(app: &App, frame: Frame, visitor: &Visitor, id: &str) -> Result<Shown, Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadVoice)?;
    let (complaint, words, steps) = app.open_complaint(&permit, id).await?;
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
        version: complaint.version,
        words,
        steps: steps
            .into_iter()
            .map(|step| (step.step.chinese(), step.text, words::minute(step.at)))
            .collect(),
        choices,
        chosen: String::new(),
        text: String::new(),
        mistakes: Mistakes::none(),
    })
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
    if !(4..=4000).contains(&text.chars().count()) {
        mistakes.add("text", "请写明给投诉人的答复或理由，4 至 4000 字");
    }
    let (Some(step), true) = (step, mistakes.is_empty()) else {
        let before = shown(&app, frame, &visitor, &id).await?;
        let chosen = form.text("step").to_owned();
        return page_to_correct(&Shown { chosen, text, mistakes, ..before });
    };
    let order = ComplaintOrder { version: crate::pages::version(&form)?, step, text };
    let object = format!("complaint:{id}");
    to_be_signed(&app, &visitor, (ActKind::HandleComplaint, &object), &order).await
}

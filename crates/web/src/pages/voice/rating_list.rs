//! 管理台: ratings as the staff see them, found by level, office, service, period and words, with the
//! figures of what was looked for; bad ones are answered here, each with a signature
//! (国办发〔2019〕51号). The file of a list has nothing that anybody wrote.

use std::sync::Arc;

use access::{ActKind, Action, Permit};
use app::Mark;
use app::voice::{Level, Rating, RatingAnswer, RatingFilter};
use askama::Template;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::ratings::{self, MOST};
use super::to_be_signed;
use crate::api::{App, Params};
use crate::pages::admin::period::Period;
use crate::pages::admin::{office_name, offices};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{self, Asked, Choices, some};
use crate::pages::paging::Paging;
use crate::pages::{csv, words};
use crate::problem::Problem;

/// Ratings of one page: each with its form.
const ROWS: u32 = 20;
/// Ratings read at once for a file.
const BLOCK: u32 = 200;
const HEADINGS: [&str; 8] =
    ["申请编号", "业务", "证书类型", "受理机构", "等级", "评价时间", "写了意见", "答复时间"];
const LISTS: [(&str, &str); 3] =
    [("", "待答复的差评"), ("answered", "已答复"), ("all", "全部评价")];

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    list: String,
    level: String,
    service: String,
    office: String,
    from: String,
    to: String,
    q: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = "/admin/ratings";
    const TAB: &'static str = "list";

    fn tab(&self) -> &str {
        &self.list
    }

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("level", &self.level),
            ("service", &self.service),
            ("office", &self.office),
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
    fn filter(&self, mistakes: &mut Mistakes) -> RatingFilter {
        let period = Period::of((&self.from, &self.to), mistakes);
        RatingFilter {
            level: self.level.parse().ok().and_then(Level::new),
            answered: match self.list.as_str() {
                "" => Some(false),
                "answered" => Some(true),
                _ => None,
            },
            service: some(&self.service),
            office: some(&self.office),
            application: None,
            from: period.begin(),
            until: period.end(),
            text: self.q.trim().to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "voice/rating_list.html")]
struct List {
    frame: Frame,
    query: Query,
    mistakes: Mistakes,
    tabs: Vec<(String, &'static str, bool)>,
    levels: Vec<(u8, &'static str)>,
    services: Choices,
    offices: Choices,
    figures: ratings::Row,
    total: u64,
    is_whole: bool,
    is_search: bool,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
    may_answer: bool,
}

struct Row {
    application: String,
    number: String,
    service: String,
    office: String,
    level: &'static str,
    tag: &'static str,
    is_bad: bool,
    rated_at: String,
    remark: Option<String>,
    answer: Option<(String, String)>,
    version: i64,
    draft: String,
}

/// `GET /admin/ratings`.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    let shown = shown(&app, (frame, &visitor), query, &filter).await?;
    let shown = List { mistakes, ..shown };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

async fn shown(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    query: Query,
    filter: &RatingFilter,
) -> Result<List, Problem> {
    let reads = app.permit(visitor.principal(), Action::ReadVoice)?;
    let place = (query.place()?, ROWS);
    let found = app.ratings(&reads, filter, place).await?;
    let services = app.registration()?.catalogue().services().list.iter();
    let services = services.map(|one| (one.name.clone(), one.title.clone())).collect();
    let offices = offices(app, visitor).await?;
    let mut rows = Vec::new();
    for rating in found.ratings {
        rows.push(row(app, visitor, (rating, &offices)).await?);
    }
    let is_here = |list: &str| query.list == list;
    let there = |list: &str| query.address(Query::PATH, (list, ""));
    let tabs = LISTS.map(|(list, title)| (there(list), title, is_here(list)));
    Ok(List {
        tabs: tabs.to_vec(),
        levels: levels(&query.list),
        services,
        offices,
        figures: ratings::row(String::new(), &found.figures),
        total: found.total,
        is_whole: found.is_whole,
        is_search: query.is_search(),
        rows,
        paging: query.paging(place, found.total),
        csv: query.file("/admin/ratings/export"),
        may_answer: app.permit(visitor.principal(), Action::HandleVoice).is_ok(),
        mistakes: Mistakes::none(),
        frame,
        query,
    })
}

/// The levels that a list may have.
fn levels(list: &str) -> Vec<(u8, &'static str)> {
    let all = Level::ALL.into_iter().filter(|level| list == "all" || level.is_bad());
    all.map(|level| (level.number(), level.chinese())).collect()
}

async fn row(
    app: &App,
    visitor: &Visitor,
    (rating, offices): (Rating, &Choices),
) -> Result<Row, Problem> {
    let ra = app.registration()?;
    let looks = app.permit(visitor.principal(), Action::ReadApplication)?;
    let application = ra.application(&looks, &rating.application.parse()?).await?;
    Ok(Row {
        number: application.number.to_string(),
        service: ra.catalogue().service(&rating.service)?.title.clone(),
        office: office_name(rating.office.as_deref(), offices),
        application: rating.application,
        level: rating.level.chinese(),
        tag: tag(rating.level),
        is_bad: rating.level.is_bad(),
        rated_at: words::minute(rating.rated_at),
        remark: rating.remark,
        answer: rating.answer.map(|(text, at)| (text, words::minute(at))),
        version: rating.version,
        draft: String::new(),
    })
}

fn tag(level: Level) -> &'static str {
    match level.number() {
        5 | 4 => "tag--good",
        3 => "tag--going",
        _ => "tag--bad",
    }
}

/// `GET /admin/ratings/export`: the list as a file.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    list::refused(&mistakes)?;
    let offices = offices(&app, &visitor).await?;
    let reads = visitor.permit()?.clone();
    let looks = app.permit(visitor.principal(), Action::ReadApplication)?;
    let looked = Arc::new((app, (reads, looks), filter, offices));
    Ok(list::file("ratings", &HEADINGS, None, move |behind: Option<Mark>| {
        let looked = looked.clone();
        async move {
            let (app, (reads, looks), filter, offices) = &*looked;
            let block = app.ratings_behind(reads, filter, (behind.as_ref(), BLOCK)).await?;
            let mut rows = Vec::new();
            for rating in &block.rows {
                rows.push(line(app, looks, (rating, offices)).await?);
            }
            Ok::<_, app::Error>((rows, block.next.map(Some)))
        }
    }))
}

async fn line(
    app: &App,
    looks: &Permit,
    (rating, offices): (&Rating, &Choices),
) -> Result<csv::Row, app::Error> {
    let ra = app.registration()?;
    let application = ra.application(looks, &rating.application.parse()?).await?;
    Ok(vec![
        application.number.to_string(),
        ra.catalogue().service(&rating.service)?.title.clone(),
        ra.catalogue().kind(&rating.kind)?.title.clone(),
        office_name(rating.office.as_deref(), offices),
        rating.level.chinese().to_owned(),
        words::minute(rating.rated_at),
        if rating.remark.is_some() { "是" } else { "否" }.to_owned(),
        rating.answer.as_ref().map(|(_, at)| words::minute(*at)).unwrap_or_default(),
    ])
}

/// `POST /admin/ratings/{application}`: the answer is written down, to be signed.
pub async fn answer(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(application): Path<String>,
    form: Form,
) -> Answer {
    let answer = form.text("answer").trim().to_owned();
    if !(4..=MOST).contains(&answer.chars().count()) {
        // The one that was written to comes back alone, wherever it stood in the list.
        let filter = RatingFilter { application: Some(application.clone()), ..Default::default() };
        let mut list = shown(&app, (frame, &visitor), Query::default(), &filter).await?;
        let field = format!("answer-{application}");
        list.mistakes.add(&field, "请写明核实的情况和改进措施，4 至 500 字");
        for row in &mut list.rows {
            row.draft.clone_from(&answer);
        }
        return page_to_correct(&list);
    }
    let order = RatingAnswer { version: crate::pages::version(&form)?, answer };
    let object = format!("rating:{application}");
    to_be_signed(&app, &visitor, (ActKind::AnswerRating, &object), &order).await
}

//! 服务评价: given by the applicant once the application has ended, public in figures only.

use access::{ActKind, Action};
use app::voice::{Figures, Level, RatingAnswer};
use askama::Template;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::to_be_signed;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::letters::own;
use crate::pages::words;

/// Most characters of a remark or an answer.
const MOST: usize = 500;

#[derive(Template)]
#[template(path = "voice/rate.html")]
struct Rate {
    frame: Frame,
    number: String,
    level: u8,
    remark: String,
    mistakes: Mistakes,
    /// Whether it may be given or changed.
    is_open: bool,
    /// Until when it may be changed, once it was given.
    until: Option<String>,
    answer: Option<(String, String)>,
}

/// `GET /application/rating`.
pub async fn form(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    page(&shown(&app, frame, &visitor).await?)
}

async fn shown(
    app: &App,
    frame: Frame,
    visitor: &Visitor,
) -> Result<Rate, crate::problem::Problem> {
    let application = own(app, visitor).await?;
    let rating = app.rating(visitor.permit()?, &application).await?;
    let now = app.clock().now();
    let is_open = match &rating {
        None => application.state.is_final(),
        Some(rating) => rating.answer.is_none() && now < rating.open_until,
    };
    Ok(Rate {
        frame,
        number: application.number.to_string(),
        level: rating.as_ref().map_or(0, |rating| rating.level.number()),
        remark: rating.as_ref().and_then(|rating| rating.remark.clone()).unwrap_or_default(),
        mistakes: Mistakes::none(),
        is_open,
        until: rating.as_ref().map(|rating| words::minute(rating.open_until)),
        answer: rating.and_then(|rating| rating.answer).map(|(text, at)| (text, words::minute(at))),
    })
}

/// `POST /application/rating`.
pub async fn rate(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let level = form.text("level").parse().ok().and_then(Level::new);
    let remark = form.text("remark").trim();
    let mut mistakes = Mistakes::none();
    if level.is_none() {
        mistakes.add("level", "请选择一个评价等级");
    }
    if remark.chars().count() > MOST {
        mistakes.add("remark", "评价内容最多 500 字，请删减");
    }
    let (Some(level), true) = (level, mistakes.is_empty()) else {
        let before = shown(&app, frame, &visitor).await?;
        let level = level.map_or(0, Level::number);
        let remark = remark.to_owned();
        return page_to_correct(&Rate { level, remark, mistakes, ..before });
    };
    let application = own(&app, &visitor).await?;
    app.rate(visitor.permit()?, &application, (level, remark)).await?;
    go("/application/rating")
}

#[derive(Template)]
#[template(path = "voice/figures.html")]
struct Public {
    frame: Frame,
    rows: Vec<Row>,
    asked_at: String,
}

struct Row {
    title: String,
    levels: [u64; 5],
    total: u64,
    good: String,
    bad: u64,
    answered: u64,
}

fn row(title: String, figures: &Figures) -> Row {
    let permille = figures.good_permille();
    Row {
        title,
        levels: figures.levels,
        total: figures.total(),
        good: permille.map_or("—".to_owned(), |n| format!("{}.{}%", n / 10, n % 10)),
        bad: figures.bad(),
        answered: figures.answered,
    }
}

/// `GET /ratings`: figures, and nothing that anybody wrote.
pub async fn figures(State(app): State<App>, frame: Frame) -> Answer {
    let (all, services) = app.rating_figures().await?;
    let title = |name: &str| {
        let service = app.registration().ok().and_then(|ra| ra.catalogue().service(name).ok());
        service.map_or_else(|| name.to_owned(), |service| service.title.clone())
    };
    let mut rows: Vec<Row> =
        services.iter().map(|(name, figures)| row(title(name), figures)).collect();
    rows.push(row("合计".to_owned(), &all));
    page(&Public { frame, rows, asked_at: words::minute(app.clock().now()) })
}

/// Which list.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    list: String,
}

#[derive(Template)]
#[template(path = "voice/bad.html")]
struct Bad {
    frame: Frame,
    rows: Vec<BadRow>,
    is_answered: bool,
    may_answer: bool,
    mistakes: Mistakes,
}

struct BadRow {
    application: String,
    number: String,
    service: String,
    level: &'static str,
    rated_at: String,
    remark: Option<String>,
    answer: Option<(String, String)>,
    version: i64,
    draft: String,
}

/// `GET /admin/ratings`: 差评 that wait for an answer, or that have one.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    page(&bad(&app, frame, &visitor, query.list == "answered").await?)
}

async fn bad(
    app: &App,
    frame: Frame,
    visitor: &Visitor,
    is_answered: bool,
) -> Result<Bad, crate::problem::Problem> {
    let reads = app.permit(visitor.principal(), Action::ReadVoice)?;
    let (ra, looks) =
        (app.registration()?, app.permit(visitor.principal(), Action::ReadApplication)?);
    let mut rows = Vec::new();
    for rating in app.bad_ratings(&reads, is_answered).await? {
        let application = ra.application(&looks, &rating.application.parse()?).await?;
        rows.push(BadRow {
            number: application.number.to_string(),
            service: ra.catalogue().service(&rating.service)?.title.clone(),
            application: rating.application,
            level: rating.level.chinese(),
            rated_at: words::minute(rating.rated_at),
            remark: rating.remark,
            answer: rating.answer.map(|(text, at)| (text, words::minute(at))),
            version: rating.version,
            draft: String::new(),
        });
    }
    let may_answer = app.permit(visitor.principal(), Action::HandleVoice).is_ok();
    Ok(Bad { frame, rows, is_answered, may_answer, mistakes: Mistakes::none() })
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
        let mut list = bad(&app, frame, &visitor, false).await?;
        let field = format!("answer-{application}");
        list.mistakes.add(&field, "请写明核实的情况和改进措施，4 至 500 字");
        for row in list.rows.iter_mut().filter(|row| row.application == application) {
            row.draft.clone_from(&answer);
        }
        return page_to_correct(&list);
    }
    let order = RatingAnswer { version: crate::pages::version(&form)?, answer };
    let object = format!("rating:{application}");
    to_be_signed(&app, &visitor, (ActKind::AnswerRating, &object), &order).await
}

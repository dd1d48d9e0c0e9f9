//! 服务评价: given by the applicant once the application has ended, public in figures only.

use app::voice::{Figures, Level};
use askama::Template;
use axum::extract::State;

use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::letters::own;
use crate::pages::words;

/// Most characters of a remark or an answer.
pub(super) const MOST: usize = 500;

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

/// The figures of one service, or of what was looked for.
pub(super) struct Row {
    pub title: String,
    pub levels: [u64; 5],
    pub total: u64,
    pub good: String,
    pub bad: u64,
    pub answered: u64,
}

pub(super) fn row(title: String, figures: &Figures) -> Row {
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

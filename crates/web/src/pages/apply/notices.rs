//! The four notices, one by one, each acknowledged in the version that was read (Measures Art. 21
//! ¶2; check C21-1).

use access::Action;
use askama::Template;
use axum::extract::State;
use ra::NoticeStatus;

use super::{Spot, Steps};
use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/notice.html")]
struct NoticePage<'n> {
    frame: Frame,
    spot: Spot,
    steps: Steps,
    place: usize,
    status: &'n NoticeStatus<'n>,
    acknowledged: Option<String>,
    next: String,
    version: i64,
    mistakes: Mistakes,
}

/// `GET /application/notices/{name}`; `first` is the first one that is open.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor, spot: Spot) -> Answer {
    let version = spot.application(&app, &visitor).await?.version;
    let name = spot.part("name").to_owned();
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    let all = app.registration()?.notices(&permit, &spot.id).await?;
    match name.as_str() {
        "first" => go(&open(&all, &spot)),
        name => page(&notice(&all, name, (frame, spot, version, Mistakes::none()))?),
    }
}

fn open(all: &[NoticeStatus<'_>], spot: &Spot) -> String {
    match all.iter().find(|status| status.acknowledged.is_none()) {
        Some(status) => format!("{}/notices/{}", spot.base, status.notice.name),
        None => format!("{}/form", spot.base),
    }
}

fn notice<'n>(
    all: &'n [NoticeStatus<'n>],
    name: &str,
    (frame, spot, version, mistakes): (Frame, Spot, i64, Mistakes),
) -> Result<NoticePage<'n>, Problem> {
    let found = all.iter().enumerate().find(|(_, status)| status.notice.name == name);
    let (place, status) = found.ok_or_else(|| Problem::not_found("没有这项告知"))?;
    let next = match all.get(place + 1) {
        Some(next) => format!("{}/notices/{}", spot.base, next.notice.name),
        None => format!("{}/form", spot.base),
    };
    let acknowledged = status.acknowledged.as_ref().map(|given| words::minute(given.at()));
    let (steps, place) = (Steps::at(0, true), place + 1);
    Ok(NoticePage { frame, spot, steps, place, status, acknowledged, next, version, mistakes })
}

/// `POST /application/notices/{name}`.
pub async fn acknowledge(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let (at, name) = (spot.at(&form)?, spot.part("name").to_owned());
    let ra = app.registration()?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    if form.text("read") != "yes" {
        let all = ra.notices(&read, &at.id).await?;
        let mistakes = Mistakes::one("read", "请先阅读告知内容，再在下面打勾确认");
        return page_to_correct(&notice(&all, &name, (frame, spot, at.version, mistakes))?);
    }
    ra.acknowledge(visitor.permit()?, &at, (&name, form.text("text"))).await?;
    go(&open(&ra.notices(&read, &at.id).await?, &spot))
}

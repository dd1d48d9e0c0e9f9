//! The four notices, one by one, each acknowledged in the version that was read (Measures Art. 21
//! ¶2).

use access::Action;
use askama::Template;
use axum::extract::{Path, State};
use ra::NoticeStatus;

use super::{Steps, at, own};
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
    steps: Steps,
    place: usize,
    status: &'n NoticeStatus<'n>,
    acknowledged: Option<String>,
    next: String,
    version: i64,
    mistakes: Mistakes,
}

/// `GET /application/notices/{name}`; `first` is the first one that is open.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Answer {
    let version = own(&app, &visitor).await?.version;
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    let all = app.registration()?.notices(&permit, &visitor.application()?.parse()?).await?;
    match name.as_str() {
        "first" => go(&open(&all)),
        name => page(&notice(&all, name, (frame, version, Mistakes::none()))?),
    }
}

fn open(all: &[NoticeStatus<'_>]) -> String {
    match all.iter().find(|status| status.acknowledged.is_none()) {
        Some(status) => format!("/application/notices/{}", status.notice.name),
        None => "/application/form".to_owned(),
    }
}

fn notice<'n>(
    all: &'n [NoticeStatus<'n>],
    name: &str,
    (frame, version, mistakes): (Frame, i64, Mistakes),
) -> Result<NoticePage<'n>, Problem> {
    let found = all.iter().enumerate().find(|(_, status)| status.notice.name == name);
    let (place, status) = found.ok_or_else(|| Problem::not_found("没有这项告知"))?;
    let next = match all.get(place + 1) {
        Some(next) => format!("/application/notices/{}", next.notice.name),
        None => "/application/form".to_owned(),
    };
    let acknowledged = status.acknowledged.as_ref().map(|given| words::minute(given.at()));
    let (steps, place) = (Steps::at(0), place + 1);
    Ok(NoticePage { frame, steps, place, status, acknowledged, next, version, mistakes })
}

/// `POST /application/notices/{name}`.
pub async fn acknowledge(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Form,
) -> Answer {
    let at = at(&visitor, &form)?;
    let ra = app.registration()?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    if form.text("read") != "yes" {
        let all = ra.notices(&read, &at.id).await?;
        let mistakes = Mistakes::one("read", "请先阅读告知内容，再在下面打勾确认");
        return page_to_correct(&notice(&all, &name, (frame, at.version, mistakes))?);
    }
    ra.acknowledge(visitor.permit()?, &at, (&name, form.text("text"))).await?;
    go(&open(&ra.notices(&read, &at.id).await?))
}

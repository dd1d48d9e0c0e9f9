//! Queues: what waits, the longest waiting first, with the clock of each.

use access::Action;
use askama::Template;
use axum::extract::State;
use ra::{Application, Mark, Selection};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::apply::overview::tag;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// Rows of one page.
const ROWS: u32 = 50;

/// Name, title and states of each queue.
const QUEUES: [(&str, &str, &[&str]); 6] = [
    ("proof", "待核验", &["acknowledged"]),
    ("review", "待审核", &["proofed"]),
    ("supplement", "补正中", &["returned"]),
    ("applicant", "待申请人", &["submitted", "reviewed", "agreed"]),
    ("deliver", "签发交付", &["requested", "issued", "delivered"]),
    ("all", "全部", &[]),
];

/// Which queue, and what to look for.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    queue: String,
    #[serde(default)]
    field: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "desk/queue.html")]
struct Queue {
    frame: Frame,
    tabs: Vec<Tab>,
    fields: Vec<(&'static str, &'static str)>,
    field: String,
    q: String,
    rows: Vec<Row>,
    here: &'static str,
    /// The mark of the next page.
    next: Option<String>,
    is_first: bool,
}

struct Tab {
    name: &'static str,
    title: &'static str,
    total: u64,
    is_here: bool,
}

struct Row {
    id: String,
    number: String,
    kind: String,
    service: String,
    state: &'static str,
    tag: &'static str,
    clock: Option<words::Clock>,
    since: String,
}

/// `GET /desk`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let (ra, permit) = (app.registration()?, visitor.permit()?);
    let first = QUEUES.first().copied().unwrap_or(("all", "全部", &[]));
    let (here, _, states) =
        QUEUES.iter().copied().find(|(name, ..)| *name == query.queue).unwrap_or(first);
    let mut tabs = Vec::new();
    for (name, title, states) in QUEUES {
        let total = ra.total(permit, &selection(states)).await?;
        tabs.push(Tab { name, title, total, is_here: name == here && query.q.is_empty() });
    }
    let (applications, next) = match query.q.trim() {
        "" => {
            let after = mark(&query.after)?;
            let page = ra.list(permit, &Selection { after, ..selection(states) }).await?;
            (
                page.applications,
                page.next.map(|next| format!("{}.{}", next.since.as_second(), next.id)),
            )
        }
        q => (search(&app, &visitor, (&query.field, q)).await?, None),
    };
    let rows = applications.into_iter().map(|(one, clock)| row(&app, &one, clock));
    let fields = [("number", "申请编号")].into_iter();
    let fields = fields.chain(ra::SearchField::ALL.map(|field| (field.word(), field.chinese())));
    page(&Queue {
        frame,
        tabs,
        fields: fields.collect(),
        field: query.field,
        q: query.q,
        rows: rows.collect::<Result<_, Problem>>()?,
        here,
        next,
        is_first: query.after.is_empty(),
    })
}

fn selection(states: &[&str]) -> Selection {
    let states = states.iter().map(|word| (*word).to_owned()).collect();
    Selection { states, limit: ROWS, ..Selection::default() }
}

/// Where a page begins: the second and the id of the last row before it.
fn mark(text: &str) -> Result<Option<Mark>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (since, id) = text.split_once('.')?;
        let since = jiff::Timestamp::from_second(since.parse().ok()?).ok()?;
        Some(Mark { since, id: id.parse().ok()? })
    };
    let wrong = || Problem::bad_request("web.page", "页码无效，请回到列表首页重新翻页");
    read().map(Some).ok_or_else(wrong)
}

type Found = Vec<(Application, Option<ra::ReviewClock>)>;

/// By number, or by a name or number of the form: exactly, through its blind index.
async fn search(app: &App, visitor: &Visitor, (field, q): (&str, &str)) -> Result<Found, Problem> {
    let ra = app.registration()?;
    let field = ra::SearchField::ALL.into_iter().find(|one| one.word() == field);
    let applications = match field {
        Some(field) => ra.search(visitor.permit()?, (field, q)).await?,
        None => {
            let read = app.permit(visitor.principal(), Action::ReadApplication)?;
            ra.by_number(&read, q).await?.into_iter().collect()
        }
    };
    applications
        .into_iter()
        .map(|application| {
            let clock = ra.clock(&application)?;
            Ok((application, clock))
        })
        .collect()
}

fn row(
    app: &App,
    application: &Application,
    clock: Option<ra::ReviewClock>,
) -> Result<Row, Problem> {
    let catalogue = app.registration()?.catalogue();
    Ok(Row {
        id: application.id.to_string(),
        number: application.number.to_string(),
        kind: catalogue.kind(&application.kind)?.title.clone(),
        service: catalogue.service(&application.service)?.title.clone(),
        state: application.state.chinese(),
        tag: tag(application.state.word()),
        clock: clock.map(|clock| words::Clock::of(&clock, app.clock().now())),
        since: words::minute(application.since),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_behind_the_mark_of_the_one_before() {
        let id = "0123456789abcdef0123456789abcdef";
        let after = mark(&format!("1796000000.{id}")).unwrap().unwrap();
        assert_eq!((after.since.as_second(), after.id.as_str()), (1_796_000_000, id));
        assert_eq!(mark("").unwrap(), None);
        for wrong in ["1796000000", "x.0123", "1796000000.0123", "99999999999999.", "."] {
            assert_eq!(mark(wrong).unwrap_err().code, "web.page", "{wrong}");
        }
    }
}

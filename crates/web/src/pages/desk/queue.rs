//! Queues: what waits, the longest waiting first, with the clock of each (check C21-6), the day's figures on top,
//! and the same as a file. A queue that was chosen is there again on the next visit.

use access::Action;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use ra::{Application, Mark, Selection, Today};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::apply::overview::tag;
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{Choices, Tab, some};
use crate::pages::paging::{self, Paging};
use crate::pages::visit::cookie;
use crate::pages::{address, words};
use crate::problem::Problem;

/// Rows of one page.
const ROWS: u32 = 50;
const PATH: &str = "/desk";
/// The cookie that keeps the chosen queue. It names nobody.
const COOKIE: &str = "yx-desk";
const COOKIE_AGE: u32 = 2_592_000;

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
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    queue: String,
    service: String,
    kind: String,
    field: String,
    q: String,
    after: String,
    before: String,
    page: String,
}

impl Query {
    /// As it was asked; what was not asked for is as it was the last time.
    fn remembered(self, headers: &HeaderMap) -> Self {
        let is_new = [&self.queue, &self.service, &self.kind, &self.q];
        if !is_new.into_iter().all(String::is_empty) {
            return self;
        }
        let kept = cookie(headers, COOKIE).unwrap_or_default();
        let mut parts = kept.split('.').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        Self { queue: part(), service: part(), kind: part(), ..self }
    }

    /// The cookie that keeps queue and filter for a month; none for a search, which may hold a name.
    fn kept(&self, is_https: bool) -> Option<HeaderValue> {
        let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let words = [&*self.queue, &*self.service, &*self.kind];
        if !self.q.is_empty() || !words.iter().all(|word| is_word(word)) {
            return None;
        }
        let secure = if is_https { "; Secure" } else { "" };
        let value = words.join(".");
        let line = format!(
            "{COOKIE}={value}; Path={PATH}; Max-Age={COOKIE_AGE}; HttpOnly; SameSite=Lax{secure}"
        );
        line.parse().ok()
    }

    /// An address with a queue, a mark of it, and a page.
    fn address(&self, path: &str, (queue, mark, page): (&str, (&str, &str), &str)) -> String {
        let pairs = [
            ("queue", queue),
            ("service", &*self.service),
            ("kind", &*self.kind),
            ("field", if self.q.is_empty() { "" } else { &self.field }),
            ("q", &*self.q),
            mark,
            ("page", page),
        ];
        address::with(path, &pairs)
    }

    /// What the queue of a name selects.
    pub(super) fn selection(&self, queue: &str) -> Selection {
        let states = QUEUES.iter().find(|(name, ..)| *name == queue).map_or(&[][..], |q| q.2);
        Selection {
            states: states.iter().map(|word| (*word).to_owned()).collect(),
            service: some(&self.service),
            kind: some(&self.kind),
            limit: ROWS,
            ..Selection::default()
        }
    }

    /// The queue that is meant; the first where there is no such one.
    pub(super) fn here(&self) -> &'static str {
        let found = QUEUES.iter().find(|(name, ..)| *name == self.queue);
        found.or(QUEUES.first()).map_or("all", |(name, ..)| name)
    }

    /// The place of the page, from 0: who comes by a mark is not on the first one.
    fn place(&self) -> Result<u32, Problem> {
        let is_first = self.after.is_empty() && self.before.is_empty() && self.search().is_none();
        if is_first { Ok(0) } else { paging::place(&self.page) }
    }

    /// The neighbours of a page of a queue.
    fn paging(
        &self,
        (previous, next): (Option<Mark>, Option<Mark>),
        total: u64,
    ) -> Result<Paging, Problem> {
        let (here, place) = (self.here(), self.place()?);
        let at = |name: &str, mark: &Mark, page: u32| {
            self.address(PATH, (here, (name, &marked(mark)), &page.saturating_add(1).to_string()))
        };
        let next = next.map(|mark| at("after", &mark, place.saturating_add(1)));
        let previous = previous.map(|mark| at("before", &mark, place.saturating_sub(1)));
        let first = self.address(PATH, (here, ("", ""), ""));
        Ok(Paging::marked((place, ROWS), total, first, (previous, next)))
    }

    /// What is looked for, if anything.
    pub(super) fn search(&self) -> Option<(&str, &str)> {
        Some((&*self.field, self.q.trim())).filter(|(_, q)| !q.is_empty())
    }
}

#[derive(Template)]
#[template(path = "desk/queue.html")]
struct Queue {
    frame: Frame,
    query: Query,
    today: Today,
    tabs: Vec<Tab>,
    fields: Vec<(&'static str, &'static str)>,
    services: Choices,
    kinds: Choices,
    rows: Vec<Row>,
    /// Numbers of applications that can't be shown.
    unreadable: Vec<String>,
    here: &'static str,
    /// How many there are.
    total: u64,
    paging: Paging,
    mistakes: Mistakes,
    csv: String,
}

/// What one page has.
struct Page {
    applications: Found,
    unreadable: Vec<String>,
    total: u64,
    paging: Paging,
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
    headers: HeaderMap,
    Params(query): Params<Query>,
) -> Answer {
    let query = query.remembered(&headers);
    let (ra, permit, here) = (app.registration()?, visitor.permit()?, query.here());
    let mut mistakes = Mistakes::none();
    let Page { applications, unreadable, total, paging } = match query.search() {
        None => waiting(&app, &visitor, &query).await?,
        Some(asked) => found(&app, &visitor, (&query, asked), &mut mistakes).await?,
    };
    let rows = applications.into_iter().map(|(one, clock)| row(&app, &one, clock));
    let fields = [("number", "申请编号")].into_iter();
    let fields = fields.chain(ra::SearchField::ALL.map(|field| (field.word(), field.chinese())));
    let catalogue = ra.catalogue();
    let services = &catalogue.services().list;
    let kept = query.kept(frame.site.public_url().starts_with("https:"));
    let shown = Queue {
        today: ra.today_of(permit).await?,
        tabs: tabs(&app, &visitor, &query).await?,
        fields: fields.collect(),
        services: services.iter().map(|one| (one.name.clone(), one.title.clone())).collect(),
        kinds: catalogue.kinds().iter().map(|k| (k.name.clone(), k.title.clone())).collect(),
        rows: rows.collect::<Result<_, Problem>>()?,
        unreadable,
        here,
        total,
        paging,
        mistakes,
        csv: query.address("/desk/export.csv", (here, ("", ""), "")),
        frame,
        query,
    };
    let is_right = shown.mistakes.is_empty();
    let mut response = if is_right { page(&shown)? } else { page_to_correct(&shown)? };
    if let Some(kept) = kept {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    Ok(response)
}

/// A page of a queue.
async fn waiting(app: &App, visitor: &Visitor, query: &Query) -> Result<Page, Problem> {
    let (ra, permit, here) = (app.registration()?, visitor.permit()?, query.here());
    let (after, before) = (mark(&query.after)?, mark(&query.before)?);
    let selection = Selection { after, before, ..query.selection(here) };
    let page = ra.list(permit, &selection).await?;
    let total = ra.total(permit, &query.selection(here)).await?;
    let paging = query.paging((page.previous, page.next), total)?;
    let (applications, unreadable) = (page.applications, page.unreadable);
    Ok(Page { applications, unreadable, total, paging })
}

/// A page of what is found; what was typed and can be no number is said beside the field.
async fn found(
    app: &App,
    visitor: &Visitor,
    (query, asked): (&Query, (&str, &str)),
    mistakes: &mut Mistakes,
) -> Result<Page, Problem> {
    let place = (query.place()?, ROWS);
    let looked = search_page(app, visitor, asked, place).await;
    let (applications, total) = looked.or_else(|problem| match problem.status {
        500.. => Err(problem),
        _ => {
            mistakes.add("q", problem.detail);
            Ok((Found::new(), 0))
        }
    })?;
    let address = |page: &str| query.address(PATH, (query.here(), ("", ""), page));
    let paging = Paging::of(place, total, address);
    Ok(Page { applications, unreadable: Vec::new(), total, paging })
}

async fn tabs(app: &App, visitor: &Visitor, query: &Query) -> Result<Vec<Tab>, Problem> {
    let (ra, permit, here) = (app.registration()?, visitor.permit()?, query.here());
    let is_search = query.search().is_some();
    let bare = Query { q: String::new(), ..query.clone() };
    let mut tabs = Vec::new();
    for (name, title, _) in QUEUES {
        let total = ra.total(permit, &query.selection(name)).await?;
        let address = bare.address(PATH, (name, ("", ""), ""));
        tabs.push(Tab { address, title, total, is_here: name == here && !is_search });
    }
    Ok(tabs)
}

/// Where a page begins: the second and the id of the row before it.
fn marked(mark: &Mark) -> String {
    format!("{}.{}", mark.since.as_second(), mark.id)
}

fn mark(text: &str) -> Result<Option<Mark>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (since, id) = text.split_once('.')?;
        let since = jiff::Timestamp::from_second(since.parse().ok()?).ok()?;
        Some(Mark { since, id: id.parse().ok()? })
    };
    read().map(Some).ok_or_else(paging::wrong)
}

/// Applications with their clocks.
pub(super) type Found = Vec<(Application, Option<ra::ReviewClock>)>;

/// By number, or by a name or number of the form: exactly, through its blind index. All there are, each read
/// behind the one before.
pub(super) async fn search(
    app: &App,
    visitor: &Visitor,
    (field, q): (&str, &str),
) -> Result<Found, Problem> {
    let Some(field) = search_field(field) else {
        return Ok(search_page(app, visitor, (field, q), (0, 1)).await?.0);
    };
    let ra = app.registration()?;
    let mut all: Vec<Application> = Vec::new();
    loop {
        let block = ra.search_behind(visitor.permit()?, (field, q), all.last()).await?;
        if block.is_empty() {
            return Ok(all.into_iter().map(|one| clocked(ra, one)).collect::<Result<_, _>>()?);
        }
        all.extend(block);
    }
}

fn search_field(word: &str) -> Option<ra::SearchField> {
    ra::SearchField::ALL.into_iter().find(|one| one.word() == word)
}

fn clocked(
    ra: &ra::Ra,
    application: Application,
) -> Result<(Application, Option<ra::ReviewClock>), ra::Error> {
    let clock = ra.clock(&application)?;
    Ok((application, clock))
}

/// A page of them, and how many there are.
async fn search_page(
    app: &App,
    visitor: &Visitor,
    (field, q): (&str, &str),
    place: (u32, u32),
) -> Result<(Found, u64), Problem> {
    let ra = app.registration()?;
    let (applications, total) = match search_field(field) {
        Some(field) => ra.search_page(visitor.permit()?, (field, q), place).await?,
        None => {
            let read = app.permit(visitor.principal(), Action::ReadApplication)?;
            let found = ra.by_number(&read, q).await?.filter(|_| place.0 == 0);
            let total = u64::from(found.is_some());
            (found.into_iter().collect(), total)
        }
    };
    let found = applications.into_iter().map(|one| clocked(ra, one));
    Ok((found.collect::<Result<_, ra::Error>>()?, total))
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
        assert_eq!(marked(&after), format!("1796000000.{id}"));
        assert_eq!(mark("").unwrap(), None);
        for wrong in ["1796000000", "x.0123", "1796000000.0123", "99999999999999.", "."] {
            assert_eq!(mark(wrong).unwrap_err().code, "web.page", "{wrong}");
        }
    }

    #[test]
    fn a_page_of_a_queue_is_counted_for_people_and_led_on_by_marks() {
        let id: ra::ApplicationId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let mark = || Mark { since: jiff::Timestamp::from_second(17).unwrap(), id: id.clone() };
        let first = Query { queue: "all".into(), page: "9".into(), ..Query::default() };
        let paging = first.paging((None, Some(mark())), 101).unwrap();
        assert_eq!((paging.here, paging.pages, paging.previous), (1, Some(3), None));
        let next = format!("/desk?queue=all&after=17.{id}&page=2");
        assert_eq!(paging.next.as_deref(), Some(&*next));
        let second = Query { after: marked(&mark()), page: "2".into(), ..first };
        let paging = second.paging((Some(mark()), None), 101).unwrap();
        let previous = format!("/desk?queue=all&before=17.{id}&page=1");
        assert_eq!((paging.here, paging.previous.as_deref()), (2, Some(&*previous)));
        assert_eq!(paging.first.as_deref(), Some("/desk?queue=all"));
        let lost = Query { page: "x".into(), ..second };
        assert_eq!(lost.paging((None, None), 1).unwrap_err().code, "web.page");
    }

    #[test]
    fn a_chosen_queue_is_there_again_and_a_search_is_not_kept() {
        let query = |queue: &str, kind: &str, q: &str| Query {
            queue: queue.into(),
            kind: kind.into(),
            q: q.into(),
            ..Query::default()
        };
        let kept = query("review", "unit", "").kept(true).unwrap();
        let kept = kept.to_str().unwrap();
        assert!(kept.starts_with("yx-desk=review..unit; ") && kept.ends_with("; Secure"), "{kept}");
        assert!(query("review", "", "张三").kept(false).is_none());
        assert!(query("a; Path=/", "", "").kept(false).is_none());
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "yx-desk=review..unit".parse().unwrap());
        let again = Query::default().remembered(&headers);
        assert_eq!((&*again.queue, &*again.kind, again.here()), ("review", "unit", "review"));
        let other = query("all", "", "").remembered(&headers);
        assert_eq!((&*other.queue, &*other.kind), ("all", ""));
        assert_eq!(query("none", "", "").here(), "proof");
    }
}

//! Registration offices: which there are, where each stands, and which days run (Measures Art. 25 to
//! 27); and the public list of those that take applications (Art. 26; check C26-1).

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use law::CivilDate;
use ra::{Catalogue, Filing, Office, Ra};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::paging::{self, Paging};
use crate::pages::words::{self, Clock};
use crate::pages::{address, csv, navigation};
use crate::problem::Problem;

/// A clock is marked when so few days are left.
const SOON_DAYS: u32 = 7;

const PATH: &str = "/admin/offices";
/// Rows of one page.
const ROWS: usize = 50;
const STATES: [(&str, &str); 4] = [
    ("open", "已开展"),
    ("unfiled", "未备案"),
    ("suspended", "已暂停"),
    ("due", "正在计算备案期限"),
];

/// Which offices: there are some hundreds at most, so what is asked for is picked out of all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// A part of the name or of where it is.
    q: String,
    state: String,
    page: String,
}

impl Query {
    fn address(&self, path: &str, page: &str) -> String {
        address::with(path, &[("q", &self.q), ("state", &self.state), ("page", page)])
    }

    fn is_search(&self) -> bool {
        !self.q.trim().is_empty() || !self.state.is_empty()
    }

    /// Those that are meant. `words`: what a search looks at.
    fn meant<T>(
        &self,
        all: Vec<T>,
        words: impl Fn(&T) -> String,
        in_state: impl Fn(&T) -> bool,
    ) -> Vec<T> {
        let sought = plain(&self.q);
        let is_meant = |one: &T| plain(&words(one)).contains(&sought) && in_state(one);
        all.into_iter().filter(is_meant).collect()
    }

    /// One page of them, and where it stands.
    fn turned<T>(&self, all: Vec<T>, path: &str) -> Result<(Vec<T>, Paging, usize), Problem> {
        let (place, total) = (paging::place(&self.page)?, all.len());
        let rows = u32::try_from(ROWS).unwrap_or(u32::MAX);
        let counted = u64::try_from(total).unwrap_or(u64::MAX);
        let paging = Paging::of((place, rows), counted, |page| self.address(path, page));
        let skipped = usize::try_from(place).unwrap_or(usize::MAX).saturating_mul(ROWS);
        Ok((all.into_iter().skip(skipped).take(ROWS).collect(), paging, total))
    }
}

/// As it is compared: without spaces, letters small.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn sought(office: &Office) -> String {
    let Office { name, address, province, .. } = office;
    format!("{name}\n{province}\n{address}")
}

/// The offices that a query means, as the visitor may see them.
async fn asked(app: &App, visitor: &Visitor, query: &Query) -> Result<Vec<Office>, Problem> {
    let ra = app.registration()?;
    let all = ra.offices(visitor.permit()?).await?;
    let in_state = |office: &Office| match query.state.as_str() {
        "due" => ra.filing_clock(office).is_some(),
        word => match STATES.iter().find(|(name, _)| *name == word) {
            Some((_, title)) => state(office).0 == *title,
            None => true,
        },
    };
    Ok(query.meant(all, sought, in_state))
}

#[derive(Template)]
#[template(path = "admin/offices.html")]
struct Offices {
    frame: Frame,
    query: Query,
    states: [(&'static str, &'static str); 4],
    is_search: bool,
    total: usize,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
    may_establish: bool,
}

struct Row {
    id: String,
    name: String,
    address: String,
    state: &'static str,
    tag: &'static str,
    filing: String,
    /// The day of the filing.
    filed: String,
    takes: String,
    announced: String,
    clock: Option<Clock>,
}

/// Where an office stands, in a word.
pub fn state(office: &Office) -> (&'static str, &'static str) {
    match (&office.filing, office.suspended_at) {
        (_, Some(_)) => ("已暂停", "tag--wait"),
        (Filing::NotOpened, None) => ("未备案", "tag--wait"),
        (Filing::Opened { .. }, None) => ("已开展", "tag--good"),
    }
}

/// The days that run for its filing, counted by the calendar: the Measures do not say that the term
/// moves when it ends in a holiday, so nobody is told a later day (Measures Art. 26; check C26-2).
pub fn clock(ra: &Ra, office: &Office, now: Timestamp) -> Option<Clock> {
    let clock = ra.filing_clock(office)?;
    let what = if clock.change { "变更备案" } else { "办理备案" };
    let (today, last) = (CivilDate::of(now), clock.term.nominal);
    let (left, class) = match days(today, last) {
        None => (format!("{what}已超过期限"), "clock--over"),
        Some(0) => (format!("{what}今天到期"), "clock--soon"),
        Some(days) if days <= SOON_DAYS => (format!("{what}还剩 {days} 天"), "clock--soon"),
        Some(days) => (format!("{what}还剩 {days} 天"), ""),
    };
    let provisional = clock.term.rolled.is_provisional() && clock.term.rolled.day != last;
    Some(Clock { left, class, due: last.to_string(), provisional, basis: clock.basis })
}

/// Calendar days up to the last one; `None` when it is over.
fn days(today: CivilDate, last: CivilDate) -> Option<u32> {
    if last < today {
        return None;
    }
    let (mut day, mut days) = (today, 0_u32);
    while day < last {
        (day, days) = (day.tomorrow(), days.saturating_add(1));
    }
    Some(days)
}

/// The kinds that an office takes, in words.
pub fn takes(catalogue: &Catalogue, office: &Office) -> String {
    let taken = catalogue.kinds().iter().filter(|kind| office.quotas.contains_key(&kind.name));
    taken.map(|kind| kind.title.as_str()).collect::<Vec<_>>().join("、")
}

/// Number and day of its filing.
fn filing(office: &Office) -> (String, String) {
    match &office.filing {
        Filing::NotOpened => ("尚未备案".to_owned(), String::new()),
        Filing::Opened { at, number } => (number.clone(), words::day(*at)),
    }
}

fn row(ra: &Ra, office: &Office, now: Timestamp) -> Row {
    let (state, tag) = state(office);
    let (filing, filed) = filing(office);
    Row {
        id: office.id.to_string(),
        name: office.name.clone(),
        address: office.address.clone(),
        state,
        tag,
        filing,
        filed,
        takes: takes(ra.catalogue(), office),
        announced: office.announced_at.map(words::day).unwrap_or_default(),
        clock: clock(ra, office, now),
    }
}

/// `GET /admin/offices`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let (ra, now) = (app.registration()?, app.clock().now());
    let offices = asked(&app, &visitor, &query).await?;
    let (offices, paging, total) = query.turned(offices, PATH)?;
    page(&Offices {
        may_establish: navigation::is_open("/admin/offices/new", &frame),
        states: STATES,
        is_search: query.is_search(),
        total,
        rows: offices.iter().map(|office| row(ra, office, now)).collect(),
        paging,
        csv: query.address("/admin/offices.csv", ""),
        query,
        frame,
    })
}

/// `GET /admin/offices.csv`: what was asked for.
pub async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let (ra, now) = (app.registration()?, app.clock().now());
    let offices = asked(&app, &visitor, &query).await?;
    let headings = [
        "名称",
        "地址",
        "所在地",
        "设立日期",
        "状态",
        "备案",
        "公布名称和地址",
        "受理范围",
        "期限",
        "最后一日",
    ];
    let line = |office: &Office| {
        let Row { name, address, state, filing, filed, takes, announced, clock, .. } =
            row(ra, office, now);
        let filing = if filed.is_empty() { filing } else { format!("{filing}（{filed}）") };
        let (left, due) = clock.map(|clock| (clock.left, clock.due)).unwrap_or_default();
        let established = office.established_on.to_string();
        let (province, state) = (office.province.clone(), state.to_owned());
        vec![name, address, province, established, state, filing, announced, takes, left, due]
    };
    Ok(csv::list("offices", &headings, offices.iter().map(line)))
}

#[derive(Template)]
#[template(path = "hall/offices.html")]
struct Open {
    frame: Frame,
    query: Query,
    /// Whether there is any at all.
    is_any: bool,
    total: usize,
    offices: Vec<Shown>,
    paging: Paging,
}

/// An office for everybody.
struct Shown {
    name: String,
    place: String,
    address: String,
    takes: String,
}

/// `GET /offices`: who takes applications now, where, and which.
pub async fn announced(
    State(app): State<App>,
    frame: Frame,
    Params(query): Params<Query>,
) -> Answer {
    let open = match app.registration() {
        Ok(ra) => {
            let shown = |one: Office| Shown {
                takes: takes(ra.catalogue(), &one),
                name: one.name,
                place: one.province,
                address: one.address,
            };
            ra.open_offices().await?.into_iter().map(shown).collect()
        }
        Err(_) => Vec::new(),
    };
    // Everybody may look for words only; states are not public.
    let query = Query { state: String::new(), ..query };
    let (is_any, words) =
        (!open.is_empty(), |one: &Shown| format!("{}\n{}\n{}", one.name, one.place, one.address));
    let found = query.meant(open, words, |_| true);
    let (offices, paging, total) = query.turned(found, "/offices")?;
    page(&Open { frame, is_any, total, offices, paging, query })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_up_to_the_last_one_and_no_farther() {
        let day = |day| CivilDate::new(2026, 11, day).unwrap();
        assert_eq!(days(day(1), day(1)), Some(0));
        assert_eq!(days(day(1), day(30)), Some(29));
        assert_eq!(days(day(2), day(1)), None);
    }

    #[test]
    fn offices_are_found_by_a_part_of_what_is_written_of_them_and_turned() {
        let all = || (0..60).map(|n| format!("云中市 第{n}受理点 A座")).collect::<Vec<_>>();
        let query =
            |q: &str, page: &str| Query { q: q.into(), page: page.into(), ..Query::default() };
        let found = |q: &str| query(q, "").meant(all(), Clone::clone, |_| true);
        assert_eq!((found("").len(), found(" 云中市第5 ").len(), found("a座").len()), (60, 11, 60));
        assert!(found("雁门").is_empty());
        let (rows, paging, total) = query("云", "2").turned(all(), PATH).unwrap();
        assert_eq!((rows.len(), total, paging.pages, paging.next), (10, 60, Some(2), None));
        assert_eq!(paging.previous.as_deref(), Some("/admin/offices?q=%E4%BA%91"));
        assert_eq!(query("", "0").turned(all(), PATH).unwrap_err().code, "web.page");
        assert!(query("", "9").turned(all(), PATH).unwrap().0.is_empty());
    }
}

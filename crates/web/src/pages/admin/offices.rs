//! Registration offices: which there are, where each stands, and which days run (Measures Art. 25 to
//! 27); and the public list of those that take applications (Art. 26).

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use law::CivilDate;
use ra::{Catalogue, Filing, Office, Ra};

use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::csv;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::navigation;
use crate::pages::words::{self, Clock};

/// A clock is marked when so few days are left.
const SOON_DAYS: u32 = 7;

#[derive(Template)]
#[template(path = "admin/offices.html")]
struct Offices {
    frame: Frame,
    rows: Vec<Row>,
    may_establish: bool,
}

struct Row {
    id: String,
    name: String,
    address: String,
    state: &'static str,
    tag: &'static str,
    filing: String,
    takes: String,
    announced: String,
    clock: Option<Clock>,
}

/// Where an office stands, in a word.
pub fn state(office: &Office) -> (&'static str, &'static str) {
    match (&office.filing, office.suspended_at) {
        (_, Some(_)) => ("已暂停", "tag--bad"),
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
    let title =
        |name: &str| catalogue.kind(name).map_or(name.to_owned(), |kind| kind.title.clone());
    office.quotas.keys().map(|name| title(name)).collect::<Vec<_>>().join("、")
}

fn filing(office: &Office) -> String {
    match &office.filing {
        Filing::NotOpened => "尚未备案".to_owned(),
        Filing::Opened { at, number } => format!("{number}（{}）", words::day(*at)),
    }
}

fn row(ra: &Ra, office: &Office, now: Timestamp) -> Row {
    let (state, tag) = state(office);
    Row {
        id: office.id.to_string(),
        name: office.name.clone(),
        address: office.address.clone(),
        state,
        tag,
        filing: filing(office),
        takes: takes(ra.catalogue(), office),
        announced: office.announced_at.map(words::day).unwrap_or_default(),
        clock: clock(ra, office, now),
    }
}

/// `GET /admin/offices`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    let (ra, now) = (app.registration()?, app.clock().now());
    let offices = ra.offices(visitor.permit()?).await?;
    page(&Offices {
        may_establish: navigation::is_open("/admin/offices/new", &frame),
        rows: offices.iter().map(|office| row(ra, office, now)).collect(),
        frame,
    })
}

/// `GET /admin/offices.csv`.
pub async fn file(State(app): State<App>, visitor: Visitor) -> Answer {
    let (ra, now) = (app.registration()?, app.clock().now());
    let offices = ra.offices(visitor.permit()?).await?;
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
        let Row { name, address, state, filing, takes, announced, clock, .. } =
            row(ra, office, now);
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
    offices: Vec<(String, String, String)>,
}

/// `GET /offices`: who takes applications now, where, and which.
pub async fn announced(State(app): State<App>, frame: Frame) -> Answer {
    let offices = match app.registration() {
        Ok(ra) => {
            let open = ra.open_offices().await?;
            let shown = |one: Office| {
                let takes = takes(ra.catalogue(), &one);
                (one.name, one.address, takes)
            };
            open.into_iter().map(shown).collect()
        }
        Err(_) => Vec::new(),
    };
    page(&Open { frame, offices })
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
}

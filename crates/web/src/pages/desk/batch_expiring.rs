//! Certificates that end soon: whom to call, and of what the holders were told (Measures Art. 18 (1)).
//! Found by serial number, by application, or exactly by what the holder wrote into the form, through
//! its blind index.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::Action;
use app::notify::{Endings, Expiring, HORIZON, NOTICE_DAYS};
use askama::Template;
use axum::extract::State;
use ca::EndMark;
use pki::Serial;
use serde::Deserialize;

use super::queue::search;
use crate::api::{App, Params};
use crate::pages::admin::certificates::shown;
use crate::pages::admin::{office_name, offices};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{self, Choices};
use crate::pages::paging::{self, Paging, Trail};
use crate::pages::{address, csv, words};
use crate::problem::Problem;

const PATH: &str = "/desk/expiring";
/// Rows of one page.
const ROWS: usize = 50;
/// Rows read at once for a file.
const BLOCK: usize = 200;

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    days: String,
    office: String,
    field: String,
    q: String,
    /// The mark behind which the page begins: a list of a hundred thousand is not counted through.
    after: String,
    /// The marks of the pages before.
    trail: String,
    page: String,
}

impl Query {
    fn address(&self, path: &str, (after, trail, page): (&str, &str, &str)) -> String {
        let pairs = [
            ("days", &*self.days),
            ("office", &*self.office),
            ("field", if self.q.is_empty() { "" } else { &self.field }),
            ("q", &*self.q),
            ("after", after),
            ("trail", trail),
            ("page", page),
        ];
        address::with(path, &pairs)
    }

    /// Where this page stands.
    fn paging(&self, next: Option<EndMark>) -> Result<Paging, Problem> {
        let trail = Trail { after: &self.after, trail: &self.trail, page: &self.page };
        let next = next.map(|mark| marked(&mark));
        let (previous, next) = trail.neighbours(next, |place| self.address(PATH, place))?;
        let first = previous.is_some().then(|| self.address(PATH, ("", "", "")));
        Ok(Paging { here: u64::from(trail.place()?) + 1, pages: None, first, previous, next })
    }

    fn is_search(&self) -> bool {
        [&self.days, &self.office, &self.q].into_iter().any(|text| !text.trim().is_empty())
    }
}

#[derive(Template)]
#[template(path = "batch/expiring.html")]
struct List {
    frame: Frame,
    query: Query,
    mistakes: Mistakes,
    steps: [i64; 4],
    /// None for who works at one office and sees no other.
    offices: Option<Choices>,
    fields: Vec<(&'static str, &'static str)>,
    is_search: bool,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
}

struct Row {
    serial: String,
    subject: String,
    end: String,
    days: i64,
    class: &'static str,
    told: String,
    office: String,
    application: Option<(String, String)>,
}

fn row(app: &App, (one, offices): (Expiring, &[(String, String)])) -> Row {
    Row {
        end: words::day(one.not_after),
        class: match one.days {
            ..=7 => "clock--over",
            8..=30 => "clock--soon",
            _ => "",
        },
        told: told(one.told),
        serial: one.serial,
        subject: shown(app, (&one.profile, &one.subject)),
        days: one.days,
        office: match &one.application {
            None => "—".to_owned(),
            Some(_) => office_name(one.office.as_deref(), offices),
        },
        application: one.application,
    }
}

fn told(days: Option<i64>) -> String {
    days.map_or_else(|| "尚未提醒".to_owned(), |days| format!("已按提前 {days} 天提醒"))
}

/// A certificate as an address has it: when it ends, and its row.
fn marked(mark: &EndMark) -> String {
    format!("{}-{}", mark.not_after.as_second(), mark.id)
}

fn mark(text: &str) -> Result<Option<EndMark>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (end, id) = text.split_once('-')?;
        let not_after = jiff::Timestamp::from_second(end.parse().ok()?).ok()?;
        Some(EndMark { not_after, id: id.parse().ok()? })
    };
    read().map(Some).ok_or_else(paging::wrong)
}

/// What is looked at; what was typed and is no serial number or number is said beside the field.
async fn endings(
    app: &App,
    visitor: &Visitor,
    (query, mistakes): (&Query, &mut Mistakes),
) -> Result<Endings, Problem> {
    let days = query.days.parse().ok().filter(|days| (1..=HORIZON).contains(days));
    let office = Some(query.office.clone()).filter(|office| !office.is_empty());
    let serials = match (query.field.as_str(), query.q.trim()) {
        (_, "") => None,
        ("serial" | "", q) => Some(serial(q, mistakes)),
        (field, q) => match search(app, visitor, (field, q)).await {
            Ok(found) => {
                let serials = found.iter().filter_map(|(one, _)| one.state.serials());
                Some(serials.map(|serials| serials.sign.clone()).collect())
            }
            Err(problem) if problem.status < 500 => {
                mistakes.add("q", problem.detail);
                Some(BTreeSet::new())
            }
            Err(problem) => return Err(problem),
        },
    };
    Ok(Endings { days, office, serials })
}

/// A serial number as people copy it.
fn serial(text: &str, mistakes: &mut Mistakes) -> BTreeSet<String> {
    let digits = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '：' | '-'));
    let digits = digits.collect::<String>().to_lowercase();
    let read = Serial::from_hex(digits.strip_prefix("0x").unwrap_or(&digits));
    if read.is_err() {
        mistakes.add("q", "序列号应为 1 至 40 位十六进制数，可以带空格或冒号");
    }
    read.into_iter().map(|serial| serial.to_hex()).collect()
}

/// `GET /desk/expiring`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let asked = endings(&app, &visitor, (&query, &mut mistakes)).await?;
    let place = (mark(&query.after)?, ROWS);
    let (found, next) = app.expiring(visitor.permit()?, &asked, place).await?;
    let offices = offices(&app, &visitor).await?;
    let fields = [("serial", "证书序列号"), ("number", "申请编号")].into_iter();
    let fields = fields.chain(ra::SearchField::ALL.map(|field| (field.word(), field.chinese())));
    let shown = List {
        steps: NOTICE_DAYS,
        rows: found.into_iter().map(|one| row(&app, (one, &offices))).collect(),
        offices: sees_all(&app, &visitor).then_some(offices),
        fields: fields.collect(),
        is_search: query.is_search(),
        paging: query.paging(next)?,
        csv: query.address("/desk/expiring.csv", ("", "", "")),
        frame,
        query,
        mistakes,
    };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

/// Whether the visitor sees the certificates of every office.
fn sees_all(app: &App, visitor: &Visitor) -> bool {
    let permit = app.permit(visitor.principal(), Action::ListApplications);
    permit.is_ok_and(|permit| matches!(permit.limit(), access::Limit::Any))
}

/// `GET /desk/expiring.csv`.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    const HEADINGS: [&str; 8] =
        ["序列号", "证书主体", "模板", "到期时间", "剩余天数", "提醒情况", "受理机构", "申请编号"];
    let mut mistakes = Mistakes::none();
    let asked = endings(&app, &visitor, (&query, &mut mistakes)).await?;
    list::refused(&mistakes)?;
    let offices = offices(&app, &visitor).await?;
    let looked = Arc::new((app, visitor.permit()?.clone(), asked, offices));
    Ok(list::file("expiring", &HEADINGS, None, move |behind: Option<EndMark>| {
        let looked = looked.clone();
        async move {
            let (app, permit, asked, offices) = &*looked;
            let (found, next) = app.expiring(permit, asked, (behind, BLOCK)).await?;
            let rows = found.into_iter().map(|one| line(app, (one, offices))).collect();
            Ok::<_, app::Error>((rows, next.map(Some)))
        }
    }))
}

fn line(app: &App, (one, offices): (Expiring, &Choices)) -> csv::Row {
    let (end, profile) = (words::second(one.not_after), one.profile.clone());
    let row = row(app, (one, offices));
    let number = row.application.map(|(_, number)| number).unwrap_or_default();
    let days = row.days.to_string();
    vec![row.serial, row.subject, profile, end, days, row.told, row.office, number]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_read_as_people_copy_it_and_nothing_else_is_one() {
        let mut mistakes = Mistakes::none();
        let read = serial("0x0A:1b 2C-3d", &mut mistakes);
        assert!(mistakes.is_empty());
        assert_eq!(read.into_iter().collect::<Vec<_>>(), ["0a1b2c3d"]);
        assert!(serial("甄有印", &mut mistakes).is_empty() && mistakes.of("q").is_some());
    }

    #[test]
    fn a_filter_is_kept_from_page_to_page() {
        let query = Query { days: "7".into(), field: "name".into(), ..Query::default() };
        let next = EndMark { not_after: jiff::Timestamp::from_second(17).unwrap(), id: 3 };
        let paging = query.paging(Some(next)).unwrap();
        assert_eq!((paging.here, paging.previous), (1, None));
        let next = "/desk/expiring?days=7&after=17-3&trail=0&page=2";
        assert_eq!(paging.next.as_deref(), Some(next));
        let query =
            Query { q: "甄有印".into(), after: "17-3".into(), trail: "0".into(), ..query };
        let paging = query.paging(None).unwrap();
        let begins = "/desk/expiring?days=7&field=name&q=%E7%94%84";
        assert!(paging.previous.is_some_and(|it| it.starts_with(begins)) && paging.here == 2);
    }

    #[test]
    fn a_page_begins_behind_an_end_of_validity() {
        let read = mark("1796000000-12").unwrap().unwrap();
        assert_eq!((read.not_after.as_second(), read.id), (1_796_000_000, 12));
        assert_eq!(marked(&read), "1796000000-12");
        assert_eq!(mark("").unwrap(), None);
        for wrong in ["1796000000", "x-1", "99999999999999-1", "-", "1-"] {
            assert_eq!(mark(wrong).unwrap_err().code, "web.page", "{wrong}");
        }
    }
}

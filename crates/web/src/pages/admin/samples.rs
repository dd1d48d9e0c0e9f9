//! 签发抽查: the weekly reports on what stood behind certificates when they were issued (T-20), listed: found by a day or
//! by what they name, and the same as a file.

use std::sync::Arc;

use app::sample::{SampleFilter, SampleSummary, Week};
use askama::Template;
use axum::extract::State;
use law::CivilDate;
use serde::Deserialize;

use super::period::iso;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{self, Asked};
use crate::pages::paging::Paging;
use crate::pages::{csv, words};

const PATH: &str = "/admin/samples";
/// Rows of one page: a year.
const ROWS: u32 = 53;
/// Rows read at once for a file.
const BLOCK: u32 = 200;
const HEADINGS: [&str; 13] = [
    "周一",
    "周日",
    "签发数",
    "抽查数",
    "有问题",
    "未能判定",
    "示例策略",
    "未附核验依据",
    "生成时间",
    "日志条数",
    "日志树根",
    "报告 SM3",
    "日志记录号",
];

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// A day of the week that is looked for.
    day: String,
    /// `wrong`: only what names something.
    only: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = PATH;

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![("day", &self.day), ("only", &self.only)]
    }

    fn page(&self) -> &str {
        &self.page
    }
}

impl Query {
    fn filter(&self, mistakes: &mut Mistakes) -> SampleFilter {
        let week = match (self.day.trim(), self.day.trim().parse::<CivilDate>()) {
            ("", _) => None,
            (_, Ok(day)) => Some(Week::with(day)),
            (..) => {
                mistakes.add("day", "日期请写作 2026-11-29 的形式");
                None
            }
        };
        SampleFilter { week, wrong: self.only == "wrong" }
    }
}

#[derive(Template)]
#[template(path = "admin/samples.html")]
struct List {
    frame: Frame,
    query: Query,
    mistakes: Mistakes,
    is_search: bool,
    total: u64,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
}

struct Row {
    week: String,
    days: String,
    summary: SampleSummary,
    made_at: String,
}

fn row(summary: SampleSummary) -> Row {
    Row {
        week: summary.week.to_string(),
        days: days(summary.week),
        made_at: words::minute(summary.made_at),
        summary,
    }
}

/// `2026年11月23日至11月29日`, with the year of the end where it is another.
pub(super) fn days(week: Week) -> String {
    let (monday, sunday) = (week.monday(), week.sunday());
    let year = match monday.year() == sunday.year() {
        true => String::new(),
        false => format!("{}年", sunday.year()),
    };
    format!("{monday}至{year}{}月{}日", sunday.month(), sunday.day())
}

/// `GET /admin/samples`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    let place = (query.place()?, ROWS);
    let (found, total) = app.sample_reports(visitor.permit()?, filter, place).await?;
    let shown = List {
        rows: found.into_iter().map(row).collect(),
        is_search: query.is_search(),
        total,
        paging: query.paging(place, total),
        csv: query.file("/admin/samples/export.csv"),
        frame,
        query,
        mistakes,
    };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

/// `GET /admin/samples/export.csv`: what the filter finds, the newest first.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    list::refused(&mistakes)?;
    let looked = Arc::new((app, visitor.permit()?.clone()));
    Ok(list::file("weekly-samples", &HEADINGS, None, move |behind: Option<Week>| {
        let looked = looked.clone();
        async move {
            let (app, permit) = &*looked;
            let found = app.sample_reports_behind(permit, filter, (behind, BLOCK)).await?;
            let is_full = u32::try_from(found.len()).is_ok_and(|rows| rows >= BLOCK);
            let next = found.last().filter(|_| is_full).map(|last| Some(last.week));
            Ok::<_, app::Error>((found.iter().map(line).collect(), next))
        }
    }))
}

fn line(one: &SampleSummary) -> csv::Row {
    vec![
        iso(one.week.monday()),
        iso(one.week.sunday()),
        one.population.to_string(),
        one.drawn.to_string(),
        one.faulty.to_string(),
        one.unjudged.to_string(),
        one.example_policy.to_string(),
        one.by_client.to_string(),
        words::second(one.made_at),
        one.journal.size.to_string(),
        one.journal.root.clone(),
        one.digest.clone(),
        one.seq.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_told_by_its_first_and_its_last_day() {
        let of = |week: &str| days(week.parse().unwrap());
        assert_eq!(of("2026-11-23"), "2026年11月23日至11月29日");
        assert_eq!(of("2026-12-28"), "2026年12月28日至2027年1月3日");
    }
}

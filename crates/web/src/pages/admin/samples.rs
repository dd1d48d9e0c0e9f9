//! 签发抽查: the weekly reports on what stood behind certificates when they were issued (T-20), listed: found by a day or
//! by what they name, and the same as a file.

use std::sync::Arc;

use access::Action;
use app::sample::{Looked, SampleFilter, SampleSummary, Week};
use askama::Template;
use axum::extract::State;
use law::CivilDate;
use serde::Deserialize;

use super::Names;
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
const HEADINGS: [&str; 17] = [
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
    "核实结论",
    "核实人",
    "核实时间",
    "核实情况",
];

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// A day of the week that is looked for.
    day: String,
    /// `wrong`: only what names something; `open`, `looked`: what nobody went through, or somebody did.
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
        let looked = match &*self.only {
            "open" => Some(false),
            "looked" => Some(true),
            _ => None,
        };
        SampleFilter { week, wrong: self.only == "wrong", looked }
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
    /// Who went through it.
    who: Option<String>,
}

fn row(summary: SampleSummary, names: &Names) -> Row {
    Row {
        who: summary.looked.as_ref().map(|looked| names.who(&looked.actor)),
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
    let names = Names::of(&app, visitor.principal(), actors(&found)).await;
    let shown = List {
        rows: found.into_iter().map(|one| row(one, &names)).collect(),
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
    let looked = Arc::new((app, visitor));
    Ok(list::file("weekly-samples", &HEADINGS, None, move |behind: Option<Week>| {
        let looked = looked.clone();
        async move {
            let (app, visitor) = &*looked;
            let permit = app.permit(visitor.principal(), Action::ReadSamples)?;
            let found = app.sample_reports_behind(&permit, filter, (behind, BLOCK)).await?;
            let names = Names::of(app, visitor.principal(), actors(&found)).await;
            let is_full = u32::try_from(found.len()).is_ok_and(|rows| rows >= BLOCK);
            let next = found.last().filter(|_| is_full).map(|last| Some(last.week));
            let lines = found.iter().map(|one| line(one, &names)).collect();
            Ok::<_, app::Error>((lines, next))
        }
    }))
}

/// Who went through any of them.
fn actors(found: &[SampleSummary]) -> impl Iterator<Item = &str> {
    found.iter().filter_map(|one| one.looked.as_ref()).map(|looked| &*looked.actor)
}

fn line(one: &SampleSummary, names: &Names) -> csv::Row {
    let looked = one.looked.as_ref();
    let of = |text: &dyn Fn(&Looked) -> String| looked.map(text).unwrap_or_default();
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
        of(&|looked| looked.verdict.chinese().to_owned()),
        of(&|looked| names.who(&looked.actor)),
        of(&|looked| words::second(looked.at)),
        of(&|looked| looked.report.clone()),
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

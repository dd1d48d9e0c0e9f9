//! 统计: applications by service, kind, office and state, reviews within their term, refusals by
//! basis. A function of what is stored; it names nobody.

use std::collections::BTreeMap;

use access::Action;
use askama::Template;
use axum::extract::State;
use law::CivilDate;
use ra::{Figures, Tally};
use serde::Deserialize;

use super::period::{Period, iso};
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::{address, csv};
use crate::problem::Problem;

/// Days of the period where none is asked for.
const DAYS: u16 = 30;
const HEADINGS: [&str; 7] = ["自", "至", "业务", "证书类型", "受理机构", "状态", "件数"];
const HERE: &str = "本机构";

/// The period, and what is looked at alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    from: String,
    to: String,
    service: String,
    kind: String,
    office: String,
    state: String,
}

#[derive(Template)]
#[template(path = "admin/statistics.html")]
struct Statistics {
    frame: Frame,
    query: Query,
    mistakes: Mistakes,
    from: String,
    to: String,
    /// The same days in words.
    shown_from: String,
    shown_to: String,
    choices: Choices,
    total: u64,
    tables: Vec<Table>,
    reviews: ra::ReviewTimes,
    share: Option<String>,
    refusals: Vec<(&'static str, String, u64)>,
    csv: String,
}

/// What the form offers: words and their names.
struct Choices {
    services: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    offices: Vec<(String, String)>,
    states: Vec<(String, String)>,
}

impl Choices {
    async fn of(app: &App, visitor: &Visitor) -> Result<Self, Problem> {
        let ra = app.registration()?;
        let catalogue = ra.catalogue();
        let pair = |name: &str, title: &str| (name.to_owned(), title.to_owned());
        let permit = app.permit(visitor.principal(), Action::ReadOffices)?;
        let mut offices = vec![pair("-", HERE)];
        let found = ra.offices(&permit).await?;
        offices.extend(found.iter().map(|office| pair(office.id.as_str(), &office.name)));
        let states = ra::State::STANDINGS;
        Ok(Self {
            services: catalogue.services().list.iter().map(|s| pair(&s.name, &s.title)).collect(),
            kinds: catalogue.kinds().iter().map(|k| pair(&k.name, &k.title)).collect(),
            offices,
            states: states.iter().map(|s| pair(s, ra::State::chinese_of(s))).collect(),
        })
    }
}

/// The name of a word; the word itself where it has none.
fn named(choices: &[(String, String)], word: &str) -> String {
    let found = choices.iter().find(|(name, _)| name == word);
    found.map_or_else(|| word.to_owned(), |(_, title)| title.clone())
}

/// Totals by one of the four.
struct Table {
    title: &'static str,
    rows: Vec<(String, u64)>,
}

fn office(tally: &Tally) -> String {
    tally.office.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
}

/// The period that is asked for, or the last days.
fn days(query: &Query, today: CivilDate, mistakes: &mut Mistakes) -> (CivilDate, CivilDate) {
    let period = Period::of((&query.from, &query.to), mistakes);
    let to = period.to.unwrap_or(today);
    let from = period.from.unwrap_or_else(|| (1..DAYS).fold(to, |day, _| day.yesterday()));
    (from, to)
}

/// The figures of what is asked for.
async fn figures(
    app: &App,
    visitor: &Visitor,
    (query, days): (&Query, (CivilDate, CivilDate)),
) -> Result<Figures, Problem> {
    let mut figures = app.registration()?.figures(visitor.permit()?, days).await?;
    let fits = |asked: &str, word: &str| asked.is_empty() || asked == word;
    figures.tallies.retain(|one| {
        fits(&query.service, &one.service)
            && fits(&query.kind, &one.kind)
            && fits(&query.state, &one.state)
            && fits(&query.office, &office(one))
    });
    Ok(figures)
}

/// `GET /admin/statistics`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let (from, to) = days(&query, CivilDate::of(app.clock().now()), &mut mistakes);
    let figures = figures(&app, &visitor, (&query, (from, to))).await?;
    let choices = Choices::of(&app, &visitor).await?;
    let (shown_from, shown_to) = (from.to_string(), to.to_string());
    let (from, to) = (iso(from), iso(to));
    let share = figures.reviews.share_in_time();
    let pairs = [
        ("from", &*from),
        ("to", &*to),
        ("service", &*query.service),
        ("kind", &*query.kind),
        ("office", &*query.office),
        ("state", &*query.state),
    ];
    let shown = Statistics {
        csv: address::with("/admin/statistics/export.csv", &pairs),
        total: figures.tallies.iter().map(|one| one.count).sum(),
        tables: tables(&figures.tallies, &choices),
        share: share.map(|share| format!("{}.{}%", share / 10, share % 10)),
        reviews: figures.reviews,
        refusals: figures
            .refusals
            .into_iter()
            .map(|(stage, basis, count)| (ra::State::chinese_of(stage.word()), basis, count))
            .collect(),
        frame,
        query,
        mistakes,
        from,
        to,
        shown_from,
        shown_to,
        choices,
    };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

fn tables(tallies: &[Tally], choices: &Choices) -> Vec<Table> {
    let by = |title: &'static str, names: &[(String, String)], word: fn(&Tally) -> String| {
        let mut totals: BTreeMap<String, u64> = BTreeMap::new();
        for one in tallies {
            *totals.entry(word(one)).or_insert(0) += one.count;
        }
        let mut rows: Vec<_> =
            totals.into_iter().map(|(word, total)| (named(names, &word), total)).collect();
        rows.sort_by(|(_, a), (_, b)| b.cmp(a));
        Table { title, rows }
    };
    vec![
        by("按业务", &choices.services, |one| one.service.clone()),
        by("按证书类型", &choices.kinds, |one| one.kind.clone()),
        by("按受理机构", &choices.offices, office),
        by("按状态", &choices.states, |one| one.state.clone()),
    ]
}

/// `GET /admin/statistics/export.csv`.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let (from, to) = days(&query, CivilDate::of(app.clock().now()), &mut mistakes);
    if let Some(mistake) = mistakes.all().first() {
        return Err(Problem::bad_request("web.period", mistake.text.clone()));
    }
    let figures = figures(&app, &visitor, (&query, (from, to))).await?;
    let choices = Choices::of(&app, &visitor).await?;
    let row = |one: &Tally| {
        vec![
            iso(from),
            iso(to),
            named(&choices.services, &one.service),
            named(&choices.kinds, &one.kind),
            named(&choices.offices, &office(one)),
            ra::State::chinese_of(&one.state).to_owned(),
            one.count.to_string(),
        ]
    };
    Ok(csv::list("statistics", &HEADINGS, figures.tallies.iter().map(row)))
}

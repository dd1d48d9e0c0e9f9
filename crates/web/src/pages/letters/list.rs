//! 文书: letters across applications, for the staff: found by number, application, kind, office and
//! days. Nothing of what they say; opening one is on record (PIPL Art. 51).

use std::sync::Arc;

use access::Limit;
use app::Mark;
use app::letters::{LetterFilter, ListedLetter};
use askama::Template;
use axum::extract::State;
use letters::LetterKind;
use serde::Deserialize;

use super::titled;
use crate::api::{App, Params};
use crate::pages::admin::period::Period;
use crate::pages::admin::{office_name, offices};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{self, Asked, Choices};
use crate::pages::paging::Paging;
use crate::pages::{csv, words};

/// Rows of one page.
const ROWS: u32 = 50;
/// Rows read at once for a file.
const BLOCK: u32 = 500;
const HEADINGS: [&str; 5] = ["文书编号", "文书", "申请编号", "受理机构", "出具时间"];

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// The number of a letter or of an application.
    q: String,
    kind: String,
    /// Empty is any; `-` is the institution itself.
    office: String,
    from: String,
    to: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = "/desk/letters";

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("q", &self.q),
            ("kind", &self.kind),
            ("office", &self.office),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    fn page(&self) -> &str {
        &self.page
    }
}

impl Query {
    fn filter(&self, mistakes: &mut Mistakes) -> LetterFilter {
        let period = Period::of((&self.from, &self.to), mistakes);
        LetterFilter {
            number: self.q.trim().to_owned(),
            kind: self.kind.parse().ok(),
            office: list::office(&self.office),
            from: period.begin(),
            until: period.end(),
        }
    }
}

#[derive(Template)]
#[template(path = "letters/desk_list.html")]
struct List {
    frame: Frame,
    query: Query,
    mistakes: Mistakes,
    kinds: &'static [LetterKind],
    /// None for who works at one office and sees no other.
    offices: Option<Choices>,
    is_search: bool,
    total: u64,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
}

struct Row {
    id: String,
    number: String,
    title: String,
    application: String,
    application_number: String,
    office: String,
    at: String,
}

fn row(one: ListedLetter, offices: &Choices) -> Row {
    Row {
        title: titled(one.kind, one.matter.as_deref()),
        office: office_name(one.office.as_deref(), offices),
        at: words::minute(one.issued_at),
        id: one.id,
        number: one.number,
        application: one.application,
        application_number: one.application_number,
    }
}

/// `GET /desk/letters`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    let (place, permit) = ((query.place()?, ROWS), visitor.permit()?);
    let (found, total) = app.letters_issued(permit, &filter, place).await?;
    let offices = offices(&app, &visitor).await?;
    let shown = List {
        kinds: LetterKind::ALL,
        rows: found.into_iter().map(|one| row(one, &offices)).collect(),
        offices: matches!(permit.limit(), Limit::Any).then_some(offices),
        is_search: query.is_search(),
        total,
        paging: query.paging(place, total),
        csv: query.file("/desk/letters/export.csv"),
        frame,
        query,
        mistakes,
    };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

/// `GET /desk/letters/export.csv`: what the filter finds, the newest first.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = query.filter(&mut mistakes);
    list::refused(&mistakes)?;
    let offices = offices(&app, &visitor).await?;
    let permit = visitor.permit()?.clone();
    let looked = Arc::new((app, permit, filter, offices));
    Ok(list::file("letters", &HEADINGS, None, move |behind: Option<Mark>| {
        let looked = looked.clone();
        async move {
            let (app, permit, filter, offices) = &*looked;
            let block = app.letters_behind(permit, filter, (behind.as_ref(), BLOCK)).await?;
            let rows = block.rows.into_iter().map(|one| line(row(one, offices))).collect();
            Ok::<_, app::Error>((rows, block.next.map(Some)))
        }
    }))
}

fn line(row: Row) -> csv::Row {
    vec![row.number, row.title, row.application_number, row.office, row.at]
}

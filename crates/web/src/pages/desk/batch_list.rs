//! The batches of the institution or of an office: found by number, unit, state and kind, page by page, and
//! as a file.

use access::{Action, Permit};
use askama::Template;
use axum::extract::State;
use futures_util::stream;
use pki::ident::CreditCode;
use ra::{Batch, BatchSearch, BatchState, Ra};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::{address, csv, words};

const PATH: &str = "/desk/batches";
const ISSUED: [&str; 3] = ["issued", "delivered", "confirmed"];

/// What is looked for, and which page of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    q: String,
    state: String,
    kind: String,
    page: u32,
}

impl Query {
    fn is_narrow(&self) -> bool {
        [&self.q, &self.state, &self.kind].into_iter().any(|text| !text.trim().is_empty())
    }

    /// A whole credit code is that of a unit; anything else is a part of a number.
    fn search(&self) -> BatchSearch {
        let some = |text: &str| Some(text.trim().to_uppercase()).filter(|text| !text.is_empty());
        let (code, number) = match some(&self.q) {
            Some(text) if CreditCode::parse(&text).is_ok() => (Some(text), None),
            other => (None, other),
        };
        BatchSearch {
            number,
            credit_code: code,
            state: BatchState::ALL.into_iter().find(|state| state.word() == self.state),
            kind: Some(self.kind.clone()).filter(|kind| !kind.is_empty()),
        }
    }

    fn address(&self, path: &str, page: Option<u32>) -> String {
        let page = page.filter(|page| *page > 0).map(|page| page.to_string()).unwrap_or_default();
        let pairs = [
            ("q", self.q.trim()),
            ("state", &*self.state),
            ("kind", &*self.kind),
            ("page", &*page),
        ];
        address::with(path, &pairs)
    }
}

#[derive(Template)]
#[template(path = "batch/list.html")]
struct List {
    frame: Frame,
    query: Query,
    kinds: Vec<(String, String)>,
    rows: Vec<Row>,
    may_begin: bool,
    csv: String,
    previous: Option<String>,
    next: Option<String>,
}

struct Row {
    id: String,
    number: String,
    kind: String,
    unit: String,
    state: BatchState,
    total: u64,
    issued: u64,
    problems: u64,
    at: String,
}

async fn row(ra: &Ra, read: &Permit, batch: Batch) -> Result<Row, ra::Error> {
    let counts = ra.batch_counts(read, &batch.id).await?;
    Ok(Row {
        unit: ra.batch_party(read, &batch.id).await?.unit_name,
        id: batch.id.to_string(),
        number: batch.number,
        kind: ra.catalogue().kind(&batch.kind)?.title.clone(),
        state: batch.state,
        total: counts.total(),
        issued: counts.of(&ISSUED),
        problems: counts.problems,
        at: words::minute(batch.created_at),
    })
}

/// `GET /desk/batches`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let ra = app.registration()?;
    let (batches, more) = ra.batches(visitor.permit()?, &query.search(), query.page).await?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let mut rows = Vec::new();
    for batch in batches {
        rows.push(row(ra, &read, batch).await?);
    }
    let kinds = ra.catalogue().kinds().iter();
    let place = |page: Option<u32>| page.map(|page| query.address(PATH, Some(page)));
    page(&List {
        frame,
        kinds: kinds.map(|kind| (kind.name.clone(), kind.title.clone())).collect(),
        rows,
        may_begin: app.permit(visitor.principal(), Action::ImportBatch).is_ok(),
        csv: query.address("/desk/batches.csv", None),
        previous: place(query.page.checked_sub(1)),
        next: place(query.page.checked_add(1).filter(|_| more)),
        query,
    })
}

/// `GET /desk/batches.csv`: all that fit the search.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    const HEADINGS: [&str; 8] =
        ["批次编号", "单位", "证书类型", "状态", "申请", "已签发", "未签发有原因", "建立时间"];
    let (ra, permit) = (app.registration()?.clone(), visitor.permit()?.clone());
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let search = query.search();
    let pages = stream::try_unfold(Some(0), move |at: Option<u32>| {
        let (ra, permit, read, search) = (ra.clone(), permit.clone(), read.clone(), search.clone());
        async move {
            let Some(at) = at else { return Ok(None) };
            let (batches, more) = ra.batches(&permit, &search, at).await?;
            let mut rows = Vec::new();
            for batch in batches {
                rows.push(cells(row(&ra, &read, batch).await?));
            }
            Ok::<_, ra::Error>(Some((rows, more.then(|| at.saturating_add(1)))))
        }
    });
    Ok(csv::streamed("batches", &HEADINGS, pages))
}

fn cells(row: Row) -> csv::Row {
    let Row { number, unit, kind, state, total, issued, problems, at, .. } = row;
    let [total, issued, problems] = [total, issued, problems].map(|count| count.to_string());
    vec![number, unit, kind, state.chinese().to_owned(), total, issued, problems, at]
}

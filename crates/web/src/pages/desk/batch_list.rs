//! The batches of the institution or of an office: found by number, unit, state and kind, page by page, and
//! as a file.

use std::sync::Arc;

use access::{Action, Permit};
use askama::Template;
use axum::extract::State;
use pki::ident::CreditCode;
use ra::{Batch, BatchSearch, BatchState, Ra};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{self, Asked, some};
use crate::pages::paging::Paging;
use crate::pages::{csv, words};

/// Rows of one page.
const ROWS: u32 = 50;
const ISSUED: [&str; 3] = ["issued", "delivered", "confirmed"];

/// What is looked for, and which page of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    q: String,
    state: String,
    kind: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = "/desk/batches";

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![("q", &self.q), ("state", &self.state), ("kind", &self.kind)]
    }

    fn page(&self) -> &str {
        &self.page
    }
}

impl Query {
    /// A whole credit code is that of a unit; anything else is a part of a number.
    fn search(&self) -> BatchSearch {
        let (code, number) = match some(&self.q.to_uppercase()) {
            Some(text) if CreditCode::parse(&text).is_ok() => (Some(text), None),
            other => (None, other),
        };
        BatchSearch {
            number,
            credit_code: code,
            state: BatchState::ALL.into_iter().find(|state| state.word() == self.state),
            kind: some(&self.kind),
        }
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
    is_search: bool,
    found: u64,
    paging: Paging,
    csv: String,
}

struct Row {
    id: String,
    number: String,
    kind: String,
    unit: String,
    state: BatchState,
    tag: &'static str,
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
        tag: super::batch::state_tag(batch.state),
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
    let place = (query.place()?, ROWS);
    let (batches, found) = ra.batches(visitor.permit()?, &query.search(), place).await?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let mut rows = Vec::new();
    for batch in batches {
        rows.push(row(ra, &read, batch).await?);
    }
    let kinds = ra.catalogue().kinds().iter();
    page(&List {
        frame,
        kinds: kinds.map(|kind| (kind.name.clone(), kind.title.clone())).collect(),
        rows,
        may_begin: app.permit(visitor.principal(), Action::ImportBatch).is_ok(),
        is_search: query.is_search(),
        found,
        paging: query.paging(place, found),
        csv: query.file("/desk/batches.csv"),
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
    let ra = app.registration()?.clone();
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let looked = Arc::new((ra, (visitor.permit()?.clone(), read), query.search()));
    Ok(list::file("batches", &HEADINGS, None, move |behind: Option<Batch>| {
        let looked = looked.clone();
        async move {
            let (ra, (permit, read), search) = &*looked;
            let batches = ra.batches_behind(permit, search, behind.as_ref()).await?;
            let (next, mut rows) = (batches.last().cloned(), Vec::new());
            for batch in batches {
                rows.push(cells(row(ra, read, batch).await?));
            }
            Ok::<_, ra::Error>((rows, next.map(Some)))
        }
    }))
}

fn cells(row: Row) -> csv::Row {
    let Row { number, unit, kind, state, total, issued, problems, at, .. } = row;
    let [total, issued, problems] = [total, issued, problems].map(|count| count.to_string());
    vec![number, unit, kind, state.chinese().to_owned(), total, issued, problems, at]
}

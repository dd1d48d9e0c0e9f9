//! The list of keys, and the same as a file.

use std::sync::Arc;

use app::signing::{KeyFilter, KeyState, SigningKey, StopCause};
use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::tag;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::{address, csv, list, navigation, words};
use crate::problem::Problem;

const PATH: &str = "/admin/signing";
/// Rows of one page.
const ROWS: u32 = 50;
/// Rows of a file that are read at a time.
pub(super) const BLOCK: u32 = 500;

/// Which keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Part of the name, or the client.
    q: String,
    state: String,
    /// Behind which number.
    below: String,
}

impl Query {
    fn filter(&self, limit: u32) -> Result<KeyFilter, Problem> {
        let below =
            match self.below.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    Problem::bad_request("web.page", "没有这一页；请从列表重新进入")
                })?),
            };
        let (text, state) = (self.q.trim().to_owned(), KeyState::of(&self.state));
        Ok(KeyFilter { text, state, below, limit })
    }

    fn address(&self, path: &str, below: &str) -> String {
        address::with(path, &[("q", &self.q), ("state", &self.state), ("below", below)])
    }
}

#[derive(Template)]
#[template(path = "admin/signing.html")]
struct List {
    frame: Frame,
    states: Vec<(&'static str, &'static str)>,
    is_search: bool,
    rows: Vec<Row>,
    /// The address of what is older, if there is any.
    older: Option<String>,
    newest: Option<String>,
    csv: String,
    may_order: bool,
    query: Query,
}

struct Row {
    number: i64,
    name: String,
    client: String,
    operations: String,
    quota: String,
    state: &'static str,
    tag: &'static str,
    ordered: String,
}

fn row(key: &SigningKey) -> Row {
    Row {
        number: key.number,
        name: key.name.clone(),
        client: key.client.clone(),
        operations: key.operations.chinese(),
        quota: format!("每秒 {}，每天 {}", key.quota.per_second, key.quota.per_day),
        state: key.state.chinese(),
        tag: tag(key.state),
        ordered: words::minute(key.ordered_at),
    }
}

/// `GET /admin/signing`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let filter = query.filter(ROWS.saturating_add(1))?;
    let keys = app.signing_keys(visitor.permit()?, &filter).await?;
    let shown = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = keys.iter().take(shown).next_back().filter(|_| keys.len() > shown);
    page(&List {
        may_order: navigation::is_open("/admin/signing/new", &frame),
        states: KeyState::ALL.into_iter().map(|one| (one.word(), one.chinese())).collect(),
        is_search: !query.q.trim().is_empty() || !query.state.is_empty(),
        older: last.map(|key| query.address(PATH, &key.number.to_string())),
        newest: (!query.below.is_empty()).then(|| query.address(PATH, "")),
        rows: keys.iter().take(shown).map(row).collect(),
        csv: query.address("/admin/signing/export.csv", ""),
        query,
        frame,
    })
}

const HEADINGS: [&str; 13] = [
    "编号",
    "应用",
    "客户端",
    "用途授权",
    "每秒限额",
    "每日限额",
    "状态",
    "用途说明",
    "下达时间",
    "停用时间",
    "停用原因",
    "签名证书",
    "加密证书",
];

/// `GET /admin/signing/export.csv`: what was asked for, the newest first.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let filter = query.filter(BLOCK)?;
    let below = filter.below;
    let looked = Arc::new((app, visitor.permit()?.clone(), filter));
    Ok(list::file("signing-keys", &HEADINGS, below, move |below: Option<i64>| {
        let looked = looked.clone();
        async move {
            let (app, permit, filter) = &*looked;
            let filter = KeyFilter { below, ..filter.clone() };
            let keys = app.signing_keys(permit, &filter).await?;
            let next = keys.last().filter(|_| is_full(keys.len())).map(|key| Some(key.number));
            Ok::<_, app::Error>((keys.iter().map(line).collect(), next))
        }
    }))
}

/// Whether a block has all the rows that it may have: then there may be more.
pub(super) fn is_full(rows: usize) -> bool {
    u32::try_from(rows).is_ok_and(|rows| rows >= BLOCK)
}

fn line(key: &SigningKey) -> csv::Row {
    let (sign, enc) = key.serials.clone().unwrap_or_default();
    vec![
        key.number.to_string(),
        key.name.clone(),
        key.client.clone(),
        key.operations.chinese(),
        key.quota.per_second.to_string(),
        key.quota.per_day.to_string(),
        key.state.chinese().to_owned(),
        key.reason.clone(),
        words::second(key.ordered_at),
        key.stopped_at.map(words::second).unwrap_or_default(),
        key.stop_cause.map(StopCause::chinese).unwrap_or_default().to_owned(),
        sign,
        enc,
    ]
}

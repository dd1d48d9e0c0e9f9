//! Messages to applicants: what waits, what is through, what was given up. Nothing of what they say.

use app::notify::{MessageRow, MessageState};
use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::words;

#[derive(Template)]
#[template(path = "batch/messages.html")]
struct List {
    frame: Frame,
    tabs: Vec<(MessageState, u64)>,
    here: MessageState,
    rows: Vec<Row>,
    page: u32,
    more: bool,
}

struct Row {
    kind: &'static str,
    channel: &'static str,
    subject: String,
    tries: i64,
    at: String,
    next: String,
    failure: String,
}

fn row(one: MessageRow) -> Row {
    let kind = match one.kind.as_str() {
        "delivery" => "签发通知",
        "expiry" => "到期提醒",
        _ => "通知",
    };
    Row {
        kind,
        channel: one.channel.chinese(),
        subject: one.subject,
        tries: one.tries,
        at: words::minute(one.created_at),
        next: words::minute(one.next_at),
        failure: one.failure.unwrap_or_default(),
    }
}

/// Which state, which page.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    state: String,
    #[serde(default)]
    page: u32,
}

/// `GET /admin/messages`.
pub async fn show(State(app): State<App>, frame: Frame, Params(query): Params<Query>) -> Answer {
    let here = MessageState::ALL.into_iter().find(|state| state.word() == query.state);
    let here = here.unwrap_or(MessageState::Dead);
    let (rows, more) = app.messages(here, query.page).await?;
    let tabs = app.message_counts().await?.to_vec();
    let rows = rows.into_iter().map(row).collect();
    page(&List { frame, tabs, here, rows, page: query.page, more })
}

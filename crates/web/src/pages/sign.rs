//! A pending act of a person: shown whole, signed by the assistant, posted by a button. Coming back
//! with a signature changes nothing by itself.

use askama::Template;
use axum::extract::{Path, State};

use access::PendingAct;

use super::answer::{Answer, go, page};
use super::assistant::{Ask, CameBack, Signed};
use super::form::Form;
use super::frame::Frame;
use super::guard::Visitor;
use super::words;
use crate::api::{App, Params};

#[derive(Template)]
#[template(path = "desk/sign.html")]
struct Sign {
    frame: Frame,
    act: PendingAct,
    members: Vec<(String, String)>,
    until: String,
    ask: Ask,
    came_back: CameBack,
}

/// `GET /sign/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(came_back): Params<CameBack>,
) -> Answer {
    let act = app.access().pending_act(visitor.principal(), &id).await?;
    let path = format!("/sign/{}", act.id);
    let ask = Ask::new("act", act.statement.clone(), (frame.site.public_url(), &path));
    let (members, until) = (members(&act.payload), words::minute(act.expires_at));
    page(&Sign { frame, members, until, ask, came_back, act })
}

/// The particulars for reading, without the nonce.
fn members(payload: &str) -> Vec<(String, String)> {
    let value: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
    let Some(serde_json::Value::Object(order)) = value.get("payload") else {
        return Vec::new();
    };
    let shown = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    order.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
}

/// `POST /sign/{id}`: verifies the signature and carries the act out.
pub async fn complete(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let signed = Signed::of(&form)?;
    let signature = signed.signature.to_der();
    let done = app.complete_act(visitor.principal(), (&id, &signature)).await?;
    match done.object.split_once(':') {
        Some(("application", id)) => go(&format!("/desk/applications/{id}")),
        Some(("office", _)) => go("/admin/offices"),
        _ => go("/account"),
    }
}

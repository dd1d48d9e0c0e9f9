//! Publishing into another directory: `/api/v1/directory/replica`.

use app::Replica;
use app::replica::{ReplicaHealth, Walk};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{App, Body};
use crate::gate::Allowed;
use crate::problem::Problem;

/// How publishing is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplicaView {
    /// The other server and the base there.
    pub target: String,
    /// Since when something waits to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<String>,
    /// For how many seconds it waits.
    pub delay_seconds: i64,
    /// Entries that the other server refused.
    pub refused: u64,
    /// Why the last attempt failed, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// When something arrived last, since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// Entries that arrived since the start.
    pub sent: u64,
    /// When all entries were compared last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<String>,
    /// What came out: `compared`, `missing`, `surplus`, `different`, `repaired`, `unrepaired`,
    /// `findings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub checked: Option<Value>,
    /// The comparison since the start: `state` is `none`, `running`, `ended` or `failed`.
    #[schema(value_type = Object)]
    pub walk: Walk,
}

impl From<ReplicaHealth> for ReplicaView {
    fn from(health: ReplicaHealth) -> Self {
        let text = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        Self {
            target: health.target,
            waiting_since: text(health.waiting_since),
            delay_seconds: health.delay_seconds,
            refused: health.refused,
            trouble: health.trouble,
            sent_at: text(health.sent_at),
            sent: health.sent,
            checked_at: text(health.checked_at),
            checked: health.checked,
            walk: health.walk,
        }
    }
}

/// A comparison of all entries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareBody {
    /// Whether what differs is mended.
    pub repair: bool,
}

/// A comparison that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparingView {
    /// Which one since the start: `walk.number` of the view says when it is over.
    pub number: u64,
}

fn replica(app: &App) -> Result<&Replica, Problem> {
    app.replica().ok_or_else(|| {
        let text = "没有设置从目录；请在 yinxin.toml 的 [directory.replica] 中设置后重新启动";
        Problem::not_found(text)
    })
}

/// How publishing into the other directory is doing.
#[utoipa::path(get, path = "/api/v1/directory/replica", tag = "directory",
    responses((status = 200, body = ReplicaView), (status = 404, body = Problem)))]
pub async fn show(State(app): State<App>, _: Allowed) -> Result<Json<ReplicaView>, Problem> {
    Ok(Json(replica(&app)?.health().await?.into()))
}

/// Begins to compare all entries of the other directory; how it goes is in the view.
#[utoipa::path(post, path = "/api/v1/directory/replica/comparisons", tag = "directory",
    request_body = CompareBody,
    responses((status = 202, body = ComparingView), (status = "4XX", body = Problem)))]
pub async fn compare(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<CompareBody>,
) -> Result<Response, Problem> {
    let number = replica(&app)?.begin_comparison(body.repair, allowed.actor())?;
    Ok((StatusCode::ACCEPTED, Json(ComparingView { number })).into_response())
}

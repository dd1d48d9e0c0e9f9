//! Whether the institution is well: `/healthz`, `/readyz`, `/api/v1/doctor`.

use app::doctor::{Check, Level};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::Standing;
use utoipa::ToSchema;

use super::App;
use crate::gate::Allowed;
use crate::problem::Problem;

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200)))]
pub async fn health() -> &'static str {
    "ok\n"
}

/// Whether it can issue.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadyView {
    /// Whether certificates can be issued now.
    pub issuing: bool,
    /// Whether status questions are answered.
    pub status: bool,
    /// What stands in the way, in Chinese.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<String>,
}

/// Ready: 200 when certificates can be issued, 503 otherwise with what stands in the way.
#[utoipa::path(get, path = "/readyz", tag = "system",
    responses((status = 200, body = ReadyView), (status = 503, body = ReadyView)))]
pub async fn ready(State(app): State<App>) -> Response {
    let mut obstacles = Vec::new();
    if let Standing::Halted { reason } = app.store().standing() {
        obstacles.push(reason.to_string());
    }
    if app.ca().is_quarantined() {
        obstacles.push("签发密钥已停用，请检查密码设备".to_owned());
    } else if let Err(error) = app.ca().check_key() {
        obstacles.push(error.to_string());
    }
    let issuing = obstacles.is_empty();
    let code = if issuing { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(ReadyView { issuing, status: true, obstacles })).into_response()
}

/// One check of the doctor.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    /// Stable name.
    pub name: &'static str,
    /// What was looked at.
    pub title: &'static str,
    /// `good`, `warning`, `failed` or `unknown`.
    #[schema(value_type = String)]
    pub level: Level,
    /// What was found and what to do.
    pub detail: String,
}

impl From<Check> for CheckView {
    fn from(check: Check) -> Self {
        let Check { name, title, level, detail } = check;
        Self { name, title, level, detail }
    }
}

/// Every check of the doctor but the reading of the whole journal.
#[utoipa::path(get, path = "/api/v1/doctor", tag = "system",
    responses((status = 200, body = Vec<CheckView>)))]
pub async fn doctor(State(app): State<App>, _: Allowed) -> Result<Json<Vec<CheckView>>, Problem> {
    Ok(Json(app.examine(false).await.into_iter().map(CheckView::from).collect()))
}

//! Sessions: a signed request opens one, its token stands for the client for a while.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use crate::gate::{Caller, bearer};
use crate::problem::Problem;

/// A session; the token is shown only this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Send it as `Authorization: Bearer …`.
    pub token: String,
    /// When it ends however much it is used; 15 minutes without use end it too.
    pub expires_at: String,
}

/// Opens a session for the client that signed this request.
#[utoipa::path(post, path = "/api/v1/session", tag = "session",
    responses((status = 201, body = SessionView), (status = 401, body = Problem)))]
pub async fn open(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let opened = app.access().open_session(&caller.0).await.map_err(app::Error::from)?;
    let view = SessionView {
        token: opened.token.as_str().to_owned(),
        expires_at: opened.expires_at.to_string(),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Ends the session whose token this request bears.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204), (status = 401, body = Problem)))]
pub async fn close(
    State(app): State<App>,
    _: Caller,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let token = bearer(&headers)
        .ok_or_else(|| Problem::bad_request("web.no_session", "请求中没有会话令牌，无需注销"))?;
    app.access().end_session(token).await.map_err(app::Error::from)?;
    Ok(StatusCode::NO_CONTENT)
}

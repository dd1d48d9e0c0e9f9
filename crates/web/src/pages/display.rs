//! 长辈版: larger text and targets, one column, kept in a cookie that names nobody.

use axum::extract::{Form, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::answer::Answer;
use super::visit::{SIZE_COOKIE, local};
use crate::api::App;
use crate::problem::Problem;

/// What the switch sends.
#[derive(Debug, Deserialize)]
pub struct Change {
    size: String,
    back: String,
}

/// `POST /display`: keeps the choice for a year and goes back to the page.
pub async fn change(
    State(app): State<App>,
    form: Result<Form<Change>, axum::extract::rejection::FormRejection>,
) -> Answer {
    let Form(change) = form.map_err(|_| {
        Problem::bad_request("web.form", "提交的内容不完整；请返回上一页，再点一次")
    })?;
    let size = if change.size == "large" { "large" } else { "normal" };
    let is_https = app.settings().server.public_url.starts_with("https:");
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{SIZE_COOKIE}={size}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(local(&change.back))).into_response())
}

//! 长辈版: larger text and targets, one column, kept in a cookie that names nobody. The one form
//! without a token: it changes nothing but this browser's own view.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect};

use super::answer::Answer;
use super::form::Form;
use super::visit::{SIZE_COOKIE, local};
use crate::api::App;

/// `POST /display`: keeps the choice for a year and goes back to the page.
pub async fn change(State(app): State<App>, form: Form) -> Answer {
    let size = if form.text("size") == "large" { "large" } else { "normal" };
    let is_https = app.settings().server.public_url.starts_with("https:");
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{SIZE_COOKIE}={size}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(local(form.text("back")))).into_response())
}

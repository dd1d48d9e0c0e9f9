//! The door of a key centre in a process of its own: GM/T 0014 messages over HTTP POST. They are
//! signed on both sides; what is not signed by a registered CA gets an error message.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kmc::Kmc;

use crate::octets;
use crate::problem::Problem;

/// Largest message, in octets.
const MESSAGE_LIMIT: usize = 256 << 10;

/// The router of a key centre.
pub fn router(kmc: Kmc) -> Router {
    Router::new()
        .route("/kmc/v1/gmt0014", post(handle))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(crate::router::missing)
        .method_not_allowed_fallback(crate::router::wrong_method)
        .with_state(kmc)
}

async fn handle(State(kmc): State<Kmc>, request: Request) -> Result<Response, Problem> {
    let message = octets::read(request.into_body(), MESSAGE_LIMIT).await?;
    let answer = kmc.handle(&message).await.map_err(app::Error::from)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response())
}

//! The journal for witnesses: checkpoint and tiles of hashes (C2SP tlog-tiles over SM3). Tiles of
//! records are not public: records name people's requests.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tlog::tile::Tile;

use crate::api::{App, Segment};
use crate::problem::Problem;

/// The latest signed checkpoint.
pub async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let signed = app.store().checkpoint().await.map_err(app::Error::from)?;
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, signed.note).into_response())
}

/// A tile of hashes: `/log/tile/<level>/<index>[.p/<width>]`.
pub async fn tile(State(app): State<App>, Segment(path): Segment) -> Result<Response, Problem> {
    let tile = format!("tile/{path}").parse::<Tile>().map_err(store::Error::from);
    let tile = tile.map_err(app::Error::from)?;
    let octets = app.store().tile(&tile).await.map_err(app::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, octets).into_response())
}

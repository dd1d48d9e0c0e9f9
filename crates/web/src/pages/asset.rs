//! What pages load: one style sheet and the seal. Built in, named by content, kept by browsers.
//!
//! Nothing comes from elsewhere (Invariant 12).

use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

const STYLE: &str = include_str!("../../assets/yinxin.css");
const SEAL: &str = include_str!("../../assets/seal.svg");

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| short_hash(STYLE));
static SEAL_HASH: LazyLock<String> = LazyLock::new(|| short_hash(SEAL));

fn short_hash(text: &str) -> String {
    let mut hash = gm::sm3::hash(text.as_bytes()).to_hex();
    hash.truncate(16);
    hash
}

/// The address of the style sheet; another content has another address.
pub fn style() -> String {
    format!("/assets/yinxin.css?v={}", *STYLE_HASH)
}

/// The address of the seal.
pub fn seal() -> String {
    format!("/assets/seal.svg?v={}", *SEAL_HASH)
}

/// `GET /assets/{file}`: for a year under its hash, and not kept under any other.
pub async fn download(
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (kind, text, hash) = match file.as_str() {
        "yinxin.css" => ("text/css; charset=utf-8", STYLE, &*STYLE_HASH),
        "seal.svg" => ("image/svg+xml", SEAL, &*SEAL_HASH),
        _ => return Err(Problem::not_found("没有这个文件")),
    };
    let is_current = query.as_deref().and_then(|q| q.strip_prefix("v=")) == Some(hash.as_str());
    let caching = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, caching),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, text).into_response())
}

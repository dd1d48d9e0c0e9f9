//! What pages load: one style sheet, the seal, and the scripts over key files. Built in, named by
//! content, kept by browsers.
//!
//! Nothing comes from elsewhere (Invariant 12).

use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

const STYLE: &str = include_str!("../../assets/yinxin.css");
const SEAL: &str = include_str!("../../assets/seal.svg");

/// The scripts that sign with a key file in the page (docs/agent.md), by name and content.
macro_rules! scripts {
    ($($name:literal)+) => {
        [$(($name, include_str!(concat!("../../assets/keyfile/", $name)))),+]
    };
}
const SCRIPTS: [(&str, &str); 25] = scripts! {
    "argon2.js" "blake2b.js" "bytes.js" "certificate.js" "curve.js" "der.js" "envelope.js" "form.js"
    "jobs.js" "keyfile.js" "oids.js" "page.js" "pbes2.js" "pem.js" "pkcs8.js" "refusal.js"
    "request.js" "response.js" "run.js" "sm2.js" "sm3.js" "sm4.js" "verify.js" "words.js" "worker.js"
};

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| short_hash(STYLE));
static SEAL_HASH: LazyLock<String> = LazyLock::new(|| short_hash(SEAL));
/// Scripts load each other by their neighbours' names: all stand under one name, made from all.
static SCRIPTS_SET: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<_> = SCRIPTS.iter().map(|(name, text)| format!("{name}\n{text}")).collect();
    format!("keyfile-{}", short_hash(&all.concat()))
});

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

/// The address of the script that has the forms over a key file work.
pub fn script() -> String {
    format!("/assets/{}/page.js", *SCRIPTS_SET)
}

/// The address of the script that hashes what was signed in the page (`pages::verify`).
pub fn verify_script() -> String {
    format!("/assets/{}/verify.js", *SCRIPTS_SET)
}

/// `GET /assets/{set}/{file}`: a script of the present set. Scripts of another release are gone: the
/// page that asks for them does without, or is loaded anew.
pub async fn script_file(Path((set, file)): Path<(String, String)>) -> Result<Response, Problem> {
    let found = SCRIPTS.iter().find(|(name, _)| set == *SCRIPTS_SET && *name == file);
    let (_, text) = found.ok_or_else(|| Problem::not_found("没有这个文件"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, *text).into_response())
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

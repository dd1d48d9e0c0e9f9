//! Revocation lists for download: `/crl/<issuer>.crl`, `-delta.crl`, `-<shard>.crl`.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use status::{ListKind, ListName, http};

use super::ocsp::{add, unchanged};
use crate::api::{App, Segment};
use crate::problem::Problem;

/// The list in force. `ETag` and `Last-Modified` let clients ask whether it is new.
pub async fn download(
    State(app): State<App>,
    Segment(file): Segment,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("没有这个证书撤销列表");
    let name = name_of(&file).ok_or_else(missing)?;
    let list = app.list_in_force(&name).await?.ok_or_else(missing)?;
    let caching = app.lists().caching(&list, app.clock().now());
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if caching.is_unchanged(text(header::IF_NONE_MATCH), text(header::IF_MODIFIED_SINCE)) {
        return Ok(unchanged(caching.headers()));
    }
    let mut response =
        ([(header::CONTENT_TYPE, http::LIST_TYPE)], list.der.clone()).into_response();
    add(&mut response, caching.headers());
    Ok(response)
}

/// `issuing.crl`, `issuing-delta.crl`, `issuing-7.crl`.
fn name_of(file: &str) -> Option<ListName> {
    let stem = file.strip_suffix(".crl")?;
    let (issuer, kind) = match stem.rsplit_once('-') {
        Some((issuer, "delta")) => (issuer, ListKind::Delta),
        Some((issuer, shard)) => (issuer, ListKind::Shard(shard.parse().ok()?)),
        None => (stem, ListKind::Full),
    };
    Some(ListName { issuer: issuer.to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_say_which_list() {
        let kind = |file| name_of(file).map(|name| name.kind);
        assert_eq!(kind("issuing.crl"), Some(ListKind::Full));
        assert_eq!(kind("issuing-delta.crl"), Some(ListKind::Delta));
        assert_eq!(kind("issuing-7.crl"), Some(ListKind::Shard(7)));
        assert_eq!(kind("issuing-x.crl"), None);
        assert_eq!(kind("issuing.pem"), None);
    }
}

//! What a browser brings along with a request: cookies, where it comes from, what it asks for.

use axum::http::{HeaderMap, HeaderName, Method, header};

use crate::problem::Problem;

/// The cookie of 长辈版. It names nobody.
pub const SIZE_COOKIE: &str = "yx-size";

/// What a browser brought.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// Whether the large version is wanted.
    pub large: bool,
    /// Path and query as asked for.
    pub address: String,
}

impl Visit {
    /// Reads the headers.
    pub fn of(headers: &HeaderMap, uri: &axum::http::Uri) -> Self {
        let address = uri.path_and_query().map_or("/", |text| text.as_str()).to_owned();
        Self { large: cookie(headers, SIZE_COOKIE) == Some("large"), address }
    }
}

/// The value of a cookie; of two with one name the first counts.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// Whether the browser would rather have a page than JSON.
pub fn wants_page(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT).is_some_and(|accepted| accepted.contains("text/html"))
}

/// Refuses a change that another site asks for in the visitor's name (CSRF). Every browser of
/// today says where a POST comes from; what says nothing is no browser and has no cookies to ride.
pub fn same_site_only(method: &Method, headers: &HeaderMap, own: &str) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let foreign = || {
        let text = "此次提交来自其他网站，已拒绝；请回到本网站的页面重新填写并提交";
        Problem::new(axum::http::StatusCode::FORBIDDEN, "web.foreign", text)
    };
    match text(headers, HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin") => Ok(()),
        Some(_) => Err(foreign()),
        None => match text(headers, header::ORIGIN) {
            None => Ok(()),
            Some(origin) if is_own(origin, headers, own) => Ok(()),
            Some(_) => Err(foreign()),
        },
    }
}

/// Our own origin: the public one, or the host that was asked.
fn is_own(origin: &str, headers: &HeaderMap, own: &str) -> bool {
    let host = text(headers, header::HOST).unwrap_or_default();
    let named = origin.split_once("://").map(|(_, host)| host);
    origin == own.trim_end_matches('/') || (named == Some(host) && !host.is_empty())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// An address as the value of a query.
pub fn encoded(address: &str) -> String {
    form_urlencoded::byte_serialize(address.as_bytes()).collect()
}

/// A path on this very site to go back to; anything else is `/`.
pub fn local(path: &str) -> &str {
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n'])
        && path.is_ascii();
    if is_local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().unwrap())).collect()
    }

    #[test]
    fn a_post_from_another_site_is_refused_however_it_shows() {
        let own = "https://ca.example.cn";
        let refused = |pairs: &[(&'static str, &str)]| {
            same_site_only(&Method::POST, &headers(pairs), own).is_err()
        };
        assert!(refused(&[("sec-fetch-site", "cross-site")]));
        assert!(refused(&[("sec-fetch-site", "same-site")]));
        assert!(refused(&[("origin", "https://evil.example"), ("host", "ca.example.cn")]));
        assert!(refused(&[("origin", "null"), ("host", "ca.example.cn")]));
        assert!(!refused(&[("sec-fetch-site", "same-origin")]));
        assert!(!refused(&[("origin", "https://ca.example.cn"), ("host", "10.0.0.1:8440")]));
        assert!(!refused(&[("origin", "http://127.0.0.1:8440"), ("host", "127.0.0.1:8440")]));
    }

    #[test]
    fn ways_back_lead_nowhere_else() {
        assert_eq!(local("/query?serial=1"), "/query?serial=1");
        for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "x", ""] {
            assert_eq!(local(foreign), "/", "{foreign}");
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let headers = headers(&[("cookie", "a=1; yx-size=large; xyx-size=small")]);
        assert_eq!(cookie(&headers, "yx-size"), Some("large"));
        assert_eq!(cookie(&headers, "size"), None);
    }
}

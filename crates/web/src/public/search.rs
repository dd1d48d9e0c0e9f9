//! Certificates and lists by one search key over HTTP (RFC 4387), with the content and the policy of
//! the directory: `GET /pki/certificates/search.cgi?certHash=…`, `GET /pki/crls/search.cgi?iHash=…`.

use app::Institution;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use directory::ListKey;
use directory::rules::index::Key;
use directory::rules::text;

use crate::problem::Problem;

/// Longest question.
const LONGEST: usize = 1024;
/// Media type of a certificate.
const CERTIFICATE: &str = "application/pkix-cert";
/// Media type of a list.
const LIST: &str = "application/pkix-crl";

/// `GET /pki/certificates/search.cgi`.
pub async fn certificates(
    State(app): State<Institution>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (name, value) = question(query.as_deref())?;
    let key = match name.as_str() {
        "certHash" => Key::CertificateHash,
        "sHash" => Key::SubjectHash,
        "iAndSHash" => Key::IssuerSerialHash,
        "sKIDHash" => Key::KeyIdHash,
        "uri" => Key::Uri,
        "name" | "cn" => Key::CommonName,
        _ => return Err(unknown("certHash、sHash、iAndSHash、sKIDHash、uri、name")),
    };
    let value = match key {
        Key::CommonName => text::normal(&value).into_bytes(),
        // With or without the scheme (RFC 4387 §2.2).
        Key::Uri => value.trim_start_matches("mailto:").to_lowercase().into_bytes(),
        _ => hash(&value)?,
    };
    let found = app.directory().certificates(key, &value).await.map_err(app::Error::from)?;
    answer(found, CERTIFICATE, "没有可以公开下载的这张证书，请核对查询条件")
}

/// `GET /pki/crls/search.cgi`.
pub async fn lists(
    State(app): State<Institution>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (name, value) = question(query.as_deref())?;
    let key = match name.as_str() {
        "iHash" => ListKey::Issuer,
        "sKIDHash" => ListKey::KeyId,
        _ => return Err(unknown("iHash、sKIDHash")),
    };
    let found = app.directory().list(key, &hash(&value)?).await.map_err(app::Error::from)?;
    answer(found.into_iter().collect(), LIST, "没有这个证书撤销列表，请核对查询条件")
}

/// One attribute and its value.
fn question(query: Option<&str>) -> Result<(String, String), Problem> {
    let wrong = || {
        let text = "请用一个查询条件，写作 search.cgi?名称=值（RFC 4387）";
        Problem::bad_request("directory.question", text)
    };
    let query = query.filter(|query| query.len() <= LONGEST).ok_or_else(wrong)?;
    // In values of Base64 `+` is itself (RFC 4387 §2.5), though forms write spaces so.
    let query = query.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((name, value)), None) if !value.is_empty() => Ok((name.into(), value.into())),
        _ => Err(wrong()),
    }
}

fn unknown(known: &str) -> Problem {
    let text = format!("不支持这个查询条件；可用：{known}");
    Problem::bad_request("directory.question", text)
}

/// A SHA-1 value in Base64; padding may be there.
fn hash(value: &str) -> Result<Vec<u8>, Problem> {
    let octets = STANDARD_NO_PAD.decode(value.trim_end_matches('=')).ok();
    octets.filter(|octets| octets.len() == 20).ok_or_else(|| {
        let text = "查询值应为 SHA-1 摘要的 Base64 写法（27 个字符）";
        Problem::bad_request("directory.question", text)
    })
}

/// One body, or several as parts.
fn answer(found: Vec<Bytes>, media: &'static str, missing: &str) -> Result<Response, Problem> {
    let caching = (header::CACHE_CONTROL, "no-cache");
    let mut found = found.into_iter();
    let first = found.next().ok_or_else(|| Problem::not_found(missing))?;
    let rest: Vec<_> = found.collect();
    if rest.is_empty() {
        return Ok(([(header::CONTENT_TYPE, media), caching], first).into_response());
    }
    // DER could hold any line, but not this one: it would have to guess its own digest.
    let boundary = gm::sm3::hash(&first).to_hex();
    let mut body = Vec::new();
    for part in std::iter::once(first).chain(rest) {
        let head = format!(
            "--{boundary}\r\nContent-Type: {media}\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(part);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").into_bytes());
    let media = format!("multipart/mixed; boundary={boundary}");
    let headers = [(header::CONTENT_TYPE, media), (caching.0, caching.1.to_owned())];
    Ok((headers, body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_one_condition() {
        let read = |query| question(Some(query)).ok();
        assert_eq!(read("certHash=a+b/c"), Some(("certHash".into(), "a+b/c".into())));
        assert_eq!(read("name=%E7%94%B2"), Some(("name".into(), "甲".into())));
        for wrong in ["", "name", "name=", "name=a&name=b", "certHash=x&name=y"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(question(None).is_err() && question(Some(&"a".repeat(2000))).is_err());
    }

    #[test]
    fn hashes_have_twenty_octets_with_or_without_padding() {
        let text = STANDARD_NO_PAD.encode([7; 20]);
        assert_eq!(text.len(), 27);
        assert_eq!(hash(&text).unwrap(), [7; 20]);
        assert_eq!(hash(&format!("{text}=")).unwrap(), [7; 20]);
        for wrong in ["", "AAAA", "*", "中文"] {
            assert!(hash(wrong).is_err(), "{wrong}");
        }
    }
}

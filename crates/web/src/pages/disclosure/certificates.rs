//! 证书查询: certificates of units, devices and servers, by exact name or serial number, for those who
//! have to encrypt to them or check them (Measures Art. 18 (2)). Never of natural persons: their names
//! are not searched and not shown, whoever asks (PIPL Art. 6).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ca::{CertificateFilter, Status, StoredCertificate};
use jiff::Timestamp;
use pki::{Serial, oid};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::words;
use crate::problem::Problem;

/// Kinds whose holders are no natural persons.
const KINDS: [&str; 3] = ["unit", "device", "server"];
/// Most certificates of a profile that are looked at.
const MOST: u32 = 100;

/// What is looked for.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "hall/certificates.html")]
struct Certificates {
    frame: Frame,
    q: String,
    mistakes: Mistakes,
    rows: Vec<Row>,
    asked: bool,
}

struct Row {
    serial: String,
    shown: String,
    subject: String,
    kind: String,
    from: String,
    until: String,
    tag: &'static str,
    standing: &'static str,
}

/// `GET /certificates`.
pub async fn show(State(app): State<App>, frame: Frame, Params(query): Params<Query>) -> Answer {
    let q = query.q.trim().to_owned();
    let mut found =
        Certificates { frame, q, mistakes: Mistakes::none(), rows: vec![], asked: false };
    if found.q.is_empty() {
        return page(&found);
    }
    if !(2..=128).contains(&found.q.chars().count()) {
        found.mistakes.add("q", "请输入完整的名称（2 至 128 字），或证书序列号");
        return page_to_correct(&found);
    }
    found.asked = true;
    found.rows = rows(&app, &found.q).await?;
    page(&found)
}

async fn rows(app: &App, q: &str) -> Result<Vec<Row>, Problem> {
    let mut stored = Vec::new();
    if let Some(serial) = serial(q) {
        stored.extend(app.ca().find(&serial).await.map_err(app::Error::from)?);
    }
    if stored.is_empty() {
        stored = named(app, q).await?;
    }
    let now = app.clock().now();
    Ok(stored
        .iter()
        .filter(|one| is_public(&one.record.profile))
        .map(|one| row(app, one, now))
        .collect())
}

/// By exact common name or name of the unit.
async fn named(app: &App, q: &str) -> Result<Vec<StoredCertificate>, Problem> {
    let mut found = Vec::new();
    for profile in app.ca().profiles().iter().filter(|profile| is_public(profile.name())) {
        let filter = CertificateFilter {
            subject: Some(q.to_owned()),
            profile: Some(profile.name().to_owned()),
            ..CertificateFilter::default()
        };
        let page = app.ca().list(&filter, None, MOST).await.map_err(app::Error::from)?;
        for record in page.records {
            let one = app.ca().find(&record.serial).await.map_err(app::Error::from)?;
            found.extend(one.filter(|one| is_named(one, q)));
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.record.issued_at));
    Ok(found)
}

fn is_named(one: &StoredCertificate, q: &str) -> bool {
    let subject = one.certificate.subject();
    subject.common_name() == Some(q) || subject.text_of(&oid::ORGANIZATION) == Some(q)
}

/// `unit-sign` and `unit-enc`, and so on.
fn is_public(profile: &str) -> bool {
    let kind = profile.split_once('-').map_or(profile, |(kind, _)| kind);
    KINDS.contains(&kind)
}

fn row(app: &App, one: &StoredCertificate, now: Timestamp) -> Row {
    let record = &one.record;
    let profile = app.ca().profiles().by_name(&record.profile);
    let (standing, tag) = match record.status {
        Status::Revoked { .. } => ("已撤销", "tag--bad"),
        _ if record.not_after < now => ("已过期", "tag--bad"),
        Status::Suspended { .. } => ("已暂停", "tag--wait"),
        Status::Good => ("有效", "tag--good"),
    };
    Row {
        serial: record.serial.to_hex(),
        shown: words::groups(&record.serial.to_hex()),
        subject: one.certificate.subject().to_string(),
        kind: profile.map_or_else(|| record.profile.clone(), |profile| profile.title().to_owned()),
        from: words::day(record.not_before),
        until: words::day(record.not_after),
        tag,
        standing,
    }
}

/// A serial number as people copy it.
fn serial(text: &str) -> Option<Serial> {
    let digits = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '：' | '-'));
    Serial::from_hex(&digits.collect::<String>().to_lowercase()).ok()
}

/// `GET /certificates/{serial}`: the certificate, PEM.
pub async fn download(State(app): State<App>, Path(text): Path<String>) -> Answer {
    let nothing = || Problem::not_found("没有可以公开下载的这张证书，请核对序列号");
    let serial = serial(&text).ok_or_else(nothing)?;
    let found = app.ca().find(&serial).await.map_err(app::Error::from)?;
    let found = found.filter(|one| is_public(&one.record.profile)).ok_or_else(nothing)?;
    let pem = found.certificate.to_pem().map_err(app::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.pem\"", serial.to_hex())),
    ];
    Ok((headers, pem).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kinds_without_natural_persons_are_public() {
        for profile in ["unit-sign", "unit-enc", "device-sign", "server-enc"] {
            assert!(is_public(profile), "{profile}");
        }
        for profile in ["person-sign", "person-enc", "staff-sign", "staff-enc", "subca", "units"] {
            assert!(!is_public(profile), "{profile}");
        }
    }
}

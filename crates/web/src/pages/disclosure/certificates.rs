//! 证书查询: certificates of units, devices and servers, by whole name or serial number, for those who
//! have to encrypt to them or check them (Measures Art. 18 (2)). Never of natural persons: their names
//! are not searched and not shown, whoever asks (PIPL Art. 6). Both ways go by an index, and no search
//! looks up more certificates than it shows.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ca::{Status, StoredCertificate};
use jiff::Timestamp;
use pki::Serial;
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::words;
use crate::problem::Problem;

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
    has_more: bool,
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
    let mistakes = Mistakes::none();
    let mut found =
        Certificates { frame, q, mistakes, rows: vec![], has_more: false, asked: false };
    if found.q.is_empty() {
        return page(&found);
    }
    if !(2..=128).contains(&found.q.chars().count()) {
        found.mistakes.add("q", "请输入完整的名称（2 至 128 字），或证书序列号");
        return page_to_correct(&found);
    }
    found.asked = true;
    (found.rows, found.has_more) = rows(&app, &found.q).await?;
    page(&found)
}

/// By serial number where it may be one, by name otherwise; whether there are more.
async fn rows(app: &App, q: &str) -> Result<(Vec<Row>, bool), Problem> {
    let by_serial = match serial(q) {
        Some(serial) => app.public_certificate(&serial).await?,
        None => None,
    };
    let (found, has_more) = match by_serial {
        Some(one) => (vec![one], false),
        None => {
            let named = app.public_certificates(q).await?;
            (named.found, named.has_more)
        }
    };
    let now = app.clock().now();
    Ok((found.iter().map(|one| row(app, one, now)).collect(), has_more))
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
    let found = app.public_certificate(&serial).await?.ok_or_else(nothing)?;
    let pem = found.certificate.to_pem().map_err(app::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.pem\"", serial.to_hex())),
    ];
    Ok((headers, pem).into_response())
}

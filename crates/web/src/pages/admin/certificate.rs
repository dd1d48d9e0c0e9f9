//! One certificate: what stands in its bytes, what became of it and by whom, its application, and
//! what a relying party is told of it now.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ca::{Status, StoredCertificate};
use pki::Serial;
use pki::ocsp::CertStatus;
use serde_json::Value;
use store::Stored;

use super::certificate_fields::{self as fields, Field};
use super::certificates::{is_of_person, profile_title, role, standing};
use super::journal_kinds::title;
use super::journal_words::Names;
use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/certificate.html")]
struct CertificatePage {
    frame: Frame,
    serial: String,
    profile: String,
    role: &'static str,
    state: &'static str,
    tag: &'static str,
    reason: Option<(&'static str, String)>,
    request: String,
    application: Option<String>,
    is_masked: bool,
    fields: Vec<Field>,
    happenings: Vec<Happening>,
    ocsp: Ocsp,
}

struct Happening {
    seq: u64,
    at: String,
    title: String,
    who: String,
    reason: Option<String>,
}

/// The answer of the status service in words.
struct Ocsp {
    said: &'static str,
    tag: &'static str,
    detail: Option<String>,
    window: Option<String>,
    flaw: Option<String>,
    octets: usize,
}

async fn found(app: &App, serial: &str) -> Result<StoredCertificate, Problem> {
    let missing = || Problem::not_found("本机构没有签发过这个序列号的证书；请核对序列号");
    let serial = Serial::from_hex(serial).map_err(|_| missing())?;
    let found = app.ca().find(&serial).await.map_err(app::Error::from)?;
    found.ok_or_else(missing)
}

/// `GET /admin/certificates/{serial}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
) -> Answer {
    let stored = found(&app, &serial).await?;
    let record = &stored.record;
    let is_masked = is_of_person(&app, &record.profile);
    let records = app.certificate_records(&record.serial).await?;
    let principal = visitor.principal();
    let names = Names::of(&app, principal, records.iter().map(|one| &*one.actor)).await;
    let application = app.application_of(principal, &record.serial).await?;
    let (state, tag) = standing(record, app.clock().now());
    let reason = match record.status {
        Status::Revoked { since, reason, .. } => Some((reason.chinese(), words::second(since))),
        Status::Suspended { since } => Some(("暂停", words::second(since))),
        Status::Good => None,
    };
    page(&CertificatePage {
        frame,
        serial: record.serial.to_hex(),
        profile: profile_title(&app, &record.profile),
        role: role(record),
        state,
        tag,
        reason,
        request: record.request_id.to_string(),
        application: application.map(|id| id.to_string()),
        is_masked,
        fields: fields::read(&stored.certificate, is_masked),
        happenings: records.iter().map(|record| happening(record, &names)).collect(),
        ocsp: ocsp(&app, &record.serial).await?,
    })
}

fn happening(record: &Stored, names: &Names) -> Happening {
    let reason = record.body.get("reason").and_then(Value::as_str);
    let shown = reason.map(|name| match ca::RevocationReason::from_name(name) {
        Ok(reason) => reason.chinese().to_owned(),
        Err(_) => name.to_owned(),
    });
    Happening {
        seq: record.seq.0,
        at: words::second(record.at),
        title: title(&record.kind).to_owned(),
        who: names.who(&record.actor),
        reason: shown,
    }
}

async fn ocsp(app: &App, serial: &Serial) -> Result<Ocsp, Problem> {
    let now = app.ocsp_now(*serial).await?;
    let (said, tag, detail) = match now.said {
        Some(CertStatus::Good) => ("good（有效）", "tag--good", None),
        Some(CertStatus::Revoked { at, reason }) => {
            let detail = format!("自 {}，原因：{}", words::second(at), reason.chinese());
            ("revoked（已撤销或暂停）", "tag--bad", Some(detail))
        }
        Some(CertStatus::Unknown) => ("unknown（未知）", "tag--unknown", None),
        None => ("没有状态", "tag--unknown", None),
    };
    let window = now.window.map(|(from, until)| match until {
        Some(until) => format!("{} 至 {}", words::second(from), words::second(until)),
        None => format!("{} 起", words::second(from)),
    });
    Ok(Ocsp { said, tag, detail, window, flaw: now.flaw, octets: now.octets })
}

/// `GET /admin/certificates/{serial}/pem`.
pub async fn pem(State(app): State<App>, Path(serial): Path<String>) -> Answer {
    let stored = found(&app, &serial).await?;
    let pem = stored.certificate.to_pem().map_err(app::Error::from)?;
    Ok((file("application/x-pem-file", &stored, "pem"), pem).into_response())
}

/// `GET /admin/certificates/{serial}/der`.
pub async fn der(State(app): State<App>, Path(serial): Path<String>) -> Answer {
    let stored = found(&app, &serial).await?;
    let headers = file("application/pkix-cert", &stored, "cer");
    Ok((headers, stored.der().to_vec()).into_response())
}

fn file(
    kind: &'static str,
    stored: &StoredCertificate,
    ending: &str,
) -> [(header::HeaderName, String); 3] {
    let name = format!("attachment; filename=\"{}.{ending}\"", stored.record.serial.to_hex());
    [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}

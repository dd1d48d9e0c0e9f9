//! 证书状态查询: how a certificate stands, by its serial number.
//!
//! Relying parties can find out what the certificate says and how it stands (Measures Art. 20).
//! Nothing is shown of its holder: a serial number can be guessed, a name is personal.

use askama::Template;
use axum::extract::State;
use ca::{CertificateRecord, Status};
use jiff::Timestamp;
use pki::Serial;
use serde::Deserialize;

use super::answer::{Answer, page, page_to_correct};
use super::form::Mistakes;
use super::frame::Frame;
use super::words;
use crate::api::{App, Params};

/// The query of the form.
#[derive(Debug, Deserialize)]
pub struct Question {
    serial: Option<String>,
}

#[derive(Template)]
#[template(path = "hall/query.html")]
struct Query {
    frame: Frame,
    serial: String,
    mistakes: Mistakes,
    finding: Option<Finding>,
    asked_at: String,
}

/// How a certificate stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Unknown,
    NotYet,
    Good,
    Suspended,
    Revoked,
    Expired,
}

/// What is shown of it.
struct Finding {
    serial: String,
    standing: Standing,
    facts: Option<Facts>,
}

struct Facts {
    kind: String,
    issuer: String,
    from: String,
    until: String,
    since: Option<String>,
    reason: Option<&'static str>,
}

/// `GET /query`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Params(question): Params<Question>,
) -> Answer {
    let now = app.clock().now();
    let serial = question.serial.unwrap_or_default().trim().to_owned();
    let asked_at = words::second(now);
    let blank = Query { frame, serial, mistakes: Mistakes::none(), finding: None, asked_at };
    if blank.serial.is_empty() {
        return page(&blank);
    }
    match read(&blank.serial) {
        Some(serial) => {
            let finding = Some(find(&app, &serial, now).await?);
            page(&Query { finding, ..blank })
        }
        None => {
            let text = "序列号应为 1 至 40 位十六进制数（0–9、A–F），可以带空格或冒号";
            page_to_correct(&Query { mistakes: Mistakes::one("serial", text), ..blank })
        }
    }
}

/// A serial number as people copy it: with spaces, colons, capitals, a leading 0x.
fn read(text: &str) -> Option<Serial> {
    let digits: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '：' | '-')).collect();
    let digits = digits.to_lowercase();
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    Serial::from_hex(digits).ok()
}

async fn find(app: &App, serial: &Serial, now: Timestamp) -> Result<Finding, app::Error> {
    let found = app.ca().find(serial).await?;
    let serial = words::groups(&serial.to_hex());
    let Some(found) = found else {
        return Ok(Finding { serial, standing: Standing::Unknown, facts: None });
    };
    let record = found.record;
    let (since, reason) = match record.status {
        Status::Good => (None, None),
        Status::Suspended { since } => (Some(since), None),
        Status::Revoked { since, reason, .. } => (Some(since), Some(reason.chinese())),
    };
    let profile = app.ca().profiles().iter().find(|profile| profile.name() == record.profile);
    let facts = Facts {
        kind: profile.map_or(record.profile.clone(), |profile| profile.title().to_owned()),
        issuer: found.certificate.issuer().to_string(),
        from: words::second(record.not_before),
        until: words::second(record.not_after),
        since: since.map(words::second),
        reason,
    };
    Ok(Finding { serial, standing: standing(&record, now), facts: Some(facts) })
}

/// Revoked stays revoked after the end; a certificate that is good is so only within its term.
fn standing(record: &CertificateRecord, now: Timestamp) -> Standing {
    match record.status {
        Status::Revoked { .. } => Standing::Revoked,
        _ if record.not_after < now => Standing::Expired,
        Status::Suspended { .. } => Standing::Suspended,
        Status::Good if now < record.not_before => Standing::NotYet,
        Status::Good => Standing::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_read_as_people_copy_them() {
        let plain = read("0a1b2c3d").map(|serial| serial.to_hex());
        assert!(plain.is_some());
        for text in ["0A1B2C3D", "0a:1b:2c:3d", " 0A1B 2C3D ", "0x0a1b2c3d"] {
            assert_eq!(read(text).map(|serial| serial.to_hex()), plain, "{text}");
        }
        for text in ["", "张三", "0a1g", "<script>", &"a".repeat(60)] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}

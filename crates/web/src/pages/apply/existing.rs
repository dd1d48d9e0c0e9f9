//! 已有证书: what can be done about a certificate, from its serial number. What is told is what the
//! public status query tells, and not whose it is.

use askama::Template;
use axum::extract::State;
use ra::catalogue::Service;
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::words;

#[derive(Template)]
#[template(path = "apply/existing.html")]
struct Existing<'c> {
    frame: Frame,
    serial: String,
    found: Option<Found<'c>>,
    mistakes: Mistakes,
}

/// A certificate, and what is there to do.
pub struct Found<'c> {
    /// Serial of the signing certificate.
    pub serial: String,
    /// The name of its kind.
    pub kind: String,
    /// What that is called.
    pub title: String,
    /// How it stands.
    pub standing: &'static str,
    /// The class of its tag.
    pub tag: &'static str,
    /// Whether it is revoked: a new one is the way on.
    pub is_revoked: bool,
    /// What can be applied for.
    pub services: Vec<&'c Service>,
}

/// Which certificate.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    serial: String,
}

/// `GET /apply/existing`.
pub async fn show(State(app): State<App>, frame: Frame, Params(query): Params<Query>) -> Answer {
    let serial = query.serial.trim().to_owned();
    if serial.is_empty() {
        let (found, mistakes) = (None, Mistakes::none());
        return page(&Existing { frame, serial, found, mistakes });
    }
    match found(&app, &serial).await {
        Ok(found) => {
            page(&Existing { frame, serial, found: Some(found), mistakes: Mistakes::none() })
        }
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            let mistakes = Mistakes::one("serial", error.to_string());
            page_to_correct(&Existing { frame, serial, found: None, mistakes })
        }
        Err(error) => Err(error.into()),
    }
}

/// What there is to do about a certificate.
pub async fn found<'c>(app: &'c App, serial: &str) -> Result<Found<'c>, app::Error> {
    let ra = app.registration()?;
    let held = ra.certificate(serial).await?;
    Ok(Found {
        serial: held.serial.to_hex(),
        title: ra.catalogue().kind(&held.kind)?.title.clone(),
        standing: held.standing.chinese(),
        tag: words::standing_tag(held.standing),
        is_revoked: held.standing == ra::Standing::Revoked,
        services: ra.services_for(&held).await?,
        kind: held.kind,
    })
}

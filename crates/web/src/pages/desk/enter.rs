//! The counter: a clerk enters an application for somebody present. What follows is the same form, the
//! same notices, the same steps as online (see [`crate::pages::apply::Spot`]).

use askama::Template;
use axum::extract::State;
use ra::catalogue::{Kind, Service};
use ra::{NewApplication, OfficeId};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::apply::Spot;
use crate::pages::apply::begin::first_page;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "desk/enter.html")]
struct Enter<'c> {
    frame: Frame,
    services: &'c [Service],
    kinds: &'c [Kind],
    service: String,
    kind: String,
    concerns: String,
    mistakes: Mistakes,
}

/// What a link from a certificate names.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    service: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    concerns: String,
}

/// `GET /desk/enter`.
pub async fn show(State(app): State<App>, frame: Frame, Params(query): Params<Query>) -> Answer {
    let Query { service, kind, concerns } = query;
    page(&Enter { service, kind, concerns, ..enter(&app, frame, &Form::default())? })
}

fn enter<'a>(app: &'a App, frame: Frame, form: &Form) -> Result<Enter<'a>, Problem> {
    let catalogue = app.registration()?.catalogue();
    let (services, kinds) = (catalogue.services().list.as_slice(), catalogue.kinds());
    let text = |name: &str| form.text(name).trim().to_owned();
    Ok(Enter {
        frame,
        services,
        kinds,
        service: text("service"),
        kind: text("kind"),
        concerns: text("concerns"),
        mistakes: Mistakes::none(),
    })
}

#[derive(Template)]
#[template(path = "desk/entered.html")]
struct Entered {
    frame: Frame,
    number: String,
    code: String,
    next: String,
    next_title: &'static str,
}

/// `POST /desk/enter`: number and check code are handed to the applicant with the receipt.
pub async fn create(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let mut again = enter(&app, frame, &form)?;
    let ra = app.registration()?;
    let service = ra.catalogue().service(&again.service).ok();
    if service.is_none() {
        again.mistakes.add("service", "请选择业务");
    }
    if ra.catalogue().kind(&again.kind).is_err() {
        again.mistakes.add("kind", "请选择证书类型");
    }
    let Some(service) = service.filter(|_| again.mistakes.is_empty()) else {
        return page_to_correct(&again);
    };
    let new = NewApplication {
        service: again.service.clone(),
        kind: again.kind.clone(),
        office: office(&visitor)?,
        concerns: Some(again.concerns.clone()).filter(|serial| !serial.is_empty()),
    };
    let created = match ra.create(visitor.permit()?, new).await {
        Ok(created) => created,
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            // What was written down as the certificate is what is wrong, or what is missing.
            let is_about = service.replaces || !again.concerns.is_empty();
            let field = if is_about { "concerns" } else { "service" };
            again.mistakes = Mistakes::one(field, error.to_string());
            return page_to_correct(&again);
        }
        Err(error) => return Err(error.into()),
    };
    let spot = Spot::counter(&created.application.id);
    let (next, next_title) = first_page(service, &spot.base);
    let number = created.application.number.to_string();
    let code = words::groups(&created.check_code);
    page(&Entered { frame: again.frame, number, code, next, next_title })
}

/// The office that a clerk works for; none is the institution itself.
pub fn office(visitor: &Visitor) -> Result<Option<OfficeId>, Problem> {
    let office = visitor.principal().person().and_then(|person| person.office.clone());
    Ok(office.map(|office| office.parse()).transpose()?)
}

//! 核对并提交: everything that was filled in, on one page, before it is handed in.

use access::Action;
use askama::Template;
use axum::extract::State;
use ra::{Application, FormRow};

use super::form::mistakes;
use super::{Steps, at, own};
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/check.html")]
struct Check {
    frame: Frame,
    steps: Steps,
    rows: Vec<FormRow>,
    materials: Vec<(String, usize)>,
    version: i64,
    mistakes: Mistakes,
}

/// `GET /application/check`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    page(&answers(&app, frame, &visitor).await?)
}

async fn answers(app: &App, frame: Frame, visitor: &Visitor) -> Result<Check, Problem> {
    let ra = app.registration()?;
    let edit = app.permit(visitor.principal(), Action::CreateApplication)?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let id = visitor.application()?.parse()?;
    let view = ra.form(&edit, &id).await?;
    let there = ra.materials(&read, &id).await?;
    let kind = ra.catalogue().kind(&view.application.kind)?;
    let files = |name: &str| there.iter().filter(|one| one.name == name).count();
    let materials =
        kind.materials.iter().map(|rule| (rule.title.clone(), files(&rule.name))).collect();
    Ok(Check {
        frame,
        steps: Steps::at(3),
        rows: view.rows.into_iter().filter(|row| !row.shown.is_empty()).collect(),
        materials,
        version: view.application.version,
        mistakes: mistakes(&ra.open_points(&read, &id).await?),
    })
}

#[derive(Template)]
#[template(path = "apply/submitted.html")]
struct Submitted {
    frame: Frame,
    application: Application,
    code: String,
    days: u16,
}

/// `POST /application/check`: hands in. The receipt has a fresh check code: who lost the first
/// one on the way does not lose the application.
pub async fn submit(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let (ra, permit) = (app.registration()?, visitor.permit()?);
    let application = match ra.submit(permit, &at(&visitor, &form)?).await {
        Ok(application) => application,
        Err(ra::Error::Form(errors)) => {
            let again = answers(&app, frame, &visitor).await?;
            return page_to_correct(&Check { mistakes: mistakes(&errors), ..again });
        }
        Err(error) => return Err(error.into()),
    };
    let code = words::groups(&ra.renew_check_code(permit, &application.id).await?);
    let days = ra.catalogue().service(&application.service)?.promised_working_days;
    page(&Submitted { frame, application: own(&app, &visitor).await?, code, days })
}

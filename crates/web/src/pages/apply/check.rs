//! 核对并提交: everything that was filled in, on one page, before it is handed in.

use access::{ActKind, Action};
use askama::Template;
use axum::extract::State;
use ra::{Application, EnterOrder, FormRow};

use super::form::mistakes;
use super::{Spot, Steps, issues};
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::desk::to_be_signed;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/check.html")]
struct Check {
    frame: Frame,
    spot: Spot,
    steps: Steps,
    rows: Vec<FormRow>,
    materials: Vec<(String, usize)>,
    version: i64,
    mistakes: Mistakes,
}

/// `GET /application/check`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor, spot: Spot) -> Answer {
    page(&answers(&app, (frame, spot), &visitor).await?)
}

async fn answers(
    app: &App,
    (frame, spot): (Frame, Spot),
    visitor: &Visitor,
) -> Result<Check, Problem> {
    let ra = app.registration()?;
    let edit = app.permit(visitor.principal(), Action::CreateApplication)?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let view = ra.form(&edit, &spot.id).await?;
    let there = ra.materials(&read, &spot.id).await?;
    let application = &view.application;
    let kind = ra.catalogue().kind_for(&application.kind, &application.service)?;
    let files = |name: &str| there.iter().filter(|one| one.name == name).count();
    let materials =
        kind.materials.iter().map(|rule| (rule.title.clone(), files(&rule.name))).collect();
    Ok(Check {
        steps: Steps::at(3, issues(app, application)?),
        rows: view.rows.into_iter().filter(|row| !row.shown.is_empty()).collect(),
        materials,
        version: view.application.version,
        mistakes: mistakes(&ra.open_points(&read, &spot.id).await?),
        frame,
        spot,
    })
}

#[derive(Template)]
#[template(path = "apply/submitted.html")]
struct Submitted {
    frame: Frame,
    application: Application,
    issues: bool,
    days: u16,
}

/// `POST /application/check`: hands in. A clerk signs for having entered it (GM/T 0034 §6). The
/// check code stays the one that was told at the beginning: one application, one code.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let (ra, at) = (app.registration()?, spot.at(&form)?);
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    if spot.counter && ra.open_points(&read, &spot.id).await?.is_empty() {
        let order = EnterOrder { version: at.version };
        let act = (ActKind::EnterApplication, spot.id.as_str());
        return to_be_signed(&app, &visitor, act, &order).await;
    }
    let permit = app.permit(visitor.principal(), Action::SubmitApplication)?;
    let refused = match spot.counter {
        true => ra.open_points(&read, &spot.id).await?,
        false => match ra.submit(&permit, &at).await {
            Ok(application) => {
                let service = ra.catalogue().service(&application.service)?;
                let (issues, days) = (service.issues(), service.promised_working_days);
                return page(&Submitted { frame, application, issues, days });
            }
            Err(ra::Error::Form(errors)) => errors,
            Err(error) => return Err(error.into()),
        },
    };
    let again = answers(&app, (frame, spot), &visitor).await?;
    page_to_correct(&Check { mistakes: mistakes(&refused), ..again })
}

//! Signing an application by the certificate that it is about: evidence of who applies, so that nobody
//! has to come to the counter (ESL Art. 14).

use access::Action;
use askama::Template;
use axum::extract::State;
use ra::Application;

use super::Spot;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::assistant::{Ask, CameBack, Signed};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/endorse.html")]
struct EndorsePage {
    frame: Frame,
    spot: Spot,
    application: Application,
    is_signed: bool,
    ask: Ask,
    came_back: CameBack,
    mistakes: Mistakes,
}

/// `GET /application/endorse`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    Params(came_back): Params<CameBack>,
) -> Answer {
    let wanted = (came_back, Mistakes::none());
    page(&endorse(&app, (frame, spot, &visitor), wanted).await?)
}

async fn endorse(
    app: &App,
    (frame, spot, visitor): (Frame, Spot, &Visitor),
    (came_back, mistakes): (CameBack, Mistakes),
) -> Result<EndorsePage, Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    let ra = app.registration()?;
    let application = ra.application(&permit, &spot.id).await?;
    let statement = ra.endorsement_statement(&permit, &spot.id).await?;
    let is_signed = ra.is_endorsed(&permit, &spot.id).await?;
    let back = format!("{}/endorse", spot.base);
    let ask = Ask::new("application", statement, (frame.site.public_url(), &back));
    Ok(EndorsePage { frame, spot, application, is_signed, ask, came_back, mistakes })
}

/// `POST /application/endorse`.
pub async fn sign(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let Signed { key, signature } = Signed::of(&form)?;
    let permit = app.permit(visitor.principal(), Action::CreateApplication)?;
    let done = app.registration()?.endorse(&permit, &spot.at(&form)?, (key, signature)).await;
    match done {
        Ok(_) => go(&format!("{}/check", spot.base)),
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            let wanted = (CameBack::default(), Mistakes::one("sign", error.to_string()));
            page_to_correct(&endorse(&app, (frame, spot, &visitor), wanted).await?)
        }
        Err(error) => Err(error.into()),
    }
}

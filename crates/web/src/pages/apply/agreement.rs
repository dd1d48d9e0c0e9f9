//! The service agreement: read, signed by the applicant's key through the signing assistant
//! (Measures Art. 21 ¶4). Its other party is the institution, never an office (Art. 27 ¶3; checks
//! C21-4, C27-3).

use access::Action;
use askama::Template;
use axum::extract::State;
use ra::{AgreementText, ApplicantSignature};

use super::Spot;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page};
use crate::pages::assistant::{Ask, CameBack, Signed};
use crate::pages::form::Form;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;

#[derive(Template)]
#[template(path = "apply/agreement.html")]
struct AgreementPage {
    frame: Frame,
    spot: Spot,
    text: AgreementText,
    ask: Ask,
    came_back: CameBack,
    version: i64,
}

/// `GET /application/agreement`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    Params(came_back): Params<CameBack>,
) -> Answer {
    let application = spot.application(&app, &visitor).await?;
    let permit = app.permit(visitor.principal(), Action::AgreeApplication)?;
    let text = app.registration()?.draw_agreement(&permit, &application.at()).await?;
    let back = format!("{}/agreement", spot.base);
    let ask = Ask::new("agreement", text.statement(), (frame.site.public_url(), &back));
    page(&AgreementPage { ask, text, came_back, version: application.version, frame, spot })
}

/// `POST /application/agreement`.
pub async fn sign(State(app): State<App>, visitor: Visitor, spot: Spot, form: Form) -> Answer {
    let Signed { key, signature } = Signed::of(&form)?;
    let applicant = ApplicantSignature::Key { public_key: key, signature };
    app.conclude_agreement(visitor.permit()?, &spot.at(&form)?, applicant).await?;
    go(&spot.base)
}

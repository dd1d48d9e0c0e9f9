//! Adding a key of one's own, and ending one. The new key signs a challenge; then a present key signs
//! that it is to be added, or, for the first key, the present passphrase with a code says so.

use askama::Template;
use axum::extract::State;

use super::{Present, ended, mistake};
use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::assistant::{Ask, Signed};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::invitation::Offer;
use crate::pages::sign_in::Comer;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "account/key.html")]
struct Sheet {
    frame: Frame,
    ask: Ask,
    offer: Offer,
    typed: String,
    /// Whether a present key signs; otherwise the present passphrase is asked for.
    has_key: bool,
    mistakes: Mistakes,
}

async fn sheet(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    (offer, label): (Offer, &str),
    mistakes: Mistakes,
) -> Result<Sheet, Problem> {
    let credentials = app.access().own_credentials(visitor.principal()).await?;
    let ask = Offer::ask(app, &frame, "/account/keys/new")?;
    let (has_key, typed) = (credentials.has_key(app.clock().now()), label.to_owned());
    Ok(Sheet { frame, ask, offer, typed, has_key, mistakes })
}

/// `GET /account/keys/new`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(offer): Params<Offer>,
) -> Answer {
    page(&sheet(&app, (frame, &visitor), (offer, ""), Mistakes::none()).await?)
}

/// `POST /account/keys/new`.
pub async fn add(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    comer: Comer,
    form: Form,
) -> Answer {
    let mut offer = Offer::of(&form);
    match added(&app, (&frame, &visitor), &comer, &form).await {
        Ok(to) => go(&to),
        Err(error) => {
            if matches!(error, app::Error::Access(access::Error::ChallengeOver)) {
                // What was signed is too old: the page asks for another signature.
                offer = Offer::default();
            }
            let mistakes = mistake(error)?;
            let typed = (offer, form.text("label"));
            page_to_correct(&sheet(&app, (frame, &visitor), typed, mistakes).await?)
        }
    }
}

/// Where to go on: to the signature of a present key, or back when the key is added.
async fn added(
    app: &App,
    (frame, visitor): (&Frame, &Visitor),
    comer: &Comer,
    form: &Form,
) -> Result<String, app::Error> {
    let Ok(signed) = Signed::of(form) else { return Err(access::Error::ChallengeOver.into()) };
    let (access, principal) = (app.access(), visitor.principal());
    let new = app.staff_key(signed.key, form.text("label").parse()?).await?;
    let challenge = access.challenge_again(frame.site.public_url(), form.text("challenge"))?;
    let proof = (&challenge, &signed.signature);
    let credentials = access.own_credentials(principal).await?;
    if credentials.has_key(app.clock().now()) {
        let act = access.prepare_own_key(principal, &new, proof).await?;
        return Ok(format!("/sign/{}", act.id));
    }
    let present = Present::of(form);
    let confirmation = present.confirmation(comer.source());
    access.add_own_key_by_passphrase(principal, new, proof, confirmation).await?;
    Ok("/account".to_owned())
}

/// `POST /account/keys/end`.
pub async fn end(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let fingerprint = form.text("fingerprint").to_owned();
    let outcome = app.access().end_own_key(visitor.principal(), fingerprint).await;
    ended(&app, (frame, &visitor), outcome).await
}

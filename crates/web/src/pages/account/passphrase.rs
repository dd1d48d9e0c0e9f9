//! Setting one's own passphrase and one-time codes anew, and ending them.

use access::NewSecret;
use askama::Template;
use axum::extract::State;
use zeroize::Zeroizing;

use super::{Present, ended, mistake};
use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::invitation::Setting;
use crate::pages::sign_in::Comer;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "account/passphrase.html")]
struct Sheet {
    frame: Frame,
    setting: Setting,
    /// Whether a present key signs; otherwise the present passphrase is asked for.
    has_key: bool,
    mistakes: Mistakes,
}

async fn sheet(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    enrolment: &str,
    mistakes: Mistakes,
) -> Result<Sheet, Problem> {
    let principal = visitor.principal();
    let person = principal.person().ok_or_else(|| Problem::not_found("没有登录"))?;
    let credentials = app.access().own_credentials(principal).await?;
    let setting = Setting::of(app, &person.login, enrolment)?;
    Ok(Sheet { frame, setting, has_key: credentials.has_key(app.clock().now()), mistakes })
}

/// `GET /account/passphrase`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    page(&sheet(&app, (frame, &visitor), "", Mistakes::none()).await?)
}

/// `POST /account/passphrase`.
pub async fn set(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    comer: Comer,
    form: Form,
) -> Answer {
    match replaced(&app, &visitor, &comer, &form).await {
        Ok(to) => go(&to),
        Err(error) => {
            let mistakes = mistake(error.into())?;
            let enrolment = form.text("enrolment");
            page_to_correct(&sheet(&app, (frame, &visitor), enrolment, mistakes).await?)
        }
    }
}

async fn replaced(
    app: &App,
    visitor: &Visitor,
    comer: &Comer,
    form: &Form,
) -> Result<String, access::Error> {
    let (access, principal) = (app.access(), visitor.principal());
    let passphrase = Zeroizing::new(form.text("passphrase").to_owned());
    let new = NewSecret {
        passphrase: &passphrase,
        enrolment: form.text("enrolment"),
        first_code: form.text("first"),
    };
    let credentials = access.own_credentials(principal).await?;
    if credentials.has_key(app.clock().now()) {
        let act = access.prepare_own_passphrase(principal, new).await?;
        return Ok(format!("/sign/{}", act.id));
    }
    let present = Present::of(form);
    let confirmation = present.confirmation(comer.source());
    access.set_own_passphrase_by_passphrase(principal, new, confirmation).await?;
    Ok("/account".to_owned())
}

/// `POST /account/passphrase/end`.
pub async fn end(State(app): State<App>, frame: Frame, visitor: Visitor, _: Form) -> Answer {
    let outcome = app.access().end_own_passphrase(visitor.principal()).await;
    ended(&app, (frame, &visitor), outcome).await
}

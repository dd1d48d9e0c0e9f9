//! 领取证书: download the answer for the subscriber's tool, confirm with the activation code.

use askama::Template;
use axum::extract::State as Extract;
use axum::http::header;
use axum::response::IntoResponse;
use ra::{Application, State};

use super::Spot;
use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/certificate.html")]
struct CertificatePage {
    frame: Frame,
    spot: Spot,
    application: Application,
    sign: String,
    enc: Option<String>,
    confirm_by: Option<String>,
    mistakes: Mistakes,
}

/// `GET /application/certificate`.
pub async fn show(
    Extract(app): Extract<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
) -> Answer {
    let application = spot.application(&app, &visitor).await?;
    page(&ready((frame, spot), application, Mistakes::none())?)
}

fn ready(
    (frame, spot): (Frame, Spot),
    application: Application,
    mistakes: Mistakes,
) -> Result<CertificatePage, Problem> {
    let serials = application.state.serials().cloned();
    let serials =
        serials.ok_or_else(|| Problem::not_found("证书尚未签发；请按“我的申请”页面的提示办理"))?;
    let confirm_by = match application.state {
        State::Delivered { confirm_by, .. } => Some(words::minute(confirm_by)),
        _ => None,
    };
    let (sign, enc) = (words::groups(&serials.sign), serials.enc.as_deref().map(words::groups));
    Ok(CertificatePage { frame, spot, application, sign, enc, confirm_by, mistakes })
}

/// `GET /application/certificate/answer`: the GM/T 0092 answer.
pub async fn answer(Extract(app): Extract<App>, visitor: Visitor, spot: Spot) -> Answer {
    let application = spot.application(&app, &visitor).await?;
    let der = app.delivered_response(&application).await?;
    let name = format!("attachment; filename=\"{}.p7\"", application.number);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, der).into_response())
}

/// `GET /application/certificate/restored`: the recovered encryption key, for the new signing key.
pub async fn restored(Extract(app): Extract<App>, visitor: Visitor, spot: Spot) -> Answer {
    let application = spot.application(&app, &visitor).await?;
    let der = app.restored_response(&application).await?;
    let name = format!("attachment; filename=\"{}-old.p7\"", application.number);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, der).into_response())
}

/// `POST /application/confirm`.
pub async fn confirm(
    Extract(app): Extract<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let code: String = form.text("code").chars().filter(|c| !c.is_whitespace()).collect();
    match app.confirm_receipt(visitor.permit()?, &spot.at(&form)?, &code).await {
        Ok(_) => go(&spot.base),
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            let application = spot.application(&app, &visitor).await?;
            // Nothing to be shown yet: out of its turn, with the article of the step.
            if application.state.serials().is_none() {
                return Err(error.into());
            }
            let mistakes = Mistakes::one("code", error.to_string());
            page_to_correct(&ready((frame, spot), application, mistakes)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /application/resend`: another activation code in place of the one before.
pub async fn resend(
    Extract(app): Extract<App>,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    app.deliver_application(visitor.permit()?, &spot.at(&form)?).await?;
    go(&format!("{}/certificate", spot.base))
}

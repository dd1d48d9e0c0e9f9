//! 不予受理: on a ground from data, with what is so in this case; signed by the clerk.

use access::ActKind;
use askama::Template;
use axum::extract::{Path, State};
use ra::catalogue::DeclineGround;
use ra::{Application, DeclineOrder};

use super::{found, to_be_signed};
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;

#[derive(Template)]
#[template(path = "desk/decline.html")]
struct Decline<'c> {
    frame: Frame,
    application: Application,
    grounds: &'c [DeclineGround],
    ground: String,
    reason: String,
    mistakes: Mistakes,
}

/// `GET /desk/applications/{id}/decline`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let grounds = app.registration()?.catalogue().declines();
    let (ground, reason, mistakes) = (String::new(), String::new(), Mistakes::none());
    page(&Decline { frame, application, grounds, ground, reason, mistakes })
}

/// `POST /desk/applications/{id}/decline`: written down, to be signed.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let grounds = app.registration()?.catalogue().declines();
    let version = crate::pages::version(&form)?;
    let (ground, reason) = (form.text("ground").to_owned(), form.text("reason").trim().to_owned());
    let mut mistakes = Mistakes::none();
    if !grounds.iter().any(|one| one.name == ground) {
        mistakes.add("ground", "请选择不予受理的情形；材料有缺、可以补正的，请退回补正");
    }
    mistakes.measure(("reason", &reason), 4..=1000, "请写明本件的具体情况，申请人会看到");
    if !mistakes.is_empty() {
        let again = Decline { frame, application, grounds, ground, reason, mistakes };
        return page_to_correct(&again);
    }
    let order = DeclineOrder { version, ground, reason };
    to_be_signed(&app, &visitor, (ActKind::DeclineApplication, &id), &order).await
}

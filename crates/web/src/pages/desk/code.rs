//! 补发查询码: for an applicant who lost it and whom the clerk has recognised; signed, and shown once.

use access::ActKind;
use askama::Template;
use axum::extract::{Path, State};
use ra::{Application, CodeOrder};

use super::{found, to_be_signed};
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;

#[derive(Template)]
#[template(path = "desk/code.html")]
struct Code {
    frame: Frame,
    application: Application,
    recognised: String,
    mistakes: Mistakes,
}

/// `GET /desk/applications/{id}/code`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let (recognised, mistakes) = (String::new(), Mistakes::none());
    page(&Code { frame, application, recognised, mistakes })
}

/// `POST /desk/applications/{id}/code`: written down, to be signed.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let version = crate::pages::version(&form)?;
    let recognised = form.text("recognised").trim().to_owned();
    let mut mistakes = Mistakes::none();
    mistakes.measure(("recognised", &recognised), 4..=500, "请写明怎样确认了申请人的身份");
    if !mistakes.is_empty() {
        return page_to_correct(&Code { frame, application, recognised, mistakes });
    }
    let order = CodeOrder { version, recognised };
    to_be_signed(&app, &visitor, (ActKind::IssueCheckCode, &id), &order).await
}

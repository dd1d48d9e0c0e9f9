//! The agreement on paper, at the counter: signed by hand before two witnesses, and scanned (Measures
//! Art. 21 ¶4). Its other party is the institution all the same (Art. 27 ¶3).

use access::Action;
use askama::Template;
use axum::extract::State;
use ra::{AgreementText, ApplicantSignature};

use super::Spot;
use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::desk::batch_run::WITNESS;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/paper.html")]
struct Paper {
    frame: Frame,
    spot: Spot,
    text: AgreementText,
    first: String,
    second: String,
    version: i64,
    mistakes: Mistakes,
}

/// `GET /desk/enter/{application}/paper`: the text to print, and the form for the scan.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor, spot: Spot) -> Answer {
    let written = (String::new(), String::new(), Mistakes::none());
    page(&paper(&app, (frame, spot, &visitor), written).await?)
}

async fn paper(
    app: &App,
    (frame, spot, visitor): (Frame, Spot, &Visitor),
    (first, second, mistakes): (String, String, Mistakes),
) -> Result<Paper, Problem> {
    let application = spot.application(app, visitor).await?;
    let permit = app.permit(visitor.principal(), Action::AgreeApplication)?;
    let text = app.registration()?.draw_agreement(&permit, &application.at()).await?;
    let version = application.version;
    Ok(Paper { frame, spot, text, first, second, version, mistakes })
}

/// `POST /desk/enter/{application}/paper`.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let witness = |name: &str| form.text(name).trim().to_owned();
    let (first, second) = (witness("first"), witness("second"));
    let mut mistakes = Mistakes::none();
    for (name, value) in [("first", &first), ("second", &second)] {
        mistakes.measure((name, value), WITNESS, "请填写见证人姓名");
    }
    match form.file("scan") {
        None => mistakes.add("scan", "请选择已签字的协议扫描件"),
        Some(file) if mistakes.is_empty() => {
            let witnesses = [first.clone(), second.clone()];
            let scan = file.content.to_vec();
            let signed = ApplicantSignature::Handwritten { scan, witnesses };
            let permit = app.permit(visitor.principal(), Action::AgreeApplication)?;
            match app.conclude_agreement(&permit, &spot.at(&form)?, signed).await {
                Ok(_) => return go(&spot.base),
                Err(error) if error.kind() != store::ErrorKind::Fault => {
                    let field = if error.code() == "ra.witnesses" { "first" } else { "scan" };
                    mistakes.add(field, error.to_string());
                    mistakes.add("scan", "请重新选择扫描件：浏览器不会保留已选的文件");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Some(_) => mistakes.add("scan", "请重新选择扫描件：浏览器不会保留已选的文件"),
    }
    page_to_correct(&paper(&app, (frame, spot, &visitor), (first, second, mistakes)).await?)
}

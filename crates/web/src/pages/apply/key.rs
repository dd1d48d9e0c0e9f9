//! The applicant's key: a PKCS#10 request made by the subscriber's own tool. The signing key
//! never reaches us (Invariant 2).

use askama::Template;
use axum::extract::State;

use super::Spot;
use crate::api::App;
use crate::api::requests::proof;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/key.html")]
struct KeyPage {
    frame: Frame,
    spot: Spot,
    csr: String,
    version: i64,
    mistakes: Mistakes,
}

/// `GET /application/key`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor, spot: Spot) -> Answer {
    let version = spot.application(&app, &visitor).await?.version;
    page(&KeyPage { frame, spot, csr: String::new(), version, mistakes: Mistakes::none() })
}

/// `POST /application/key`: takes the request, issues, delivers.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let at = spot.at(&form)?;
    let csr = match form.file("file") {
        // A request is text in ASCII; what else a wrong file holds is not shown again.
        Some(file) => {
            let text = file
                .content
                .iter()
                .filter(|octet| octet.is_ascii_graphic() || octet.is_ascii_whitespace());
            text.map(|octet| char::from(*octet)).collect()
        }
        None => form.text("csr").to_owned(),
    };
    let outcome: Result<_, Problem> = match proof(&csr) {
        Ok(possession) => {
            app.submit_key(visitor.principal(), &at, &possession).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(_) => go(&format!("{}/certificate", spot.base)),
        Err(problem) if problem.status < 500 => {
            let mistakes = Mistakes::one("csr", problem.detail);
            let version = spot.application(&app, &visitor).await?.version;
            page_to_correct(&KeyPage { frame, spot, csr, version, mistakes })
        }
        Err(problem) => Err(problem),
    }
}

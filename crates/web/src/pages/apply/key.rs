//! The applicant's key: a PKCS#10 request made by the subscriber's own tool, after the agreement
//! (check C21-5). The signing key never reaches us (Invariant 2).

use askama::Template;
use axum::extract::State;
use pki::attestation::{Attestation, Demand, MOST_OCTETS};

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
    attestation: String,
    /// What is demanded for this kind of certificate (Measures Art. 20 ¶2).
    demand: Demand,
    version: i64,
    mistakes: Mistakes,
}

impl KeyPage {
    async fn of(
        app: &App,
        (frame, visitor, spot): (Frame, &Visitor, Spot),
        (csr, attestation): (String, String),
        mistakes: Mistakes,
    ) -> Result<Self, Problem> {
        let application = spot.application(app, visitor).await?;
        let demand = app.products().demand(&application.kind);
        let version = application.version;
        Ok(Self { frame, spot, csr, attestation, demand, version, mistakes })
    }
}

/// `GET /application/key`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor, spot: Spot) -> Answer {
    page(&KeyPage::of(&app, (frame, &visitor, spot), Default::default(), Mistakes::none()).await?)
}

/// What was uploaded as text in ASCII, or else what was pasted; what else a wrong file holds is not shown again.
fn text_of(form: &Form, file: &str, field: &str) -> String {
    let Some(file) = form.file(file) else { return form.text(field).to_owned() };
    let plain = |octet: &&u8| octet.is_ascii_graphic() || octet.is_ascii_whitespace();
    file.content.iter().filter(plain).map(|octet| char::from(*octet)).collect()
}

/// The attestation as it came: DER from a file, or text. Nothing is none.
fn attestation_of(form: &Form, text: &str) -> Result<Option<Vec<u8>>, pki::Error> {
    match form.file("attestation_file") {
        Some(file) if file.content.first() == Some(&0x30) => Ok(Some(file.content.to_vec())),
        _ if text.trim().is_empty() => Ok(None),
        _ => Attestation::octets(text).map(Some),
    }
}

/// A private key that came by mistake is not sent back.
fn attestation_is_shown(text: &str) -> bool {
    !text.contains("PRIVATE KEY") && text.len() <= MOST_OCTETS
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
    let csr = text_of(&form, "file", "csr");
    let text = text_of(&form, "attestation_file", "attestation");
    let outcome: Result<_, Problem> = match (proof(&csr), attestation_of(&form, &text)) {
        (Ok(possession), Ok(attestation)) => {
            let key = (&possession, attestation.as_deref());
            app.submit_key(visitor.principal(), &at, key).await.map_err(Problem::from)
        }
        (Err(problem), _) => Err(problem),
        (_, Err(error)) => Err(app::Error::from(error).into()),
    };
    match outcome {
        Ok(_) => go(&format!("{}/certificate", spot.base)),
        Err(problem) if problem.status < 500 => {
            let of_device = problem.code.starts_with("attestation.");
            let field = if of_device { "attestation" } else { "csr" };
            let mistakes = Mistakes::one(field, problem.detail);
            let keep = (csr, if attestation_is_shown(&text) { text } else { String::new() });
            page_to_correct(&KeyPage::of(&app, (frame, &visitor, spot), keep, mistakes).await?)
        }
        Err(problem) => Err(problem),
    }
}

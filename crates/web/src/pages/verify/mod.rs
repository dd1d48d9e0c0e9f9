//! 签名与证书验证: anybody has a certificate or a signature judged and reads the report (Measures
//! Art. 18 (2)).
//!
//! With JavaScript the content that was signed is hashed in the browser and doesn't leave it
//! (`assets/keyfile/verify.js`); without, it is uploaded, used once and not kept.

mod read;
mod report;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use status::verification::Purpose;

use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::asset;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::problem::Problem;
use report::Report;

/// Largest content that is uploaded, in octets.
pub const MOST_OCTETS: usize = 20 << 20;

#[derive(Template)]
#[template(path = "verify/ask.html")]
struct Ask {
    frame: Frame,
    script: String,
    filled: Filled,
    mistakes: Mistakes,
}

#[derive(Template)]
#[template(path = "verify/report.html")]
struct Shown {
    frame: Frame,
    report: Report,
}

/// What was typed. Files must be chosen again: browsers don't let pages fill them in.
#[derive(Debug, Default)]
struct Filled {
    digest: String,
    signature: String,
    serial: String,
    user_id: String,
    certificate: String,
    purpose: String,
    at: String,
}

impl Filled {
    fn of(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            digest: text("s_digest"),
            signature: text("s_text"),
            serial: text("s_serial"),
            user_id: text("s_user"),
            certificate: text("c_text"),
            purpose: text("c_purpose"),
            at: text("c_at"),
        }
    }

    /// Whether something is wrong with what was enclosed, so that its part of the form stands open.
    fn is_foreign(of: &str, mistakes: &Mistakes) -> bool {
        let kinds = ["chain", "crl", "ocsp"];
        kinds.iter().any(|kind| mistakes.of(&format!("{of}_{kind}")).is_some())
    }

    /// Purposes with their words, and whether each is the chosen one.
    fn purposes(&self) -> Vec<(&'static str, &'static str, bool)> {
        let choice = |one: Purpose| (one.word(), one.chinese(), one.word() == self.purpose);
        Purpose::ALL.into_iter().map(choice).collect()
    }
}

/// `GET /verify`.
pub async fn ask(frame: Frame) -> Answer {
    let (filled, mistakes) = (Filled::default(), Mistakes::none());
    page(&Ask { frame, script: asset::verify_script(), filled, mistakes })
}

/// `POST /verify`. Changes nothing, so the answer may be this page.
pub async fn verify(State(app): State<App>, frame: Frame, form: Form) -> Answer {
    let made = match form.text("what") {
        "certificate" => certificate(&app, &form).await,
        _ => signature(&app, &form).await,
    };
    match made {
        Ok(report) => page(&Shown { frame, report }),
        Err(Stopped::Mistakes(mistakes)) => {
            let (script, filled) = (asset::verify_script(), Filled::of(&form));
            page_to_correct(&Ask { frame, script, filled, mistakes })
        }
        Err(Stopped::Problem(problem)) => Err(problem),
    }
}

/// Why there is no report.
enum Stopped {
    /// The form is to be corrected.
    Mistakes(Mistakes),
    /// Anything else.
    Problem(Problem),
}

impl From<Mistakes> for Stopped {
    fn from(mistakes: Mistakes) -> Self {
        Self::Mistakes(mistakes)
    }
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

async fn certificate(app: &App, form: &Form) -> Result<Report, Stopped> {
    let filled = form.clone();
    let question = reading(app.read_question(move || read::certificate(&filled)).await)?;
    let report = asked(app.verify_certificate(question).await, "c_at")?;
    Ok(Report::of_certificate(report))
}

async fn signature(app: &App, form: &Form) -> Result<Report, Stopped> {
    let filled = form.clone();
    let question = reading(app.read_question(move || read::signature(&filled)).await)?;
    let was_uploaded = form.file("s_content").is_some();
    let report = asked(app.verify_signature(question).await, "s_content")?;
    Ok(Report::of_signature(report, was_uploaded))
}

fn reading<T>(read: Result<Result<T, Mistakes>, app::Error>) -> Result<T, Stopped> {
    Ok(read.map_err(Problem::from)??)
}

/// What is wrong with the question itself stands beside the field that it is about.
fn asked<T>(answer: Result<T, app::Error>, field: &str) -> Result<T, Stopped> {
    match answer {
        Ok(report) => Ok(report),
        Err(app::Error::Status(status::Error::Question(wrong))) => {
            Err(Mistakes::one(field, wrong.to_string()).into())
        }
        Err(error) => Err(Problem::from(error).into()),
    }
}

/// An instant as `datetime-local` has it, in Beijing time.
fn beijing(text: &str) -> Option<Timestamp> {
    format!("{}+08:00", text.get(..16)?).replace('+', ":00+").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_form_are_beijing_time() {
        let at = beijing("2026-11-29T17:05").map(|at| at.to_string());
        assert_eq!(at.as_deref(), Some("2026-11-29T09:05:00Z"));
        assert!(beijing("2026-11-29T17:05:30").is_some());
        for wrong in ["", "昨天", "2026-11-29", "2026-13-29T17:05", "2026-11-29T25:05"] {
            assert_eq!(beijing(wrong), None, "{wrong}");
        }
    }
}

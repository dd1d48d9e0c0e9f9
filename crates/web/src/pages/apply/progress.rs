//! 查询进度: an applicant comes back with number and check code.

use askama::Template;
use axum::extract::State;

use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::sign_in::{Comer, let_in};

#[derive(Template)]
#[template(path = "apply/progress.html")]
struct Progress {
    frame: Frame,
    number: String,
    mistakes: Mistakes,
}

/// `GET /progress`.
pub async fn show(frame: Frame) -> Answer {
    page(&Progress { frame, number: String::new(), mistakes: Mistakes::none() })
}

/// `POST /progress`.
pub async fn open(State(app): State<App>, frame: Frame, comer: Comer, form: Form) -> Answer {
    let code: String = form.text("code").chars().filter(|c| !c.is_whitespace()).collect();
    match app.open_application((form.text("number"), &code), comer.arrival()).await {
        Ok((_, signed_in)) => let_in(&signed_in, &frame.site, "/application"),
        Err(app::Error::Ra(error)) if error.kind() != store::ErrorKind::Fault => {
            let mistakes = Mistakes::one("number", error.to_string());
            let number = form.text("number").to_owned();
            page_to_correct(&Progress { frame, number, mistakes })
        }
        Err(error) => Err(error.into()),
    }
}

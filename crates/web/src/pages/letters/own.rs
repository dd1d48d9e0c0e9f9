//! The applicant's letters.

use askama::Template;
use axum::extract::{Path, State};
use letters::{Block, Sheet};

use super::{DATA, Line, PDF, download, own};
use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;

#[derive(Template)]
#[template(path = "letters/list.html")]
struct Letters {
    frame: Frame,
    number: String,
    /// Where the list is, and where it leads back to.
    here: &'static str,
    lines: Vec<Line>,
    has_typesetter: bool,
}

#[derive(Template)]
#[template(path = "letters/show.html")]
struct ShownLetter {
    frame: Frame,
    sheet: Sheet,
    here: String,
    list: &'static str,
    back: (&'static str, &'static str),
    has_typesetter: bool,
}

/// `GET /application/letters`.
pub async fn list(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    let application = own(&app, &visitor).await?;
    // Whoever looks need not wait for the sweep.
    app.letters_after(&application.id).await;
    let issued = app.letters_of(visitor.permit()?, &application).await?;
    page(&Letters {
        frame,
        number: application.number.to_string(),
        here: "/application/letters",
        lines: issued.iter().map(Line::from).collect(),
        has_typesetter: app.typesetter().is_some(),
    })
}

/// `GET /application/letters/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let application = own(&app, &visitor).await?;
    let opened = app.open_letter(visitor.permit()?, (&application, &id)).await?;
    page(&ShownLetter {
        frame,
        here: format!("/application/letters/{}", opened.issued.id),
        sheet: opened.letter.sheet,
        list: "/application/letters",
        back: ("/application", "我的申请"),
        has_typesetter: app.typesetter().is_some(),
    })
}

/// `GET /application/letters/{id}/pdf`.
pub async fn pdf(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let application = own(&app, &visitor).await?;
    let (issued, octets) = app.letter_pdf(visitor.permit()?, (&application, &id)).await?;
    Ok(download(&issued, PDF, octets))
}

/// `GET /application/letters/{id}/data`.
pub async fn data(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let application = own(&app, &visitor).await?;
    let (issued, octets) = app.letter_data(visitor.permit()?, (&application, &id)).await?;
    Ok(download(&issued, DATA, octets))
}

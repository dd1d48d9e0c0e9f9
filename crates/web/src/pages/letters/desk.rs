//! The letters about an application, for the staff. Each look is on record (PIPL Art. 51).

use askama::Template;
use axum::extract::{Path, State};
use letters::{Block, Sheet};

use super::{DATA, Line, PDF, download};
use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::desk::found;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;

#[derive(Template)]
#[template(path = "letters/desk.html")]
struct Letters {
    frame: Frame,
    number: String,
    application: String,
    /// The address of this list.
    base: String,
    lines: Vec<Line>,
    has_typesetter: bool,
}

#[derive(Template)]
#[template(path = "letters/desk_show.html")]
struct ShownLetter {
    frame: Frame,
    number: String,
    application: String,
    sheet: Sheet,
    here: String,
    has_typesetter: bool,
}

/// `GET /desk/applications/{id}/letters`.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    app.letters_after(&application.id).await;
    let issued = app.letters_of(visitor.permit()?, &application).await?;
    page(&Letters {
        frame,
        number: application.number.to_string(),
        base: format!("/desk/applications/{}/letters", application.id),
        application: application.id.to_string(),
        lines: issued.iter().map(Line::from).collect(),
        has_typesetter: app.typesetter().is_some(),
    })
}

/// `GET /desk/applications/{id}/letters/{letter}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path((id, letter)): Path<(String, String)>,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let opened = app.open_letter(visitor.permit()?, (&application, &letter)).await?;
    page(&ShownLetter {
        frame,
        number: application.number.to_string(),
        here: format!("/desk/applications/{}/letters/{}", application.id, opened.issued.id),
        application: application.id.to_string(),
        sheet: opened.letter.sheet,
        has_typesetter: app.typesetter().is_some(),
    })
}

/// `GET /desk/applications/{id}/letters/{letter}/pdf`.
pub async fn pdf(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, letter)): Path<(String, String)>,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let (issued, octets) = app.letter_pdf(visitor.permit()?, (&application, &letter)).await?;
    Ok(download(&issued, PDF, octets))
}

/// `GET /desk/applications/{id}/letters/{letter}/data`.
pub async fn data(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, letter)): Path<(String, String)>,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let (issued, octets) = app.letter_data(visitor.permit()?, (&application, &letter)).await?;
    Ok(download(&issued, DATA, octets))
}

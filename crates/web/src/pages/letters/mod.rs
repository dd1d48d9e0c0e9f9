//! 文书: the letters about an application, for its applicant and for the staff, and their
//! verification by anybody (Measures Art. 21).
//!
//! Page and PDF are made from the same sheet: `templates/letters/sheet.html` shows every block that
//! `yinxin-typeset` prints, and no other.

pub mod desk;
pub mod list;
pub mod own;
pub mod verify;

use access::Action;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use letters::{Issued, LetterKind};
use ra::Application;

use super::guard::Visitor;
use super::words;
use crate::api::App;
use crate::problem::Problem;

/// The application whose holder visits.
pub(super) async fn own(app: &App, visitor: &Visitor) -> Result<Application, Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    let id = visitor.application()?.parse()?;
    Ok(app.registration()?.application(&permit, &id).await?)
}

/// A letter in a list.
pub struct Line {
    id: String,
    title: String,
    number: String,
    issued_at: String,
}

impl From<&(Issued, Option<String>)> for Line {
    fn from((issued, matter): &(Issued, Option<String>)) -> Self {
        Self {
            id: issued.id.to_string(),
            title: titled(issued.kind, matter.as_deref()),
            number: issued.number.clone(),
            issued_at: words::minute(issued.issued_at),
        }
    }
}

/// What a letter is called in a list: letters of one kind differ in their matter.
fn titled(kind: LetterKind, matter: Option<&str>) -> String {
    match matter {
        Some(matter) => format!("{}：{matter}", kind.chinese()),
        None => kind.chinese().to_owned(),
    }
}

/// A file named by its letter: only ASCII goes into the header.
fn download(issued: &Issued, (media, ending): (&'static str, &str), octets: Vec<u8>) -> Response {
    let word = issued.kind.word();
    let digits: String = issued.number.chars().filter(char::is_ascii_digit).collect();
    let disposition = format!("attachment; filename=\"{word}-{digits}.{ending}\"");
    let headers =
        [(header::CONTENT_TYPE, media.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, octets).into_response()
}

const PDF: (&str, &str) = ("application/pdf", "pdf");
const DATA: (&str, &str) = ("application/json", "json");

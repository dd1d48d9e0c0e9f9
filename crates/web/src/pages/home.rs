//! The front page: what can be done here, and where help is.

use askama::Template;

use super::answer::{Answer, page};
use super::frame::Frame;

#[derive(Template)]
#[template(path = "hall/home.html")]
struct Home {
    frame: Frame,
}

/// `GET /`.
pub async fn show(frame: Frame) -> Answer {
    page(&Home { frame })
}

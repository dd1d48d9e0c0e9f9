//! The applicant's way through Measures Art. 21, page by page: begun without a sign-in, opened
//! again by number and check code.
//!
//! Every form carries the version of the application that it was made from: what was changed
//! meanwhile is not overwritten.

pub mod agreement;
pub mod begin;
pub mod certificate;
pub mod check;
pub mod form;
pub mod key;
pub mod materials;
pub mod notices;
pub mod overview;
pub mod progress;

use access::Action;
use ra::{Application, ApplicationId, At, State};

use super::form::Form;
use super::guard::Visitor;
use crate::api::App;
use crate::problem::Problem;

/// The application whose holder visits.
async fn own(app: &App, visitor: &Visitor) -> Result<Application, Problem> {
    let id: ApplicationId = visitor.application()?.parse()?;
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    Ok(app.registration()?.application(&permit, &id).await?)
}

/// The application at the version that the form was made from.
fn at(visitor: &Visitor, form: &Form) -> Result<At, Problem> {
    Ok(At { id: visitor.application()?.parse()?, version: super::version(form)? })
}

/// The steps of filling in, for the bar on top.
pub struct Steps {
    /// Title and class of each.
    pub list: Vec<(&'static str, &'static str)>,
}

impl Steps {
    /// With the step at `now` (from 0) marked.
    pub fn at(now: usize) -> Self {
        let titles = ["阅读告知", "填写申请表", "上传材料", "核对并提交"];
        let class = |place: usize| match place.cmp(&now) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "",
        };
        let list = titles.into_iter().enumerate().map(|(place, title)| (title, class(place)));
        Self { list: list.collect() }
    }
}

/// Whether form and materials may still be changed.
fn is_open(application: &Application) -> bool {
    matches!(application.state, State::Draft | State::Returned { .. })
}

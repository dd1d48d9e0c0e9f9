//! The applicant's way through Measures Art. 21, page by page: begun without a sign-in, opened
//! again by number and check code.
//!
//! Every form carries the version of the application that it was made from: what was changed
//! meanwhile is not overwritten.

pub mod agreement;
pub mod begin;
pub mod certificate;
pub mod check;
pub mod endorse;
pub mod existing;
pub mod form;
pub mod key;
pub mod materials;
pub mod notices;
pub mod overview;
pub mod paper;
pub mod progress;
pub mod spot;

use ra::catalogue::Need;
use ra::{Application, State};

pub use spot::Spot;

/// The steps of filling in, for the bar on top.
pub struct Steps {
    /// Title and class of each.
    pub list: Vec<(&'static str, &'static str)>,
}

impl Steps {
    /// With the step at `now` (from 0, as an application for a certificate has them) marked. A change
    /// of status has no notices.
    pub fn at(now: usize, issues: bool) -> Self {
        let titles = ["阅读告知", "填写申请表", "上传材料", "核对并提交"];
        let skipped = usize::from(!issues);
        let (titles, now) = (titles.into_iter().skip(skipped), now.saturating_sub(skipped));
        let class = |place: usize| match place.cmp(&now) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "",
        };
        let list = titles.enumerate().map(|(place, title)| (title, class(place)));
        Self { list: list.collect() }
    }
}

/// Whether the service of an application ends in a certificate.
fn issues(
    app: &crate::api::App,
    application: &Application,
) -> Result<bool, crate::problem::Problem> {
    Ok(app.registration()?.catalogue().service(&application.service)?.issues())
}

/// Whether a signature by the certificate that it is about would be evidence of who applies.
fn signs(
    app: &crate::api::App,
    application: &Application,
) -> Result<bool, crate::problem::Problem> {
    let catalogue = app.registration()?.catalogue();
    let kind = catalogue.kind(&application.kind)?;
    let methods = catalogue.methods_for(kind, &application.service);
    let mut means = methods.into_iter().flat_map(|method| &method.means);
    Ok(application.concerns.is_some() && means.any(|one| one.needs == Need::Signature))
}

/// Whether form and materials may still be changed.
fn is_open(application: &Application) -> bool {
    matches!(application.state, State::Draft | State::Returned { .. })
}

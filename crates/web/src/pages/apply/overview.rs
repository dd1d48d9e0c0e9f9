//! 我的申请: where the application stands, what came before, what is to be done next.

use access::Action;
use askama::Template;
use axum::extract::State as Extract;
use ra::{Application, Decision, State, SupplementList};

use super::{is_open, own};
use crate::api::App;
use crate::pages::answer::{Answer, go, page};
use crate::pages::form::Form;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// What is shown of an application.
#[derive(Template)]
#[template(path = "apply/overview.html")]
struct Overview {
    frame: Frame,
    application: Application,
    kind: String,
    service: String,
    tag: &'static str,
    acknowledged: usize,
    open_points: Vec<ra::FieldError>,
    clock: Option<words::Clock>,
    supplement: Option<SupplementList>,
    refusal: Option<(String, String)>,
    events: Vec<(String, &'static str)>,
}

impl Overview {
    fn is_open(&self) -> bool {
        is_open(&self.application)
    }

    fn state(&self) -> &'static str {
        self.application.state.word()
    }
}

/// `GET /application`.
pub async fn show(Extract(app): Extract<App>, frame: Frame, visitor: Visitor) -> Answer {
    let application = own(&app, &visitor).await?;
    let (ra, id) = (app.registration()?, application.id.clone());
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    let notices = ra.notices(&permit, &id).await?;
    let acknowledged = notices.iter().filter(|notice| notice.acknowledged.is_some()).count();
    let open_points = match is_open(&application) {
        true => ra.open_points(&permit, &id).await?,
        false => Vec::new(),
    };
    let supplement = match application.state {
        State::Returned { .. } => ra.supplements(&permit, &id).await?.pop(),
        _ => None,
    };
    let refusal = match application.state {
        State::Refused { .. } => refusal(&app, &visitor, &application).await?,
        _ => None,
    };
    let clock = ra.clock(&application)?.map(|clock| words::Clock::of(&clock, app.clock().now()));
    page(&Overview {
        frame,
        kind: ra.catalogue().kind(&application.kind)?.title.clone(),
        service: ra.catalogue().service(&application.service)?.title.clone(),
        tag: tag(application.state.word()),
        events: words::timeline(&ra.timeline(&permit, &id).await?),
        acknowledged,
        open_points,
        clock,
        supplement,
        refusal,
        application,
    })
}

async fn refusal(
    app: &App,
    visitor: &Visitor,
    application: &Application,
) -> Result<Option<(String, String)>, Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    let record = app.registration()?.decision(&permit, &application.id).await?;
    Ok(record.and_then(|record| match record.decision {
        Decision::Refuse { reason, basis } => Some((reason, basis)),
        Decision::Approve { .. } => None,
    }))
}

/// The class of a state's tag: what waits for the visitor stands out.
pub fn tag(word: &str) -> &'static str {
    match word {
        "confirmed" | "carried_out" => "tag--good",
        "refused" | "expired" => "tag--bad",
        "returned" | "reviewed" | "agreed" | "delivered" | "submitted" => "tag--wait",
        "withdrawn" | "draft" => "",
        _ => "tag--going",
    }
}

/// `POST /application/withdraw`.
pub async fn withdraw(Extract(app): Extract<App>, visitor: Visitor, form: Form) -> Answer {
    let at = super::at(&visitor, &form)?;
    app.registration()?.withdraw(visitor.permit()?, &at).await?;
    go("/application")
}

/// `POST /application/go-on`: issues or delivers, where an earlier try was cut off.
pub async fn go_on(Extract(app): Extract<App>, visitor: Visitor, _: Form) -> Answer {
    let application = own(&app, &visitor).await?;
    app.go_on(visitor.principal(), application).await?;
    go("/application")
}

//! 我的申请: where the application stands, what came before, what is to be done next.

use access::Action;
use askama::Template;
use axum::extract::State as Extract;
use ra::catalogue::Step;
use ra::{Application, Decision, State, SupplementList};

use super::{Spot, is_open, issues, signs};
use crate::api::App;
use crate::pages::answer::{Answer, go, page};
use crate::pages::form::Form;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::holds::{self, HoldLine};
use crate::pages::words;
use crate::problem::Problem;

/// What is shown of an application.
#[derive(Template)]
#[template(path = "apply/overview.html")]
struct Overview {
    frame: Frame,
    spot: Spot,
    application: Application,
    kind: String,
    service: String,
    tag: &'static str,
    acknowledged: usize,
    open_points: Vec<ra::FieldError>,
    clock: Option<words::Clock>,
    supplement: Option<SupplementList>,
    /// The last day for what is to be mended.
    supplement_until: String,
    refusal: Option<(String, String)>,
    standing: &'static str,
    /// The suspended office that it waits at.
    halted_at: Option<String>,
    events: Vec<words::Told>,
    issues: bool,
    is_signed: bool,
    /// Whether the certificate's own signature would count here.
    signs: bool,
    mine: Option<Mine>,
}

/// 我的证书: the certificate that came of it, and where to go with it.
struct Mine {
    serial: String,
    standing: &'static str,
    tag: &'static str,
    links: Vec<(String, String)>,
    /// What holds it, with who lifts each.
    holds: Vec<HoldLine>,
}

impl Overview {
    fn is_open(&self) -> bool {
        is_open(&self.application)
    }

    /// Where it stands, for the page: what was approved is carried out, or goes on with an agreement.
    fn state(&self) -> &'static str {
        match self.application.state.word() {
            "reviewed" if !self.issues => "carrying-out",
            word => word,
        }
    }
}

/// `GET /application`.
pub async fn show(
    Extract(app): Extract<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
) -> Answer {
    let application = spot.application(&app, &visitor).await?;
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
    let is_signed = match (&application.concerns, is_open(&application)) {
        (Some(_), true) => ra.is_endorsed(&permit, &id).await?,
        _ => false,
    };
    let clock = ra.clock(&application)?.map(|clock| words::Clock::of(&clock, app.clock().now()));
    let happenings = ra.timeline(&permit, &id).await?;
    page(&Overview {
        frame,
        kind: ra.catalogue().kind(&application.kind)?.title.clone(),
        service: ra.catalogue().service(&application.service)?.title.clone(),
        tag: tag(application.state.word()),
        issues: issues(&app, &application)?,
        is_signed,
        signs: signs(&app, &application)?,
        mine: mine(&app, &permit, (&spot, &application)).await?,
        supplement_until: supplement_until(ra.catalogue(), &application),
        spot,
        halted_at: ra.suspended_office_of(&application).await?,
        standing: application.state.chinese(),
        events: words::timeline(&happenings),
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
    let declined = |name: &str| {
        let declines = app.registration().ok()?.catalogue().declines();
        declines.iter().find(|one| one.name == name)
    };
    let told = record.and_then(|record| match record.decision {
        Decision::Refuse { reason, basis } => Some((reason, basis)),
        Decision::Decline { ground, reason } => {
            let known = declined(&ground)?;
            Some((format!("{}。{reason}。{}", known.title, known.next), known.basis.clone()))
        }
        Decision::Approve { .. } => None,
    });
    // Approved, and then the certificate could not be changed any more: the state says why.
    Ok(told.or_else(|| match &application.state {
        State::Refused { basis, .. } => {
            Some((basis.clone(), "《电子政务电子认证服务管理办法》第十八条".to_owned()))
        }
        _ => None,
    }))
}

async fn mine(
    app: &App,
    permit: &access::Permit,
    (spot, application): (&Spot, &Application),
) -> Result<Option<Mine>, Problem> {
    let serial = match &application.state {
        State::Confirmed { serials, .. } | State::Delivered { serials, .. } => &serials.sign,
        State::CarriedOut { serial } => serial,
        _ => return Ok(None),
    };
    let found = super::existing::found(app, serial).await?;
    let link = |service: &&ra::catalogue::Service| {
        let (name, kind, serial) = (&service.name, &found.kind, &found.serial);
        let address = match spot.counter {
            true => format!("/desk/enter?service={name}&kind={kind}&concerns={serial}"),
            false => format!("/apply/{name}/{kind}?concerns={serial}"),
        };
        (address, service.title.clone())
    };
    let links = found.services.iter().map(link).collect();
    let ra = app.registration()?;
    let standing = ra.holds_of(permit, &ra.certificate(serial).await?).await?;
    Ok(Some(Mine {
        serial: words::groups(&found.serial),
        standing: found.standing,
        tag: found.tag,
        links,
        holds: holds::lines(&standing, ra.catalogue()),
    }))
}

/// The day that the letter names: counted from the one on which it was told.
fn supplement_until(catalogue: &ra::Catalogue, application: &Application) -> String {
    let days = i32::from(catalogue.services().supplement_days);
    law::CivilDate::of(application.since).plus_days(days).to_string()
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
pub async fn withdraw(
    Extract(app): Extract<App>,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let at = spot.at(&form)?;
    app.registration()?.withdraw(visitor.permit()?, &at).await?;
    go(&spot.base)
}

/// `POST /application/go-on`: issues or delivers, where an earlier try was cut off.
pub async fn go_on(Extract(app): Extract<App>, visitor: Visitor, spot: Spot, _: Form) -> Answer {
    let application = spot.application(&app, &visitor).await?;
    if !matches!(application.state, State::Requested { .. } | State::Issued { .. }) {
        let (step, state) = (Step::Issue, application.state.chinese());
        return Err(ra::Error::OutOfOrder { step, state }.into());
    }
    app.go_on(visitor.principal(), application).await?;
    go(&spot.base)
}

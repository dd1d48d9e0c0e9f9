//! One application beside its materials. Personal data are masked; unmasking needs a reason, which
//! goes on record (PIPL Art. 6).

use access::Action;
use askama::Template;
use axum::extract::{Path, State as Extract};
use axum::http::header;
use axum::response::IntoResponse;
use ra::{Application, FormRow, Material, SupplementList};
use serde::Deserialize;

use super::found;
use super::next::{Next, next};
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::apply::materials::disposition;
use crate::pages::apply::overview::tag;
use crate::pages::attestation::Shown as Attested;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::holds::{self, HoldLine};
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "desk/application.html")]
struct Sheet {
    frame: Frame,
    application: Application,
    kind: String,
    service: String,
    tag: &'static str,
    rows: Vec<FormRow>,
    masked: bool,
    clock: Option<words::Clock>,
    tabs: Vec<TabOf>,
    here: Option<Shown>,
    supplements: Vec<SupplementList>,
    /// The serial number of the certificate that it is about, in groups.
    original: Option<String>,
    concerned: Option<Concerned>,
    standing: &'static str,
    /// What the device of the key says; none as long as there is no key.
    attestation: Option<Attested>,
    /// The suspended office that it waits at.
    halted_at: Option<String>,
    events: Vec<words::Told>,
    may: May,
    /// The next one that waits for who has nothing to do with this one.
    next: Option<Next>,
    /// Why somebody wants to see what is masked, as it was typed.
    reason: String,
    mistakes: Mistakes,
}

/// The certificate that the application is about, for the clerk to compare.
struct Concerned {
    subject: String,
    standing: &'static str,
    is_signed: bool,
    /// What holds it, with who lifts each.
    holds: Vec<HoldLine>,
}

/// One material in the viewer's bar.
struct TabOf {
    id: String,
    title: String,
    is_here: bool,
}

/// The material on view.
struct Shown {
    id: String,
    title: String,
    is_picture: bool,
    note: String,
}

/// What the visitor may do now.
#[derive(Default)]
struct May {
    proof: bool,
    send_back: bool,
    review: bool,
    unmask: bool,
    decline: bool,
    code: bool,
    enter: bool,
}

impl May {
    fn of(app: &App, visitor: &Visitor, application: &Application) -> Self {
        let may = |action| {
            let permit = app.permit(visitor.principal(), action);
            permit.is_ok_and(|permit| permit.reach(&application.object()).is_ok())
        };
        let state = application.state.word();
        let waits = matches!(state, "acknowledged" | "proofed");
        let open = matches!(state, "draft" | "returned");
        let applicant_next = matches!(state, "submitted" | "reviewed" | "agreed" | "delivered");
        Self {
            proof: state == "acknowledged" && may(Action::ProofIdentity),
            send_back: waits && may(Action::ReturnApplication),
            review: waits && state == "proofed" && may(Action::ReviewApplication),
            unmask: may(Action::UnmaskApplication),
            decline: matches!(state, "submitted" | "acknowledged")
                && may(Action::DeclineApplication),
            code: may(Action::SubmitApplication),
            enter: (open || applicant_next) && may(Action::CreateApplication),
        }
    }
}

/// Which material is on view.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    material: String,
}

/// `GET /desk/applications/{id}`.
pub async fn show(
    Extract(app): Extract<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Answer {
    page(&sheet(&app, (frame, &visitor), &id, &query.material).await?)
}

async fn sheet(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    on_view: &str,
) -> Result<Sheet, Problem> {
    let application = found(app, visitor, id).await?;
    let (ra, permit) =
        (app.registration()?, app.permit(visitor.principal(), Action::ReadApplication)?);
    let view = ra.form(&permit, &application.id).await?;
    let kind = ra.catalogue().kind_for(&application.kind, &application.service)?;
    let materials = ra.materials(&permit, &application.id).await?;
    let title = |one: &Material| {
        kind.material(&one.name).map_or_else(|| one.name.clone(), |rule| rule.title.clone())
    };
    let chosen = materials.iter().find(|one| one.id.as_str() == on_view).or(materials.first());
    let here = chosen.map(|one| Shown {
        id: one.id.to_string(),
        title: title(one),
        is_picture: matches!(one.media, ra::Media::Png | ra::Media::Jpeg),
        note: format!(
            "{}，{}，{} 上传",
            words::media(one.media),
            words::size(usize::try_from(one.size).unwrap_or(usize::MAX)),
            words::minute(one.added_at)
        ),
    });
    let tab = |one: &Material| TabOf {
        id: one.id.to_string(),
        title: title(one),
        is_here: chosen.is_some_and(|chosen| chosen.id == one.id),
    };
    let happenings = ra.timeline(&permit, &application.id).await?;
    let halted_at = ra.suspended_office_of(&application).await?;
    let all = May::of(app, visitor, &application);
    // T-22: what would be refused is not offered.
    let may = if halted_at.is_some() { May { unmask: all.unmask, ..May::default() } } else { all };
    Ok(Sheet {
        frame,
        kind: kind.title.clone(),
        service: ra.catalogue().service(&application.service)?.title.clone(),
        tag: tag(application.state.word()),
        rows: view.rows.into_iter().filter(|row| !row.shown.is_empty()).collect(),
        masked: view.masked,
        clock: ra.clock(&application)?.map(|clock| words::Clock::of(&clock, app.clock().now())),
        tabs: materials.iter().map(tab).collect(),
        here,
        supplements: ra.supplements(&permit, &application.id).await?,
        original: application.concerns.as_deref().map(words::groups),
        concerned: concerned(app, &permit, &application).await?,
        halted_at,
        standing: application.state.chinese(),
        attestation: ra.key_attestation(&permit, &application.id).await?.as_ref().map(Attested::of),
        events: words::timeline(&happenings),
        next: match may.proof || may.review {
            true => None,
            false => next(app, visitor, &application).await?,
        },
        may,
        reason: String::new(),
        mistakes: Mistakes::none(),
        application,
    })
}

async fn concerned(
    app: &App,
    permit: &access::Permit,
    application: &Application,
) -> Result<Option<Concerned>, Problem> {
    let ra = app.registration()?;
    let Some(serial) = &application.concerns else { return Ok(None) };
    let held = ra.certificate(serial).await?;
    let holds = holds::lines(&ra.holds_of(permit, &held).await?, ra.catalogue());
    let unit = held.subject.organization.map(|unit| format!("（{unit}）")).unwrap_or_default();
    Ok(Some(Concerned {
        subject: format!("{}{unit}", held.subject.common_name),
        standing: held.standing.chinese(),
        is_signed: ra.is_endorsed(permit, &application.id).await?,
        holds,
    }))
}

/// `POST /desk/applications/{id}/unmask`: this answer alone shows personal data.
pub async fn unmask(
    Extract(app): Extract<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let view = app.unmask(visitor.permit()?, &application, form.text("reason")).await;
    let mut sheet = sheet(&app, (frame, &visitor), &id, form.text("material")).await?;
    match view {
        Ok(view) => {
            sheet.rows = view.rows.into_iter().filter(|row| !row.shown.is_empty()).collect();
            sheet.masked = view.masked;
            page(&sheet)
        }
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            sheet.mistakes = Mistakes::one("reason", error.to_string());
            form.text("reason").clone_into(&mut sheet.reason);
            page_to_correct(&sheet)
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/applications/{id}/materials/{material}`.
pub async fn material(
    Extract(app): Extract<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
) -> Answer {
    let opened = app
        .registration()?
        .open_material(visitor.permit()?, &id.parse()?, &material.parse()?)
        .await?;
    let headers = [
        (header::CONTENT_TYPE, opened.material.media.mime().to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&opened)),
    ];
    Ok((headers, opened.content.to_vec()).into_response())
}

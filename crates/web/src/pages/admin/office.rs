//! One registration office: conditions, filing, scope and quotas, roster, supervision (Measures
//! Art. 25 to 27), and what the visitor may order about it.

use access::{Action, Person};
use askama::Template;
use axum::extract::{Path, State};
use ra::{Filing, Office, OfficeRecordKind};

use super::offices::{clock, state};
use super::people::roster;
use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words::{self, Clock};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/office.html")]
pub struct Sheet {
    frame: Frame,
    office: Office,
    state: &'static str,
    tag: &'static str,
    clock: Option<Clock>,
    filing: Option<(String, String)>,
    announced: Option<String>,
    suspended: Option<String>,
    unfinished: usize,
    quotas: Vec<(String, String, u32)>,
    roster: Option<Vec<Person>>,
    records: Vec<RecordRow>,
    may_manage: bool,
    may_suspend: bool,
    form: Form,
    mistakes: Mistakes,
}

/// Something that was seen at the office.
struct RecordRow {
    blob: String,
    kind: &'static str,
    at: String,
    by: String,
}

/// The office of a path, if the visitor's permission to read reaches it.
pub async fn found(app: &App, visitor: &Visitor, id: &str) -> Result<Office, Problem> {
    let no_such = || Problem::not_found("没有这个注册机构；请从注册机构列表重新进入");
    let id = id.parse().map_err(|_| no_such())?;
    let permit = app.permit(visitor.principal(), Action::ReadOffices)?;
    // Another office is not there for a clerk of this one, as with applications.
    app.registration()?.office(&permit, &id).await.map_err(|error| match error {
        ra::Error::Access(access::Error::OutOfReach(_)) | ra::Error::Unknown { .. } => no_such(),
        other => other.into(),
    })
}

/// The page of an office, with what was typed and what is wrong with it.
pub async fn sheet(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    office: Office,
    (form, mistakes): (Form, Mistakes),
) -> Result<Sheet, Problem> {
    let (ra, principal) = (app.registration()?, visitor.principal());
    let permit = app.permit(principal, Action::ReadOffices)?;
    let roster = roster(app, visitor, office.id.as_str()).await?;
    let may = |action| app.permit(principal, action).is_ok();
    let kinds = ra.catalogue().kinds().iter();
    let quota = |kind: &ra::catalogue::Kind| {
        let most = office.quotas.get(&kind.name).copied().unwrap_or_default();
        (kind.name.clone(), kind.title.clone(), most)
    };
    let (state, tag) = state(&office);
    Ok(Sheet {
        frame,
        state,
        tag,
        clock: clock(ra, &office, app.clock().now()),
        filing: match &office.filing {
            Filing::NotOpened => None,
            Filing::Opened { at, number } => Some((number.clone(), words::day(*at))),
        },
        announced: office.announced_at.map(words::day),
        suspended: office.suspended_at.map(words::minute),
        quotas: kinds.map(quota).collect(),
        unfinished: ra.unfinished_of(&permit, &office.id).await?,
        records: records(app, visitor, &permit, &office).await?,
        roster,
        may_manage: may(Action::ManageOffices),
        may_suspend: may(Action::SuspendOffice),
        office,
        form,
        mistakes,
    })
}

async fn records(
    app: &App,
    visitor: &Visitor,
    permit: &access::Permit,
    office: &Office,
) -> Result<Vec<RecordRow>, Problem> {
    let people = app.permit(visitor.principal(), Action::ReadPeople).ok();
    let mut rows = Vec::new();
    for record in app.registration()?.office_records(permit, &office.id).await? {
        let by = match (&people, record.person.parse()) {
            (Some(people), Ok(id)) => app.access().person(people, &id).await?.name.to_string(),
            _ => "本机构工作人员".to_owned(),
        };
        let kind = match record.kind {
            OfficeRecordKind::Supervision => "监督检查记录",
            OfficeRecordKind::Display => "现场明示照片",
        };
        rows.push(RecordRow { blob: record.blob, kind, at: words::minute(record.at), by });
    }
    Ok(rows)
}

/// `GET /admin/offices/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let blank = (Form::default(), Mistakes::none());
    page(&sheet(&app, (frame, &visitor), office, blank).await?)
}

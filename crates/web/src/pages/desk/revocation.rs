//! One registration, of a revocation or of a lifting of holds: the list as a dry run, the caller's one-time code, the signature of who entered it,
//! the decision of another person, and what became of each certificate.

use access::{ActKind, Action};
use app::registration::RevocationLine;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use ra::{
    Revocation, RevocationDecision, RevocationId, RevocationOrder, RevocationReview,
    RevocationState, RevocationView, Source, StopEnd,
};
use serde::Deserialize;

use super::to_be_signed;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::{address, words};
use crate::problem::Problem;

/// Rows of the list on one page; the whole list is what is signed.
const ROWS: u32 = 100;

#[derive(Template)]
#[template(path = "desk/revocation.html")]
struct Sheet {
    frame: Frame,
    view: RevocationView,
    count: usize,
    done: usize,
    rows: Vec<Row>,
    next: Option<String>,
    previous: Option<String>,
    evidence: Vec<(String, String)>,
    stopped_at: Option<String>,
    /// By when the other person has to decide.
    decide_by: Option<String>,
    working_days: u16,
    tag: &'static str,
    /// Since when it stands as it does.
    since: String,
    /// Who entered it and who decided, for those who may know.
    entered_by: Option<String>,
    reviewed_by: Option<String>,
    by_phone: bool,
    /// Where its author signs for it and gives it up; none for everybody else.
    own: Option<Own>,
    may_review: bool,
    decision: String,
    reason: String,
    mistakes: Mistakes,
}

/// One certificate of the list.
struct Row {
    position: u32,
    /// In groups, and as its address has it.
    serial: String,
    hex: String,
    what: String,
    tag: &'static str,
}

/// What the author of a draft does with it: a clerk, or an administrator who orders it.
#[derive(Clone, Copy)]
struct Own {
    sign: &'static str,
    give_up: &'static str,
}

const OF_CLERK: Own = Own { sign: "enter", give_up: "drop" };
const OF_ADMINISTRATOR: Own = Own { sign: "order", give_up: "cancel" };

/// Where a mistake about the state of the registration leads.
const STATE: &str = "state";

impl Sheet {
    fn is(&self, word: &str) -> bool {
        self.view.revocation.state.word() == word
    }

    /// Whether it lifts holds.
    fn lifts(&self) -> bool {
        self.view.revocation.is_lifting()
    }

    /// What it does, for people.
    fn verb(&self) -> &'static str {
        if self.lifts() { "解除" } else { "撤销" }
    }

    /// Whether the form for the decision is on the page.
    fn is_decided_here(&self) -> bool {
        self.is("entered") && self.may_review
    }

    /// The page as it is now, where the visitor's act has no turn or was about something else; nothing that was
    /// typed is lost.
    fn out_of_turn(
        &mut self,
        wanted: RevocationState,
        asked: &'static str,
        version: Option<i64>,
    ) -> bool {
        let revocation = &self.view.revocation;
        let error = match (revocation.state == wanted, version) {
            (false, _) => {
                Some(ra::Error::RegistrationTurn { asked, state: revocation.state.chinese() })
            }
            (true, Some(version)) if version != revocation.version => Some(ra::Error::Changed),
            _ => None,
        };
        let Some(error) = error else { return false };
        self.mistakes = Mistakes::one(STATE, error.to_string());
        true
    }

    /// How a call that came to nothing left the certificate.
    fn after_call(&self) -> Option<(&'static str, &'static str)> {
        let revocation = &self.view.revocation;
        if revocation.called_at.is_none() || !revocation.state.came_to_nothing() {
            return None;
        }
        Some(match revocation.stop_end {
            Some(end @ StopEnd::Lifted) => ("note--good", end.chinese()),
            Some(end @ (StopEnd::Held | StopEnd::Kept)) => ("note--warn", end.chinese()),
            Some(end @ StopEnd::Moot) => ("", end.chinese()),
            None => {
                ("", "正在解除先行暂停；同一证书另有撤销登记没有办结的，先行暂停保留到那件办结")
            }
        })
    }
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    page: u32,
}

/// What became of a certificate, or how it stands now.
fn row(line: RevocationLine, now: Timestamp) -> Row {
    let (what, tag) = match (&line.outcome, line.status.as_deref()) {
        (Some((word, None)), _) if word == "revoked" => ("已撤销".to_owned(), "tag--bad"),
        (Some((word, None)), _) if word == "lifted" => ("已解除".to_owned(), "tag--good"),
        (Some((_, code)), _) => {
            let code = code.as_deref().unwrap_or_default();
            (
                format!("没有办理：证书当时已经过期或者撤销，或者暂停已经解除（{code}）"),
                "tag--unknown",
            )
        }
        (None, Some(status)) => {
            let standing = words::standing_now(status, line.not_after, now);
            (standing.chinese().to_owned(), words::standing_tag(standing))
        }
        (None, None) => ("找不到证书".to_owned(), "tag--unknown"),
    };
    Row {
        position: line.position,
        serial: words::groups(&line.serial),
        hex: line.serial,
        what,
        tag,
    }
}

/// `GET /desk/revocations/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(place): Params<Place>,
) -> Answer {
    page(&sheet_at(&app, (frame, &visitor), (&id.parse()?, place.page)).await?)
}

async fn sheet(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    id: &RevocationId,
) -> Result<Sheet, Problem> {
    sheet_at(app, (frame, visitor), (id, 0)).await
}

async fn sheet_at(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    (id, at): (&RevocationId, u32),
) -> Result<Sheet, Problem> {
    let ra = app.registration()?;
    let permit = app.permit(visitor.principal(), Action::ReadRevocations)?;
    let view = ra.revocation(&permit, id).await?;
    let revocation = &view.revocation;
    let (now, offset) = (app.clock().now(), at.saturating_mul(ROWS));
    let lines = app.revocation_lines(&view, (ROWS, offset)).await?;
    let more = usize::try_from(offset.saturating_add(ROWS)).is_ok_and(|end| end < view.items.len());
    let here = |page: u32| {
        let page = if page == 0 { String::new() } else { page.to_string() };
        address::with(&format!("/desk/revocations/{id}"), &[("page", &page)])
    };
    let title = |name: &String| {
        let known = revocation.ground.evidence.iter().find(|one| one.name == *name);
        (name.clone(), known.map_or_else(|| name.clone(), |one| one.title.clone()))
    };
    let person = visitor.principal().person().map(|person| person.id.to_string());
    let mine = person.as_deref() == Some(&revocation.entered_by);
    let may = |action| {
        let permit = app.permit(visitor.principal(), action);
        permit.is_ok_and(|permit| permit.reach(&revocation.object()).is_ok())
    };
    let own = match (mine, may(Action::EnterRevocation), may(Action::RevokeCertificate)) {
        (true, true, _) if !revocation.is_lifting() => Some(OF_CLERK),
        (true, _, true) => Some(OF_ADMINISTRATOR),
        _ => None,
    };
    let decide_by = super::revocations::decide_by(app, revocation)?;
    Ok(Sheet {
        frame,
        decide_by,
        working_days: ra.catalogue().services().call_working_days,
        next: more.then(|| here(at.saturating_add(1))),
        previous: (at > 0).then(|| here(at.saturating_sub(1))),
        count: view.items.len(),
        done: view.items.iter().filter(|item| item.outcome.is_some()).count(),
        rows: lines.into_iter().map(|line| row(line, now)).collect(),
        evidence: view.evidence.iter().map(|(name, _)| title(name)).collect(),
        stopped_at: revocation.stopped_at.map(words::minute),
        tag: tag(revocation.state),
        since: words::minute(revocation.since),
        entered_by: name_of(app, visitor, Some(&revocation.entered_by)).await,
        reviewed_by: name_of(app, visitor, revocation.reviewed_by.as_deref()).await,
        by_phone: revocation.ground.source == Source::Phone,
        own,
        may_review: !mine && may(Action::ReviewRevocation),
        decision: String::new(),
        reason: String::new(),
        mistakes: Mistakes::none(),
        view,
    })
}

/// Somebody's name, for a visitor who may see people.
async fn name_of(app: &App, visitor: &Visitor, id: Option<&str>) -> Option<String> {
    let permit = app.permit(visitor.principal(), Action::ReadPeople).ok()?;
    let person = app.access().person(&permit, &id?.parse().ok()?).await.ok()?;
    Some(person.name.to_string())
}

/// The class of a state's tag.
pub(super) fn tag(state: RevocationState) -> &'static str {
    match state {
        RevocationState::Draft | RevocationState::Dropped | RevocationState::Closed => "",
        RevocationState::Entered => "tag--wait",
        RevocationState::Approved => "tag--going",
        RevocationState::Refused | RevocationState::Lapsed => "tag--bad",
        RevocationState::Done => "tag--good",
    }
}

/// What is signed: this ground, this many, this list.
pub(in crate::pages) fn order(revocation: &Revocation, count: usize) -> RevocationOrder {
    RevocationOrder {
        version: revocation.version,
        ground: revocation.ground.name.clone(),
        count,
        list_sm3: revocation.list_hash.clone(),
    }
}

/// `POST /desk/revocations/{id}/enter`: written down, to be signed.
pub async fn enter(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let version = crate::pages::version(&form)?;
    let mut sheet = sheet(&app, (frame, &visitor), &id.parse()?).await?;
    if sheet.out_of_turn(RevocationState::Draft, "签名登记", Some(version)) {
        return page_to_correct(&sheet);
    }
    if sheet.by_phone && sheet.view.revocation.called_at.is_none() {
        let article = ra::Refusal::CallerUnproven.article();
        let text = format!("请先核对来电人报出的一次性代码（{article}）");
        sheet.mistakes = Mistakes::one("code", text);
        return page_to_correct(&sheet);
    }
    let order = RevocationOrder { version, ..order(&sheet.view.revocation, sheet.count) };
    to_be_signed(&app, &visitor, (ActKind::EnterRevocation, &id), &order).await
}

/// `POST /desk/revocations/{id}/order`: the same for an administrator who orders it.
pub async fn order_one(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let version = crate::pages::version(&form)?;
    let mut sheet = sheet(&app, (frame, &visitor), &id.parse()?).await?;
    if sheet.out_of_turn(RevocationState::Draft, "签名登记", Some(version)) {
        return page_to_correct(&sheet);
    }
    let order = RevocationOrder { version, ..order(&sheet.view.revocation, sheet.count) };
    let kind = if sheet.lifts() { ActKind::EnterLifting } else { ActKind::RevokeCertificate };
    to_be_signed(&app, &visitor, (kind, &id), &order).await
}

/// `POST /desk/revocations/{id}/review`: written down, to be signed.
pub async fn review(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let version = crate::pages::version(&form)?;
    let mut sheet = sheet(&app, (frame, &visitor), &id.parse()?).await?;
    sheet.decision = form.text("decision").to_owned();
    sheet.reason = form.text("reason").trim().to_owned();
    if sheet.out_of_turn(RevocationState::Entered, "复核", Some(version)) {
        return page_to_correct(&sheet);
    }
    let least = if sheet.decision == "reject" { 4 } else { 0 };
    sheet.mistakes.measure(("reason", &sheet.reason), least..=1000, "请写明复核不通过的理由");
    let decision = match sheet.decision.as_str() {
        _ if !sheet.mistakes.is_empty() => return page_to_correct(&sheet),
        "confirm" => RevocationDecision::Confirm,
        "reject" => RevocationDecision::Reject,
        _ => {
            sheet.mistakes = Mistakes::one("decision", "请选择复核结论");
            return page_to_correct(&sheet);
        }
    };
    let order = RevocationOrder { version, ..order(&sheet.view.revocation, sheet.count) };
    let kind = if sheet.lifts() { ActKind::ReviewLifting } else { ActKind::ReviewRevocation };
    let review = RevocationReview { order, decision, reason: sheet.reason };
    to_be_signed(&app, &visitor, (kind, &id), &review).await
}

/// `POST /desk/revocations/{id}/call`: sends the one-time code to the telephone on file.
pub async fn call(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Form,
) -> Answer {
    let id: RevocationId = id.parse()?;
    let sent = app.call_back(visitor.permit()?, &id).await;
    told(&app, (frame, &visitor), &id, sent).await
}

/// `POST /desk/revocations/{id}/answer`: what the caller read back.
pub async fn answer(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let id: RevocationId = id.parse()?;
    let code: String = form.text("code").chars().filter(|c| !c.is_whitespace()).collect();
    let mut sheet = sheet(&app, (frame, &visitor), &id).await?;
    let asked = "核对来电人";
    if sheet.out_of_turn(RevocationState::Draft, asked, None) {
        return page_to_correct(&sheet);
    }
    if !sheet.by_phone {
        let error = ra::Error::RegistrationTurn { asked, state: "非来电登记" };
        sheet.mistakes = Mistakes::one(STATE, error.to_string());
        return page_to_correct(&sheet);
    }
    match app.registration()?.answer_call(visitor.permit()?, &id, &code).await {
        Ok(_) => go(&format!("/desk/revocations/{id}")),
        // Not who called is in doubt here, but what was typed: said as such.
        Err(ra::Error::Refused { refusal: ra::Refusal::CallerUnproven, detail }) => {
            sheet.mistakes = Mistakes::one("code", detail);
            page_to_correct(&sheet)
        }
        Err(error) => Err(error.into()),
    }
}

/// Back to the page, with what was wrong beside the code.
async fn told(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    id: &RevocationId,
    outcome: Result<(), app::Error>,
) -> Answer {
    match outcome {
        Ok(()) => go(&format!("/desk/revocations/{id}")),
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            let mut sheet = sheet(app, (frame, visitor), id).await?;
            let is_asked = sheet.by_phone && sheet.is("draft") && sheet.own.is_some();
            let field = if is_asked { "code" } else { STATE };
            sheet.mistakes = Mistakes::one(field, crate::problem::Problem::from(error).detail);
            page_to_correct(&sheet)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/revocations/{id}/drop`, or `…/cancel` for an administrator: a draft is given up.
pub async fn give_up(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Form,
) -> Answer {
    let mut sheet = sheet(&app, (frame, &visitor), &id.parse()?).await?;
    if sheet.out_of_turn(RevocationState::Draft, "放弃", None) {
        return page_to_correct(&sheet);
    }
    // What lifts holds is given up under the permission under which it was written down.
    let lifting = match sheet.lifts() && visitor.permit()?.action() == Action::RevokeCertificate {
        true => Some(app.permit(visitor.principal(), Action::ResumeCertificate)?),
        false => None,
    };
    let permit = lifting.as_ref().map_or_else(|| visitor.permit(), Ok)?;
    match app.registration()?.drop_revocation(permit, &id.parse()?).await {
        Ok(()) => go("/desk/revocations?state=draft"),
        Err(error @ ra::Error::Refused { .. }) => {
            sheet.mistakes = Mistakes::one(STATE, error.to_string());
            page_to_correct(&sheet)
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/revocations/{id}/evidence/{name}`.
pub async fn evidence(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let ra = app.registration()?;
    let (media, content) = ra.revocation_evidence(visitor.permit()?, &id.parse()?, &name).await?;
    let way = match media {
        ra::Media::Png | ra::Media::Jpeg => "inline",
        _ => "attachment",
    };
    let headers = [
        (header::CONTENT_TYPE, media.mime().to_owned()),
        (header::CONTENT_DISPOSITION, format!("{way}; filename=\"{name}.{}\"", media.ending())),
    ];
    Ok((headers, content.to_vec()).into_response())
}

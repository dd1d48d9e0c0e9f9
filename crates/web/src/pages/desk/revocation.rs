//! One revocation: the list as a dry run, the caller's one-time code, the signature of who entered it,
//! the decision of another person, and what became of each certificate.

use access::{ActKind, Action};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ra::{
    Outcome, Revocation, RevocationDecision, RevocationId, RevocationOrder, RevocationReview,
    RevocationState, RevocationView, Source,
};

use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// Rows of the list on the page; the whole list is what is signed.
const MOST_ROWS: usize = 200;

#[derive(Template)]
#[template(path = "desk/revocation.html")]
struct Sheet {
    frame: Frame,
    view: RevocationView,
    count: usize,
    done: usize,
    rows: Vec<(u32, String, String)>,
    evidence: Vec<(String, String)>,
    stopped_at: Option<String>,
    tag: &'static str,
    by_phone: bool,
    may_enter: bool,
    may_review: bool,
    reason: String,
    mistakes: Mistakes,
}

impl Sheet {
    fn is(&self, word: &str) -> bool {
        self.view.revocation.state.word() == word
    }
}

/// `GET /desk/revocations/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    page(&sheet(&app, (frame, &visitor), &id.parse()?).await?)
}

async fn sheet(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    id: &RevocationId,
) -> Result<Sheet, Problem> {
    let ra = app.registration()?;
    let permit = app.permit(visitor.principal(), Action::ReadRevocations)?;
    let view = ra.revocation(&permit, id).await?;
    let revocation = &view.revocation;
    let mut rows = Vec::new();
    for item in view.items.iter().take(MOST_ROWS) {
        let what = match &item.outcome {
            Some(Outcome::Revoked) => "已撤销".to_owned(),
            Some(Outcome::Refused(code)) => format!("未撤销（{code}）"),
            None => ra.certificate(&item.serial).await?.standing.chinese().to_owned(),
        };
        rows.push((item.position, words::groups(&item.serial), what));
    }
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
    Ok(Sheet {
        frame,
        count: view.items.len(),
        done: view.items.iter().filter(|item| item.outcome.is_some()).count(),
        rows,
        evidence: view.evidence.iter().map(|(name, _)| title(name)).collect(),
        stopped_at: revocation.stopped_at.map(words::minute),
        tag: tag(revocation.state),
        by_phone: revocation.ground.source == Source::Phone,
        may_enter: mine && may(Action::EnterRevocation),
        may_review: !mine && may(Action::ReviewRevocation),
        reason: String::new(),
        mistakes: Mistakes::none(),
        view,
    })
}

/// The class of a state's tag.
fn tag(state: RevocationState) -> &'static str {
    match state {
        RevocationState::Draft | RevocationState::Dropped => "",
        RevocationState::Entered => "tag--wait",
        RevocationState::Approved => "tag--going",
        RevocationState::Refused => "tag--bad",
        RevocationState::Done => "tag--good",
    }
}

/// What is signed: this ground, this many, this list.
fn order(revocation: &Revocation, count: usize) -> RevocationOrder {
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
    if sheet.by_phone && sheet.view.revocation.called_at.is_none() {
        sheet.mistakes = Mistakes::one("code", "请先核对来电人报出的一次性代码");
        return page_to_correct(&sheet);
    }
    let order = RevocationOrder { version, ..order(&sheet.view.revocation, sheet.count) };
    to_be_signed(&app, &visitor, (ActKind::EnterRevocation, &id), &order).await
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
    sheet.reason = form.text("reason").trim().to_owned();
    let decision = match form.text("decision") {
        "confirm" => RevocationDecision::Confirm,
        "reject" if sheet.reason.chars().count() >= 4 => RevocationDecision::Reject,
        "reject" => {
            sheet.mistakes = Mistakes::one("reason", "请写明复核不通过的理由，至少四个字");
            return page_to_correct(&sheet);
        }
        _ => {
            sheet.mistakes = Mistakes::one("decision", "请选择复核结论");
            return page_to_correct(&sheet);
        }
    };
    let order = RevocationOrder { version, ..order(&sheet.view.revocation, sheet.count) };
    let review = RevocationReview { order, decision, reason: sheet.reason };
    to_be_signed(&app, &visitor, (ActKind::ReviewRevocation, &id), &review).await
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
    match app.registration()?.answer_call(visitor.permit()?, &id, &code).await {
        // Not who called is in doubt here, but what was typed: said as such.
        Err(ra::Error::Refused { refusal: ra::Refusal::CallerUnproven, detail }) => {
            let mut sheet = sheet(&app, (frame, &visitor), &id).await?;
            sheet.mistakes = Mistakes::one("code", detail);
            page_to_correct(&sheet)
        }
        answered => {
            let answered = answered.map(drop).map_err(app::Error::from);
            told(&app, (frame, &visitor), &id, answered).await
        }
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
            sheet.mistakes = Mistakes::one("code", error.to_string());
            page_to_correct(&sheet)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/revocations/{id}/drop`: a draft is given up.
pub async fn give_up(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Form,
) -> Answer {
    app.registration()?.drop_revocation(visitor.permit()?, &id.parse()?).await?;
    go("/desk/revocations?state=draft")
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

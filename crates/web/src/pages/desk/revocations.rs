//! 撤销登记: what waits for a second person, and a new one, written down with the evidence that its
//! ground needs. What is written down is a dry run: nothing counts before it is signed (T-14).

use askama::Template;
use axum::extract::State;
use ra::catalogue::Ground;
use ra::{Particulars, Revocation, RevocationDraft, RevocationState, Source};
use serde::Deserialize;

use super::enter::office;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "desk/revocations.html")]
struct List {
    frame: Frame,
    tabs: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<(Revocation, String)>,
    may_enter: bool,
}

/// Which state.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    state: String,
}

/// `GET /desk/revocations`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let all = RevocationState::ALL;
    let state = all.into_iter().find(|state| state.word() == query.state);
    let state = state.unwrap_or(RevocationState::Entered);
    let found = app.registration()?.revocations(visitor.permit()?, state).await?;
    let rows = found.into_iter().map(|one| (words::minute(one.since), one));
    let rows = rows.map(|(since, one)| (one, since)).collect();
    let tabs = all.into_iter().map(|one| (one.word(), one.chinese(), one == state)).collect();
    let enters = app.permit(visitor.principal(), access::Action::EnterRevocation).is_ok();
    page(&List { frame, tabs, rows, may_enter: enters })
}

#[derive(Template)]
#[template(path = "desk/revocation_new.html")]
struct New<'c> {
    frame: Frame,
    groups: Vec<(&'static str, Vec<&'c Ground>)>,
    ground: Option<&'c Ground>,
    serials: String,
    particulars: Particulars,
    mistakes: Mistakes,
}

/// The ground that was chosen.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    #[serde(default)]
    ground: String,
}

/// `GET /desk/revocations/new`: first the ground, then what the ground needs.
pub async fn choose(
    State(app): State<App>,
    frame: Frame,
    Params(chosen): Params<Chosen>,
) -> Answer {
    page(&new(&app, frame, (&chosen.ground, &Form::default()))?)
}

fn new<'a>(app: &'a App, frame: Frame, (ground, form): (&str, &Form)) -> Result<New<'a>, Problem> {
    let all = app.registration()?.catalogue().grounds();
    let group = |source: Source| {
        let grounds = all.iter().filter(|one| one.source == source).collect();
        (source.chinese(), grounds)
    };
    let groups = Source::ALL.into_iter().filter(|one| *one != Source::Holder).map(group).collect();
    let ground = all.iter().find(|one| one.name == ground && one.source != Source::Holder);
    let text = |name: &str| form.text(name).trim().to_owned();
    let particulars = Particulars {
        requester: text("requester"),
        document_number: text("document_number"),
        account: text("account"),
    };
    let (serials, mistakes) = (text("serials"), Mistakes::none());
    Ok(New { frame, groups, ground, serials, particulars, mistakes })
}

/// `POST /desk/revocations/new`.
pub async fn create(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let mut again = new(&app, frame, (form.text("ground"), &form))?;
    let Some(ground) = again.ground else {
        again.mistakes = Mistakes::one("ground", "请选择撤销的事由");
        return page_to_correct(&again);
    };
    let mut mistakes = Mistakes::none();
    if again.serials.is_empty() {
        mistakes.add("serials", "请填写要撤销的证书序列号，一行一个");
    }
    if again.particulars.requester.is_empty() {
        mistakes.add("requester", "请写明由谁提出");
    }
    if ground.document && again.particulars.document_number.is_empty() {
        mistakes.add("document_number", "请填写来函或法律文书的文号");
    }
    if again.particulars.account.chars().count() < 4 {
        mistakes.add("account", "请写明事情经过，至少四个字");
    }
    let mut evidence = Vec::new();
    for wanted in &ground.evidence {
        let field = format!("evidence-{}", wanted.name);
        match form.file(&field) {
            Some(file) => evidence.push((wanted.name.clone(), file.content.to_vec())),
            None => mistakes.add(&field, format!("请上传：{}", wanted.title)),
        }
    }
    if mistakes.is_empty() {
        let lines = again.serials.lines().map(str::trim).filter(|line| !line.is_empty());
        let draft = RevocationDraft {
            ground: ground.name.clone(),
            serials: lines.map(str::to_owned).collect(),
            particulars: again.particulars.clone(),
            evidence,
        };
        let permit = visitor.permit()?;
        match app.registration()?.draft_revocation(permit, draft, office(&visitor)?).await {
            Ok(drafted) => return go(&format!("/desk/revocations/{}", drafted.id)),
            Err(error) if error.kind() != store::ErrorKind::Fault => {
                mistakes.add(field_of(&error), error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let chosen = |one: &ra::catalogue::Evidence| form.file(&format!("evidence-{}", one.name));
    if ground.evidence.iter().any(|one| chosen(one).is_some()) {
        mistakes.add("files", "已选的文件须重新选择：浏览器不会保留");
    }
    again.mistakes = mistakes;
    page_to_correct(&again)
}

/// Beside which field a refusal stands.
fn field_of(error: &ra::Error) -> &'static str {
    match error {
        ra::Error::Refused { refusal: ra::Refusal::EvidenceMissing, .. } => "requester",
        ra::Error::Material(_) => "files",
        _ => "serials",
    }
}

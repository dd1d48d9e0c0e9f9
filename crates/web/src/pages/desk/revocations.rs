//! 撤销登记: what waits for a second person, and a new one, written down with the evidence that its
//! ground needs. What is written down is a dry run: nothing counts before it is signed (T-14).

use askama::Template;
use axum::extract::State;
use ra::catalogue::Ground;
use ra::{
    Particulars, Revocation, RevocationDraft, RevocationRow, RevocationSelection, RevocationState,
    Source, StopEnd,
};
use serde::Deserialize;

use super::enter::office;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{Asked, Tab};
use crate::pages::paging::Paging;
use crate::pages::words;
use crate::problem::Problem;

/// Rows of one page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "desk/revocations.html")]
struct List {
    frame: Frame,
    query: Query,
    tabs: Vec<Tab>,
    sources: Vec<(&'static str, &'static str)>,
    is_search: bool,
    /// What waits is listed the longest waiting first.
    is_open: bool,
    total: u64,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
    may_enter: bool,
}

struct Row {
    id: String,
    number: String,
    source: &'static str,
    ground: String,
    certificates: u64,
    state: &'static str,
    tag: &'static str,
    stop: Option<&'static str>,
    since: String,
    decide_by: Option<String>,
}

/// Which state, and what to look for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    state: String,
    source: String,
    q: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = "/desk/revocations";

    fn tab(&self) -> &str {
        self.state().map_or(ALL, RevocationState::word)
    }

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![("source", &self.source), ("q", &self.q)]
    }

    fn page(&self) -> &str {
        &self.page
    }
}

impl Query {
    fn state(&self) -> Option<RevocationState> {
        let found = RevocationState::ALL.into_iter().find(|state| state.word() == self.state);
        // Whoever looks for one certificate or number does not know where it stands.
        match self.state.as_str() {
            "" if self.q.trim().is_empty() => Some(RevocationState::Entered),
            _ => found,
        }
    }

    pub(super) fn selection(&self) -> RevocationSelection {
        RevocationSelection {
            state: self.state(),
            source: Source::ALL.into_iter().find(|source| word(*source) == self.source),
            q: self.q.trim().to_owned(),
            offset: 0,
            limit: ROWS,
        }
    }
}

/// The name of a state over its list, short enough for nine of them in one line.
const fn tab_title(state: RevocationState) -> &'static str {
    match state {
        RevocationState::Draft => "试算",
        RevocationState::Approved => "正在办理",
        RevocationState::Lapsed => "逾期失效",
        RevocationState::Closed => "来电已终结",
        other => other.chinese(),
    }
}

/// The word of the tab without a state.
const ALL: &str = "all";

/// The word of a source in addresses: that of the data.
pub(super) const fn word(source: Source) -> &'static str {
    match source {
        Source::Holder => "holder",
        Source::Phone => "phone",
        Source::Present => "present",
        Source::Unit => "unit",
        Source::Authority => "authority",
        Source::Regulator => "regulator",
        Source::Institution => "institution",
    }
}

/// `GET /desk/revocations`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let (ra, permit) = (app.registration()?, visitor.permit()?);
    let selection = query.selection();
    let place = (query.place()?, ROWS);
    let (mut tabs, mut total) = (Vec::new(), 0);
    let states = RevocationState::ALL.into_iter().map(Some).chain([None]);
    for state in states {
        let of_tab = RevocationSelection { state, ..selection.clone() };
        let name = state.map_or(ALL, RevocationState::word);
        let (found, is_here) =
            (ra.revocation_total(permit, &of_tab).await?, state == selection.state);
        total = if is_here { found } else { total };
        tabs.push(Tab {
            address: query.address(Query::PATH, (name, "")),
            title: state.map_or("全部", tab_title),
            total: found,
            is_here,
        });
    }
    let selection = RevocationSelection { offset: place.0.saturating_mul(ROWS), ..selection };
    let found = ra.revocations(permit, &selection).await?;
    let rows = found.into_iter().map(|one| row(&app, one)).collect::<Result<_, Problem>>()?;
    let of_others = Source::ALL.into_iter().filter(|one| *one != Source::Holder);
    page(&List {
        frame,
        tabs,
        sources: of_others.map(|one| (word(one), one.chinese())).collect(),
        is_search: query.is_search(),
        is_open: selection.state.is_some_and(RevocationState::is_open),
        total,
        rows,
        paging: query.paging(place, total),
        csv: query.file("/desk/revocations/export.csv"),
        may_enter: app.permit(visitor.principal(), access::Action::EnterRevocation).is_ok(),
        query,
    })
}

/// What became of the stop of a call, in a word or two.
pub(super) fn stop(revocation: &Revocation) -> Option<&'static str> {
    match (revocation.stop_end, revocation.stopped_at) {
        (Some(StopEnd::Lifted), _) => Some("先行暂停已解除"),
        (Some(StopEnd::Held), _) => Some("仍在暂停"),
        (Some(StopEnd::Kept), _) => Some("密钥失密，没有解除"),
        (None, Some(_)) if revocation.state.is_open() => Some("已先行暂停"),
        (Some(StopEnd::Moot) | None, _) => None,
    }
}

/// By when another person has to decide, in words.
pub(super) fn decide_by(app: &App, revocation: &Revocation) -> Result<Option<String>, Problem> {
    let due = app.registration()?.decide_by(revocation);
    Ok(due.map(|due| {
        let provisional = if due.is_provisional() { "（暂定）" } else { "" };
        format!("{}前{provisional}", due.day)
    }))
}

fn row(
    app: &App,
    RevocationRow { revocation, certificates }: RevocationRow,
) -> Result<Row, Problem> {
    Ok(Row {
        id: revocation.id.to_string(),
        number: revocation.number.to_string(),
        source: revocation.ground.source.chinese(),
        certificates,
        state: revocation.state.chinese(),
        tag: super::revocation::tag(revocation.state),
        stop: stop(&revocation),
        since: words::minute(revocation.since),
        decide_by: decide_by(app, &revocation)?,
        ground: revocation.ground.title,
    })
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

/// What clerks enter is a revocation.
fn is_offered(ground: &Ground) -> bool {
    ground.is_brought_for("revoke")
}

fn new<'a>(app: &'a App, frame: Frame, (ground, form): (&str, &Form)) -> Result<New<'a>, Problem> {
    let all = app.registration()?.catalogue().grounds();
    let group = |source: Source| {
        let grounds = all.iter().filter(|one| one.source == source && is_offered(one)).collect();
        (source.chinese(), grounds)
    };
    let groups = Source::ALL.into_iter().filter(|one| *one != Source::Holder).map(group).collect();
    let ground = all.iter().find(|one| one.name == ground && is_offered(one));
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
    let letters = |text: &str| text.chars().count();
    let Particulars { requester, document_number, account } = &again.particulars;
    if !(2..=500).contains(&letters(requester)) {
        mistakes.add("requester", "请写明由谁提出，2 至 500 字");
    }
    if ground.document && !(2..=500).contains(&letters(document_number)) {
        mistakes.add("document_number", "请填写来函或法律文书的文号，2 至 500 字");
    }
    if !(4..=500).contains(&letters(account)) {
        mistakes.add("account", "请写明事情经过，4 至 500 字");
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

//! 批量办理: a unit's batch with its sheets, materials, steps and progress. Works without scripts: what goes
//! on in the background is seen by reloading, and while certificates are issued the browser reloads by
//! itself until it is told to stand still.

use access::{ActKind, Action};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use ra::{
    Batch, BatchConsent, BatchCounts, BatchParty, BatchProgress, BatchState, NewBatch, Pace,
    SheetFormat, Upload,
};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::apply::materials::disposition;
use crate::pages::apply::overview::tag;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::{csv, words};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "batch/new.html")]
struct New {
    frame: Frame,
    kinds: Vec<(String, String)>,
    form: Form,
    mistakes: Mistakes,
}

impl New {
    fn of(app: &App, frame: Frame, form: Form, mistakes: Mistakes) -> Result<Self, Problem> {
        let catalogue = app.registration()?.catalogue();
        let methods = &catalogue.batch().methods;
        let fits = |kind: &&ra::catalogue::Kind| {
            catalogue.methods_for(kind, "new").iter().any(|one| methods.contains(&one.name))
        };
        let kinds = catalogue.kinds().iter().filter(fits);
        let kinds = kinds.map(|kind| (kind.name.clone(), kind.title.clone())).collect();
        Ok(Self { frame, kinds, form, mistakes })
    }
}

/// `GET /desk/batches/new`.
pub async fn fresh(State(app): State<App>, frame: Frame) -> Answer {
    page(&New::of(&app, frame, Form::default(), Mistakes::none())?)
}

/// `POST /desk/batches/new`.
pub async fn begin(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let text = |name: &str| form.text(name).trim().to_owned();
    let office = visitor.principal().person().and_then(|person| person.office.clone());
    let office = office.as_deref().map(str::parse).transpose()?;
    let party = BatchParty {
        unit_name: text("unit_name"),
        credit_code: text("credit_code").to_uppercase(),
        contact_name: text("contact_name"),
        contact_phone: text("contact_phone"),
        contact_email: text("contact_email"),
    };
    let new = NewBatch { kind: text("kind"), office, party };
    match app.registration()?.begin_batch(visitor.permit()?, new).await {
        Ok(batch) => go(&format!("/desk/batches/{}", batch.id)),
        Err(ra::Error::Form(errors)) => {
            let mut mistakes = Mistakes::none();
            for error in errors {
                mistakes.add(&error.field, format!("{}：{}", error.label, error.text));
            }
            page_to_correct(&New::of(&app, frame, form, mistakes)?)
        }
        Err(ra::Error::Unknown { .. }) => {
            let mistakes = Mistakes::one("kind", "请选择证书类型");
            page_to_correct(&New::of(&app, frame, form, mistakes)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Which template.
#[derive(Debug, Deserialize)]
pub struct TemplateQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    format: String,
}

/// `GET /desk/batches/template`.
pub async fn template(State(app): State<App>, Params(query): Params<TemplateQuery>) -> Answer {
    let format = SheetFormat::of(&query.format).unwrap_or(SheetFormat::Xlsx);
    let content = app.registration()?.batch_template(&query.kind, format)?;
    Ok(file(&format!("batch-{}", query.kind), format, content))
}

fn file(name: &str, format: SheetFormat, content: Vec<u8>) -> axum::response::Response {
    let disposition = format!("attachment; filename=\"{name}.{}\"", format.ending());
    let headers = [
        (header::CONTENT_TYPE, format.mime().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, content).into_response()
}

#[derive(Template)]
#[template(path = "batch/show.html")]
struct Show {
    frame: Frame,
    batch: Batch,
    tag: &'static str,
    party: BatchParty,
    kind: String,
    states: Vec<StateRow>,
    counts: BatchCounts,
    materials: Vec<MaterialRow>,
    sheets: Vec<SheetRow>,
    steps: Vec<StepRow>,
    may: May,
    busy: bool,
    /// How the unit agreed.
    consent: Option<BatchConsent>,
    pace: Option<Pacing>,
    /// The browser does not reload by itself.
    still: bool,
    /// Who was written down as witnesses of the unit's paper.
    witnesses: [String; 2],
    mistakes: Mistakes,
}

/// How fast it goes, in words.
struct Pacing {
    per_minute: u64,
    left: u64,
    remaining: String,
}

impl Pacing {
    fn of(pace: Pace) -> Self {
        let remaining = match pace.seconds {
            0..60 => "不到 1 分钟".to_owned(),
            60..3600 => format!("约 {} 分钟", pace.seconds.div_ceil(60)),
            more => format!("约 {} 小时 {} 分钟", more / 3600, more % 3600 / 60),
        };
        Self { per_minute: pace.per_minute, left: pace.left, remaining }
    }
}

/// The class of a batch's tag.
pub(super) const fn state_tag(state: BatchState) -> &'static str {
    match state {
        BatchState::Open | BatchState::Running => "tag--going",
        BatchState::Paused => "tag--wait",
        BatchState::Cancelled => "tag--bad",
        BatchState::Done => "tag--good",
    }
}

impl Show {
    /// Whether the browser reloads by itself: only while nothing on the page is filled in.
    fn refreshes(&self) -> bool {
        self.batch.state == BatchState::Running && !self.still && self.mistakes.is_empty()
    }

    /// Whether a step left applications behind, that have to be looked at one by one.
    fn has_leftovers(&self) -> bool {
        self.steps.iter().any(|step| step.progress.refused > 0)
    }
}

struct StateRow {
    title: &'static str,
    tag: &'static str,
    count: u64,
}

struct MaterialRow {
    name: String,
    title: String,
    required: bool,
    files: Vec<(String, String)>,
}

struct SheetRow {
    position: u32,
    at: String,
    rows: u64,
    result: Option<(u64, u64)>,
    has_bad_rows: bool,
}

/// A signed step, or one that can be taken now.
struct StepRow {
    title: &'static str,
    at: String,
    progress: BatchProgress,
}

/// What the visitor may do now.
#[derive(Default)]
struct May {
    import: bool,
    enter: u64,
    proof: u64,
    review: u64,
    agree: bool,
    start: bool,
    pause: bool,
    resume: bool,
    cancel: bool,
    consent: bool,
}

impl May {
    fn of(app: &App, visitor: &Visitor, batch: &Batch, counts: &BatchCounts) -> Self {
        let may = |action| {
            let permit = app.permit(visitor.principal(), action);
            permit.is_ok_and(|permit| permit.reach(&batch.object()).is_ok())
        };
        let waiting = |kind: ActKind, word| match may(kind.action()) {
            true => counts.of(&[word]),
            false => 0,
        };
        let open = batch.state == BatchState::Open;
        let steers = may(Action::IssueApplication);
        let part = |count: u64| if open { count } else { 0 };
        Self {
            import: open && may(Action::ImportBatch),
            enter: part(waiting(ActKind::EnterBatch, "draft")),
            proof: part(waiting(ActKind::BatchProof, "acknowledged")),
            review: part(waiting(ActKind::BatchReview, "proofed")),
            agree: open && may(Action::AgreeApplication),
            consent: open && may(Action::AgreeApplication) && counts.of(&["reviewed"]) > 0,
            start: open && steers && batch.has_agreement && counts.of(&["reviewed"]) > 0,
            pause: steers && batch.state == BatchState::Running,
            resume: steers && batch.state == BatchState::Paused,
            cancel: steers && !matches!(batch.state, BatchState::Cancelled | BatchState::Done),
        }
    }
}

/// Whether the page is to stand still.
#[derive(Debug, Deserialize)]
pub struct ShowQuery {
    #[serde(default)]
    still: String,
}

/// `GET /desk/batches/{id}`. The header does what a `meta` element would, and the page offers to stop it.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(query): Params<ShowQuery>,
) -> Answer {
    let mut shown = shown(&app, (frame, &visitor), &id, Mistakes::none()).await?;
    shown.still = !query.still.is_empty();
    let mut answer = page(&shown)?;
    if shown.refreshes() {
        answer.headers_mut().insert(header::REFRESH, HeaderValue::from_static(REFRESH_SECONDS));
    }
    Ok(answer)
}

const REFRESH_SECONDS: &str = "5";

/// The page of a batch again, with what is wrong.
pub(super) async fn wrong(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    mistakes: Mistakes,
) -> Answer {
    page_to_correct(&shown(app, (frame, visitor), id, mistakes).await?)
}

/// The same, with the witnesses who were written down.
pub(super) async fn wrong_paper(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    (witnesses, mistakes): ([String; 2], Mistakes),
) -> Answer {
    let again = shown(app, (frame, visitor), id, mistakes).await?;
    page_to_correct(&Show { witnesses, ..again })
}

async fn shown(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    mistakes: Mistakes,
) -> Result<Show, Problem> {
    let (ra, id) = (app.registration()?, id.parse()?);
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let batch = ra.batch(&read, &id).await?;
    let counts = ra.batch_counts(&read, &id).await?;
    let there = ra.batch_materials(&read, &id).await?;
    let material = |(name, title, required): (String, String, bool)| MaterialRow {
        files: there
            .iter()
            .filter(|one| one.name == name)
            .map(|one| (one.id.to_string(), words::minute(one.added_at)))
            .collect(),
        name,
        title,
        required,
    };
    let sheets = ra.batch_sheets(&read, &id).await?;
    let progress = ra.batch_progress(&read, &id).await?;
    let busy = sheets.iter().any(|sheet| sheet.result.is_none())
        || progress.iter().any(|step| step.done + step.refused < step.members)
        || batch.state == BatchState::Running;
    let state = |(word, count): &(&'static str, u64)| StateRow {
        title: ra::State::chinese_of(word),
        tag: tag(word),
        count: *count,
    };
    Ok(Show {
        frame,
        tag: state_tag(batch.state),
        party: ra.batch_party(&read, &id).await?,
        kind: ra.catalogue().kind(&batch.kind)?.title.clone(),
        states: counts.states.iter().map(state).collect(),
        materials: ra.batch_material_list(&batch.kind)?.into_iter().map(material).collect(),
        sheets: sheets
            .into_iter()
            .map(|sheet| SheetRow {
                position: sheet.position,
                at: words::minute(sheet.at),
                rows: sheet.rows,
                result: sheet.result,
                has_bad_rows: sheet.has_bad_rows(),
            })
            .collect(),
        steps: progress
            .into_iter()
            .map(|progress| StepRow {
                title: progress.step.chinese(),
                at: words::minute(progress.at),
                progress,
            })
            .collect(),
        may: May::of(app, visitor, &batch, &counts),
        consent: ra.batch_consent(&read, &id).await?,
        pace: ra.batch_pace(&read, &id).await?.map(Pacing::of),
        still: false,
        witnesses: Default::default(),
        counts,
        batch,
        busy,
        mistakes,
    })
}

/// `POST /desk/batches/{id}/materials`.
pub async fn add_material(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let name = form.text("material").to_owned();
    let field = format!("material-{name}");
    let Some(file) = form.file("file") else {
        let mistakes = Mistakes::one(&field, "请先选择要上传的文件");
        return wrong(&app, (frame, &visitor), &id, mistakes).await;
    };
    let upload = Upload { name, file_name: file.name.clone(), content: file.content.to_vec() };
    let of = id.parse()?;
    match app.registration()?.add_batch_material(visitor.permit()?, &of, upload).await {
        Ok(_) => go(&format!("/desk/batches/{id}")),
        Err(error @ (ra::Error::Material(_) | ra::Error::Sheet(_))) => {
            let mistakes = Mistakes::one(&field, error.to_string());
            wrong(&app, (frame, &visitor), &id, mistakes).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/batches/{id}/materials/{material}`.
pub async fn material(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
) -> Answer {
    let ra = app.registration()?;
    let opened =
        ra.open_batch_material(visitor.permit()?, &id.parse()?, &material.parse()?).await?;
    let headers = [
        (header::CONTENT_TYPE, opened.material.media.mime().to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&opened)),
    ];
    Ok((headers, opened.content.to_vec()).into_response())
}

/// `POST /desk/batches/{id}/sheets`.
pub async fn import(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let Some(file) = form.file("sheet") else {
        let mistakes = Mistakes::one("sheet", "请先选择填好的表格");
        return wrong(&app, (frame, &visitor), &id, mistakes).await;
    };
    let content = file.content.to_vec();
    match app.registration()?.import_sheet(visitor.permit()?, &id.parse()?, content).await {
        Ok(_) => go(&format!("/desk/batches/{id}")),
        Err(error @ ra::Error::Sheet(_)) => {
            let mistakes = Mistakes::one("sheet", error.to_string());
            wrong(&app, (frame, &visitor), &id, mistakes).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/batches/{id}/sheets/{position}`: the rows to be corrected.
pub async fn bad_rows(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, position)): Path<(String, u32)>,
) -> Answer {
    let ra = app.registration()?;
    let (format, content) = ra.bad_rows(visitor.permit()?, &id.parse()?, position).await?;
    Ok(file(&format!("problems-{position}"), format, content))
}

/// `GET /desk/batches/{id}/result`: number, state, serials, why not.
pub async fn result(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    const HEADINGS: [&str; 7] =
        ["申请编号", "表格", "行", "状态", "签名证书序列号", "加密证书序列号", "未签发的原因代码"];
    let (ra, id) = (app.registration()?, id.parse()?);
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let part = ra.batch_rows(visitor.permit()?, &id, (&after, 1000)).await?;
        let Some(last) = part.last() else { break };
        after = last.application.id.to_string();
        rows.extend(part.into_iter().map(|row| {
            let serials = row.application.state.serials().cloned();
            let (sign, enc) =
                serials.map_or((String::new(), None), |serials| (serials.sign, serials.enc));
            vec![
                row.application.number.to_string(),
                row.place.0.to_string(),
                row.place.1.to_string(),
                row.application.state.chinese().to_owned(),
                sign,
                enc.unwrap_or_default(),
                row.problem.unwrap_or_default(),
            ]
        }));
    }
    Ok(csv::list("batch-result", &HEADINGS, rows))
}

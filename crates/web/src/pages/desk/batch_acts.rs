//! What is done to a whole batch by one signature: handed in, proofed, approved. Each page shows how many
//! it is and the SM3 over their list; nothing is ticked beforehand, and a reviewer opens the sample first
//! (Measures Art. 21; Invariant 9).

use access::{ActKind, Action};
use askama::Template;
use axum::extract::{Path, State};
use ra::catalogue::{CheckItem, Field, Matter, Means, Method, Need, Notice};
use ra::{
    Batch, BatchEvidence, BatchId, BatchList, BatchStep, EnterBatchOrder, ListRef, ProofBatchOrder,
    ReviewBatchOrder,
};
use serde::Serialize;

use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// The batch and its list for a step.
async fn listed(
    app: &App,
    visitor: &Visitor,
    id: &str,
    step: BatchStep,
) -> Result<(Batch, BatchList), Problem> {
    let (ra, id): (_, BatchId) = (app.registration()?, id.parse()?);
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let batch = ra.batch(&read, &id).await?;
    Ok((batch, ra.batch_list(visitor.permit()?, &id, step).await?))
}

/// What is said where the step has no turn, before what is missing on the page; what was typed stays on it.
async fn out_of_turn(
    app: &App,
    batch: &Batch,
    list: &BatchList,
) -> Result<Option<Mistakes>, Problem> {
    match app.registration()?.batch_turn(batch, list).await {
        Ok(()) => Ok(None),
        Err(error) if error.kind() == store::ErrorKind::Fault => Err(error.into()),
        Err(error) => Ok(Some(Mistakes::one("list", error.to_string()))),
    }
}

/// The list that the page was made from: another one is refused when it is signed.
fn list_ref(batch: &Batch, form: &Form) -> Result<ListRef, Problem> {
    let count = form.text("count").parse();
    let incomplete = |_| Problem::bad_request("web.form", "页面内容不完整；请刷新页面后重新填写");
    let list_sm3 = form.text("list_sm3").to_owned();
    Ok(ListRef { batch: batch.id.clone(), count: count.map_err(incomplete)?, list_sm3 })
}

async fn to_be_signed(
    app: &App,
    visitor: &Visitor,
    (kind, batch): (ActKind, &Batch),
    order: &impl Serialize,
) -> Answer {
    crate::pages::order::to_be_signed(app, visitor, (kind, &batch.subject()), order).await
}

#[derive(Template)]
#[template(path = "batch/enter.html")]
struct Enter<'c> {
    frame: Frame,
    batch: Batch,
    list: BatchList,
    notices: Vec<(&'c Notice, String)>,
    form: Form,
    mistakes: Mistakes,
}

/// `GET /desk/batches/{id}/enter`.
pub async fn enter(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    page(&entering(&app, (frame, &visitor), &id, Form::default()).await?)
}

async fn entering<'a>(
    app: &'a App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    form: Form,
) -> Result<Enter<'a>, Problem> {
    let (batch, list) = listed(app, visitor, id, BatchStep::Enter).await?;
    let ra = app.registration()?;
    let versions = ra.notices_in_force()?;
    let notices = ra.catalogue().notices().iter();
    let notices = notices
        .map(|notice| (notice, versions.get(&notice.name).cloned().unwrap_or_default()))
        .collect();
    Ok(Enter { frame, batch, list, notices, form, mistakes: Mistakes::none() })
}

/// `POST /desk/batches/{id}/enter`.
pub async fn submit_enter(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let mut again = entering(&app, (frame, &visitor), &id, form).await?;
    if let Some(mistakes) = out_of_turn(&app, &again.batch, &again.list).await? {
        again.mistakes = mistakes;
        return page_to_correct(&again);
    }
    let open = |name: &str| again.form.text(&format!("notice.{name}")).is_empty();
    let missing: Vec<(String, String)> = again
        .notices
        .iter()
        .filter(|(one, _)| open(&one.name))
        .map(|(one, _)| (one.name.clone(), one.title.clone()))
        .collect();
    if !missing.is_empty() {
        for (name, title) in missing {
            let text = format!("请核对告知确认名单后勾选《{title}》");
            again.mistakes.add(&format!("notice.{name}"), text);
        }
        return page_to_correct(&again);
    }
    let version = |(one, _): &(&Notice, String)| {
        let version = again.form.text(&format!("notice.{}", one.name)).to_owned();
        (one.name.clone(), version)
    };
    let order = EnterBatchOrder {
        list: list_ref(&again.batch, &again.form)?,
        notices: again.notices.iter().map(version).collect(),
    };
    to_be_signed(&app, &visitor, (ActKind::EnterBatch, &again.batch), &order).await
}

#[derive(Template)]
#[template(path = "batch/proof.html")]
struct Proof<'c> {
    frame: Frame,
    batch: Batch,
    list: BatchList,
    method: &'c Method,
    rows: Vec<MatterRow<'c>>,
    materials: Vec<(String, String)>,
    form: Form,
    mistakes: Mistakes,
}

/// A matter, the fields that it is about, and by which means it can be proofed.
struct MatterRow<'c> {
    key: String,
    matter: Matter,
    fields: String,
    means: Vec<&'c Means>,
}

/// `GET /desk/batches/{id}/proof`.
pub async fn proof(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    page(&proofing(&app, (frame, &visitor), &id, Form::default()).await?)
}

async fn proofing<'a>(
    app: &'a App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    form: Form,
) -> Result<Proof<'a>, Problem> {
    let (batch, list) = listed(app, visitor, id, BatchStep::Proof).await?;
    let catalogue = app.registration()?.catalogue();
    let kind = catalogue.kind_for(&batch.kind, "new")?;
    let methods = catalogue.methods_for(kind, "new");
    let allowed = &catalogue.batch().methods;
    let method = methods.into_iter().find(|method| allowed.contains(&method.name));
    let method = method.ok_or_else(|| Problem::not_found("此类证书不能批量核验身份"))?;
    let mut rows: Vec<MatterRow<'a>> = Vec::new();
    for field in &kind.fields {
        let Field { label, matter: Some(matter), .. } = field else { continue };
        match rows.iter_mut().find(|row| row.matter == *matter) {
            Some(row) => row.fields.push_str(&format!("、{label}")),
            None => rows.push(MatterRow {
                key: word(*matter)?,
                matter: *matter,
                fields: label.clone(),
                means: method.means.iter().filter(|one| one.proves.contains(matter)).collect(),
            }),
        }
    }
    let materials = kind.materials.iter().filter(|rule| rule.name != "other");
    let materials = materials.map(|rule| (rule.name.clone(), rule.title.clone())).collect();
    Ok(Proof { frame, batch, list, method, rows, materials, form, mistakes: Mistakes::none() })
}

/// The word of a matter, as orders and forms have it.
fn word(matter: Matter) -> Result<String, Problem> {
    let word =
        serde_json::to_value(matter).ok().and_then(|value| value.as_str().map(str::to_owned));
    word.ok_or_else(|| app::Error::Stored("要素").into())
}

/// `POST /desk/batches/{id}/proof`.
pub async fn submit_proof(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let mut again = proofing(&app, (frame, &visitor), &id, form).await?;
    if let Some(mistakes) = out_of_turn(&app, &again.batch, &again.list).await? {
        again.mistakes = mistakes;
        return page_to_correct(&again);
    }
    let mut evidence = Vec::new();
    let mut mistakes = Mistakes::none();
    for row in &again.rows {
        match entry(&again, row) {
            Ok(entry) => evidence.push(entry),
            Err(text) => mistakes.add(&format!("means.{}", row.key), text),
        }
    }
    if again.form.text("all").is_empty() {
        mistakes.add("all", "请确认每一份申请都已逐件核对；有一件没有核对的，不能批量通过");
    }
    if !mistakes.is_empty() {
        again.mistakes = mistakes;
        return page_to_correct(&again);
    }
    let list = list_ref(&again.batch, &again.form)?;
    let order = ProofBatchOrder { list, method: again.method.name.clone(), evidence };
    to_be_signed(&app, &visitor, (ActKind::BatchProof, &again.batch), &order).await
}

fn entry(page: &Proof<'_>, row: &MatterRow<'_>) -> Result<BatchEvidence, String> {
    let text = |part: &str| page.form.text(&format!("{part}.{}", row.key)).trim().to_owned();
    let incomplete = |what: &str| format!("“{}”没有{what}", row.fields);
    let means = text("means");
    let means = row.means.iter().find(|one| one.name == means);
    let means = means.ok_or_else(|| incomplete("选择核验手段"))?;
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let (material, note) = (some(text("material")), some(text("note")));
    let count = note.as_ref().map_or(0, |note| note.chars().count());
    if count > 500 {
        return Err(format!("“{}”的核验经过最多 500 字；现有 {count} 字，请删减", row.fields));
    }
    match means.needs {
        Need::Material if material.is_none() => Err(incomplete("指明所依据的材料")),
        Need::Note if note.is_none() => Err(incomplete("写明核验经过")),
        _ => Ok(BatchEvidence { matter: row.matter, means: means.name.clone(), material, note }),
    }
}

#[derive(Template)]
#[template(path = "batch/review.html")]
struct Review<'c> {
    frame: Frame,
    batch: Batch,
    list: BatchList,
    checklist: Vec<&'c CheckItem>,
    sample: Vec<(String, String, bool)>,
    opened: usize,
    form: Form,
    mistakes: Mistakes,
}

impl Review<'_> {
    fn is_ticked(&self, name: &str) -> bool {
        self.form.all("ticked").any(|one| one == name)
    }
}

/// `GET /desk/batches/{id}/review`.
pub async fn review(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    page(&reviewing(&app, (frame, &visitor), &id, Form::default()).await?)
}

async fn reviewing<'a>(
    app: &'a App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    form: Form,
) -> Result<Review<'a>, Problem> {
    let (batch, list) = listed(app, visitor, id, BatchStep::Review).await?;
    let ra = app.registration()?;
    let checklist = ra.catalogue().checklist_for(&batch.kind, "new");
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let mut sample = Vec::new();
    for row in ra.batch_sample(visitor.permit()?, &batch.id).await? {
        let number = ra.application(&read, &row.application).await?.number;
        sample.push((row.application.to_string(), number.to_string(), row.opened_at.is_some()));
    }
    let opened = sample.iter().filter(|(.., opened)| *opened).count();
    let mistakes = Mistakes::none();
    Ok(Review { frame, batch, list, checklist, sample, opened, form, mistakes })
}

/// `GET /desk/batches/{id}/sample/{application}`: opened, which goes on record, and shown.
pub async fn sample(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, application)): Path<(String, String)>,
) -> Answer {
    let ra = app.registration()?;
    ra.open_sample(visitor.permit()?, &id.parse()?, &application.parse()?).await?;
    go(&format!("/desk/applications/{application}"))
}

/// `POST /desk/batches/{id}/review`.
pub async fn submit_review(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let mut again = reviewing(&app, (frame, &visitor), &id, form).await?;
    if let Some(mistakes) = out_of_turn(&app, &again.batch, &again.list).await? {
        again.mistakes = mistakes;
        return page_to_correct(&again);
    }
    let mut mistakes = Mistakes::none();
    for item in again.checklist.iter().filter(|item| !again.is_ticked(&item.name)) {
        mistakes.add(&format!("check-{}", item.name), format!("未确认：{}", item.text));
    }
    if again.opened < again.sample.len() {
        let left = again.sample.len() - again.opened;
        mistakes.add("sample", format!("还有 {left} 件抽查的申请没有打开"));
    }
    let opinion = again.form.text("opinion").trim().to_owned();
    mistakes.measure(("opinion", &opinion), 0..=1000, "请精简审核意见");
    if !mistakes.is_empty() {
        again.mistakes = mistakes;
        return page_to_correct(&again);
    }
    let order = ReviewBatchOrder {
        list: list_ref(&again.batch, &again.form)?,
        ticked: again.checklist.iter().map(|item| item.name.clone()).collect(),
        opinion: Some(opinion).filter(|text| !text.is_empty()),
    };
    to_be_signed(&app, &visitor, (ActKind::BatchReview, &again.batch), &order).await
}

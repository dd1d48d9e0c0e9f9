//! 审核: a second person examines item by item, looks at other applications of the same holder, and
//! approves or refuses (Measures Art. 21 ¶3; Invariant 9; check C21-3). Nothing is ticked beforehand.

use access::{ActKind, Action};
use askama::Template;
use axum::extract::{Path, State};
use ra::catalogue::CheckItem;
use ra::{Application, Decision, Duplicate, EvidenceRow, Finding, FormRow, Material, ReviewOrder};

use super::{found, to_be_signed};
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::wording::Wording;
use crate::problem::Problem;

/// Most letters of what a reviewer writes, as the rules have it.
const MOST: usize = 1000;

#[derive(Template)]
#[template(path = "desk/review.html")]
struct Review<'c> {
    frame: Frame,
    application: Application,
    rows: Vec<FormRow>,
    checklist: Vec<&'c CheckItem>,
    duplicates: Vec<Duplicate>,
    method: String,
    proofs: Vec<ProofRow>,
    form: Form,
    mistakes: Mistakes,
}

/// A row of evidence as the reviewer reads it.
struct ProofRow {
    element: String,
    means: String,
    finding: &'static str,
    material: Option<(String, String)>,
    note: String,
}

impl Review<'_> {
    fn is_ticked(&self, name: &str) -> bool {
        self.form.all("ticked").any(|one| one == name)
    }

    fn is_seen(&self, id: &str) -> bool {
        self.form.all("duplicate").any(|one| one == id)
    }
}

/// `GET /desk/applications/{id}/review`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    page(&review(&app, (frame, &visitor), &id, Form::default()).await?)
}

async fn review<'a>(
    app: &'a App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    form: Form,
) -> Result<Review<'a>, Problem> {
    let application = found(app, visitor, id).await?;
    let (ra, read) =
        (app.registration()?, app.permit(visitor.principal(), Action::ReadApplication)?);
    let view = ra.form(&read, &application.id).await?;
    let duplicates = ra.duplicates(&read, &application.id).await?;
    let checklist = ra.catalogue().checklist_for(&application.kind, &application.service);
    let rows = view.rows.into_iter().filter(|row| !row.shown.is_empty()).collect();
    let mistakes = Mistakes::none();
    let (method, proofs) = proofs(app, visitor, &application).await?;
    Ok(Review { frame, method, proofs, rows, checklist, duplicates, form, mistakes, application })
}

/// How identity was proofed: each element with its means, finding, material and inquiry.
async fn proofs(
    app: &App,
    visitor: &Visitor,
    application: &Application,
) -> Result<(String, Vec<ProofRow>), Problem> {
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let (ra, id) = (app.registration()?, &application.id);
    let Some((proof, order)) = ra.proofed(&read, id).await? else {
        return Ok((String::new(), Vec::new()));
    };
    let method = ra.catalogue().method(proof.method())?;
    let kind = ra.catalogue().kind_for(&application.kind, &application.service)?;
    let materials = ra.materials(&read, id).await?;
    let inquiries = ra.inquiries(&read, id).await?;
    let wording = Wording::of(Some(ra.catalogue()), &serde_json::Map::new());
    let row = |row: EvidenceRow| {
        let file = materials.iter().find(|one| Some(&one.id) == row.material.as_ref());
        let titled = |one: &Material| {
            let rule = kind.material(&one.name);
            (one.id.to_string(), rule.map_or(one.name.clone(), |rule| rule.title.clone()))
        };
        let asked = inquiries.iter().find(|one| Some(&one.id) == row.inquiry.as_ref());
        let told = asked.map(|one| format!("{}：{}", one.source, one.answer.chinese()));
        let note = [row.note, told].into_iter().flatten().collect::<Vec<_>>().join("；");
        ProofRow {
            element: wording.title("element", &row.element).unwrap_or(row.element),
            means: method.means(&row.means).map_or(row.means, |means| means.title.clone()),
            finding: match row.finding {
                Finding::Matched => "一致",
                Finding::Mismatched => "不一致",
                Finding::Undetermined => "无法确定",
            },
            material: file.map(titled),
            note,
        }
    };
    let title = format!("{}（{} 级）", method.title, proof.level());
    Ok((title, order.evidence.into_iter().map(row).collect()))
}

/// `POST /desk/applications/{id}/review`: written down, to be signed.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let version = crate::pages::version(&form)?;
    let mut again = review(&app, (frame, &visitor), &id, form).await?;
    match decision(&again) {
        Ok(decision) => {
            let order = ReviewOrder { version, decision };
            to_be_signed(&app, &visitor, (ActKind::ReviewApplication, &id), &order).await
        }
        Err(mistakes) => {
            again.mistakes = mistakes;
            page_to_correct(&again)
        }
    }
}

/// Only what the page itself asks for; the rules are in `ra`.
fn decision(review: &Review<'_>) -> Result<Decision, Mistakes> {
    let form = &review.form;
    let text = |name: &str| form.text(name).trim().to_owned();
    let (opinion, reason, basis) = (text("opinion"), text("reason"), text("basis"));
    let mut mistakes = Mistakes::none();
    // Whatever is decided: what was written too long is not dropped unseen.
    let refuses = form.text("decision") == "refuse";
    let least = if refuses { 4 } else { 0 };
    let wanted = "请写明不予签发的理由，使申请人知道原因";
    mistakes.measure(("opinion", &opinion), 0..=MOST, "请精简审核意见");
    mistakes.measure(("reason", &reason), least..=MOST, wanted);
    mistakes.measure(("basis", &basis), least..=MOST, "请写明不予签发的依据（条款）");
    match form.text("decision") {
        "approve" => {
            for item in review.checklist.iter().filter(|item| !review.is_ticked(&item.name)) {
                mistakes.add(&format!("check-{}", item.name), format!("未确认：{}", item.text));
            }
            let seen: Vec<_> = form.all("duplicate").filter_map(|id| id.parse().ok()).collect();
            for one in review.duplicates.iter().filter(|one| !seen.contains(&one.application.id)) {
                let number = &one.application.number;
                mistakes.add(&format!("duplicate-{number}"), format!("请查看另一件申请 {number}"));
            }
            if !mistakes.is_empty() {
                return Err(mistakes);
            }
            let ticked = review.checklist.iter().map(|item| item.name.clone()).collect();
            let opinion = Some(opinion).filter(|text| !text.is_empty());
            Ok(Decision::Approve { ticked, duplicates: seen, opinion })
        }
        "refuse" if mistakes.is_empty() => Ok(Decision::Refuse { reason, basis }),
        "refuse" => Err(mistakes),
        _ => {
            mistakes.add("decision", "请选择审核结论");
            Err(mistakes)
        }
    }
}

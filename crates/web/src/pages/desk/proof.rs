//! 身份核验: one row of evidence for each element, never one for several (T-18, T-20; check C21-2). Nothing is
//! ticked beforehand; what could not be determined is said so (Invariant 11). An incomplete row comes
//! back with what is missing beside it, and nothing that was filled in is lost.

use access::{ActKind, Action};
use askama::Template;
use axum::extract::{Path, State};
use ra::catalogue::{Matter, Means, Method, Need};
use ra::{Application, Element, EvidenceRow, Finding, Inquiry, Material, ProofOrder};
use serde::Deserialize;

use super::{found, to_be_signed};
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// Most signs that are said of how an element was proofed.
const MOST_NOTE: usize = 500;

#[derive(Template)]
#[template(path = "desk/proof.html")]
struct Proof<'c> {
    frame: Frame,
    application: Application,
    methods: Vec<&'c Method>,
    method: &'c Method,
    rows: Vec<Row<'c>>,
    materials: Vec<(Material, String)>,
    common: Common,
    mistakes: Mistakes,
}

/// What several rows have in common, filled in once. The finding is none of it: that is said of each element.
#[derive(Default)]
struct Common {
    means: String,
    material: String,
    note: String,
}

impl Common {
    fn of(form: &Form) -> Self {
        let text = |part: &str| form.text(&format!("common.{part}")).trim().to_owned();
        Self { means: text("means"), material: text("material"), note: text("note") }
    }

    /// Fills what a row left empty. A row that these means do not prove has nothing in common with the others.
    fn fill(&self, row: &mut Row<'_>) {
        let fits = |name: &str| row.means.iter().any(|means| means.name == name);
        if row.chosen.is_empty() {
            if !fits(&self.means) {
                return;
            }
            row.chosen.clone_from(&self.means);
        } else if row.chosen != self.means {
            return;
        }
        for (into, from) in [(&mut row.material, &self.material), (&mut row.note, &self.note)] {
            if into.is_empty() {
                into.clone_from(from);
            }
        }
    }
}

/// One element, by which means of the method it can be proofed, and what was filled in so far.
struct Row<'c> {
    element: Element,
    means: Vec<&'c Means>,
    chosen: String,
    material: String,
    note: String,
    finding: String,
    /// What a public database said last.
    inquiry: Option<Inquiry>,
    /// Whether the method asks public databases about it.
    can_ask: bool,
}

impl Row<'_> {
    fn answer(&self) -> String {
        let told = |one: &Inquiry| format!("{}：{}", one.source, one.answer.chinese());
        self.inquiry.as_ref().map(told).unwrap_or_default()
    }
}

/// The method that was chosen.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    method: String,
}

/// `GET /desk/applications/{id}/proof`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(query): Params<Query>,
) -> Answer {
    let filled = (query.method.as_str(), &Form::default());
    page(&proof(&app, (frame, &visitor), &id, filled).await?)
}

async fn proof<'a>(
    app: &'a App,
    (frame, visitor): (Frame, &Visitor),
    id: &str,
    (chosen, form): (&str, &Form),
) -> Result<Proof<'a>, Problem> {
    let application = found(app, visitor, id).await?;
    let ra = app.registration()?;
    let kind = ra.catalogue().kind_for(&application.kind, &application.service)?;
    let methods = ra.catalogue().methods_for(kind, &application.service);
    let method = methods.iter().find(|one| one.name == chosen).or(methods.first()).copied();
    let method = method.ok_or_else(|| Problem::not_found("此类业务没有可用的身份核验方式"))?;
    let permit = app.permit(visitor.principal(), Action::ProofIdentity)?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let elements = ra.elements(&permit, &application.id).await?;
    let inquiries = ra.inquiries(&read, &application.id).await?;
    let row = |element: Element| {
        let text = |part: &str| form.text(&format!("{part}.{}", element.key)).trim().to_owned();
        let means = fitting(method, element.matter);
        Row {
            chosen: text("means"),
            material: text("material"),
            note: text("note"),
            finding: text("finding"),
            inquiry: inquiries.iter().find(|one| one.element == element.key).cloned(),
            can_ask: means.iter().any(|one| one.needs == Need::Inquiry),
            means,
            element,
        }
    };
    let rows = elements.into_iter().map(row).collect();
    let named = |one: Material| {
        let title = kind.material(&one.name).map_or(one.name.clone(), |rule| rule.title.clone());
        (one, title)
    };
    let materials = ra.materials(&read, &application.id).await?;
    let materials = materials.into_iter().map(named).collect();
    let (mistakes, common) = (Mistakes::none(), Common::of(form));
    Ok(Proof { frame, methods, method, rows, materials, common, mistakes, application })
}

fn fitting(method: &Method, matter: Matter) -> Vec<&Means> {
    method.means.iter().filter(|means| means.proves.contains(&matter)).collect()
}

/// `POST /desk/applications/{id}/proof`: written down, to be signed. With `ask`: a public database is
/// asked about one element first. With `fill`: what is common goes into the rows that are empty.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let version = crate::pages::version(&form)?;
    let asked = form.text("ask").to_owned();
    if !asked.is_empty() {
        let at = ra::At { id: id.parse()?, version };
        app.registration()?.inquire(visitor.permit()?, &at, &asked).await?;
    }
    let filled = (form.text("method"), &form);
    let mut again = proof(&app, (frame, &visitor), &id, filled).await?;
    let mut mistakes = Mistakes::none();
    if again.common.note.chars().count() > MOST_NOTE {
        mistakes.add("common-note", format!("核验经过不能超过 {MOST_NOTE} 字"));
        again.mistakes = mistakes;
        return page_to_correct(&again);
    }
    if !form.text("fill").is_empty() {
        if again.common.means.is_empty() {
            mistakes.add("common-means", "请先选择核验手段，再填入空着的各行");
            again.mistakes = mistakes;
            return page_to_correct(&again);
        }
        again.rows.iter_mut().for_each(|row| again.common.fill(row));
        return page(&again);
    }
    if !asked.is_empty() {
        return page(&again);
    }
    let evidence: Vec<EvidenceRow> = again
        .rows
        .iter()
        .filter_map(|row| {
            let checked = evidence(again.method, row);
            let wrong = |what| {
                let name = format!("row-{}", row.element.key);
                mistakes.add(&name, format!("{}：{what}", row.element.label));
            };
            checked.map_err(wrong).ok()
        })
        .collect();
    if !mistakes.is_empty() {
        again.mistakes = mistakes;
        return page_to_correct(&again);
    }
    let order = ProofOrder { version, method: again.method.name.clone(), evidence };
    to_be_signed(&app, &visitor, (ActKind::ProofIdentity, &id), &order).await
}

fn evidence(method: &Method, row: &Row<'_>) -> Result<EvidenceRow, &'static str> {
    let means = method.means(&row.chosen).ok_or("请选择核验手段")?;
    let finding = match row.finding.as_str() {
        "matched" => Finding::Matched,
        "mismatched" => Finding::Mismatched,
        "undetermined" => Finding::Undetermined,
        _ => return Err("请选择核验结果"),
    };
    let material = match (means.needs, row.material.as_str()) {
        (Need::Material, "") => return Err("请指明所依据的材料"),
        (_, "") => None,
        (_, id) => Some(id.parse().map_err(|_| "请重新指明所依据的材料")?),
    };
    let least = if means.needs == Need::Note { 4 } else { 0 };
    if !(least..=MOST_NOTE).contains(&row.note.chars().count()) {
        return Err("请写明核验经过，4 至 500 字");
    }
    let inquiry = row.inquiry.as_ref().filter(|_| means.needs == Need::Inquiry);
    if means.needs == Need::Inquiry && inquiry.is_none() {
        return Err("请先点“查询”，取得公共数据接口的答复");
    }
    Ok(EvidenceRow {
        element: row.element.key.clone(),
        means: means.name.clone(),
        finding,
        material,
        inquiry: inquiry.map(|one| one.id.clone()),
        note: Some(row.note.clone()).filter(|note| !note.is_empty()),
    })
}

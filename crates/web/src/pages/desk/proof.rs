//! 身份核验: one row of evidence for each element, never one for several (T-18, T-20). Nothing is
//! ticked beforehand; what could not be determined is said so (Invariant 11).

use access::{ActKind, Action};
use askama::Template;
use axum::extract::{Path, State};
use ra::catalogue::{Matter, Method, Need};
use ra::{Application, Element, EvidenceRow, Finding, Material, ProofOrder};
use serde::Deserialize;

use super::{found, to_be_signed};
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::form::Form;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "desk/proof.html")]
struct Proof<'c> {
    frame: Frame,
    application: Application,
    methods: Vec<&'c Method>,
    method: &'c Method,
    elements: Vec<Row<'c>>,
    materials: Vec<(Material, String)>,
}

/// One element, and by which means of the method it can be proofed.
struct Row<'c> {
    element: Element,
    means: Vec<&'c ra::catalogue::Means>,
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
    let application = found(&app, &visitor, &id).await?;
    let ra = app.registration()?;
    let kind = ra.catalogue().kind(&application.kind)?;
    let methods = ra.catalogue().methods_for(kind, &application.service);
    let method = methods.iter().find(|one| one.name == query.method).or(methods.first()).copied();
    let method = method.ok_or_else(|| Problem::not_found("此类业务没有可用的身份核验方式"))?;
    let elements = ra.elements(visitor.permit()?, &application.id).await?;
    let row = |element: Element| Row { means: fitting(method, element.matter), element };
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let materials = ra.materials(&read, &application.id).await?;
    let named = |one: Material| {
        let title = kind.material(&one.name).map_or(one.name.clone(), |rule| rule.title.clone());
        (one, title)
    };
    page(&Proof {
        frame,
        methods,
        method,
        elements: elements.into_iter().map(row).collect(),
        materials: materials.into_iter().map(named).collect(),
        application,
    })
}

fn fitting(method: &Method, matter: Matter) -> Vec<&ra::catalogue::Means> {
    method.means.iter().filter(|means| means.proves.contains(&matter)).collect()
}

/// `POST /desk/applications/{id}/proof`: written down, to be signed.
pub async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let ra = app.registration()?;
    let id_of = id.parse()?;
    let elements = ra.elements(visitor.permit()?, &id_of).await?;
    let version = crate::pages::version(&form)?;
    let method = ra.catalogue().method(form.text("method"))?;
    let evidence = elements.iter().map(|one| evidence(&app, (&form, method), &one.key));
    let evidence = evidence.collect::<Result<_, Problem>>()?;
    let order = ProofOrder { version, method: method.name.clone(), evidence };
    to_be_signed(&app, &visitor, (ActKind::ProofIdentity, &id), &order).await
}

fn evidence(_: &App, (form, method): (&Form, &Method), key: &str) -> Result<EvidenceRow, Problem> {
    let text = |part: &str| form.text(&format!("{part}.{key}")).trim().to_owned();
    let incomplete = |what: &str| {
        let text = format!("“{key}”没有{what}；请返回上一页，逐项填写后再提交");
        Problem::bad_request("web.evidence", text)
    };
    let means = text("means");
    let means = method.means(&means).ok_or_else(|| incomplete("选择核验手段"))?;
    let finding = match text("finding").as_str() {
        "matched" => Finding::Matched,
        "mismatched" => Finding::Mismatched,
        "undetermined" => Finding::Undetermined,
        _ => return Err(incomplete("选择核验结果")),
    };
    let material = match (means.needs, text("material").as_str()) {
        (Need::Material, "") => return Err(incomplete("指明所依据的材料")),
        (_, "") => None,
        (_, id) => Some(id.parse()?),
    };
    let note = Some(text("note")).filter(|note| !note.is_empty());
    let element = key.to_owned();
    Ok(EvidenceRow { element, means: means.name.clone(), finding, material, inquiry: None, note })
}

//! Materials: uploaded one by one, looked at, taken back. Types are known by content.

use access::Action;
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use ra::catalogue::MaterialRule;
use ra::{Application, Material, Upload};

use super::{Spot, Steps, issues, signs};
use crate::api::App;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/materials.html")]
struct Materials<'c> {
    frame: Frame,
    spot: Spot,
    steps: Steps,
    rows: Vec<Row<'c>>,
    version: i64,
    most: usize,
    next: &'static str,
    next_title: &'static str,
    mistakes: Mistakes,
}

struct Row<'c> {
    rule: &'c MaterialRule,
    files: Vec<FileRow>,
}

struct FileRow {
    id: String,
    media: &'static str,
    size: String,
    at: String,
}

/// `GET /application/materials`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor, spot: Spot) -> Answer {
    let application = spot.application(&app, &visitor).await?;
    page(&list(&app, (frame, spot, &visitor), (&application, Mistakes::none())).await?)
}

async fn list<'a>(
    app: &'a App,
    (frame, spot, visitor): (Frame, Spot, &Visitor),
    (application, mistakes): (&Application, Mistakes),
) -> Result<Materials<'a>, Problem> {
    let ra = app.registration()?;
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    let there = ra.materials(&permit, &application.id).await?;
    let file = |material: &Material| FileRow {
        id: material.id.to_string(),
        media: words::media(material.media),
        size: words::size(usize::try_from(material.size).unwrap_or(usize::MAX)),
        at: words::minute(material.added_at),
    };
    let row = |rule: &'a MaterialRule| Row {
        rule,
        files: there.iter().filter(|one| one.name == rule.name).map(file).collect(),
    };
    let kind = ra.catalogue().kind_for(&application.kind, &application.service)?;
    let rules = &kind.materials;
    let signs = signs(app, application)?;
    let (next, next_title) = match signs {
        true => ("endorse", "用现有证书签名"),
        false => ("check", "核对并提交"),
    };
    Ok(Materials {
        frame,
        spot,
        steps: Steps::at(2, issues(app, application)?),
        rows: rules.iter().map(row).collect(),
        version: application.version,
        most: ra::MOST_OCTETS >> 20,
        next,
        next_title,
        mistakes,
    })
}

/// `POST /application/materials`.
pub async fn add(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    spot: Spot,
    form: Form,
) -> Answer {
    let at = spot.at(&form)?;
    let name = form.text("material").to_owned();
    let field = format!("material:{name}");
    let refused = match form.file("file") {
        None => "请先选择要上传的文件".to_owned(),
        Some(file) => {
            let (file_name, content) = (file.name.clone(), file.content.to_vec());
            let upload = Upload { name, file_name, content };
            let permit = app.permit(visitor.principal(), Action::CreateApplication)?;
            match app.registration()?.add_material(&permit, &at, upload).await {
                Ok(_) => return go(&format!("{}/materials", spot.base)),
                Err(error @ ra::Error::Material(_)) => error.to_string(),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let application = spot.application(&app, &visitor).await?;
    let mistakes = Mistakes::one(&field, refused);
    page_to_correct(&list(&app, (frame, spot, &visitor), (&application, mistakes)).await?)
}

/// `POST /application/materials/{id}/remove`.
pub async fn remove(State(app): State<App>, visitor: Visitor, spot: Spot, form: Form) -> Answer {
    let permit = app.permit(visitor.principal(), Action::CreateApplication)?;
    app.registration()?
        .remove_material(&permit, &spot.at(&form)?, &spot.part("id").parse()?)
        .await?;
    go(&format!("{}/materials", spot.base))
}

/// `GET /application/materials/{id}`: the file itself. What the browser cannot show safely is
/// saved, and nothing in it is run.
pub async fn open(State(app): State<App>, visitor: Visitor, spot: Spot) -> Answer {
    let opened = app
        .registration()?
        .open_material(visitor.permit()?, &spot.id, &spot.part("id").parse()?)
        .await?;
    let headers = [
        (header::CONTENT_TYPE, opened.material.media.mime().to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&opened)),
    ];
    Ok((headers, opened.content.to_vec()).into_response())
}

/// Pictures are shown; other files are saved under an ASCII name (RFC 6266).
pub fn disposition(opened: &ra::OpenedMaterial) -> String {
    let way = match opened.material.media {
        ra::Media::Png | ra::Media::Jpeg => "inline",
        _ => "attachment",
    };
    format!("{way}; filename=\"{}.{}\"", opened.material.id, opened.material.media.ending())
}

//! What was seen at an office: supervision reports and photographs of the display (Measures Art. 27).

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ra::{Media, OfficeRecordKind};

use super::office::{found, sheet};
use crate::api::App;
use crate::pages::answer::{Answer, go, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;

/// `POST /admin/offices/{id}/records`.
pub async fn add(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let kind = OfficeRecordKind::parse(form.text("record"));
    let refused = match (kind, form.file("file")) {
        (None, _) => Mistakes::one("record", "请选择记录的种类"),
        (_, None) => Mistakes::one("file", "请先选择要上传的文件"),
        (Some(kind), Some(file)) => {
            let content = file.content.to_vec();
            let ra = app.registration()?;
            match ra.record_office(visitor.permit()?, &office.id, (kind, content)).await {
                Ok(_) => return go(&format!("/admin/offices/{}", office.id)),
                Err(error @ ra::Error::Material(_)) => Mistakes::one("file", error.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    page_to_correct(&sheet(&app, (frame, &visitor), office, (form, refused)).await?)
}

/// `GET /admin/offices/{id}/records/{record}`: the file itself. What the browser cannot show safely
/// is saved, and nothing in it is run.
pub async fn open(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, record)): Path<(String, String)>,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let ra = app.registration()?;
    let (media, content) = ra.open_office_record(visitor.permit()?, &office.id, &record).await?;
    let way = match media {
        Media::Png | Media::Jpeg => "inline",
        _ => "attachment",
    };
    let headers = [
        (header::CONTENT_TYPE, media.mime().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("{way}; filename=\"record-{record}.{}\"", media.ending()),
        ),
    ];
    Ok((headers, content.to_vec()).into_response())
}

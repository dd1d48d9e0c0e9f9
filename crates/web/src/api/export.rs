//! Lists as files: CSV of certificates, JSON lines of the journal. Both are streamed.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ca::{CertificateFilter, CertificateRecord};
use futures_util::stream;
use store::Filter;
use tokio_util::io::ReaderStream;

use super::certificates::FilterQuery;
use super::{App, Params};
use crate::gate::Allowed;
use crate::problem::Problem;

/// UTF-8 with a byte order mark, as spreadsheet programs want it.
const HEAD: &str = "\u{feff}序列号,申请编号,用途,模板,主体,起始时间,终止时间,状态,签发时间\r\n";

/// The certificates of a filter as CSV, oldest first.
#[utoipa::path(get, path = "/api/v1/export/certificates.csv", tag = "certificates",
    params(("q" = Option<String>, Query), ("status" = Option<String>, Query), ("profile" = Option<String>, Query)),
    responses((status = 200, content_type = "text/csv")))]
pub async fn certificates(
    State(app): State<App>,
    _: Allowed,
    Params(query): Params<FilterQuery>,
) -> Response {
    let export = app.ca().export(CertificateFilter::from(query));
    let head = stream::once(async { Ok::<_, ca::Error>(Bytes::from_static(HEAD.as_bytes())) });
    let rows = stream::try_unfold(export, |mut export| async move {
        let records = export.next().await?;
        if records.is_empty() {
            return Ok(None);
        }
        let text: String = records.iter().map(line).collect();
        Ok(Some((Bytes::from(text), export)))
    });
    let body = Body::from_stream(futures_util::StreamExt::chain(head, rows));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"certificates.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

fn line(record: &CertificateRecord) -> String {
    let fields = [
        record.serial.to_hex(),
        record.request_id.to_string(),
        record.role.as_str().to_owned(),
        record.profile.clone(),
        record.subject.clone(),
        record.not_before.to_string(),
        record.not_after.to_string(),
        record.status.as_str().to_owned(),
        record.issued_at.to_string(),
    ];
    format!("{}\r\n", fields.map(|field| quoted(&field)).join(","))
}

/// RFC 4180, and no cell that a spreadsheet program would run as a formula.
fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// The whole journal with its checkpoint: JSON lines that `yinxin journal verify` reads without
/// the database.
#[utoipa::path(get, path = "/api/v1/export/journal.jsonl", tag = "journal",
    responses((status = 200, content_type = "application/jsonl")))]
pub async fn journal(State(app): State<App>, _: Allowed) -> Result<Response, Problem> {
    let (mut writer, reader) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        if let Err(error) = app.store().export(&Filter::default(), &mut writer).await {
            tracing::error!(%error, "journal export broke off");
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal.jsonl\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(reader))).into_response())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_and_run_nothing() {
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}

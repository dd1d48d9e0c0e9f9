//! Lists as files for spreadsheet programs: CSV as RFC 4180 has it, in UTF-8 with a byte order
//! mark, and no cell that such a program would run as a formula. Long lists are streamed page by
//! page; a list that breaks off on the way breaks the transfer, so that nobody takes a part of it
//! for the whole.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};

/// One line of a list.
pub type Row = Vec<String>;

/// A short list. `name` is the file's name without its ending, of ASCII letters.
pub fn list(name: &str, headings: &[&str], rows: impl IntoIterator<Item = Row>) -> Response {
    let mut text = head(headings);
    text.extend(rows.into_iter().map(|row| line(&row)));
    file(name, Body::from(text))
}

/// A long list, as pages of rows come.
pub fn streamed<E>(
    name: &str,
    headings: &[&str],
    pages: impl Stream<Item = Result<Vec<Row>, E>> + Send + 'static,
) -> Response
where
    E: std::error::Error + Send + Sync + 'static,
{
    let head = head(headings);
    let head = stream::once(async move { Ok::<_, E>(Bytes::from(head)) });
    let pages = pages.map(|page| {
        page.map(|rows| Bytes::from(rows.iter().map(|row| line(row)).collect::<String>()))
            .inspect_err(|error| tracing::error!(%error, "a list broke off on its way"))
    });
    file(name, Body::from_stream(head.chain(pages)))
}

fn file(name: &str, body: Body) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, body).into_response()
}

fn head(headings: &[&str]) -> String {
    let cells: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    format!("\u{feff}{}", line(&cells))
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// Quoted always; what begins like a formula is text by an apostrophe.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn text(response: Response) -> String {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_list_has_its_mark_its_headings_and_no_cell_that_runs() {
        let rows = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a\"b,c", "甲"];
        let rows = rows.map(|cell| vec![cell.to_owned(), "1".to_owned()]);
        let text = text(list("queue", &["项目", "数量"], rows)).await;
        let lines: Vec<_> = text.split("\r\n").collect();
        assert_eq!(lines[0], "\u{feff}\"项目\",\"数量\"");
        assert!(lines[1..7].iter().all(|line| line.starts_with("\"'")), "{lines:?}");
        assert_eq!(lines[7], "\"a\"\"b,c\",\"1\"");
        assert_eq!(lines[8..], ["\"甲\",\"1\"", ""]);
    }

    #[tokio::test]
    async fn a_streamed_list_reads_like_a_whole_one_and_breaks_where_it_fails() {
        let page = |cell: &str| Ok(vec![vec![cell.to_owned()]]);
        let good: [Result<_, std::io::Error>; 2] = [page("1"), page("2")];
        let streamed_text = text(streamed("x", &["数"], stream::iter(good))).await;
        let rows = ["1", "2"].map(|cell| vec![cell.to_owned()]);
        assert_eq!(streamed_text, text(list("x", &["数"], rows)).await);
        let bad = [page("1"), Err(std::io::Error::other("gone"))];
        let body = streamed("x", &["数"], stream::iter(bad)).into_body();
        assert!(body.collect().await.is_err());
    }
}

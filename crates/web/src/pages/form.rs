//! Forms: read once by the guard, and what is wrong with a filled one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use bytes::Bytes;

use crate::octets::{self, Bringer, Room};
use crate::problem::Problem;

/// Largest form without files, in octets.
const TEXT_LIMIT: usize = 256 << 10;
/// Largest form with files: what was signed, of the largest size, and what goes with it. What is too large for
/// a material or a sheet is refused by the rules.
const FILE_LIMIT: usize = super::verify::MOST_OCTETS + (1 << 20);
const _: () = assert!(ra::MOST_SHEET_OCTETS < FILE_LIMIT);
/// How often files are in memory at most: as they came, and what is made of them.
const COPIES: usize = 2;
/// Most parts of a form with files.
const MOST_PARTS: usize = 64;

/// A filled form.
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    files: Vec<File>,
    /// What large files take, as long as the form is there.
    _room: Option<Arc<Room>>,
}

/// A file of a form.
#[derive(Debug, Clone)]
pub struct File {
    /// The field.
    pub field: String,
    /// What the visitor's computer calls it.
    pub name: String,
    /// Its octets.
    pub content: Bytes,
}

impl Form {
    /// With these fields, as if somebody had filled it so.
    pub fn of(fields: Vec<(String, String)>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// The value of a field; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The values of a field that may come more than once.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Fields whose names begin so, with the rest of their names.
    pub fn below<'f>(&'f self, start: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        let part = move |(name, value): &'f (String, String)| {
            Some((name.strip_prefix(start)?, value.as_str()))
        };
        self.fields.iter().filter_map(part)
    }

    /// Whether any file was chosen.
    pub fn has_files(&self) -> bool {
        self.files.iter().any(|file| !file.content.is_empty())
    }

    /// The files of a field that may have several.
    pub fn every<'f>(&'f self, field: &'f str) -> impl Iterator<Item = &'f File> {
        self.files.iter().filter(move |file| {
            file.field == field && !(file.content.is_empty() && file.name.is_empty())
        })
    }

    /// The file of a field, if one was chosen.
    pub fn file(&self, field: &str) -> Option<&File> {
        self.files.iter().find(|file| file.field == field && !file.content.is_empty())
    }
}

/// Reads the body of a POST that somebody sends.
pub async fn read(parts: &Parts, body: Body, bringer: Bringer) -> Result<Form, Problem> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        return files(parts, body, bringer).await;
    }
    if !kind.is_empty() && !kind.starts_with("application/x-www-form-urlencoded") {
        let text = "提交的内容类型不受支持；请从本网站的页面填写并提交";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "web.media_type", text));
    }
    let (body, _) = gathered(body, TEXT_LIMIT, bringer).await?;
    let fields = form_urlencoded::parse(&body).into_owned().map(typed).collect();
    Ok(Form::of(fields))
}

async fn gathered(
    body: Body,
    limit: usize,
    bringer: Bringer,
) -> Result<(Bytes, Option<Room>), Problem> {
    let read = octets::read_with_room(body, (limit, COPIES), bringer).await;
    read.map_err(|problem| match problem.status {
        413 => too_large(),
        _ => problem,
    })
}

async fn files(parts: &Parts, body: Body, bringer: Bringer) -> Result<Form, Problem> {
    let broken =
        || Problem::bad_request("web.form", "上传没有完成；请返回上一页，重新选择文件并提交");
    let (body, room) = gathered(body, FILE_LIMIT, bringer).await?;
    let mut request = Request::new(Body::from(body));
    request.headers_mut().extend(parts.headers.clone());
    // What is gathered above is within our own limit; the framework's would be two megabytes.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    let mut form = Form { _room: room.map(Arc::new), ..Form::default() };
    while let Some(part) = multipart.next_field().await.map_err(|_| broken())? {
        if form.fields.len() + form.files.len() >= MOST_PARTS {
            return Err(broken());
        }
        let field = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(name) => {
                let content = part.bytes().await.map_err(|_| broken())?;
                form.files.push(File { field, name, content });
            }
            None => {
                let value = part.text().await.map_err(|_| broken())?;
                form.fields.push(typed((field, value)));
            }
        }
    }
    Ok(form)
}

/// Lines end as people type them, not as browsers send them; what nobody types is not kept.
fn typed((name, value): (String, String)) -> (String, String) {
    let value = value.replace("\r\n", "\n").chars().filter(|sign| !is_unseen(*sign)).collect();
    (name, value)
}

/// Controls, and signs that turn the direction of writing (UAX #9): with them somebody would sign for
/// something else than what is read.
fn is_unseen(sign: char) -> bool {
    (sign.is_control() && !matches!(sign, '\n' | '\t'))
        || matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
}

fn too_large() -> Problem {
    let (most, sheet) = (ra::MOST_OCTETS >> 20, ra::MOST_SHEET_OCTETS >> 20);
    let signed = super::verify::MOST_OCTETS >> 20;
    let text = format!(
        "提交的内容过大；单个文件不能超过 {most} MB，批量表格不能超过 {sheet} MB，验证签名的原文不能超过 {signed} MB，请压缩或分开后重新上传"
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "web.too_large", text)
}

/// The mistakes of one form, in the order of its fields.
#[derive(Debug, Clone, Default)]
pub struct Mistakes(Vec<Mistake>);

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The name of the field, which is also its anchor.
    pub field: String,
    /// What is wrong and how to put it right.
    pub text: String,
}

impl Mistakes {
    /// Of a form without any.
    pub fn none() -> Self {
        Self::default()
    }

    /// Of a form with one.
    pub fn one(field: &str, text: impl Into<String>) -> Self {
        let mut mistakes = Self::none();
        mistakes.add(field, text);
        mistakes
    }

    /// Adds one.
    pub fn add(&mut self, field: &str, text: impl Into<String>) {
        self.0.push(Mistake { field: field.to_owned(), text: text.into() });
    }

    /// Says beside its field that a text is too short or too long, and how long it is then: it comes back
    /// whole, to be cut.
    pub fn measure(
        &mut self,
        (field, text): (&str, &str),
        letters: std::ops::RangeInclusive<usize>,
        wanted: &str,
    ) {
        let (count, least, most) = (text.chars().count(), letters.start(), letters.end());
        if count > *most {
            self.add(field, format!("{wanted}，最多 {most} 字；现有 {count} 字，请删减"));
        } else if count < *least {
            self.add(field, format!("{wanted}，至少 {least} 字"));
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn all(&self) -> &[Mistake] {
        &self.0
    }

    /// The mistake of a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn form(kind: &str, body: &'static [u8]) -> Result<Form, Problem> {
        let request = Request::builder().header("content-type", kind).body(Body::from(body));
        let (parts, body) = request.unwrap().into_parts();
        read(&parts, body, Bringer::from(None)).await
    }

    #[test]
    fn a_text_is_measured_in_letters_and_what_is_too_long_is_told_how_much() {
        let mut mistakes = Mistakes::none();
        mistakes.measure(("a", "写明理由"), 4..=5, "请写明理由");
        assert!(mistakes.is_empty());
        mistakes.measure(("b", "长长长长长长"), 4..=5, "请写明理由");
        assert_eq!(mistakes.of("b"), Some("请写明理由，最多 5 字；现有 6 字，请删减"));
        mistakes.measure(("c", "短"), 4..=5, "请写明理由");
        assert_eq!(mistakes.of("c"), Some("请写明理由，至少 4 字"));
    }

    #[tokio::test]
    async fn a_plain_form_is_read_with_its_lines() {
        let form = form("application/x-www-form-urlencoded", b"a=%E5%BC%A0&b=1%0D%0A2&b=3").await;
        let form = form.unwrap();
        assert_eq!((form.text("a"), form.text("b"), form.text("c")), ("张", "1\n2", ""));
        assert_eq!(form.all("b").collect::<Vec<_>>(), ["1\n2", "3"]);
    }

    #[tokio::test]
    async fn what_turns_or_hides_what_is_read_is_not_kept() {
        let form =
            form("application/x-www-form-urlencoded", b"a=%E5%BC%A0%E2%80%AE%00%E4%B8%89%0A%09%07");
        assert_eq!(form.await.unwrap().text("a"), "张三\n\t");
    }

    #[tokio::test]
    async fn a_file_keeps_its_octets_and_an_empty_choice_is_none() {
        let body = b"--x\r\ncontent-disposition: form-data; name=\"token\"\r\n\r\nt\r\n\
            --x\r\ncontent-disposition: form-data; name=\"f\"; filename=\"../a.pdf\"\r\n\r\n%PDF-\r\n\x00\r\n\
            --x\r\ncontent-disposition: form-data; name=\"g\"; filename=\"\"\r\n\r\n\r\n--x--\r\n";
        let form = form("multipart/form-data; boundary=x", body).await.unwrap();
        assert_eq!(form.text("token"), "t");
        assert_eq!(form.file("f").unwrap().content.as_ref(), b"%PDF-\r\n\x00");
        assert!(form.file("g").is_none());
    }

    #[tokio::test]
    async fn a_file_of_the_largest_size_comes_whole() {
        let head = "--x\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
        let largest = vec![b'a'; super::super::verify::MOST_OCTETS];
        let body = [head.as_bytes(), &largest, b"\r\n--x--\r\n"].concat();
        let request = Request::builder().header("content-type", "multipart/form-data; boundary=x");
        let (parts, body) = request.body(Body::from(body)).unwrap().into_parts();
        let form = read(&parts, body, Bringer::from(None)).await.unwrap();
        assert_eq!(form.file("f").unwrap().content.len(), largest.len());
    }

    #[tokio::test]
    async fn other_types_and_broken_uploads_are_refused() {
        assert_eq!(form("text/plain", b"a=1").await.unwrap_err().status, 415);
        assert_eq!(form("application/json", b"{}").await.unwrap_err().status, 415);
        assert_eq!(
            form("multipart/form-data; boundary=x", b"--x\r\n").await.unwrap_err().status,
            400
        );
        assert_eq!(form("multipart/form-data", b"").await.unwrap_err().status, 400);
    }
}

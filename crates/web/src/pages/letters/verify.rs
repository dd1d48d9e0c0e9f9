//! 核验文书: is a letter genuine. By number and verification code, then the letter is shown whole; by
//! the file, then only whether it is the one that was issued: who has the code or the file has the
//! content already, and nobody else learns any of it.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use letters::{Block, Sheet, Verdict};

use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "letters/verify.html")]
struct Verify {
    frame: Frame,
    number: String,
    code: String,
    mistakes: Mistakes,
    finding: Option<Finding>,
}

/// What came of it.
enum Finding {
    Genuine { facts: Facts, signature_holds: bool, sheet: Option<Box<Sheet>> },
    Changed(Facts),
    Unknown,
}

struct Facts {
    title: &'static str,
    number: String,
    issued_at: String,
}

impl From<&letters::Issued> for Facts {
    fn from(issued: &letters::Issued) -> Self {
        Self {
            title: issued.kind.chinese(),
            number: issued.number.clone(),
            issued_at: words::minute(issued.issued_at),
        }
    }
}

/// `GET /letters/verify`.
pub async fn ask(frame: Frame) -> Answer {
    let mistakes = Mistakes::none();
    page(&Verify { frame, number: String::new(), code: String::new(), mistakes, finding: None })
}

/// No letter has a longer number.
const MOST_NUMBER: usize = 100;

/// `POST /letters/verify`. Changes nothing, so the answer may be this page.
pub async fn verify(State(app): State<App>, frame: Frame, form: Form) -> Answer {
    let (number, code) = (form.text("number").trim(), form.text("code").trim());
    let mut asked = Verify {
        frame,
        number: number.to_owned(),
        code: code.to_owned(),
        mistakes: Mistakes::none(),
        finding: None,
    };
    asked.mistakes.measure(("number", number), 0..=MOST_NUMBER, "请核对文书编号");
    if !asked.mistakes.is_empty() {
        return page_to_correct(&asked);
    }
    if let Some(file) = form.file("file") {
        match app.letters()?.verify_file(&file.content).await {
            Ok(verdict) => asked.finding = Some(finding(verdict, false)),
            Err(letters::Error::File(why)) => {
                let text = format!("{why}；请选择下载的 PDF 或 JSON 文件原件");
                asked.mistakes.add("file", text);
            }
            Err(error) => return Err(wrapped(error)),
        }
    } else if number.is_empty() || code.is_empty() {
        if number.is_empty() {
            asked.mistakes.add("number", "请填写文书编号，或者选择文件");
        }
        if code.is_empty() {
            asked.mistakes.add("code", "请填写文书末尾的验证码，或者选择文件");
        }
    } else {
        let verdict = app.letters()?.verify_code(number, code).await.map_err(wrapped)?;
        asked.finding = Some(finding(verdict, true));
    }
    if asked.mistakes.is_empty() { page(&asked) } else { page_to_correct(&asked) }
}

fn wrapped(error: letters::Error) -> Problem {
    app::Error::from(error).into()
}

/// The content is shown to who has the code.
fn finding(verdict: Verdict, has_code: bool) -> Finding {
    match verdict {
        Verdict::Genuine(found) => Finding::Genuine {
            facts: Facts::from(&found.issued),
            signature_holds: found.signature_holds,
            sheet: has_code.then(|| Box::new(found.letter.sheet)),
        },
        Verdict::Changed(issued) => Finding::Changed(Facts::from(&issued)),
        Verdict::Unknown => Finding::Unknown,
    }
}

/// `GET /letters/key.pem`: the public key that letters are signed with.
pub async fn key(State(app): State<App>) -> Answer {
    let der = pki::Spki::of(app.letters()?.key());
    let pem = pki::pem::encode("PUBLIC KEY", der.der()).map_err(app::Error::from)?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response())
}

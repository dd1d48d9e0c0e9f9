//! 问题报告: anybody reports a leaked key or a suspicious certificate, with evidence; who proves to have the key has the
//! certificate suspended at once (T-16).

use app::voice::{ComplaintWords, EVIDENCE_ENDINGS, KeyProof, NewEvidence, NewProblem, Stopped};
use askama::Template;
use axum::extract::State;
use axum::http::request::Parts;
use pki::Serial;
use serde::Deserialize;

use crate::api::problems::signature_of;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;

/// The certificate of which a statement is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    serial: String,
}

#[derive(Template)]
#[template(path = "voice/problem.html")]
struct Report {
    frame: Frame,
    words: ComplaintWords,
    serial: String,
    statement: String,
    signature: String,
    accept: String,
    supervision: String,
    /// How long evidence, and the report itself, are kept once it is closed and led to no change of status.
    kept_days: u16,
    words_days: u16,
    mistakes: Mistakes,
}

fn blank(app: &App, frame: Frame) -> Report {
    let endings: Vec<String> = EVIDENCE_ENDINGS.iter().map(|one| format!(".{one}")).collect();
    Report {
        frame,
        words: ComplaintWords::default(),
        serial: String::new(),
        statement: String::new(),
        signature: String::new(),
        accept: endings.join(","),
        supervision: app.settings().disclosure.supervision_phone.trim().to_owned(),
        kept_days: app.settings().voice.evidence_days,
        words_days: app.settings().voice.complaint_days,
        mistakes: Mistakes::none(),
    }
}

/// `GET /problems`: the form, and with `?serial=…` the statement that is to be signed.
pub async fn ask(State(app): State<App>, frame: Frame, Params(query): Params<Query>) -> Answer {
    let mut shown = blank(&app, frame);
    shown.serial = query.serial.chars().filter(|sign| !sign.is_whitespace()).take(64).collect();
    if shown.serial.is_empty() {
        return page(&shown);
    }
    shown.words.about = shown.serial.clone();
    let found = match Serial::from_hex(&shown.serial) {
        Ok(serial) => app.problem_statement(&serial).await,
        Err(_) => Err(app::Error::NotApplicable("请填写证书序列号，由数字和字母 a 至 f 组成")),
    };
    match found {
        Ok(statement) => shown.statement = statement,
        Err(app::Error::NotApplicable(why)) => shown.mistakes = Mistakes::one("serial", why),
        Err(error) => return Err(error.into()),
    }
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

#[derive(Template)]
#[template(path = "voice/problem_lodged.html")]
struct Lodged {
    frame: Frame,
    number: String,
    check_code: String,
    left_out: bool,
    stopped: Option<Stopped>,
}

/// `POST /problems`. The answer is this page itself: the check code is shown once and kept nowhere.
pub async fn lodge(State(app): State<App>, frame: Frame, parts: Parts, form: Form) -> Answer {
    let text = |name: &str| form.text(name).trim().to_owned();
    let words = ComplaintWords {
        text: text("text"),
        about: text("about"),
        name: text("name"),
        contact: text("contact"),
        ..ComplaintWords::default()
    };
    let files = form.every("evidence");
    let evidence =
        files.map(|one| NewEvidence { name: one.name.clone(), content: one.content.to_vec() });
    let (statement, signature) = (text("statement"), text("signature"));
    let (mut mistakes, mut proof) = (Mistakes::none(), None);
    match (signature.is_empty(), signature_of(&signature)) {
        (true, _) => {}
        (false, Some(signature)) if !statement.is_empty() => {
            proof = Some(KeyProof { statement: statement.clone(), signature });
        }
        (false, Some(_)) => mistakes.add("signature", "请先按证书序列号取得声明，再对声明签名"),
        (false, None) => mistakes.add("signature", "签名应为 Base64 或十六进制，请重新粘贴"),
    }
    let new = NewProblem { words, evidence: evidence.collect(), proof };
    for (field, why) in app.problem_mistakes(&new) {
        mistakes.add(field, why);
    }
    if mistakes.is_empty() {
        let (source, now) = (frame.site.source(&parts)?, app.clock().now());
        if let Err(seconds) = frame.site.rate().count_octets(source, now, new.octets()) {
            let text = format!("一分钟内提交的文件过多；请在 {seconds} 秒后重新选择文件并提交");
            mistakes.add("evidence", text);
        }
    }
    let words = new.words.clone();
    let mut lodged = None;
    if mistakes.is_empty() {
        match app.lodge_problem(new).await {
            Ok(done) => lodged = Some(done),
            Err(app::Error::NotApplicable(why)) => mistakes.add("signature", why),
            Err(error) => return Err(error.into()),
        }
    }
    match lodged {
        Some(done) => page(&Lodged {
            frame,
            number: done.lodged.number,
            check_code: done.lodged.check_code,
            left_out: done.lodged.left_out,
            stopped: done.stopped,
        }),
        None => {
            page_to_correct(&Report { words, statement, signature, mistakes, ..blank(&app, frame) })
        }
    }
}

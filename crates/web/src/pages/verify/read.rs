//! The filled form as a question. What is wrong comes back beside its field, all at once.

use pki::Serial;
use status::verification::{
    CertificateQuestion, Covered, Evidence, Form as Signature, Purpose, SignatureQuestion, Wrong,
};

use super::{MOST_OCTETS, beijing};
use crate::api::verify_question as question;
use crate::pages::form::{Form, Mistakes};
use crate::problem::Problem;

/// The question about a certificate.
pub(super) fn certificate(form: &Form) -> Result<CertificateQuestion, Mistakes> {
    let mut mistakes = Mistakes::none();
    let der = match one_of(form, "c_certificate", "c_text") {
        None => {
            mistakes.add("c_certificate", "请选择要验证的证书文件，或者粘贴证书");
            None
        }
        Some(octets) => kept(&mut mistakes, "c_certificate", question::certificate_der(&octets)),
    };
    let evidence = evidence(form, "c", &mut mistakes);
    let typed = form.text("c_at").trim();
    let at = beijing(typed);
    if at.is_none() && !typed.is_empty() {
        mistakes.add("c_at", "请填写完整的日期和时间（北京时间），或者不填");
    }
    let purpose = Purpose::of(form.text("c_purpose")).unwrap_or_default();
    match der {
        Some(der) if mistakes.is_empty() => {
            Ok(CertificateQuestion { der, evidence, at, purpose, policies: Vec::new() })
        }
        _ => Err(mistakes),
    }
}

/// The question about a signature.
pub(super) fn signature(form: &Form) -> Result<SignatureQuestion, Mistakes> {
    let mut mistakes = Mistakes::none();
    let signature = match one_of(form, "s_signature", "s_text") {
        None => {
            mistakes.add("s_signature", "请选择签名文件，或者粘贴签名");
            None
        }
        Some(octets) => told(&mut mistakes, "s_signature", Signature::of(&octets)),
    };
    let covered = covered(form, &mut mistakes);
    let certificate = form.file("s_certificate").and_then(|file| {
        kept(&mut mistakes, "s_certificate", question::certificate(&file.content))
    });
    let serial = serial(form.text("s_serial"), &mut mistakes);
    let user_id = question::user_id(Some(form.text("s_user").trim()));
    let user_id = kept(&mut mistakes, "s_user", user_id);
    let evidence = evidence(form, "s", &mut mistakes);
    match (signature, user_id) {
        (Some(signature), Some(user_id)) if mistakes.is_empty() => Ok(SignatureQuestion {
            form: signature,
            covered,
            certificate,
            serial,
            evidence,
            user_id,
            policies: Vec::new(),
        }),
        _ => Err(mistakes),
    }
}

/// The content, or what the browser computed of it.
fn covered(form: &Form, mistakes: &mut Mistakes) -> Covered {
    let content = form.file("s_content").map(|file| &file.content);
    if content.is_some_and(|content| content.len() > MOST_OCTETS) {
        let most = MOST_OCTETS >> 20;
        mistakes
            .add("s_content", format!("上传的原文不能超过 {most} MB；更大的请填写原文的 SM3 值"));
        return Covered::Nothing;
    }
    let mut digest = |field: &str, name: &str| match form.text(field).trim() {
        "" => None,
        text => kept(mistakes, "s_digest", question::hex_digest(name, text)),
    };
    let (sm3, e) = (digest("s_digest", "SM3 值"), digest("s_e", "e 值"));
    let covered = question::covered(content.map(|content| content.to_vec()), sm3, e);
    kept(mistakes, "s_digest", covered).unwrap_or(Covered::Nothing)
}

/// A serial number as people copy it.
fn serial(text: &str, mistakes: &mut Mistakes) -> Option<Serial> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
    if plain.is_empty() {
        return None;
    }
    let read = Serial::from_hex(&plain.to_lowercase());
    if read.is_err() {
        mistakes.add("s_serial", "序列号应为 1 至 40 位十六进制数（0–9、A–F），可以带空格或冒号");
    }
    read.ok()
}

/// What was enclosed: chain, list, OCSP answer.
fn evidence(form: &Form, of: &str, mistakes: &mut Mistakes) -> Evidence {
    type Add = fn(&mut Evidence, &[u8]) -> Result<(), Wrong>;
    let mut evidence = Evidence::default();
    let kinds: [(&str, Add); 3] = [
        ("chain", Evidence::add_certificates),
        ("crl", Evidence::add_lists),
        ("ocsp", Evidence::add_answer),
    ];
    for (kind, add) in kinds {
        let field = format!("{of}_{kind}");
        if let Some(file) = form.file(&field) {
            told(mistakes, &field, add(&mut evidence, &file.content));
        }
    }
    evidence
}

/// A file, or what was pasted: PEM as it is, Base64 decoded.
fn one_of(form: &Form, file: &str, text: &str) -> Option<Vec<u8>> {
    if let Some(file) = form.file(file) {
        return Some(unwrapped(&file.content));
    }
    let text = form.text(text).trim();
    (!text.is_empty()).then(|| unwrapped(text.as_bytes()))
}

/// Base64 text of DER is as good as DER: mail programs and people make it so.
fn unwrapped(octets: &[u8]) -> Vec<u8> {
    question::from_base64(octets).unwrap_or_else(|| octets.to_vec())
}

fn kept<T>(mistakes: &mut Mistakes, field: &str, read: Result<T, Problem>) -> Option<T> {
    read.map_err(|problem| mistakes.add(field, problem.detail)).ok()
}

fn told<T>(mistakes: &mut Mistakes, field: &str, read: Result<T, Wrong>) -> Option<T> {
    read.map_err(|wrong| mistakes.add(field, wrong.to_string())).ok()
}

//! A report as people read it: the verdict first, then every check with its reason and what it was
//! judged by.

use jiff::Timestamp;
use status::verification::{
    Basis, CertificateReport, Check, Judged, Outcome, SignatureReport, SignerReport,
};

use crate::api::verify_view::{CertificateReportView, SignatureReportView, chinese};
use crate::pages::words;

/// One report.
pub(super) struct Report {
    pub title: &'static str,
    pub verdict: Tag,
    pub sentence: &'static str,
    pub facts: Vec<(&'static str, String)>,
    pub sections: Vec<Section>,
    /// The same for programs.
    pub json: String,
}

/// A part of a report.
pub(super) struct Section {
    pub heading: String,
    pub verdict: Tag,
    pub facts: Vec<(&'static str, String)>,
    pub rows: Vec<Row>,
    pub path: Vec<String>,
}

/// One check.
pub(super) struct Row {
    pub title: &'static str,
    pub tag: Tag,
    pub reason: String,
    pub about: Option<String>,
    pub basis: String,
    pub weighs: bool,
}

/// How something ended.
pub(super) struct Tag {
    pub class: &'static str,
    pub word: &'static str,
}

impl From<Outcome> for Tag {
    fn from(outcome: Outcome) -> Self {
        let class = match outcome {
            Outcome::Passed => "tag--good",
            Outcome::Failed => "tag--bad",
            Outcome::Unknown => "tag--unknown",
        };
        Self { class, word: chinese(outcome) }
    }
}

impl Report {
    pub fn of_certificate(report: CertificateReport) -> Self {
        let judged = &report.judged;
        let mut facts = head(report.made_at, (&report.snapshot, report.anchors));
        facts.push(("证书的 SM3 值", words::groups(&report.input)));
        facts.push(("用途", report.purpose.chinese().to_owned()));
        Self {
            title: "证书验证报告",
            verdict: judged.verdict.into(),
            sentence: sentence(judged.verdict, "证书"),
            facts,
            sections: vec![section("证书".to_owned(), judged)],
            json: json(&CertificateReportView::from(report)),
        }
    }

    pub fn of_signature(report: SignatureReport, was_uploaded: bool) -> Self {
        let mut facts = head(report.made_at, (&report.snapshot, report.anchors));
        facts.push(("签名的 SM3 值", words::groups(&report.input)));
        if let Some(content) = &report.content {
            facts.push(("原文的 SM3 值", words::groups(content)));
        }
        facts.push(("原文", content_words(&report, was_uploaded).to_owned()));
        let mut sections = Vec::new();
        if !report.checks.is_empty() {
            sections.push(Section {
                heading: "签名整体".to_owned(),
                verdict: status::verification::rules::verdict(&report.checks).into(),
                facts: Vec::new(),
                rows: rows(&report.checks),
                path: Vec::new(),
            });
        }
        for (at, signer) in report.signers.iter().enumerate() {
            sections.extend(signer_sections(at + 1, signer));
        }
        Self {
            title: "签名验证报告",
            verdict: report.verdict.into(),
            sentence: sentence(report.verdict, "签名"),
            facts,
            sections,
            json: json(&SignatureReportView::from(report)),
        }
    }
}

fn content_words(report: &SignatureReport, was_uploaded: bool) -> &'static str {
    match (report.attached, was_uploaded) {
        (true, _) => "在签名中",
        (false, true) => "已上传，只用于本次验证，没有保存",
        (false, false) => {
            "没有上传，本服务只收到杂凑值；杂凑值是否出自您的原文，由您的浏览器或您自己计算"
        }
    }
}

fn head(made_at: Timestamp, (snapshot, anchors): (&str, usize)) -> Vec<(&'static str, String)> {
    vec![
        ("报告时间", format!("{}（北京时间）", words::second(made_at))),
        ("信任锚", format!("{anchors} 张，快照 {}", words::groups(snapshot))),
    ]
}

fn sentence(verdict: Outcome, what: &str) -> &'static str {
    match (verdict, what) {
        (Outcome::Passed, "证书") => "每一项检查都通过：证书在验证时刻有效。",
        (Outcome::Passed, _) => "每一项检查都通过：内容没有改动，签名者的证书有效。",
        (Outcome::Failed, "证书") => "至少一项检查不通过：请不要信赖这张证书。",
        (Outcome::Failed, _) => "至少一项检查不通过：请不要信赖这个签名。",
        (Outcome::Unknown, _) => {
            "没有发现问题，但至少一项检查未能判定，不能当作通过。请按说明补充材料后再验证。"
        }
    }
}

fn signer_sections(at: usize, signer: &SignerReport) -> Vec<Section> {
    let mut facts = Vec::new();
    if let Some((issuer, serial)) = &signer.named {
        facts.push(("签名者证书的颁发者", issuer.clone()));
        facts.push(("签名者证书的序列号", words::groups(serial)));
    }
    if let Some(claimed) = signer.claimed_at {
        facts.push(("签名者自述的时间", format!("{}（没有证明）", words::second(claimed))));
    }
    let own = Section {
        heading: format!("签名 {at}"),
        verdict: status::verification::rules::verdict(&signer.checks).into(),
        facts,
        rows: rows(&signer.checks),
        path: Vec::new(),
    };
    let certificate = signer.certificate.as_ref();
    let certificate = certificate.map(|one| section(format!("签名 {at} 的签名者证书"), one));
    std::iter::once(own).chain(certificate).collect()
}

fn section(heading: String, judged: &Judged) -> Section {
    let mut facts = vec![("验证时刻", format!("{}（北京时间）", words::second(judged.at)))];
    if let Some(said) = &judged.facts {
        let subject = said.subject.as_deref().unwrap_or("为保护个人信息，签名验证通过后才显示");
        facts.push(("主体", subject.to_owned()));
        facts.push(("颁发者", said.issuer.clone()));
        facts.push(("序列号", words::groups(&said.serial)));
        let (from, until) = (words::second(said.not_before), words::second(said.not_after));
        facts.push(("有效期", format!("{from} 至 {until}")));
    }
    let path = judged.path.iter().rev().map(|entry| {
        let subject = match entry.subject.as_str() {
            "" => "签名者的证书",
            subject => subject,
        };
        let anchor = if entry.anchor { "（信任锚）" } else { "" };
        format!("{subject}{anchor}")
    });
    Section {
        heading,
        verdict: judged.verdict.into(),
        facts,
        rows: rows(&judged.checks),
        path: path.collect(),
    }
}

fn rows(checks: &[Check]) -> Vec<Row> {
    let row = |check: &Check| Row {
        title: check.title,
        tag: check.outcome.into(),
        reason: localized(&check.reason),
        about: check.about.as_deref().map(words::groups),
        basis: check.basis.as_ref().map(basis_words).unwrap_or_default(),
        weighs: check.weighs,
    };
    checks.iter().map(row).collect()
}

fn basis_words(basis: &Basis) -> String {
    let until = |next: &Option<Timestamp>| {
        next.map(|next| format!("，下次更新 {}", words::second(next))).unwrap_or_default()
    };
    match basis {
        Basis::Anchors { snapshot } => format!("信任锚快照 {}", words::groups(snapshot)),
        Basis::Records { issuer, as_of, .. } => {
            format!("本机构的签发与状态记录（颁发者 {issuer}），{}", words::second(*as_of))
        }
        Basis::List { issuer, number, this_update, next_update } => {
            let number = number.as_deref().unwrap_or("无编号");
            let (since, until) = (words::second(*this_update), until(next_update));
            format!("附带的撤销列表 {number}（{issuer}），{since} 发布{until}")
        }
        Basis::Followed { source, issuer, number, this_update, next_update, digest, .. } => {
            let number = number.as_deref().unwrap_or("无编号");
            let (since, until) = (words::second(*this_update), until(next_update));
            format!(
                "从 {source} 取得的撤销列表 {number}（{issuer}），{since} 发布{until}，SM3 {digest}"
            )
        }
        Basis::Asked { source, responder, this_update, next_update, .. } => {
            let (since, until) = (words::second(*this_update), until(next_update));
            format!("询问 {source} 得到的 OCSP 应答（{responder}），{since}{until}")
        }
        Basis::Answer { responder, this_update, next_update, .. } => {
            let (since, until) = (words::second(*this_update), until(next_update));
            format!("附带的 OCSP 应答（{responder}），{since}{until}")
        }
        Basis::Stamp { authority, serial, at } => {
            format!("时间戳 {serial}（{authority}），{}", words::second(*at))
        }
    }
}

/// The same text with its instants in Beijing time.
fn localized(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z');
        let (token, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        out.push_str(before);
        match token.parse::<Timestamp>() {
            Ok(instant) => out.push_str(&words::second(instant)),
            Err(_) => out.push_str(token),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn json(report: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(report).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_in_reasons_are_told_in_beijing_time() {
        let text = "自 2026-11-22T04:00:00Z 起暂停（共 3 张，1.2.156）";
        assert_eq!(localized(text), "自 2026年11月22日 12:00:00 起暂停（共 3 张，1.2.156）");
        for plain in ["", "没有数字", "0a:1b", "2026-11-22"] {
            assert_eq!(localized(plain), plain);
        }
    }

    #[test]
    fn what_is_unknown_never_looks_passed() {
        let tag = Tag::from(Outcome::Unknown);
        assert_eq!((tag.class, tag.word), ("tag--unknown", "未能判定"));
        assert!(sentence(Outcome::Unknown, "签名").contains("不能当作通过"));
    }
}

//! Rules about the entries of a CRL. Each walks the list once.

use std::collections::HashSet;

use super::fields::has_right_form;
use super::view::Entry;
use super::{Check, Target};
use crate::crl::Reason;
use crate::lint::check::Severity::Error;
use crate::lint::check::{Outcome, Rule};
use crate::lint::tlv;
use crate::oid;

pub(super) const RULES: &[(Rule, Check)] = &[
    (
        Rule {
            name: "crl/no-empty-list",
            severity: Error,
            citation: "RFC 5280 §5.1.2.6 (incident: empty revokedCertificates)",
            text: "没有撤销的证书时，应省略撤销列表字段",
        },
        |target| {
            Outcome::broken_if(target.view.revoked == Some(&[]), || {
                "撤销列表字段存在而为空".to_owned()
            })
        },
    ),
    (
        Rule {
            name: "crl/entries-readable",
            severity: Error,
            citation: "RFC 5280 §5.1.2.6",
            text: "撤销条目应含序列号和格式正确的撤销时间",
        },
        |target| {
            each(target, |entry| {
                (!has_right_form(&entry.at)).then(|| "撤销时间格式不对".to_owned())
            })
        },
    ),
    (
        Rule {
            name: "crl/unique-entries",
            severity: Error,
            citation: "RFC 5280 §5.1.2.6 (incident bz1943379)",
            text: "同一证书在 CRL 中只能有一个条目",
        },
        unique_entries,
    ),
    (
        Rule {
            name: "crl/serials-positive",
            severity: Error,
            citation: "RFC 5280 §4.1.2.2",
            text: "撤销条目的序列号应为正整数，不超过 20 个字节",
        },
        |target| {
            each(target, |entry| {
                let wrong = entry.serial.len() > 20
                    || !matches!(entry.serial, [first, ..] if first & 0x80 == 0);
                wrong.then(|| "序列号为负数、为空或者过长".to_owned())
            })
        },
    ),
    (
        Rule {
            name: "crl/dates-not-later",
            severity: Error,
            citation: "RFC 5280 §5.1.2.6",
            text: "撤销时间不得晚于 CRL 的发布时间",
        },
        dates_not_later,
    ),
    (
        Rule {
            name: "crl/reasons",
            severity: Error,
            citation: "RFC 5280 §5.3.1",
            text: "未指明的撤销原因应省略；从 CRL 移除只能用于增量 CRL",
        },
        reasons,
    ),
    (
        Rule {
            name: "crl/no-critical-in-entries",
            severity: Error,
            citation: "RFC 5280 §5.3",
            text: "撤销条目不得含有依赖方不能处理的关键扩展项",
        },
        |target| {
            each(target, |entry| {
                let wrong = entry
                    .extensions
                    .iter()
                    .find(|one| one.critical && one.oid != oid::CERTIFICATE_ISSUER)?;
                Some(format!("扩展项 {} 标为关键", wrong.oid))
            })
        },
    ),
];

/// The first entry with a detail, by its serial.
fn each(target: &Target<'_>, check: impl Fn(&Entry<'_>) -> Option<String>) -> Outcome {
    for entry in target.view.entries() {
        let Some(entry) = entry else {
            return Outcome::Broken("有一个条目不可读".to_owned());
        };
        if let Some(detail) = check(&entry) {
            return Outcome::Broken(format!("序列号 {} 的条目{detail}", hex::encode(entry.serial)));
        }
    }
    Outcome::Pass
}

/// In an indirect list a serial belongs to the issuer named last before it, so only direct lists are judged.
fn unique_entries(target: &Target<'_>) -> Outcome {
    let mut seen = HashSet::new();
    for entry in target.view.entries().flatten() {
        if entry.extensions.iter().any(|one| one.oid == oid::CERTIFICATE_ISSUER) {
            return Outcome::Unknown("间接 CRL 的条目属于不同的颁发者，未作比较");
        }
        if !seen.insert(entry.serial) {
            return Outcome::Broken(format!("序列号 {} 重复出现", hex::encode(entry.serial)));
        }
    }
    Outcome::Pass
}

fn dates_not_later(target: &Target<'_>) -> Outcome {
    let Some(issued) = target.view.this_update.instant() else {
        return Outcome::Unknown("本次更新时间不可读");
    };
    each(target, |entry| {
        let later = entry.at.instant().filter(|at| *at > issued);
        later.map(|at| format!("的撤销时间 {at} 晚于发布时间 {issued}"))
    })
}

fn reasons(target: &Target<'_>) -> Outcome {
    let is_delta = target.view.extension(oid::DELTA_CRL_INDICATOR).is_some();
    each(target, |entry| {
        let extension = entry.extensions.iter().find(|one| one.oid == oid::CRL_REASON)?;
        let code = tlv::one(extension.value)
            .and_then(|value| value.content.first().copied())
            .unwrap_or(0xff);
        match Reason::from_code(code) {
            None => Some(format!("的原因代码 {code} 没有定义")),
            Some(Reason::Unspecified) => Some("写出了“未指明”".to_owned()),
            Some(Reason::RemoveFromCrl) if !is_delta => Some("在完整 CRL 中写了“移除”".to_owned()),
            Some(_) => None,
        }
    })
}

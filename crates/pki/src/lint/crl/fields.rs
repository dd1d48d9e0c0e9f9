//! Rules about the fields and extensions of a CRL.

use super::{Check, Target};
use crate::crl::MAX_OCTETS;
use crate::lint::check::Severity::{Error, Warn};
use crate::lint::check::{Outcome, Rule};
use crate::lint::tlv::{self, tag};
use crate::lint::view::Time;
use crate::oid;
use crate::strict::{self, Limits};

pub(super) const RULES: &[(Rule, Check)] = &[
    (
        Rule {
            name: "crl/strict-der",
            severity: Error,
            citation: "RFC 5280 §5.1; X.690",
            text: "CRL 应为严格的 DER 编码",
        },
        |target| match strict::check(target.view.der, &Limits::of("CRL", MAX_OCTETS)) {
            Ok(()) => Outcome::Pass,
            Err(error) => Outcome::Broken(error.to_string()),
        },
    ),
    (
        Rule {
            name: "crl/version",
            severity: Error,
            citation: "GM/T 0043-2015 §6; RFC 5280 §5.1.2.1",
            text: "CRL 版本应为 V2",
        },
        |target| {
            Outcome::broken_if(target.view.version != Some(&[1]), || {
                "版本字段缺少或者不是 V2".to_owned()
            })
        },
    ),
    (
        Rule {
            name: "crl/signature-algorithm",
            severity: Error,
            citation: "GM/T 0043-2015 §6; RFC 5280 §5.1.1.2",
            text: "CRL 内外两处签名算法应一致，均为 SM2-SM3",
        },
        signature_algorithm,
    ),
    (
        Rule {
            name: "crl/issuer-name",
            severity: Error,
            citation: "GM/T 0043-2015 §6",
            text: "CRL 颁发者名称应与颁发者证书的主体名称逐字节一致",
        },
        |target| match &target.issuer {
            None => Outcome::Unknown("没有颁发者证书，无法比较名称"),
            Some(issuer) => {
                Outcome::broken_if(issuer.subject.der != target.view.issuer.der, || {
                    "两处名称的编码不同".to_owned()
                })
            }
        },
    ),
    (
        Rule {
            name: "crl/signature",
            severity: Error,
            citation: "GM/T 0043-2015 §6",
            text: "CRL 签名应验证通过",
        },
        signature,
    ),
    (
        Rule {
            name: "crl/next-update",
            severity: Error,
            citation: "RFC 5280 §5.1.2.5",
            text: "CRL 应载明下次更新时间",
        },
        |target| {
            Outcome::broken_if(target.view.next_update.is_none(), || "没有 nextUpdate".to_owned())
        },
    ),
    (
        Rule {
            name: "crl/window",
            severity: Error,
            citation: "RFC 5280 §5.1.2.5 (incident: CRL with an end before its begin)",
            text: "本次更新时间应早于下次更新时间",
        },
        window,
    ),
    (
        Rule {
            name: "crl/time-form",
            severity: Error,
            citation: "GM/T 0043-2015 §6; RFC 5280 §5.1.2.4",
            text: "时间应写明秒并以 Z 结尾，2049 年及以前用 UTCTime",
        },
        time_form,
    ),
    (
        Rule {
            name: "crl/number",
            severity: Error,
            citation: "RFC 5280 §5.2.3",
            text: "CRL 应含编号，非关键，不超过 20 个字节",
        },
        number,
    ),
    (
        Rule {
            name: "crl/authority-key",
            severity: Error,
            citation: "RFC 5280 §5.2.1",
            text: "CRL 应含颁发机构密钥标识符，与颁发者证书一致",
        },
        authority_key,
    ),
    (
        Rule {
            name: "crl/unique-extensions",
            severity: Error,
            citation: "RFC 5280 §5.2",
            text: "同一种扩展项只能出现一次",
        },
        unique_extensions,
    ),
    (
        Rule {
            name: "crl/scope-critical",
            severity: Error,
            citation: "RFC 5280 §5.2.4, §5.2.5",
            text: "发布点范围和增量标识应为关键扩展项",
        },
        scope_critical,
    ),
    (
        Rule {
            name: "crl/unknown-critical",
            severity: Warn,
            citation: "RFC 5280 §5.2",
            text: "关键扩展项应是依赖方能够处理的扩展项",
        },
        unknown_critical,
    ),
];

fn signature_algorithm(target: &Target<'_>) -> Outcome {
    let (inner, outer) = (target.view.inner_algorithm, target.view.outer_algorithm);
    if inner.whole != outer.whole {
        return Outcome::Broken("内外两处的编码不同".to_owned());
    }
    let found = inner.children(tag::SEQUENCE).and_then(|parts| parts.first()?.oid());
    Outcome::broken_if(found != Some(oid::SM2_WITH_SM3), || {
        "签名算法不是 1.2.156.10197.1.501".to_owned()
    })
}

fn signature(target: &Target<'_>) -> Outcome {
    let Some(issuer) = &target.issuer else {
        return Outcome::Unknown("没有颁发者证书，无法验证签名");
    };
    let Some(key) = issuer.key.sm2() else {
        return Outcome::Unknown("颁发者证书的公钥不是可用的 SM2 公钥");
    };
    let signature = gm::Signature::from_der(target.view.signature);
    let id = gm::UserId::default();
    let verified = signature
        .is_ok_and(|signature| gm::sm2::verify(&key, &id, target.view.tbs, &signature).is_ok());
    Outcome::broken_if(!verified, || "用颁发者公钥验证签名不通过".to_owned())
}

fn window(target: &Target<'_>) -> Outcome {
    let Some(next) = &target.view.next_update else {
        return Outcome::Pass;
    };
    match (target.view.this_update.instant(), next.instant()) {
        (Some(this), Some(next)) => {
            Outcome::broken_if(this >= next, || format!("自 {this} 至 {next}"))
        }
        _ => Outcome::Unknown("更新时间不可读"),
    }
}

fn time_form(target: &Target<'_>) -> Outcome {
    let times = std::iter::once(&target.view.this_update).chain(&target.view.next_update);
    let wrong = times.into_iter().find(|time| !has_right_form(time));
    Outcome::from_detail(
        wrong.map(|time| format!("时间写作“{}”", String::from_utf8_lossy(time.text))),
    )
}

/// A time that can be read and has the type that its year demands.
pub(super) fn has_right_form(time: &Time<'_>) -> bool {
    time.instant().is_some() && (time.tag == tag::UTC_TIME || time.text >= b"2050".as_slice())
}

fn number(target: &Target<'_>) -> Outcome {
    let Some(extension) = target.view.extension(oid::CRL_NUMBER) else {
        return Outcome::Broken("没有 cRLNumber".to_owned());
    };
    let value =
        tlv::one(extension.value).and_then(|value| value.value(tag::INTEGER)).unwrap_or_default();
    let negative = value.first().is_none_or(|first| first & 0x80 != 0);
    let wrong = extension.critical || negative || value.len() > 20;
    Outcome::broken_if(wrong, || {
        format!(
            "编号为 {}，{}",
            hex::encode(value),
            if extension.critical { "关键" } else { "非关键" }
        )
    })
}

fn authority_key(target: &Target<'_>) -> Outcome {
    let extension = target.view.extension(oid::AUTHORITY_KEY_IDENTIFIER);
    let parts =
        extension.and_then(|one| tlv::one(one.value)?.children(tag::SEQUENCE)).unwrap_or_default();
    let Some(stated) = parts.iter().find(|part| part.tag == 0x80).map(|part| part.content) else {
        return Outcome::Broken("没有 authorityKeyIdentifier 的 keyIdentifier".to_owned());
    };
    match target.issuer.as_ref().map(|issuer| issuer.subject_key_id()) {
        None => Outcome::Unknown("没有颁发者证书，无法比较密钥标识符"),
        Some(expected) => Outcome::broken_if(expected != Some(stated), || {
            "与颁发者证书的主体密钥标识符不同".to_owned()
        }),
    }
}

fn unique_extensions(target: &Target<'_>) -> Outcome {
    let mut kinds: Vec<_> = target.view.extensions.iter().map(|extension| extension.oid).collect();
    let count = kinds.len();
    kinds.sort_unstable();
    kinds.dedup();
    Outcome::broken_if(kinds.len() < count, || "有扩展项重复出现".to_owned())
}

fn scope_critical(target: &Target<'_>) -> Outcome {
    let must = [oid::ISSUING_DISTRIBUTION_POINT, oid::DELTA_CRL_INDICATOR];
    let wrong = target
        .view
        .extensions
        .iter()
        .find(|extension| must.contains(&extension.oid) && !extension.critical);
    Outcome::from_detail(wrong.map(|extension| format!("扩展项 {} 未标为关键", extension.oid)))
}

fn unknown_critical(target: &Target<'_>) -> Outcome {
    let known = [oid::ISSUING_DISTRIBUTION_POINT, oid::DELTA_CRL_INDICATOR];
    let wrong = target
        .view
        .extensions
        .iter()
        .find(|extension| extension.critical && !known.contains(&extension.oid));
    Outcome::from_detail(wrong.map(|extension| format!("扩展项 {} 标为关键", extension.oid)))
}

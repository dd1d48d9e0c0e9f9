//! Rules about OCSP answers.

use super::view::Basic;
use super::{Check, Target};
use crate::lint::check::Severity::{Error, Warn};
use crate::lint::check::{Outcome, Rule};
use crate::lint::tlv::{self, tag};
use crate::lint::values::KeyUsage;
use crate::lint::view::View;
use crate::oid;
use crate::strict::{self, Limits};

/// An answer is small; a larger one is refused unread.
const MOST_OCTETS: usize = 1024 * 1024;
const BY_NAME: u8 = 0xa1;
const REVOKED: u8 = 0xa1;

pub(super) const RULES: &[(Rule, Check)] = &[
    (
        Rule {
            name: "ocsp/strict-der",
            severity: Error,
            citation: "RFC 6960 §4.2.1; X.690",
            text: "OCSP 响应应为严格的 DER 编码",
        },
        |target| match strict::check(target.view.der, &Limits::of("OCSP 响应", MOST_OCTETS)) {
            Ok(()) => Outcome::Pass,
            Err(error) => Outcome::Broken(error.to_string()),
        },
    ),
    (
        Rule {
            name: "ocsp/body-matches-status",
            severity: Error,
            citation: "RFC 6960 §4.2.1",
            text: "响应状态为成功时应有内容，否则不应有内容",
        },
        |target| {
            let wrong = (target.view.status == 0) != target.view.has_body
                || matches!(target.view.status, 4 | 7..);
            Outcome::broken_if(wrong, || format!("响应状态为 {}", target.view.status))
        },
    ),
    (
        Rule {
            name: "ocsp/not-empty",
            severity: Error,
            citation: "RFC 6960 §4.2.1",
            text: "响应应至少载明一张证书的状态",
        },
        |target| {
            of_basic(target, |basic| basic.singles.is_empty().then(|| "没有任何一项".to_owned()))
        },
    ),
    (
        Rule {
            name: "ocsp/unique-entries",
            severity: Error,
            citation: "RFC 6960 §4.2.1",
            text: "同一证书的状态只能出现一次",
        },
        |target| of_basic(target, repeated),
    ),
    (
        Rule {
            name: "ocsp/responder-by-name",
            severity: Warn,
            citation: "RFC 6960 §4.2.1; interoperability with GmSSL",
            text: "响应者标识宜采用名称形式",
        },
        |target| {
            of_basic(target, |basic| {
                (basic.responder.tag != BY_NAME).then(|| "采用了密钥散列形式".to_owned())
            })
        },
    ),
    (
        Rule {
            name: "ocsp/responder-name",
            severity: Error,
            citation: "RFC 6960 §4.2.2.3",
            text: "响应者名称应与所附响应者证书的主体名称一致",
        },
        responder_name,
    ),
    (
        Rule {
            name: "ocsp/responder-certificate",
            severity: Error,
            citation: "RFC 6960 §4.2.2.2",
            text: "所附响应者证书应由颁发者直接签发，用途为 OCSPSigning",
        },
        responder_certificate,
    ),
    (
        Rule {
            name: "ocsp/signature-algorithm",
            severity: Error,
            citation: "GM/T 0006; RFC 6960 §4.2.1",
            text: "签名算法应为 SM2-SM3",
        },
        |target| {
            of_basic(target, |basic| {
                (!is_sm2(basic)).then(|| "签名算法不是 1.2.156.10197.1.501".to_owned())
            })
        },
    ),
    (
        Rule {
            name: "ocsp/signature",
            severity: Error,
            citation: "RFC 6960 §3.2",
            text: "响应签名应验证通过",
        },
        signature,
    ),
    (
        Rule {
            name: "ocsp/time-form",
            severity: Error,
            citation: "RFC 6960 §4.2.2.1; RFC 5280 §4.1.2.5.2",
            text: "时间应为 GeneralizedTime，写明秒并以 Z 结尾",
        },
        |target| of_basic(target, malformed_time),
    ),
    (
        Rule {
            name: "ocsp/next-update",
            severity: Error,
            citation: "RFC 6960 §4.2.2.1",
            text: "每项状态应载明下次更新时间",
        },
        |target| {
            of_basic(target, |basic| {
                basic
                    .singles
                    .iter()
                    .any(|single| single.next_update.is_none())
                    .then(|| "有一项没有 nextUpdate".to_owned())
            })
        },
    ),
    (
        Rule {
            name: "ocsp/window",
            severity: Error,
            citation: "RFC 6960 §4.2.2.1, §2.4",
            text: "本次更新时间应早于下次更新时间，且不晚于响应产生时间",
        },
        |target| of_basic(target, wrong_window),
    ),
    (
        Rule {
            name: "ocsp/revocation-not-later",
            severity: Error,
            citation: "RFC 6960 §4.2.1 RevokedInfo",
            text: "撤销时间不得晚于响应产生时间",
        },
        |target| of_basic(target, late_revocation),
    ),
    (
        Rule {
            name: "ocsp/unknown-critical",
            severity: Error,
            citation: "RFC 6960 §4.4",
            text: "响应不得含有依赖方不能处理的关键扩展项",
        },
        |target| {
            of_basic(target, |basic| {
                let all = basic
                    .extensions
                    .iter()
                    .chain(basic.singles.iter().flat_map(|single| &single.extensions));
                let wrong =
                    all.into_iter().find(|one| one.critical && one.oid != oid::OCSP_NONCE)?;
                Some(format!("扩展项 {} 标为关键", wrong.oid))
            })
        },
    ),
];

/// A rule about the body; an answer without body keeps it.
fn of_basic(target: &Target<'_>, check: impl Fn(&Basic<'_>) -> Option<String>) -> Outcome {
    Outcome::from_detail(target.view.basic.as_ref().and_then(check))
}

fn repeated(basic: &Basic<'_>) -> Option<String> {
    let mut ids: Vec<&[u8]> = basic.singles.iter().map(|single| single.certificate_id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    (ids.len() < count).then(|| format!("共 {count} 项，其中不同的 {} 项", ids.len()))
}

fn is_sm2(basic: &Basic<'_>) -> bool {
    basic.algorithm.children(tag::SEQUENCE).and_then(|parts| parts.first()?.oid())
        == Some(oid::SM2_WITH_SM3)
}

fn responder_name(target: &Target<'_>) -> Outcome {
    let Some(basic) = target.view.basic.as_ref().filter(|basic| basic.responder.tag == BY_NAME)
    else {
        return Outcome::Pass;
    };
    let stated = tlv::one(basic.responder.content).map(|name| name.whole);
    match signer(target) {
        None => Outcome::Unknown("没有响应者证书，无法比较名称"),
        Some(signer) => Outcome::broken_if(stated != Some(signer.subject.der), || {
            "两处名称的编码不同".to_owned()
        }),
    }
}

/// Who should have signed: the certificate that the answer carries, or the authority itself.
fn signer<'t, 'a>(target: &'t Target<'a>) -> Option<&'t View<'a>> {
    target.responder.as_ref().or(target.issuer.as_ref())
}

fn responder_certificate(target: &Target<'_>) -> Outcome {
    let Some(responder) = &target.responder else {
        return Outcome::Pass;
    };
    let Some(issuer) = &target.issuer else {
        return Outcome::Unknown("没有颁发者证书，无法判断响应者是否由其授权");
    };
    if responder.key.point == issuer.key.point {
        return Outcome::Pass;
    }
    let purposes = responder.purposes().unwrap_or_default();
    if !purposes.contains(&oid::OCSP_SIGNING) {
        return Outcome::Broken("所附证书没有 OCSPSigning 用途".to_owned());
    }
    if responder.key_usage().is_some_and(|usage| !usage.has(KeyUsage::DIGITAL_SIGNATURE)) {
        return Outcome::Broken("所附证书的密钥用法不含 digitalSignature".to_owned());
    }
    let signed =
        responder.outer.is_some_and(|outer| verifies(issuer, responder.tbs, outer.signature));
    Outcome::broken_if(responder.issuer.der != issuer.subject.der || !signed, || {
        "所附证书不是由颁发者签发".to_owned()
    })
}

fn signature(target: &Target<'_>) -> Outcome {
    let Some(basic) = &target.view.basic else {
        return Outcome::Pass;
    };
    match signer(target) {
        None => Outcome::Unknown("没有响应者证书，无法验证签名"),
        Some(signer) => Outcome::broken_if(!verifies(signer, basic.tbs, basic.signature), || {
            "验证签名不通过".to_owned()
        }),
    }
}

fn verifies(signer: &View<'_>, message: &[u8], signature: &[u8]) -> bool {
    let Some(key) = signer.key.sm2() else {
        return false;
    };
    let signature = gm::Signature::from_der(signature);
    signature.is_ok_and(|signature| {
        gm::sm2::verify(&key, &gm::UserId::default(), message, &signature).is_ok()
    })
}

fn malformed_time(basic: &Basic<'_>) -> Option<String> {
    let singles = basic
        .singles
        .iter()
        .flat_map(|single| std::iter::once(&single.this_update).chain(&single.next_update));
    let mut times = std::iter::once(&basic.produced_at).chain(singles);
    let wrong = times.find(|time| time.tag != tag::GENERALIZED_TIME || time.instant().is_none())?;
    Some(format!("时间写作“{}”", String::from_utf8_lossy(wrong.text)))
}

fn wrong_window(basic: &Basic<'_>) -> Option<String> {
    let produced = basic.produced_at.instant()?;
    basic.singles.iter().find_map(|single| {
        let this = single.this_update.instant()?;
        let next = single.next_update.and_then(|next| next.instant());
        if this > produced {
            return Some(format!("本次更新时间 {this} 晚于响应产生时间 {produced}"));
        }
        let next = next.filter(|next| *next <= this)?;
        Some(format!("自 {this} 至 {next}"))
    })
}

fn late_revocation(basic: &Basic<'_>) -> Option<String> {
    let produced = basic.produced_at.instant()?;
    basic.singles.iter().filter(|single| single.status.tag == REVOKED).find_map(|single| {
        let (at, _) = tlv::read(single.status.content)?;
        let at = crate::lint::view::Time { tag: at.tag, text: at.content }.instant()?;
        (at > produced).then(|| format!("撤销时间 {at} 晚于响应产生时间 {produced}"))
    })
}

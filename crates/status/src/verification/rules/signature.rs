//! Whether a signature covers what it should, and whether its value is right.

use gm::{Digest, Signature, UserId, sm2, sm3};
use pki::Certificate;

use super::row;
use crate::verification::message::{Message, Signer};
use crate::verification::model::{Check, Covered, Outcome, SignerReport, TimeBasis};

const CONTENT: (&str, &str) = ("content", "签名的内容");
const ALGORITHM: (&str, &str) = ("algorithm", "签名算法");
const ATTRIBUTES: (&str, &str) = ("attributes", "签名属性");
const VALUE: (&str, &str) = ("value", "签名值");

/// What nobody here can verify, told as unknown.
pub fn unsupported(code: &'static str, reason: impl Into<String>) -> Check {
    row(ALGORITHM, Outcome::Unknown, code, reason)
}

/// Whether what the message carries is what the asker has.
pub fn cover_checks(message: &Message, covered: &Covered) -> Vec<Check> {
    let check = |outcome, code: &str, reason: String| vec![row(CONTENT, outcome, code, reason)];
    match (&message.content, covered.digest()) {
        (Some(content), Some(given)) if sm3::hash(content) == given => {
            check(Outcome::Passed, "content.same", "签名所带的内容与您提供的一致".to_owned())
        }
        (Some(_), Some(_)) => {
            let text = "签名所带的内容与您提供的不一致".to_owned();
            check(Outcome::Failed, "content.differs", text)
        }
        (Some(content), None) => {
            let text = format!("签名带有内容，共 {} 字节", content.len());
            check(Outcome::Passed, "content.attached", text)
        }
        (None, None) if *covered == Covered::Nothing => {
            let text = "签名不带内容，也没有提供原文；请同时提交原文".to_owned();
            check(Outcome::Unknown, "content.missing", text)
        }
        (None, _) => Vec::new(),
    }
}

/// What a signature of a message says about algorithm and content, before its value is looked at.
pub fn message_checks(signer: &Signer, message: &Message, covered: &Covered) -> Vec<Check> {
    let mut checks = vec![algorithm(signer, message)];
    match &signer.attributes {
        Some(_) => checks.extend(attributes(signer, message, covered)),
        None if !message.is_data() => {
            let text = "内容不是普通数据，签名应当带签名属性（RFC 5652 §5.3）";
            checks.push(row(ATTRIBUTES, Outcome::Failed, "attributes.missing", text));
        }
        None => {}
    }
    checks
}

fn algorithm(signer: &Signer, message: &Message) -> Check {
    if !message.digests.contains(&signer.digest.oid) {
        let text = "签名所用的杂凑算法没有列在消息中（RFC 5652 §5.1）";
        return row(ALGORITHM, Outcome::Failed, "algorithm.not-listed", text);
    }
    if signer.is_sm2_with_sm3() {
        return row(ALGORITHM, Outcome::Passed, "algorithm.sm2", "SM2 签名，SM3 杂凑");
    }
    let (algorithm, digest) = (signer.algorithm.oid, signer.digest.oid);
    let text = format!("签名算法 {algorithm}（杂凑 {digest}）不受支持；本服务只验证 SM2/SM3 签名");
    unsupported("algorithm.unsupported", text)
}

/// contentType and messageDigest (RFC 5652 §5.4, §11): both must be there once and fit.
fn attributes(signer: &Signer, message: &Message, covered: &Covered) -> Option<Check> {
    let attributes = signer.attributes.as_ref()?;
    let failed = |code: &str, text: &str| Some(row(ATTRIBUTES, Outcome::Failed, code, text));
    if attributes.is_ambiguous {
        return failed("attributes.ambiguous", "签名属性重复，或者不是恰好一个值");
    }
    if attributes.content_type != Some(message.content_type) {
        return failed("attributes.content-type", "签名属性中的内容类型与消息的内容类型不同");
    }
    let Some(digest) = &attributes.digest else {
        return failed("attributes.no-digest", "签名属性没有内容的杂凑值");
    };
    if !signer.is_sm2_with_sm3() {
        let text = "内容的杂凑算法不受支持，没有核对";
        return Some(row(ATTRIBUTES, Outcome::Unknown, "attributes.unsupported", text));
    }
    let content = message.content.as_deref().map(sm3::hash).or_else(|| covered.digest());
    let Some(content) = content else {
        let text = "没有内容，不能核对签名属性中的杂凑值；请提交原文或它的 SM3 值";
        return Some(row(ATTRIBUTES, Outcome::Unknown, "attributes.no-content", text));
    };
    if digest.as_slice() != content.as_bytes() {
        return failed("attributes.digest", "内容的 SM3 值与签名属性中的不同：内容与签名时不一致");
    }
    let text = "内容的 SM3 值、内容类型与签名属性相符";
    Some(row(ATTRIBUTES, Outcome::Passed, "attributes.passed", text))
}

/// `e = SM3(Z ‖ …)` for this key, as far as what is signed is known: the attributes, or else the
/// content, or else the value that the asker computed.
pub fn signed_value(
    signed: Option<&[u8]>,
    covered: &Covered,
    (certificate, id): (&Certificate, &UserId),
) -> Option<Digest> {
    let key = certificate.public_key().ok()?;
    match (signed, covered) {
        (Some(signed), _) => Some(sm2::digest(&key, id, signed)),
        (None, Covered::Content(content)) => Some(sm2::digest(&key, id, content)),
        (None, Covered::Value { e, .. }) => Some(*e),
        (None, Covered::Digest(_) | Covered::Nothing) => None,
    }
}

/// Whether the key of the certificate made the value.
pub fn signature_check(
    certificate: &Certificate,
    e: Option<Digest>,
    signature: Option<&Signature>,
) -> Check {
    let failed = |code: &str, text: &str| row(VALUE, Outcome::Failed, code, text);
    let Some(signature) = signature else {
        return failed("value.malformed", "签名值不是 SM2 签名");
    };
    let Ok(key) = certificate.public_key() else {
        return failed("value.key", "证书的公钥不是 SM2 公钥，不可能作出这个签名");
    };
    let Some(e) = e else {
        let text =
            "签名直接覆盖原文，只有原文的 SM3 值不足以验证；请提交原文，或按签名者公钥算出的 e 值";
        return row(VALUE, Outcome::Unknown, "value.no-content", text);
    };
    match sm2::verify_digest(&key, &e, signature) {
        Ok(()) => row(VALUE, Outcome::Passed, "value.passed", "签名值验证通过"),
        Err(_) => failed(
            "value.wrong",
            "签名值验证不通过：内容被改动，或者签名不是这张证书的密钥作的，或者签名者标识不对",
        ),
    }
}

/// No certificate, so nothing to verify the value with.
pub fn no_certificate() -> Check {
    let text = "没有签名者的证书：签名没有附带，也不是本机构签发的；请同时提交签名者的证书";
    row(VALUE, Outcome::Unknown, "value.no-certificate", text)
}

const FORMAT: (&str, &str) = ("format", "签名格式");

/// The message was read.
pub fn readable_signature() -> Check {
    row(FORMAT, Outcome::Passed, "format.passed", "DER 编码和消息结构符合标准")
}

/// The message breaks a rule of its format; `code` is that rule.
pub fn unreadable_signature(code: &str, why: &str) -> Check {
    row(FORMAT, Outcome::Failed, format!("format.{code}"), why)
}

/// A message that nobody signed (a list of certificates, for instance).
pub fn unsigned() -> Check {
    row(FORMAT, Outcome::Failed, "format.unsigned", "消息中没有任何签名")
}

/// Nothing of the signer could be looked at.
pub fn unjudged() -> SignerReport {
    SignerReport {
        verdict: Outcome::Unknown,
        named: None,
        claimed_at: None,
        time_basis: TimeBasis::Now,
        checks: Vec::new(),
        certificate: None,
    }
}

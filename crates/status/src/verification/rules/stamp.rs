//! What proves when a signature was made, and so when its certificate has to have held.

use gm::UserId;
use jiff::Timestamp;
use pki::Certificate;
use pki::tsp::Token;

use super::row;
use crate::verification::model::{Basis, Check, Outcome, TimeBasis};

const TIME: (&str, &str) = ("time", "签名时间");

/// The timestamp over a value, read; `None` when it is no timestamp, of something else, or of a time to
/// come.
pub fn stamp_over(der: &[u8], value: &[u8], now: Timestamp) -> Option<Token> {
    let token = Token::from_der(der).ok()?;
    let fits = token.imprint().covers(value) && token.info().gen_time <= now;
    fits.then_some(token)
}

/// The timestamp proves that the signature was there.
pub fn proven(token: &Token, authority: String) -> (Timestamp, TimeBasis, Check) {
    let at = token.info().gen_time;
    let text = format!("时间戳证明签名在 {at} 已经存在，证书按这个时间判断");
    let serial = token.info().serial.to_hex();
    let basis = Some(Basis::Stamp { authority, serial, at });
    let check = Check { basis, ..row(TIME, Outcome::Passed, "time.timestamp", text) };
    (at, TimeBasis::Timestamp, check)
}

/// Nothing proves it. The time that the signer states is the signer's word, and whoever has a stolen
/// key may state any.
pub fn unproven(is_stamped: bool, now: Timestamp) -> (Timestamp, TimeBasis, Check) {
    let (code, text) = if is_stamped {
        ("time.untrusted", "所带的时间戳不能采信，不能证明签名时间；证书按现在判断")
    } else {
        ("time.now", "没有时间戳证明签名时间（签名者自己写的时间不能作为证明）；证书按现在判断")
    };
    let check = Check { weighs: false, ..row(TIME, Outcome::Unknown, code, text) };
    (now, TimeBasis::Now, check)
}

const FORMAT: (&str, &str) = ("format", "时间戳格式");
const IMPRINT: (&str, &str) = ("imprint", "所盖内容");
const MOMENT: (&str, &str) = ("moment", "所盖时间");
const VALUE: (&str, &str) = ("value", "时间戳签名");

/// The timestamp was read.
pub fn readable_stamp() -> Check {
    row(FORMAT, Outcome::Passed, "format.passed", "DER 编码和时间戳结构符合标准")
}

/// The timestamp breaks a rule of its format; `code` is that rule.
pub fn unreadable_stamp(code: &str, why: &str) -> Check {
    row(FORMAT, Outcome::Failed, format!("format.{code}"), why)
}

/// An answer without a timestamp.
pub fn refused_stamp() -> Check {
    let text = "这是一个拒绝应答，其中没有时间戳；请重新申请时间戳";
    row(FORMAT, Outcome::Failed, "format.refused", text)
}

/// Whether it is over this content.
pub fn imprint_check(token: &Token, content: &[u8]) -> Check {
    if token.imprint().covers(content) {
        return row(IMPRINT, Outcome::Passed, "imprint.passed", "时间戳盖的是您提供的内容");
    }
    let text = "时间戳盖的不是您提供的内容：内容已被改动，或者不是同一份";
    row(IMPRINT, Outcome::Failed, "imprint.differs", text)
}

/// Nobody stamps a time to come.
pub fn moment_check(token: &Token, now: Timestamp) -> Check {
    let at = token.info().gen_time;
    if at <= now {
        return row(MOMENT, Outcome::Passed, "moment.passed", format!("时间戳的时间是 {at}"));
    }
    let text = format!("时间戳的时间 {at} 晚于现在");
    row(MOMENT, Outcome::Failed, "moment.future", text)
}

/// The certificate under which a token verifies, of those that came along, and the row that says
/// so. A certificate that the token names and under which it doesn't verify shows it to be false;
/// without any nobody can say.
pub fn stamp_signer(token: &Token, known: &[Certificate]) -> (Option<Certificate>, Check) {
    let id = UserId::default();
    let verifies = |one: &&Certificate| token.verify_signature(one, &id).is_ok();
    if let Some(signer) = known.iter().find(verifies) {
        let passed = row(VALUE, Outcome::Passed, "value.passed", "时间戳的签名验证通过");
        return (Some(signer.clone()), passed);
    }
    let denies = |one: &Certificate| {
        matches!(token.verify_signature(one, &id), Err(pki::Error::Signature { .. }))
    };
    if known.iter().any(denies) {
        let text = "时间戳的签名验证不通过：时间戳已被改动，或者不是由所指的证书签发";
        return (None, row(VALUE, Outcome::Failed, "value.wrong", text));
    }
    let text = "没有能够验证时间戳签名的时间戳证书；请附上时间戳机构的证书，或申请时要求带上证书";
    (None, row(VALUE, Outcome::Unknown, "value.no-certificate", text))
}

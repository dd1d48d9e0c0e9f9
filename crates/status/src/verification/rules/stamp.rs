//! What proves when a signature was made, and so when its certificate has to have held.

use jiff::Timestamp;
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

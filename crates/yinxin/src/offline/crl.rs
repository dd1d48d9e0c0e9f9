//! `yinxin crl show`: a revocation list from a file.

use std::path::Path;

use gm::UserId;
use pki::Serial;

use super::{certificates, list as list_of};
use crate::out::{self, Outcome, Unusable};

/// Shows a list; with the issuer's certificate its signature is verified, with a serial number
/// it is looked up.
pub fn show(input: &[u8], issuer: Option<&Path>, serial: Option<&str>) -> anyhow::Result<Outcome> {
    let list = list_of(input).map_err(|e| Unusable::error(e.to_string()))?;
    out::line(format!("签发者：{}", list.issuer()));
    if let Some(number) = list.number() {
        out::line(format!("编号（十六进制）：{}", number.to_hex()));
    }
    out::line(format!("本次更新：{}", list.this_update()));
    if let Some(next) = list.next_update() {
        out::line(format!("下次更新：{next}"));
    }
    out::line(format!("列入证书：{} 张", list.entries().count()));
    let mut outcome = Outcome::Fine;
    if let Some(path) = issuer {
        let key = certificates(path)?.first().map(|c| c.public_key()).transpose()?;
        let key = key.ok_or_else(|| Unusable::error(format!("{} 中没有证书", path.display())))?;
        match list.verify(&key, &UserId::default()) {
            Ok(()) => out::line("签名：验证通过"),
            Err(error) => {
                out::line(format!("签名：{error}"));
                outcome = Outcome::Finding;
            }
        }
    }
    if let Some(text) = serial {
        let serial = Serial::from_hex(text).map_err(|e| Unusable::error(e.to_string()))?;
        match list.lookup(&serial) {
            None => out::line(format!("{text}：不在列表中")),
            Some(entry) => {
                out::line(format!(
                    "{text}：已列入，时间 {}，原因 {:?}",
                    entry.revoked.at, entry.revoked.reason
                ));
                outcome = Outcome::Finding;
            }
        }
    }
    Ok(outcome)
}

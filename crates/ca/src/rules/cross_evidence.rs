//! What the rows of cross-certificates must say when their records are believed (Measures Art. 24): whom the root
//! recognises, and what is published as issued for us, is read out of these rows.
//!
//! Both rules answer with what is wrong, in Chinese, or with nothing.

use gm::sm3;
use pki::Certificate;
use serde_json::Value;
use store::Stored;

use crate::sql::evidence::{CrossIssuedRow, CrossReceivedRow};

/// Kind of the record of a cross-certificate of ours.
pub const CERTIFIED: &str = "ceremony.cross-certified";
/// Its ceremony's first record: how it was proven that the other institution holds the key.
pub const CONVENED: &str = "ceremony.convened";
/// Its withdrawal.
pub const WITHDRAWN: &str = "cross.withdrawn";
/// One that came in.
pub const RECEIVED: &str = "cross.received";
/// The same, taken back.
pub const TAKEN_BACK: &str = "cross.taken-back";
/// All of them.
pub const CROSSES: [&str; 5] = [CONVENED, CERTIFIED, WITHDRAWN, RECEIVED, TAKEN_BACK];

fn text<'r>(record: &'r Stored, field: &str) -> Option<&'r str> {
    record.body.get(field).and_then(Value::as_str)
}

/// The record of a row of `cross_issued`: by the octets of the certificate.
#[must_use]
pub fn certified<'r>(row: &CrossIssuedRow, records: &'r [Stored]) -> Option<&'r Stored> {
    let digest = sm3::hash(row.der.as_deref()?).to_hex();
    let mut all = records.iter().filter(|record| record.kind == CERTIFIED);
    all.find(|record| text(record, "sm3") == Some(&digest))
}

/// A row of `cross_issued` against its record and those of its ceremony and its withdrawal.
#[must_use]
pub fn issued(row: &CrossIssuedRow, own: &Stored, records: &[Stored]) -> Option<&'static str> {
    let of = |kind: &str, subject: &str| {
        records.iter().find(|record| record.kind == kind && record.subject == subject)
    };
    let convened = of(CONVENED, &own.subject);
    let serial = row.serial.as_deref().unwrap_or_default();
    let withdrawn = of(WITHDRAWN, &format!("certificate:root/{serial}"));
    if [Some(own), convened, withdrawn].into_iter().flatten().any(|record| !record.intact) {
        return Some("交叉证书的记录本身已受损，无法核对");
    }
    let possession = text(own, "possession").or(convened.and_then(|one| text(one, "possession")));
    let stands = text(own, "serial") == Some(serial)
        && text(own, "peer") == Some(&row.peer)
        && possession == Some(&row.possession);
    if !stands {
        return Some("交叉证书所认可的对方证书或持有证明与记录不符，曾被改动");
    }
    let why = withdrawn.map_or(Some(""), |record| text(record, "reason"));
    if why != Some(&row.withdrawn) {
        return Some("交叉证书的撤销与记录不符，曾被改动");
    }
    None
}

/// A row of `cross_received` against the records of the same certificate.
#[must_use]
pub fn received(row: &CrossReceivedRow, own: &Stored, records: &[Stored]) -> Option<&'static str> {
    let mut back = records.iter().filter(|record| record.kind == TAKEN_BACK);
    let back = back.find(|record| record.subject == own.subject);
    if !own.intact || back.is_some_and(|record| !record.intact) {
        return Some("登记交叉证书的记录本身已受损，无法核对");
    }
    let Ok(certificate) = Certificate::from_der(&row.der) else {
        return Some("其他机构签发的交叉证书不能读取，曾被改动");
    };
    let digest = sm3::hash(&row.der).to_hex();
    let says = [
        ("sm3", &digest),
        ("sm3", &row.fingerprint),
        ("holder", &row.holder),
        ("issuer", &row.issuer),
        ("serial", &row.serial),
        ("maker", &row.maker),
    ];
    let stands = says.into_iter().all(|(field, value)| text(own, field) == Some(value))
        && certificate.not_after().as_second() == row.not_after
        && own.at.as_second() == row.taken_at;
    if !stands {
        return Some("其他机构签发的交叉证书与登记的记录不符，曾被改动");
    }
    let end = back.map_or(Some((0, "")), |record| {
        text(record, "reason").map(|why| (record.at.as_second(), why))
    });
    if end != Some((row.withdrawn_at, row.withdrawn.as_str())) {
        return Some("交叉证书的停止公布与记录不符，曾被改动");
    }
    None
}

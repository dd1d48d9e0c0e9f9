//! What a row must say when its record is believed.
//!
//! The journal is guarded by its anchor, the tables are not: whoever can write to the database
//! could turn a revoked certificate good or put other octets under a serial number. Both rules
//! answer with what is wrong, in Chinese, or with nothing.

use gm::sm3;
use jiff::Timestamp;
use pki::Certificate;
use pki::ocsp::HashAlgorithm;
use serde_json::Value;
use store::Stored;

use crate::model::RevocationReason;
use crate::sql::evidence::{ChangeRow, GenerationRow, IssuedRow, IssuerRow};

/// Kind of the record of an issuance.
pub const ISSUED: &str = "certificate.issued";
/// Kinds of the records of changes of status.
pub const CHANGES: [&str; 3] =
    ["certificate.suspended", "certificate.resumed", "certificate.revoked"];

const APPOINTED: &str = "issuer.appointed";
const OVER: &str = "issuer.over";
const GIVEN_UP: &str = "issuer.given-up";
const DESTROYED: &str = "issuer.key-destroyed";
/// Kinds of the records of what becomes of a generation.
pub const LINE: [&str; 4] = [APPOINTED, OVER, GIVEN_UP, DESTROYED];

/// A row of `certificate` and its octets against `certificate.issued`.
#[must_use]
pub fn issuance(row: &IssuedRow, record: &Stored) -> Option<&'static str> {
    let body = |field: &str| record.body.get(field).and_then(Value::as_str);
    let named = record.subject == format!("certificate:{}/{}", row.issuer, row.serial);
    if !named || body("request") != Some(&row.request_id) || body("role") != Some(&row.role) {
        return Some("证书行的签发机构、序列号、申请编号或用途与签发记录不符");
    }
    let Some(der) = &row.der else {
        return Some("证书内容已被删除");
    };
    let digest = sm3::hash(der).to_hex();
    if body("sm3") != Some(&digest) || row.fingerprint != digest {
        return Some("证书内容与签发记录中的摘要不符，曾被改换");
    }
    if !repeats(row, der) {
        return Some("证书行的主体、公钥或有效期与证书内容不符，曾被改动");
    }
    // Generations are one authority in the journal: whose list a certificate is on, it says itself.
    if !is_issued_by(row, der) {
        return Some("证书行的签发机构与证书内容中的颁发者不符，曾被改动");
    }
    let untouched =
        row.status == "good" && row.changed_at == row.issued_at && row.invalid_since.is_none();
    if row.changed == 0 && !untouched {
        return Some("证书状态没有变更记录而不是签发时的状态，曾被改动");
    }
    None
}

/// Whether the columns repeat what the certificate says.
fn repeats(row: &IssuedRow, der: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else {
        return false;
    };
    let key = certificate.public_key().map(|key| key.fingerprint());
    certificate.serial().to_hex() == row.serial
        && certificate.subject().der() == row.subject_der
        && key.as_deref() == Ok(row.key_hash.as_str())
        && certificate.not_before().as_second() == row.not_before
        && certificate.not_after().as_second() == row.not_after
}

fn is_issued_by(row: &IssuedRow, der: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else {
        return false;
    };
    row.issuer_subject.as_deref() == Some(certificate.issuer().der())
}

/// A row of `issuer` against its own certificate: by these columns OCSP answers are given and CRLs are found.
#[must_use]
pub fn issuer(row: &IssuerRow) -> Option<&'static str> {
    let Ok(certificate) = Certificate::from_der(&row.certificate_der) else {
        return Some("签发机构的证书不能读取，曾被改动");
    };
    let Ok(key) = certificate.public_key() else {
        return Some("签发机构证书的公钥不能读取，曾被改动");
    };
    let (subject, point) = (certificate.subject().der(), key.to_sec1());
    let digest = |hash: HashAlgorithm, octets: &[u8]| hash.digest(octets).map(hex::encode);
    let is = |hash, octets: &[u8], text: &String| digest(hash, octets).as_ref() == Some(text);
    let (sha1, sha256, sm3) = (HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sm3);
    let repeats = subject == row.subject_der
        && hex::encode(point) == row.public_key
        && key.fingerprint() == row.key_hash
        && certificate.not_before().as_second() == row.not_before
        && certificate.not_after().as_second() == row.not_after
        && is(sha1, subject, &row.name_sha1)
        && is(sha256, subject, &row.name_sha256)
        && is(sm3, subject, &row.name_sm3)
        && is(sha1, &point, &row.key_sha1)
        && is(sha256, &point, &row.key_sha256)
        && is(sm3, &point, &row.key_sm3);
    if repeats { None } else { Some("签发机构的行与它的证书不符，曾被改动") }
}

/// The generation of an issuer in `issuer_successor` and `issuer_end` against the records about it:
/// which key issues from when, and that one is over, decides who signs.
#[must_use]
pub fn generation(row: &GenerationRow, records: &[&Stored]) -> Option<&'static str> {
    let first = |kind: &str| records.iter().copied().find(|record| record.kind == kind);
    if records.iter().any(|record| !record.intact) {
        return Some("换代的记录本身已受损，无法核对");
    }
    let said = records.iter().filter(|record| record.kind == APPOINTED);
    let said: Vec<_> = said.map(|record| appointed(record)).collect();
    if !said.is_sorted_by(is_brought_forward) {
        return Some("签发密钥的启用时刻只能提前，记录中却推迟了或者换了机构");
    }
    let stands = row.active_from.map(|at| (Some(at), row.authority.clone()));
    if stands.as_ref() != said.last() {
        return Some("签发密钥的启用时刻与记录不符，换代的行曾被改动、删除或插入");
    }
    let at = |kind: &str| first(kind).map(|record| record.at.as_second());
    if row.over_at != at(OVER).or(at(GIVEN_UP)) || row.destroyed_at != at(DESTROYED) {
        return Some("签发密钥结束使用或者销毁的时刻与记录不符，其行曾被改动、删除或插入");
    }
    None
}

/// From when a record has a generation issue, and of which authority.
type Appointed = (Option<i64>, Option<String>);

fn appointed(record: &Stored) -> Appointed {
    let body = |field: &str| record.body.get(field).and_then(Value::as_str);
    let at = body("from").and_then(|text| text.parse::<Timestamp>().ok());
    (at.map(Timestamp::as_second), body("authority").map(str::to_owned))
}

/// Two people may bring an instant forward; nobody puts one off.
fn is_brought_forward(before: &Appointed, after: &Appointed) -> bool {
    let is_earlier = before.0.zip(after.0).is_some_and(|(before, after)| after < before);
    is_earlier && before.1 == after.1
}

/// How a record says that a certificate stands after it.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    status: &'static str,
    reason: Option<i64>,
    since: i64,
    invalid_since: Option<i64>,
}

/// A row of `status_change`, and of its certificate if nothing came later, against the record.
#[must_use]
pub fn change(row: &ChangeRow, record: &Stored) -> Option<&'static str> {
    if record.subject != format!("certificate:{}/{}", row.issuer, row.serial) {
        return Some("状态变更行的签发机构或序列号与记录不符");
    }
    let Some(standing) = standing(record) else {
        return Some("状态变更的记录无法读取");
    };
    let same = row.status == standing.status && row.reason == standing.reason;
    if !same || row.at != record.at.as_second() {
        return Some("状态变更行的状态、原因或时间与记录不符，曾被改动");
    }
    let Some(status) = &row.certificate_status else {
        return Some("状态变更所指的证书行已被删除或改换");
    };
    let stands = status == standing.status
        && row.certificate_reason == standing.reason
        && row.certificate_changed_at == Some(standing.since)
        && row.certificate_invalid_since == standing.invalid_since;
    if row.newest == 1 && !stands {
        return Some("证书当前状态与最后一次状态变更的记录不符，曾被改动");
    }
    None
}

fn standing(record: &Stored) -> Option<Standing> {
    let at = record.at.as_second();
    let plain = |status, reason| Standing { status, reason, since: at, invalid_since: None };
    match record.kind.as_str() {
        "certificate.suspended" => Some(plain("suspended", Some(6))),
        "certificate.resumed" => Some(plain("good", None)),
        "certificate.revoked" => {
            let text = |field: &str| record.body.get(field).and_then(Value::as_str);
            let second = |text: &str| text.parse().map(|at: Timestamp| at.as_second()).ok();
            let reason = RevocationReason::from_name(text("reason")?).ok()?;
            Some(Standing {
                status: "revoked",
                reason: Some(reason.code().into()),
                since: second(text("since")?)?,
                invalid_since: text("invalid_since")
                    .map(second)
                    .map_or(Some(None), |s| s.map(Some))?,
            })
        }
        _ => None,
    }
}

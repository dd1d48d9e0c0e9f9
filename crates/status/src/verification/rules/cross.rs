//! Which of the root's cross-certificates count: those whose rows say what the journal says of them. Tables can be
//! written past the program; the journal is guarded by its anchor.

use gm::sm3;
use serde_json::Value;
use store::Stored;

use crate::verification::sql::CrossRow;

/// Kind of the record of a cross-certificate of ours.
pub const CERTIFIED: &str = "ceremony.cross-certified";
/// Kind of the record of its withdrawal by two people.
pub const WITHDRAWN: &str = "cross.withdrawn";

/// The SM3 of the certificate that a record is about.
#[must_use]
pub fn digest_of(record: &Stored) -> Option<&str> {
    text(record, "sm3")
}

/// Whether a row says what the records say. A withdrawn one must be revoked: only so its status is told.
#[must_use]
pub fn is_borne_out(row: &CrossRow, certified: &[Stored], withdrawn: &[Stored]) -> bool {
    let digest = sm3::hash(&row.der).to_hex();
    let own = certified.iter().find(|record| digest_of(record) == Some(&digest));
    let Some(own) = own.filter(|record| record.intact) else { return false };
    // Records of older versions have it beside, where only the comparison of the tables looks.
    let is_proven = text(own, "possession").is_none_or(|stated| stated == row.possession);
    let stands = text(own, "serial") == Some(&row.serial) && text(own, "peer") == Some(&row.peer);
    let about = format!("certificate:root/{}", row.serial);
    let end = withdrawn.iter().find(|record| record.subject == about);
    let is_told = match end {
        None => row.withdrawn.is_empty(),
        Some(end) => {
            end.intact && row.status == "revoked" && text(end, "reason") == Some(&row.withdrawn)
        }
    };
    is_proven && stands && is_told
}

fn text<'r>(record: &'r Stored, field: &str) -> Option<&'r str> {
    record.body.get(field).and_then(Value::as_str)
}

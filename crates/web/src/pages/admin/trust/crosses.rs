//! Cross-certificates on the page of trust: ours for other institutions' CAs, and theirs for ours.

use app::cross::CrossView;
use ca::{CrossIssued, CrossReceived, Status};
use jiff::Timestamp;
use pki::Certificate;

use crate::pages::words;

/// A row of the table.
pub struct Cross {
    /// Who certified whom.
    pub direction: &'static str,
    /// The other institution's CA.
    pub other: String,
    /// The names that it recognises.
    pub names: String,
    pub from: String,
    pub until: String,
    pub serial: String,
    pub sm3: String,
    pub file: String,
    pub word: &'static str,
    pub tag: &'static str,
    /// Why it was withdrawn, in the words of who did.
    pub why: String,
}

/// Every cross-certificate, ours first, the newest first.
pub fn rows(view: &CrossView, now: Timestamp) -> Vec<Cross> {
    let issued = view.issued.iter().map(|one| of_ours(one, now));
    issued.chain(view.received.iter().map(|one| of_theirs(one, now))).collect()
}

fn of_ours(one: &CrossIssued, now: Timestamp) -> Cross {
    let other = one.certificate.subject().to_string();
    let (word, tag) = match one.record.status {
        Status::Good => standing(&one.certificate, now),
        Status::Suspended { .. } => ("已暂停", "tag--wait"),
        Status::Revoked { .. } => ("已撤销", "tag--bad"),
    };
    row("本机构签发给对方", other, &one.certificate, (word, tag, one.withdrawn.clone()))
}

fn of_theirs(one: &CrossReceived, now: Timestamp) -> Cross {
    let other = one.certificate.issuer().to_string();
    let (word, tag, why) = match &one.withdrawn {
        Some((_, why)) => ("不再公布", "tag--unknown", why.clone()),
        None => {
            let (word, tag) = standing(&one.certificate, now);
            (word, tag, String::new())
        }
    };
    row("对方签发给本机构", other, &one.certificate, (word, tag, why))
}

fn standing(certificate: &Certificate, now: Timestamp) -> (&'static str, &'static str) {
    match certificate.is_valid_at(now) {
        true => ("有效", "tag--good"),
        false => ("不在有效期内", "tag--unknown"),
    }
}

fn row(
    direction: &'static str,
    other: String,
    certificate: &Certificate,
    (word, tag, why): (&'static str, &'static str, String),
) -> Cross {
    let names = certificate.name_constraints().map(|all| all.permitted).unwrap_or_default();
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    Cross {
        direction,
        other,
        names: if names.is_empty() { "没有限定".to_owned() } else { names.join("；") },
        from: words::day(certificate.not_before()),
        until: words::day(certificate.not_after()),
        serial: words::groups(&certificate.serial().to_hex()),
        sm3: words::groups(&certificate.fingerprint()),
        file: format!("{}{}", app::cross::FILE_PREFIX, certificate.fingerprint()),
        word,
        tag,
        why,
    }
}

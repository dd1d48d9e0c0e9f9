//! The status of one certificate as an OCSP answer says it that came with the question. Whoever asks chose it: it is held
//! to what the responder itself would be held to if it were asked.

use gm::UserId;
use jiff::Timestamp;
use pki::Certificate;
use pki::crl::Reason;
use pki::ocsp::{BasicResponse, CertId, CertStatus, HashAlgorithm, Signer, SingleResponse};

use super::status::{StatusOf, revoked};
use crate::foreign::FollowedAuthority;
use crate::foreign::responder::Known;
use crate::foreign::responder::rules::{MOST_AGE, SKEW};
use crate::verification::model::{Basis, Outcome};

/// Who signed an answer, as far as that counts.
enum By {
    /// The issuer, whom it certified for answering, or one whom the trust list names.
    Named(String),
    /// One whom the issuer certified, and the trust list names others: only what is revoked is believed.
    Unnamed(String),
    /// Nobody whose word counts, and why.
    Nobody(String, String),
}

/// What one answer says, each time it speaks about this certificate.
pub(super) fn by_answer(
    (child, issuer): (&Certificate, &Certificate),
    answer: &BasicResponse,
    (held, known): (Option<&FollowedAuthority>, &Known),
    at: Timestamp,
) -> Vec<StatusOf> {
    let id = |hash| CertId::of(hash, issuer.subject(), issuer.spki(), child.serial());
    let ids: Vec<CertId> = HashAlgorithm::KNOWN.into_iter().filter_map(id).collect();
    let is_about = |single: &&SingleResponse| ids.iter().any(|id| is_same(id, &single.certificate));
    let mut singles = answer.singles().iter().filter(is_about).peekable();
    if singles.peek().is_none() {
        return Vec::new();
    }
    let pinned = held.and_then(|held| held.responder.as_ref()).map(|one| one.pinned.as_slice());
    let by = signer(answer, (issuer, pinned.unwrap_or_default()), at);
    let floor = known.floor_at(at);
    let found = |single| {
        let responder = match &by {
            By::Named(responder) | By::Unnamed(responder) | By::Nobody(responder, _) => responder,
        };
        judged(single, &by, (at, floor)).by(Basis::Answer {
            responder: responder.clone(),
            produced_at: answer.produced_at(),
            this_update: single.this_update,
            next_update: single.next_update,
        })
    };
    singles.map(found).collect()
}

fn is_same(one: &CertId, other: &CertId) -> bool {
    let parts = |id: &CertId| (id.hash(), id.name_hash().to_vec(), id.key_hash().to_vec());
    one.serial() == other.serial() && parts(one) == parts(other)
}

fn signer(
    answer: &BasicResponse,
    (issuer, pinned): (&Certificate, &[Certificate]),
    at: Timestamp,
) -> By {
    let id = UserId::default();
    if let Some(one) = pinned.iter().find(|one| answer.verify_by(one, &id, at).is_ok()) {
        return By::Named(one.subject().to_string());
    }
    let responder = match answer.verify(issuer, &id, at) {
        Err(why) => {
            let why = format!("附带的 OCSP 应答不能采信：{why}");
            return By::Nobody(String::new(), why);
        }
        Ok(Signer::Issuer) => issuer.subject().to_string(),
        Ok(Signer::Delegated { certificate, unchecked: true }) => certificate.subject().to_string(),
        Ok(Signer::Delegated { certificate, unchecked: false }) => {
            let why = "附带的 OCSP 应答的应答者证书没有免检标志，其自身状态未能确定";
            return By::Nobody(certificate.subject().to_string(), why.to_owned());
        }
    };
    if pinned.is_empty() { By::Named(responder) } else { By::Unnamed(responder) }
}

fn judged(
    single: &SingleResponse,
    by: &By,
    (at, floor): (Timestamp, Option<Timestamp>),
) -> StatusOf {
    let unknown = |code, text: &str| StatusOf::new(Outcome::Unknown, code, text);
    let found = match by {
        By::Nobody(_, why) => return unknown("status.answer-silent", why),
        By::Named(_) | By::Unnamed(_) => said(single, at),
    };
    let is_unnamed = matches!(by, By::Unnamed(_));
    let is_older = floor.is_some_and(|floor| single.this_update < floor);
    match found.outcome {
        Outcome::Failed => found,
        _ if is_unnamed => unknown(
            "status.answer-silent",
            "附带的 OCSP 应答不是由信任列表指定的应答者证书签名，不能采信",
        ),
        Outcome::Passed if is_older => {
            unknown("status.answer-older", "附带的 OCSP 应答早于此前已采信的应答，不能采信")
        }
        _ => found,
    }
}

/// An answer that is out of date may still show that a certificate is revoked; it never shows that one
/// is good, nor that one is still suspended (T-09). Nor does one of long ago show that it is good, whatever end it names.
fn said(single: &SingleResponse, at: Timestamp) -> StatusOf {
    let is_fresh = single.next_update.is_some() && single.is_fresh(at, SKEW);
    let is_recent = is_fresh && at.duration_since(single.this_update) <= MOST_AGE;
    match single.status {
        CertStatus::Revoked { at: since, reason }
            if since <= at && (is_fresh || reason != Reason::CertificateHold) =>
        {
            revoked(since, reason, at)
        }
        CertStatus::Good if is_recent => {
            StatusOf::new(Outcome::Passed, "status.answer-good", "OCSP 应答：没有暂停或撤销")
        }
        CertStatus::Unknown if is_recent => StatusOf::new(
            Outcome::Unknown,
            "status.answer-unknown",
            "OCSP 应答者不知道这张证书（可能没有签发过）",
        ),
        _ => StatusOf::new(
            Outcome::Unknown,
            "status.answer-stale",
            "附带的 OCSP 应答在所查时刻不在有效时间内，早于所查时刻十天以上，或者没有写明下次更新时间",
        ),
    }
}

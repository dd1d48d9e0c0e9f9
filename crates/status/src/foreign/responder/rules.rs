//! Pure decisions: whether an answer is believed, for how long it is kept, and how long a responder rests.

use gm::UserId;
use jiff::{SignedDuration, Timestamp};
use pki::crl::Reason;
use pki::ocsp::{BasicResponse, CertId, CertStatus, Nonce, Reply, Signer, SingleResponse};

use super::model::{By, ResponderQuestion, Said, Untold};

/// How far the clock of a responder may be from ours.
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How old what it says may be, whatever end it names (T-09: an answer that claimed a long window).
pub(crate) const MOST_AGE: SignedDuration = SignedDuration::from_hours(10 * 24);
/// Outages in a row after which it rests.
const ENOUGH: u32 = 2;
/// The first rest.
const FIRST_REST: SignedDuration = SignedDuration::from_secs(30);
/// The longest.
const LONGEST_REST: SignedDuration = SignedDuration::from_mins(10);

/// Reads and verifies an answer to a question that was asked with this nonce.
///
/// # Errors
/// [`Untold`]: the status stays unknown.
pub fn take(
    der: &[u8],
    question: &ResponderQuestion,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<Said, Untold> {
    let answer = match Reply::from_der(der) {
        Err(why) => return Err(Untold::NotAnAnswer(why.to_string())),
        Ok(Reply::Failed(failure)) => return Err(Untold::of(failure)),
        Ok(Reply::Answered(answer)) => answer,
    };
    match answer.nonce() {
        Some(theirs) if theirs != nonce => return Err(Untold::Nonce),
        None if question.responder.is_nonce_required => return Err(Untold::NoNonce),
        _ => {}
    }
    let by = signer(&answer, question, now)?;
    let single = only(&answer, &question.id)?;
    let produced_at = answer.produced_at();
    match window(single, produced_at, now) {
        // What was revoked stays so, however long ago that was said.
        Err(Untold::Over(_) | Untold::Old(_) | Untold::Undated) if is_final(single.status) => {}
        found => found?,
    }
    let SingleResponse { status, this_update, next_update, .. } = *single;
    Ok(Said { status, this_update, next_update, produced_at, asked_at: now, by })
}

/// RFC 6960 §3.2 (4) and (5), §4.2.2.2: one of the pinned, or else the issuer or whom it certified itself.
fn signer(
    answer: &BasicResponse,
    question: &ResponderQuestion,
    now: Timestamp,
) -> Result<By, Untold> {
    let (id, pinned) = (UserId::default(), &question.responder.pinned);
    let mut refusal = None;
    for certificate in pinned {
        match answer.verify_by(certificate, &id, now) {
            Ok(()) => return Ok(By::Pinned(Box::new(certificate.clone()))),
            Err(why) => refusal = Some(why),
        }
    }
    if let Some(why) = refusal {
        return Err(Untold::Signer(format!("应答不是由信任列表指定的应答者证书签名（{why}）")));
    }
    match answer.verify(&question.issuer, &id, now) {
        Ok(Signer::Issuer) => Ok(By::Issuer),
        Ok(Signer::Delegated { certificate, unchecked }) => {
            Ok(By::Delegated { certificate, unchecked })
        }
        Err(why) => Err(Untold::Signer(why.to_string())),
    }
}

/// The one word on this certificate of this issuer: digests of its name and key, and serial number (T-15).
fn only<'a>(answer: &'a BasicResponse, id: &CertId) -> Result<&'a SingleResponse, Untold> {
    let parts = |id: &CertId| {
        (id.hash(), id.name_hash().to_vec(), id.key_hash().to_vec(), id.serial().to_hex())
    };
    let asked = parts(id);
    let mut found = answer.singles().iter().filter(|single| parts(&single.certificate) == asked);
    match (found.next(), found.next()) {
        (Some(single), None) => Ok(single),
        (Some(_), Some(_)) => Err(Untold::Contradictory),
        (None, _) => Err(Untold::Another),
    }
}

/// RFC 6960 §3.2 (6): it counts now. Without an end newer information is there all the time (§4.2.2.1): only what is
/// known of now counts then. A nonce proves that the signature is new, and nothing of what it is about.
fn window(single: &SingleResponse, produced_at: Timestamp, now: Timestamp) -> Result<(), Untold> {
    let latest = single.this_update.max(produced_at);
    if latest.duration_since(now) > SKEW {
        return Err(Untold::Future(latest));
    }
    let age = now.duration_since(single.this_update);
    if age > MOST_AGE {
        return Err(Untold::Old(single.this_update));
    }
    match single.next_update {
        Some(next) if now.duration_since(next) > SKEW => Err(Untold::Over(next)),
        None if age > SKEW => Err(Untold::Undated),
        _ => Ok(()),
    }
}

/// Whether nothing newer can say otherwise.
pub(crate) fn is_final(status: CertStatus) -> bool {
    matches!(status, CertStatus::Revoked { reason, .. }
        if reason != Reason::CertificateHold && reason != Reason::RemoveFromCrl)
}

/// Until when an answer is kept; `None` when it counts for its question alone.
pub fn kept_until(said: &Said, most: SignedDuration) -> Option<Timestamp> {
    let longest = said.asked_at.saturating_add(most).unwrap_or(said.asked_at);
    let end = said.next_update?.min(longest);
    (end > said.asked_at).then_some(end)
}

/// For how long a responder rests after so many outages in a row: 30 s, 1, 2, … minutes, ten at most.
pub fn rest(failures: u32) -> Option<SignedDuration> {
    let times = failures.checked_sub(ENOUGH)?.min(8);
    let seconds = FIRST_REST.as_secs() << times;
    Some(SignedDuration::from_secs(seconds).min(LONGEST_REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    fn said(status: CertStatus, next: Option<i64>) -> Said {
        let next_update = next.map(at);
        let (this_update, produced_at, asked_at) = (at(0), at(0), at(0));
        Said { status, this_update, next_update, produced_at, asked_at, by: By::Issuer }
    }

    /// RFC 6960 §3.2 (6), §4.2.2.1; each arm.
    #[test]
    fn the_window_of_an_answer_is_judged_by_its_moment_and_its_end() {
        let id = {
            let pem = include_bytes!("../../../../pki/tests/data/rootca-2012.pem");
            let root = pki::Certificate::from_pem_or_der(pem).unwrap();
            CertId::of(pki::ocsp::HashAlgorithm::Sm3, root.subject(), root.spki(), root.serial())
        };
        let id = id.unwrap();
        let (skew, most) = (SKEW.as_secs(), MOST_AGE.as_secs());
        let judged = |this: i64, next: Option<i64>, produced: i64| {
            let single = SingleResponse {
                certificate: id.clone(),
                status: CertStatus::Good,
                this_update: at(this),
                next_update: next.map(at),
                archive_cutoff: None,
            };
            window(&single, at(produced), at(0))
        };
        assert_eq!(judged(0, Some(600), 0), Ok(()));
        assert_eq!(judged(skew, Some(600), skew), Ok(()), "clocks differ");
        assert_eq!(judged(skew + 1, Some(600), 0), Err(Untold::Future(at(skew + 1))));
        assert_eq!(judged(0, Some(600), skew + 1), Err(Untold::Future(at(skew + 1))));
        assert_eq!(judged(-most, Some(600), -most), Ok(()));
        assert_eq!(judged(-most - 1, Some(600), 0), Err(Untold::Old(at(-most - 1))));
        assert_eq!(judged(-600, Some(-skew), -600), Ok(()));
        assert_eq!(judged(-600, Some(-skew - 1), 0), Err(Untold::Over(at(-skew - 1))));
        assert_eq!(judged(-skew, None, -skew), Ok(()), "of now");
        // However new the signature is, with our nonce or without.
        assert_eq!(judged(-skew - 1, None, 0), Err(Untold::Undated));
    }

    #[test]
    fn only_what_is_revoked_is_final() {
        let revoked = |reason| CertStatus::Revoked { at: at(0), reason };
        assert!(is_final(revoked(Reason::KeyCompromise)) && is_final(revoked(Reason::Unspecified)));
        for status in [
            CertStatus::Good,
            CertStatus::Unknown,
            revoked(Reason::CertificateHold),
            revoked(Reason::RemoveFromCrl),
        ] {
            assert!(!is_final(status), "{status:?}");
        }
    }

    #[test]
    fn an_answer_is_kept_until_its_end_and_no_longer_than_we_want() {
        let hour = SignedDuration::from_hours(1);
        let kept = |next| kept_until(&said(CertStatus::Good, next), hour);
        assert_eq!(kept(Some(600)), Some(at(600)));
        assert_eq!(kept(Some(86_400)), Some(at(3_600)));
        assert_eq!(kept(None), None, "without an end it counts for its question");
        assert_eq!(kept(Some(-5)), None);
        assert_eq!(kept_until(&said(CertStatus::Good, Some(9)), SignedDuration::ZERO), None);
    }

    #[test]
    fn a_responder_rests_after_two_outages_and_longer_each_time() {
        let rests: Vec<_> =
            (0..9).map(|failures| rest(failures).map(|rest| rest.as_secs())).collect();
        let expected =
            [None, None, Some(30), Some(60), Some(120), Some(240), Some(480), Some(600), Some(600)];
        assert_eq!(rests, expected);
        assert_eq!(rest(u32::MAX), Some(LONGEST_REST));
    }
}

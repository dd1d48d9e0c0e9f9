//! The status of one certificate as the responder of its issuer told it when it was asked.

use gm::UserId;
use jiff::Timestamp;
use pki::Certificate;
use pki::crl::Crl;
use pki::ocsp::CertStatus;

use super::status::{StatusOf, by_followed, is_about, revoked};
use crate::foreign::Followed;
use crate::foreign::responder::rules::{SKEW, is_final};
use crate::foreign::responder::{By, ForeignResponder, Known, Said, Told};
use crate::verification::model::{Basis, Outcome};

/// What is had of the responder of an issuer. Without one: nothing.
#[derive(Debug, Default)]
pub struct Heard {
    /// What it says about the certificate, or once said for good.
    pub told: Option<StatusOf>,
    /// What is known of the certificate by all that it said, against which every other source is held.
    pub known: Known,
    /// Whether that can't be looked up: it may have been revoked.
    pub is_unrecorded: bool,
}

/// Whether the responder of its issuer is to be asked about a certificate: where no list in force decides, and the issuer
/// did sign the certificate. Else anybody could make us ask.
pub fn is_to_be_asked(
    (child, issuer): (&Certificate, &Certificate),
    (followed, known): (&Followed, &Known),
    at: Timestamp,
) -> bool {
    let Some(held) = followed.of(issuer) else { return false };
    let found = by_followed((child, issuer), held, (at, known.held_at(at)));
    let is_open = found.iter().all(|one| one.outcome == Outcome::Unknown);
    let signed = |key| child.verify_signature(&key, &UserId::default()).is_ok();
    is_open && issuer.public_key().is_ok_and(signed)
}

/// What the responder told comes to, at the instant asked for.
pub fn by_responder(
    (child, issuer): (&Certificate, &Certificate),
    (responder, told): (&ForeignResponder, &Told),
    followed: &Followed,
    at: Timestamp,
) -> StatusOf {
    let address = &responder.address;
    let said = match told {
        Ok(said) => said,
        Err(why) => {
            let text =
                format!("询问其颁发者的 OCSP 应答者 {address}，没有得到可以采信的应答：{why}");
            return StatusOf::new(Outcome::Unknown, "status.asked-silent", text);
        }
    };
    let why =
        distrust(said, issuer, followed, at).or_else(|| outdated(said, (child, issuer), followed));
    let found = match why {
        Some(why) => {
            let text = format!("OCSP 应答者 {address} 的应答不能采信：{why}");
            StatusOf::new(Outcome::Unknown, "status.asked-silent", text)
        }
        None => meaning(said, at).told_by(address.as_str()),
    };
    let responder = match &said.by {
        By::Issuer => issuer,
        By::Pinned(certificate) | By::Delegated { certificate, .. } => certificate,
    };
    found.by(Basis::Asked {
        source: address.to_string(),
        responder: responder.subject().to_string(),
        this_update: said.this_update,
        next_update: said.next_update,
        asked_at: said.asked_at,
    })
}

/// Why the signer's own status spoils the answer. RFC 6960 §4.2.2.2.1: unless the issuer waived it, it is looked at; the
/// lists that are held say it or nobody does.
fn distrust(
    said: &Said,
    issuer: &Certificate,
    followed: &Followed,
    at: Timestamp,
) -> Option<&'static str> {
    let By::Delegated { certificate, unchecked } = &said.by else { return None };
    let held = followed.of(issuer)?;
    let any = |moment, outcome| {
        let found = by_followed((certificate, issuer), held, (moment, None));
        found.iter().any(|one| one.outcome == outcome)
    };
    // A list that came later and doesn't name the signer shows that it was not revoked then either. That serves a
    // revocation, which is remembered; anything else is asked for again.
    let later = || is_final(said.status) && at > said.asked_at && any(at, Outcome::Passed);
    match () {
        () if any(said.asked_at, Outcome::Failed) => Some("应答者证书已被撤销或暂停"),
        () if *unchecked || any(said.asked_at, Outcome::Passed) || later() => None,
        () => Some(
            "应答者证书没有免检标志，又没有在有效期内的撤销列表说明它的状态；可以在信任列表中指定应答者证书",
        ),
    }
}

/// The lists that are held knew more, though they are over: numbers of lists only grow, and nobody goes back behind
/// them by an answer (Invariant 7). What was revoked stays so.
fn outdated(
    said: &Said,
    (child, issuer): (&Certificate, &Certificate),
    followed: &Followed,
) -> Option<&'static str> {
    let lists = followed.of(issuer)?.groups.iter().flat_map(|group| group.lists.iter());
    let known = lists.filter(|list| is_about(list, child)).map(Crl::this_update).max()?;
    let is_older = known.duration_since(said.this_update) > SKEW;
    (is_older && !is_final(said.status)).then_some("应答早于已经取得的撤销列表")
}

/// It speaks about the moment for which it is right: about one long before it says only what was revoked by then.
fn meaning(said: &Said, at: Timestamp) -> StatusOf {
    let is_of_then = said.this_update.duration_since(at) <= SKEW;
    match said.status {
        CertStatus::Revoked { at: since, reason } if since <= at => revoked(since, reason, at),
        CertStatus::Good if is_of_then => {
            let text = format!("{} 的应答：没有暂停或撤销", said.this_update);
            StatusOf::new(Outcome::Passed, "status.asked-good", text)
        }
        CertStatus::Unknown if is_of_then => StatusOf::new(
            Outcome::Unknown,
            "status.asked-unknown",
            "OCSP 应答者不知道这张证书（可能没有签发过）",
        ),
        _ => StatusOf::new(
            Outcome::Unknown,
            "status.asked-silent",
            "OCSP 应答说的是现在，不能说明所查时刻的状态",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pki::crl::Reason;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    #[test]
    fn an_answer_of_now_says_of_an_earlier_instant_only_what_was_revoked_by_then() {
        let of = |status, moment| {
            let (this_update, produced_at, asked_at) = (at(1_000), at(1_000), at(1_000));
            let (by, next_update) = (By::Issuer, None);
            let said = Said { status, this_update, next_update, produced_at, asked_at, by };
            let found = meaning(&said, at(moment));
            (found.outcome, found.code)
        };
        let revoked = |reason| CertStatus::Revoked { at: at(100), reason };
        let silent = (Outcome::Unknown, "status.asked-silent");
        assert_eq!(of(CertStatus::Good, 1_000), (Outcome::Passed, "status.asked-good"));
        assert_eq!(of(CertStatus::Good, 700), (Outcome::Passed, "status.asked-good"), "skew");
        assert_eq!(of(CertStatus::Good, 699), silent);
        assert_eq!(of(CertStatus::Unknown, 1_000), (Outcome::Unknown, "status.asked-unknown"));
        let lost = revoked(Reason::KeyCompromise);
        assert_eq!(of(lost, 1_000), (Outcome::Failed, "status.revoked"));
        assert_eq!(of(lost, 100), (Outcome::Failed, "status.revoked"));
        assert_eq!(of(lost, 99), silent);
        let held = revoked(Reason::CertificateHold);
        assert_eq!(of(held, 1_000), (Outcome::Failed, "status.suspended"));
    }
}

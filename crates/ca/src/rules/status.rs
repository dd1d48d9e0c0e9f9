//! Suspend, resume, revoke: which change of status is lawful.
//!
//! 暂停/恢复 is certificateHold; 撤销 is final (RFC 5280 §5.3.1, GM/T 0034 §8.6). What a
//! change needs to know is in its arguments.

use jiff::Timestamp;

use crate::error::Refusal;
use crate::model::{RevocationReason, Role, Status};

/// A change that the rules allow, or the news that nothing has to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The certificate is already in the state asked for: a repeated request.
    None,
    /// It gets this status.
    To(Status),
}

/// 暂停: only what is good and not over.
pub fn suspend(status: &Status, not_after: Timestamp, now: Timestamp) -> Result<Change, Refusal> {
    match status {
        Status::Revoked { .. } => Err(Refusal::Revoked),
        Status::Suspended { .. } => Err(Refusal::AlreadySuspended),
        Status::Good if now > not_after => Err(Refusal::Expired),
        Status::Good => Ok(Change::To(Status::Suspended { since: now })),
    }
}

/// 恢复: only what is suspended and not over; the one way back to good.
pub fn resume(status: &Status, not_after: Timestamp, now: Timestamp) -> Result<Change, Refusal> {
    match status {
        Status::Revoked { .. } => Err(Refusal::Revoked),
        Status::Good => Err(Refusal::NotSuspended),
        Status::Suspended { .. } if now > not_after => Err(Refusal::Expired),
        Status::Suspended { .. } => Ok(Change::To(Status::Good)),
    }
}

/// Whether a reason says that the key is no secret any more: for a CA's certificate there are two of them.
#[must_use]
pub fn is_compromise(reason: RevocationReason, role: Role) -> bool {
    match reason {
        RevocationReason::KeyCompromise => true,
        RevocationReason::CaCompromise => role == Role::Ca,
        _ => false,
    }
}

/// 撤销: from good or suspended. The instant of an earlier revocation stays; its reason may
/// only become a compromise, which can be learnt later. After expiry only a compromise is
/// still worth recording: it concerns signatures made before.
pub fn revoke(
    (status, not_after, role): (&Status, Timestamp, Role),
    asked: &Revocation,
    now: Timestamp,
) -> Result<Change, Refusal> {
    if asked.invalid_since.is_some_and(|since| since > now) {
        return Err(Refusal::InvalidSinceInFuture);
    }
    let compromise = is_compromise(asked.reason, role);
    let revoked =
        |since| Status::Revoked { since, reason: asked.reason, invalid_since: asked.invalid_since };
    match *status {
        Status::Revoked { reason, .. } if reason == asked.reason => Ok(Change::None),
        // As much is said by it.
        Status::Revoked { reason: RevocationReason::KeyCompromise, .. } if compromise => {
            Ok(Change::None)
        }
        Status::Revoked { since, .. } if compromise => Ok(Change::To(revoked(since))),
        Status::Revoked { .. } => Err(Refusal::ReasonFixed),
        _ if now > not_after && !compromise => Err(Refusal::Expired),
        _ => Ok(Change::To(revoked(now))),
    }
}

/// What nobody could be told is not recorded: a generation that is over signs no list and no answer
/// (ADR 14).
pub fn told(change: Change, is_over: bool) -> Result<Change, Refusal> {
    match change {
        Change::To(_) if is_over => Err(Refusal::IssuerOver),
        _ => Ok(change),
    }
}

/// What a revocation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Why.
    pub reason: RevocationReason,
    /// Since when the key is known or suspected to be unsafe (invalidityDate, RFC 5280 §5.3.2).
    pub invalid_since: Option<Timestamp>,
}

impl Revocation {
    /// A revocation without an invalidity date.
    #[must_use]
    pub fn because(reason: RevocationReason) -> Self {
        Self { reason, invalid_since: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }
    const END: Timestamp = at(1_000);
    const NOW: Timestamp = at(500);
    const LATE: Timestamp = at(1_001);

    fn revoked(reason: RevocationReason) -> Status {
        Status::Revoked { since: at(100), reason, invalid_since: None }
    }
    fn ask(reason: RevocationReason) -> Revocation {
        Revocation::because(reason)
    }
    fn revoke(
        status: &Status,
        end: Timestamp,
        asked: &Revocation,
        now: Timestamp,
    ) -> Result<Change, Refusal> {
        super::revoke((status, end, Role::Sign), asked, now)
    }

    #[test]
    fn good_can_be_suspended_until_it_is_over() {
        assert_eq!(
            suspend(&Status::Good, END, END),
            Ok(Change::To(Status::Suspended { since: END }))
        );
        assert_eq!(suspend(&Status::Good, END, LATE), Err(Refusal::Expired));
    }

    #[test]
    fn revoked_can_neither_be_suspended_nor_resumed() {
        let status = revoked(RevocationReason::Superseded);
        assert_eq!(suspend(&status, END, NOW), Err(Refusal::Revoked));
        assert_eq!(resume(&status, END, NOW), Err(Refusal::Revoked));
    }

    #[test]
    fn only_suspended_can_be_resumed() {
        let held = Status::Suspended { since: at(1) };
        assert_eq!(resume(&held, END, NOW), Ok(Change::To(Status::Good)));
        assert_eq!(resume(&Status::Good, END, NOW), Err(Refusal::NotSuspended));
        assert_eq!(resume(&held, END, LATE), Err(Refusal::Expired));
    }

    #[test]
    fn suspended_can_be_revoked_and_the_date_is_that_of_revocation() {
        let held = Status::Suspended { since: at(1) };
        let change = revoke(&held, END, &ask(RevocationReason::Unspecified), NOW);
        assert!(matches!(change, Ok(Change::To(Status::Revoked { since, .. })) if since == NOW));
    }

    #[test]
    fn repeated_revocation_changes_nothing_and_another_reason_is_refused() {
        let status = revoked(RevocationReason::Superseded);
        let again = revoke(&status, END, &ask(RevocationReason::Superseded), NOW);
        assert_eq!(again, Ok(Change::None));
        let other = revoke(&status, END, &ask(RevocationReason::AffiliationChanged), NOW);
        assert_eq!(other, Err(Refusal::ReasonFixed));
    }

    #[test]
    fn compromise_learnt_later_keeps_the_date_of_revocation() {
        let status = revoked(RevocationReason::Superseded);
        let change = revoke(&status, END, &ask(RevocationReason::KeyCompromise), NOW);
        assert_eq!(change, Ok(Change::To(revoked(RevocationReason::KeyCompromise))));
    }

    #[test]
    fn compromise_of_a_ca_can_be_learnt_later_too_and_that_of_a_subscriber_is_none() {
        let status = revoked(RevocationReason::Superseded);
        let asked = ask(RevocationReason::CaCompromise);
        let change = super::revoke((&status, END, Role::Ca), &asked, NOW);
        assert_eq!(change, Ok(Change::To(revoked(RevocationReason::CaCompromise))));
        assert!(super::revoke((&Status::Good, END, Role::Ca), &asked, LATE).is_ok());
        assert_eq!(revoke(&status, END, &asked, NOW), Err(Refusal::ReasonFixed));
        let known = revoked(RevocationReason::KeyCompromise);
        assert_eq!(super::revoke((&known, END, Role::Ca), &asked, NOW), Ok(Change::None));
    }

    #[test]
    fn compromise_is_recorded_even_after_expiry_but_nothing_else_is() {
        assert!(revoke(&Status::Good, END, &ask(RevocationReason::KeyCompromise), LATE).is_ok());
        let other = revoke(&Status::Good, END, &ask(RevocationReason::Superseded), LATE);
        assert_eq!(other, Err(Refusal::Expired));
    }

    #[test]
    fn change_that_no_list_can_tell_is_refused() {
        let compromise = revoke(&Status::Good, END, &ask(RevocationReason::KeyCompromise), LATE);
        let change = compromise.unwrap();
        assert_eq!(told(change, true), Err(Refusal::IssuerOver));
        assert_eq!(told(change, false), Ok(change));
        assert_eq!(told(Change::None, true), Ok(Change::None), "it was told before");
    }

    #[test]
    fn invalidity_cannot_begin_tomorrow() {
        let mut asked = ask(RevocationReason::KeyCompromise);
        asked.invalid_since = Some(LATE);
        assert_eq!(revoke(&Status::Good, END, &asked, NOW), Err(Refusal::InvalidSinceInFuture));
    }
}

//! Pure decisions about answers: which issuer, which status, which window, how long to keep.

pub mod delegation;

use jiff::{SignedDuration, Timestamp};
use pki::crl::Reason;
use pki::ocsp::{CertStatus, IssuerHashes, Request};

use crate::model::{Caching, ListWindow, Unissued};

/// A row of `certificate` as far as status goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    /// `good`, `suspended` or `revoked`.
    pub status: String,
    /// Code of RFC 5280 §5.3.1.
    pub reason: Option<i64>,
    /// Unix seconds of the last change.
    pub changed_at: i64,
}

/// The status that an answer gives. No row: not issued, so `unknown` (incident T-07).
/// Suspended is revoked with certificateHold (RFC 6960 §2.2).
///
/// # Errors
/// A row that contradicts itself is never read as good (incident T-09).
pub fn cert_status(row: Option<&StatusRow>) -> Result<CertStatus, String> {
    let Some(row) = row else {
        return Ok(CertStatus::Unknown);
    };
    let wrong = || format!("{row:?}");
    let code = row.reason.map(u8::try_from).transpose().map_err(|_| wrong())?;
    let reason = code.map(|code| Reason::from_code(code).ok_or_else(wrong)).transpose()?;
    let at = Timestamp::from_second(row.changed_at).map_err(|_| wrong())?;
    match (row.status.as_str(), reason) {
        ("good", None) => Ok(CertStatus::Good),
        ("suspended", Some(reason @ Reason::CertificateHold)) => {
            Ok(CertStatus::Revoked { at, reason })
        }
        ("revoked", Some(Reason::CertificateHold | Reason::RemoveFromCrl)) => Err(wrong()),
        ("revoked", Some(reason)) => Ok(CertStatus::Revoked { at, reason }),
        _ => Err(wrong()),
    }
}

/// What an answer says of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The status.
    pub status: CertStatus,
    /// Whether there is such a certificate. If there isn't, there may be one in a moment.
    pub is_issued: bool,
    /// Of a certificate that is over: since when status is kept (RFC 6960 §4.4.4).
    pub archive_cutoff: Option<Timestamp>,
}

/// How what isn't there or is over is answered.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// The status of what was never issued.
    pub unissued: Unissued,
    /// How long after its end the status of a certificate is kept; `None`: answers don't say.
    pub retention: Option<SignedDuration>,
}

/// The verdict on the row of a certificate and its end (Unix seconds), if it has one.
///
/// # Errors
/// As [`cert_status`].
pub fn verdict(
    found: Option<&(StatusRow, i64)>,
    manners: Manners,
    now: Timestamp,
) -> Result<Verdict, String> {
    let Some((row, end)) = found else {
        let status = match manners.unissued {
            Unissued::Unknown => CertStatus::Unknown,
            Unissued::Revoked => CertStatus::NEVER_ISSUED,
        };
        return Ok(Verdict { status, is_issued: false, archive_cutoff: None });
    };
    let second = now.as_second();
    let cutoff =
        |kept: SignedDuration| Timestamp::from_second(second.saturating_sub(kept.as_secs())).ok();
    let archive_cutoff = manners.retention.filter(|_| *end < second).and_then(cutoff);
    Ok(Verdict { status: cert_status(Some(row))?, is_issued: true, archive_cutoff })
}

/// Which of our issuers a question is about: name and key must match (incident T-15). `None`
/// when it is about nobody we know, or about two of ours, since one delegated responder
/// speaks for one issuer only.
pub fn issuer_of<'a>(
    request: &Request,
    issuers: impl Iterator<Item = &'a IssuerHashes> + Clone,
) -> Option<usize> {
    let position = |id| issuers.clone().position(|issuer| issuer.matches(id));
    let mut known = request.certificates().iter().filter_map(position);
    let first = known.next()?;
    known.all(|other| other == first).then_some(first)
}

/// When an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From.
    pub this_update: Timestamp,
    /// To.
    pub next_update: Timestamp,
}

/// The window of an answer that is made now: never beyond the end of the responder's own
/// certificate (incident T-09). `None` when nothing is left of that.
pub fn window(now: Timestamp, length: SignedDuration, responder_end: Timestamp) -> Option<Window> {
    let this_update = Timestamp::from_second(now.as_second()).ok()?;
    let next_update = this_update.checked_add(length).ok()?.min(responder_end);
    (this_update < next_update).then_some(Window { this_update, next_update })
}

/// Whether a kept answer may still be sent: until half of its window is over, and only after
/// its beginning (the clock may have been set back). While changes by others cannot be seen,
/// only as long as any cache on the way might have kept it.
pub fn still_serves(window: &Window, now: Timestamp, blind: bool, max_age: SignedDuration) -> bool {
    let length = window.next_update.duration_since(window.this_update);
    let age = now.duration_since(window.this_update);
    let limit = if blind { max_age.min(length / 2) } else { length / 2 };
    !age.is_negative() && age <= limit
}

/// Whether an answer that is kept ready is made anew by the next round: in the second quarter of
/// its window, so that [`still_serves`] never finds it too old as long as rounds keep up.
pub fn is_worn(window: &Window, now: Timestamp) -> bool {
    let length = window.next_update.duration_since(window.this_update);
    let age = now.duration_since(window.this_update);
    age.is_negative() || age > length / 4
}

/// Whether another round over all certificates is due: one for each eighth of a window, or at once
/// when the clock was set back.
pub fn is_round_due(last: Option<Timestamp>, length: SignedDuration, now: Timestamp) -> bool {
    last.is_none_or(|last| {
        let age = now.duration_since(last);
        age.is_negative() || age >= length / 8
    })
}

/// What caches may do with a body that counts until `end`.
pub fn caching(
    etag: &str,
    last_modified: Timestamp,
    end: Timestamp,
    now: Timestamp,
    longest: SignedDuration,
) -> Caching {
    let left = SignedDuration::from_secs(end.as_second().saturating_sub(now.as_second()));
    let max_age = left.min(longest).max(SignedDuration::ZERO);
    let expires = now.checked_add(max_age).unwrap_or(now);
    Caching::Public { etag: etag.to_owned(), last_modified, max_age, expires }
}

/// Whether the spare is handed out in place of the list that was published last: that one is
/// past the middle of its window (or over), the spare is newer, tells no earlier state, and still counts. A device that
/// works makes a new list before that, so this is how an outage shows (incident T-11). `ca`
/// decides the same about what it publishes; `app` holds both to the same answers.
pub fn spare_serves(published: &ListWindow, spare: &ListWindow, now: Timestamp) -> bool {
    now >= middle(published)
        && spare.number > published.number
        && spare.this_update >= published.this_update
        && now < spare.next_update
}

/// The middle of a window.
fn middle(window: &ListWindow) -> Timestamp {
    let half = window.next_update.duration_since(window.this_update) / 2;
    window.this_update.saturating_add(half).unwrap_or(window.next_update)
}

/// Since when a spare is in force, in whole seconds as HTTP has them: always later than the
/// publication of the list before, or a client that asks `If-Modified-Since` would go on with
/// the old octets.
pub fn spare_since(published: &ListWindow, published_at: Timestamp) -> Timestamp {
    let after = |at: Timestamp| at.as_second().saturating_add(1);
    let middle = middle(published);
    let ceiling = if middle.subsec_nanosecond() == 0 { middle.as_second() } else { after(middle) };
    Timestamp::from_second(ceiling.max(after(published_at))).unwrap_or(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn row(status: &str, reason: Option<i64>) -> StatusRow {
        StatusRow { status: status.into(), reason, changed_at: 1_800_000_000 }
    }

    #[test]
    fn what_has_no_row_is_unknown() {
        assert_eq!(cert_status(None), Ok(CertStatus::Unknown));
    }

    #[test]
    fn a_suspension_is_revoked_with_hold() {
        let held = CertStatus::Revoked { at: at(0), reason: Reason::CertificateHold };
        assert_eq!(cert_status(Some(&row("suspended", Some(6)))), Ok(held));
        let compromised = CertStatus::Revoked { at: at(0), reason: Reason::KeyCompromise };
        assert_eq!(cert_status(Some(&row("revoked", Some(1)))), Ok(compromised));
        let plain = CertStatus::Revoked { at: at(0), reason: Reason::Unspecified };
        assert_eq!(cert_status(Some(&row("revoked", Some(0)))), Ok(plain));
        assert_eq!(cert_status(Some(&row("good", None))), Ok(CertStatus::Good));
    }

    /// T-09: a column "0" instead of NULL once made a public CA serve stale status.
    #[test]
    fn a_row_that_contradicts_itself_is_never_good() {
        for (status, reason) in [
            ("good", Some(0)),
            ("good", Some(1)),
            ("suspended", None),
            ("suspended", Some(1)),
            ("revoked", None),
            ("revoked", Some(6)),
            ("revoked", Some(7)),
            ("revoked", Some(8)),
            ("revoked", Some(256)),
            ("revoked", Some(-1)),
            ("", None),
            ("GOOD", None),
        ] {
            assert!(cert_status(Some(&row(status, reason))).is_err(), "{status} {reason:?}");
        }
    }

    /// T-07, and RFC 6960 §2.2 for those who want "revoked".
    #[test]
    fn what_was_never_issued_is_unknown_or_on_hold_since_the_beginning_and_never_good() {
        let retention = Some(SignedDuration::from_hours(24));
        let say = |unissued| verdict(None, Manners { unissued, retention }, at(0)).unwrap();
        assert_eq!(say(Unissued::Unknown).status, CertStatus::Unknown);
        let (reason, beginning) = (Reason::CertificateHold, Timestamp::UNIX_EPOCH);
        let status = CertStatus::Revoked { at: beginning, reason };
        assert_eq!(say(Unissued::Revoked).status, status);
        for unissued in [Unissued::Unknown, Unissued::Revoked] {
            assert!(!say(unissued).is_issued && say(unissued).archive_cutoff.is_none());
        }
    }

    #[test]
    fn only_what_is_over_says_since_when_status_is_kept() {
        let day = SignedDuration::from_hours(24);
        let cutoff = |end: i64, retention| {
            let found = (row("revoked", Some(1)), at(end).as_second());
            let manners = Manners { unissued: Unissued::Unknown, retention };
            verdict(Some(&found), manners, at(0)).unwrap().archive_cutoff
        };
        assert_eq!(cutoff(-1, Some(day)), Some(at(-86_400)));
        assert_eq!((cutoff(0, Some(day)), cutoff(-1, None)), (None, None));
    }

    /// T-09: what rounds keep ready is always young enough to be sent.
    #[test]
    fn rounds_make_answers_anew_before_they_are_too_old_to_be_sent() {
        let length = SignedDuration::from_secs(3600);
        let window = Window { this_update: at(0), next_update: at(3600) };
        assert!(
            !is_worn(&window, at(900)) && is_worn(&window, at(901)) && is_worn(&window, at(-1))
        );
        assert!(is_round_due(None, length, at(0)));
        assert!(
            !is_round_due(Some(at(0)), length, at(449))
                && is_round_due(Some(at(0)), length, at(450))
        );
        assert!(is_round_due(Some(at(1)), length, at(0)), "the clock was set back");
        // Found not worn just before 900, found worn by the round after, at 1350 plus its length.
        assert!(still_serves(&window, at(900 + 450), false, length));
    }

    #[test]
    fn a_window_ends_with_the_responders_certificate() {
        let hour = SignedDuration::from_hours(1);
        let whole = window(at(0), hour, at(86_400)).unwrap();
        assert_eq!(whole, Window { this_update: at(0), next_update: at(3600) });
        assert_eq!(window(at(0), hour, at(60)).unwrap().next_update, at(60));
        assert_eq!(window(at(0), hour, at(0)), None);
    }

    #[test]
    fn kept_answers_serve_until_half_of_their_window_and_shorter_when_blind() {
        let window = Window { this_update: at(0), next_update: at(3600) };
        let age = SignedDuration::from_secs(300);
        let serves = |seconds, blind| still_serves(&window, at(seconds), blind, age);
        assert!(serves(0, false) && serves(1800, false) && !serves(1801, false));
        assert!(serves(300, true) && !serves(301, true));
        assert!(!serves(-1, false), "the clock was set back");
    }

    #[test]
    fn caches_never_keep_beyond_the_end() {
        let longest = SignedDuration::from_mins(5);
        let age = |now| match caching("t", at(0), at(3600), at(now), longest) {
            Caching::Public { max_age, expires, .. } => {
                assert_eq!(expires.duration_since(at(now)), max_age);
                max_age.as_secs()
            }
            Caching::NoStore => -1,
        };
        assert_eq!((age(0), age(3500), age(3600), age(4000)), (300, 100, 0, 0));
    }

    fn list(number: i64, from: i64, to: i64) -> ListWindow {
        ListWindow { number, this_update: at(from), next_update: at(to) }
    }

    /// T-11.
    #[test]
    fn the_spare_serves_from_the_middle_of_the_window_to_its_own_end() {
        let (published, spare) = (list(7, 0, 1000), list(8, 0, 5000));
        let serves = |seconds| spare_serves(&published, &spare, at(seconds));
        assert!(!serves(0) && !serves(499) && serves(500) && serves(1000) && serves(4999));
        assert!(!serves(5000), "over");
        let odd = list(7, 0, 1001);
        assert!(!spare_serves(&odd, &spare, at(500)), "the middle is at 500.5");
        assert!(spare_serves(&odd, &spare, at(501)));
    }

    #[test]
    fn a_spare_that_is_not_newer_never_serves() {
        let published = list(8, 0, 1000);
        assert!(!spare_serves(&published, &list(8, 0, 5000), at(700)));
        assert!(!spare_serves(&published, &list(7, 0, 5000), at(700)));
        let later = list(8, 10, 1000);
        assert!(!spare_serves(&later, &list(9, 9, 5000), at(700)), "of an earlier state");
        assert!(spare_serves(&later, &list(9, 10, 5000), at(700)));
    }

    #[test]
    fn a_spare_is_published_at_the_middle_and_later_than_the_list_before() {
        let since = |published: &ListWindow, at_second| {
            spare_since(published, at(at_second)).duration_since(at(0)).as_secs()
        };
        assert_eq!(since(&list(7, 0, 1000), 0), 500);
        assert_eq!(since(&list(7, 0, 1001), 0), 501);
        assert_eq!(since(&list(7, 0, 1000), 600), 601, "published late");
    }
}

//! Which generation of an authority issues, what the others still sign, and when one is over.
//!
//! Keys of an authority follow one another (ADR 14). Which of them issues is a function of the
//! moments for which they were appointed and of the clock: there is always exactly one, whatever was
//! cut off.

use jiff::{SignedDuration, Timestamp};

/// The place of the generation that issues at `now` (Unix seconds): the last one whose moment has
/// come, otherwise the first. `starts` are the moments of the second and later ones, in order; `None`
/// for one that isn't appointed.
pub fn issuing(starts: &[Option<i64>], now: i64) -> usize {
    let has_begun = |start: &Option<i64>| start.is_some_and(|start| start <= now);
    starts.iter().rposition(has_begun).map_or(0, |place| place + 1)
}

/// What is known of a generation that no longer issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remains {
    /// The last second of the certificates that it issued, those of responders aside.
    pub last_end: Option<Timestamp>,
    /// Whether something is recorded to be signed and not signed yet.
    pub has_open: bool,
    /// When the oldest of its current full lists and shards was made; `None` when one is missing.
    pub oldest_list: Option<Timestamp>,
    /// How long the status of a certificate is kept for questions after its end.
    pub status_kept: SignedDuration,
    /// The end of its own certificate: nothing that it signs counts after that.
    pub own_end: Timestamp,
}

/// Whether nothing is left to sign: every certificate has ended, a list was made after that, so that each
/// revocation stood on one list after the end of its certificate (RFC 5280 §3.3), and their status was
/// answered for as long as was promised. After its own end there is nothing that it could sign.
#[must_use]
pub fn is_over(remains: &Remains, now: Timestamp) -> bool {
    // Relying parties compare whole seconds: the last one belongs to it.
    let now = pki::time::whole_seconds(now);
    if remains.has_open {
        return false;
    }
    if now > remains.own_end {
        return true;
    }
    let Some(list) = remains.oldest_list else { return false };
    let is_past = |until: Timestamp| until < now;
    remains
        .last_end
        .is_none_or(|end| end < list && end.checked_add(remains.status_kept).is_ok_and(is_past))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_exactly_one_that_issues() {
        assert_eq!(issuing(&[], 0), 0);
        assert_eq!(issuing(&[None], 100), 0, "certified, not appointed");
        assert_eq!(issuing(&[Some(50)], 49), 0);
        assert_eq!(issuing(&[Some(50)], 50), 1);
        assert_eq!(issuing(&[Some(50), None], 60), 1);
        assert_eq!(issuing(&[Some(50), Some(70)], 60), 1);
        assert_eq!(issuing(&[Some(50), Some(70)], 70), 2);
    }

    #[test]
    fn one_is_over_after_a_list_that_was_made_after_its_last_certificate() {
        assert!(!is_over(&remains(100, 50), at(90)), "a certificate still counts");
        assert!(
            !is_over(&remains(100, 100), at(110)),
            "its revocation is on no list after its end"
        );
        assert!(is_over(&remains(100, 101), at(110)));
        assert!(!is_over(&Remains { has_open: true, ..remains(100, 101) }, at(110)));
        assert!(!is_over(&Remains { oldest_list: None, ..remains(100, 101) }, at(110)));
        assert!(is_over(&Remains { last_end: None, ..remains(100, 101) }, at(110)), "never used");
    }

    #[test]
    fn one_is_not_over_while_the_status_of_its_certificates_is_promised_to_be_answered() {
        let kept = Remains { status_kept: SignedDuration::from_secs(500), ..remains(100, 101) };
        assert!(!is_over(&kept, at(600)));
        assert!(is_over(&kept, at(601)));
        let forever = Remains { status_kept: SignedDuration::MAX, ..kept };
        assert!(!is_over(&forever, at(999)), "no instant is beyond the end of time");
    }

    #[test]
    fn one_whose_own_certificate_has_ended_is_over_whatever_list_it_owes() {
        // Its last certificate ended with it: no list can be made after that.
        let late = remains(1_000, 990);
        assert!(!is_over(&late, at(1_000)));
        let within = at(1_000).checked_add(SignedDuration::from_millis(999)).unwrap();
        assert!(!is_over(&late, within), "within its last second");
        assert!(is_over(&late, at(1_001)));
        assert!(is_over(&Remains { oldest_list: None, ..late }, at(1_001)));
        assert!(!is_over(&Remains { has_open: true, ..late }, at(1_001)), "to be explained first");
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn remains(end: i64, list: i64) -> Remains {
        Remains {
            last_end: Some(at(end)),
            has_open: false,
            oldest_list: Some(at(list)),
            status_kept: SignedDuration::ZERO,
            own_end: at(1_000),
        }
    }
}

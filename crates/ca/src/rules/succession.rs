//! Which generation of an authority issues, what the others still sign, and when one is over.
//!
//! Keys of an authority follow one another (ADR 14). Which of them issues is a function of the
//! moments for which they were appointed and of the clock: there is always exactly one, whatever was
//! cut off.

use jiff::Timestamp;

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
}

/// Whether nothing is left to sign: every certificate has ended, and a list was made after that, so that
/// each revocation stood on one list after the end of its certificate (RFC 5280 §3.3).
#[must_use]
pub fn is_over(remains: &Remains, now: Timestamp) -> bool {
    let Some(list) = remains.oldest_list else { return false };
    let ended = remains.last_end.is_none_or(|end| end < now && end < list);
    ended && !remains.has_open
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
        let at = |second| Timestamp::from_second(second).unwrap();
        let remains = |end: i64, list: i64| Remains {
            last_end: Some(at(end)),
            has_open: false,
            oldest_list: Some(at(list)),
        };
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
}

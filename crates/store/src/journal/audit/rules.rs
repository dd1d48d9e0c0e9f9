//! Which range an audit mark may cover. No clock, no database.

use super::NewAuditMark;
use crate::Error;

/// Longest finding, in characters: what is longer is a report, and belongs into the dossier of the
/// audit, that the finding names.
pub const FINDING_MAX: usize = 2_000;

/// Where the next mark begins: behind the last one, so that no record is left out silently.
#[must_use]
pub fn next_first(last_marked: Option<u64>) -> u64 {
    last_marked.map_or(0, |last| last.saturating_add(1))
}

/// Refuses a range that does not begin at `next`, is empty or turned round, or reaches beyond the
/// `size` of the journal.
pub fn check_range((first, last): (u64, u64), next: u64, size: u64) -> Result<(), Error> {
    if first == next && first <= last && last < size {
        return Ok(());
    }
    Err(Error::AuditRange { next, size })
}

/// Refuses a finding that says nothing where it must, or that no record could hold.
pub(super) fn check_finding(mark: &NewAuditMark) -> Result<(), Error> {
    let length = mark.finding.chars().count();
    let told = mark.verdict == super::Verdict::Clear || !mark.finding.trim().is_empty();
    match told && length <= FINDING_MAX {
        true => Ok(()),
        false => Err(Error::BadRecord("审计发现问题的须写明情况，且不超过2000字")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seq, Verdict};

    #[test]
    fn the_next_range_begins_where_the_last_one_ended() {
        assert_eq!((next_first(None), next_first(Some(0)), next_first(Some(41))), (0, 1, 42));
    }

    #[test]
    fn a_range_with_a_gap_an_overlap_or_beyond_the_journal_is_refused() {
        let next = next_first(Some(9));
        assert!(check_range((10, 10), next, 11).is_ok());
        assert!(check_range((10, 19), next, 20).is_ok());
        for (range, why) in [
            ((11, 19), "a gap"),
            ((9, 19), "an overlap"),
            ((0, 19), "from the beginning again"),
            ((10, 20), "beyond the journal"),
            ((10, 9), "turned round"),
        ] {
            let refused = check_range(range, next, 20).unwrap_err();
            assert_eq!(refused.code(), "store.audit_range", "{why}");
            assert!(refused.to_string().contains("10"), "names where to begin: {refused}");
        }
        assert!(check_range((0, 0), next_first(None), 0).is_err(), "nothing to audit yet");
    }

    #[test]
    fn a_finding_is_told_and_fits_into_a_record() {
        let mark = |verdict, finding: &str| NewAuditMark {
            first: Seq(0),
            last: Seq(1),
            root: tlog::Hash::empty_root(),
            verdict,
            finding: finding.to_owned(),
        };
        assert!(check_finding(&mark(Verdict::Clear, "")).is_ok());
        assert!(check_finding(&mark(Verdict::Findings, "第3号记录缺少依据")).is_ok());
        assert!(check_finding(&mark(Verdict::Findings, "  ")).is_err());
        assert!(check_finding(&mark(Verdict::Clear, &"长".repeat(FINDING_MAX + 1))).is_err());
    }
}

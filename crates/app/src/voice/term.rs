//! Until when what came with a complaint or a report is kept: pure.
//!
//! What led to a change of status is information on certification, kept for five years after the certificate lost its
//! effect (ESL Art. 24, Measures Art. 24); each certificate has a clock of its own. The rest is kept for a short term
//! (PIPL Art. 19). What isn't known goes by neither: it stays, and is named (Invariant 11).

use jiff::Timestamp;
use law::CivilDate;
use law::clock::{Years, years};

use super::outcome::Outcome;
use super::rules;

/// So many years after a certificate lost its effect.
const KEPT_YEARS: Years = Years(5);

/// A certificate that a report concerns, with every other one of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    /// When the last of them ends.
    pub ends: Timestamp,
    /// When the last of them was revoked, if any was.
    pub revoked: Option<Timestamp>,
    /// Whether any is neither revoked nor over.
    pub is_open: bool,
}

impl Life {
    /// The end of the law's term, by the later of the readings of 失效.
    fn kept_until(&self) -> Timestamp {
        let revoked = self.revoked.map(CivilDate::of);
        years::retention(CivilDate::of(self.ends), revoked, KEPT_YEARS).kept_until.end()
    }
}

/// What is known of a closed complaint or report.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub closed_at: Timestamp,
    /// Whether somebody ordered that nothing is erased.
    pub is_held: bool,
    /// Whether the key was proved to have leaked.
    pub is_proved: bool,
    /// What it came to; none where nobody said so.
    pub outcome: Option<Outcome>,
    /// The certificates that it concerns, or the number of one that isn't found.
    pub lives: Vec<Result<Life, String>>,
}

/// Until when something is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// Until somebody lifts the hold.
    Held,
    /// Until somebody says what the report came to.
    Unsaid,
    /// Until it is known what became of this certificate.
    Unknown(String),
    /// Until then.
    Until(Timestamp),
}

impl Known {
    /// The term of something that would be kept for so many days by itself.
    pub(super) fn term(&self, days: u16) -> Term {
        let base = rules::kept_until(self.closed_at, days);
        match self.outcome {
            _ if self.is_held => Term::Held,
            None => Term::Unsaid,
            Some(Outcome::Nothing) => Term::Until(base),
            Some(Outcome::Changed) => self.by_law(base),
        }
    }

    fn by_law(&self, base: Timestamp) -> Term {
        let mut until = base;
        for life in &self.lives {
            match life {
                Ok(life) => until = until.max(life.kept_until()),
                Err(serial) => return Term::Unknown(serial.clone()),
            }
        }
        match self.lives.is_empty() {
            true => Term::Unknown("（没有写明）".to_owned()),
            false => Term::Until(until),
        }
    }

    /// Whether a leaked key itself may go: nothing of it is good any more, and what was received stays committed to.
    pub(super) fn may_key_go(&self) -> bool {
        let is_over = |life: &Result<Life, String>| life.as_ref().is_ok_and(|one| !one.is_open);
        !self.is_held && self.is_proved && !self.lives.is_empty() && self.lives.iter().all(is_over)
    }

    /// Whether a certificate of a key that was proved to have leaked still stands.
    pub(super) fn waits_for_revocation(&self) -> bool {
        self.is_proved && self.lives.iter().flatten().any(|life| life.is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn life(ends: &str, revoked: Option<&str>) -> Life {
        Life { ends: at(ends), revoked: revoked.map(at), is_open: revoked.is_none() }
    }

    fn known(outcome: Option<Outcome>, lives: Vec<Result<Life, String>>) -> Known {
        let closed_at = at("2026-11-01T00:00:00Z");
        Known { closed_at, is_held: false, is_proved: false, outcome, lives }
    }

    /// ESL Art. 24, Measures Art. 24; PIPL Art. 19.
    #[test]
    fn what_changed_a_status_is_kept_for_five_years_after_the_last_certificate_and_the_rest_for_days()
     {
        let nothing = known(Some(Outcome::Nothing), vec![]);
        assert_eq!(nothing.term(90), Term::Until(at("2027-01-30T00:00:00Z")));
        // Revoked in 2026, and to the end in 2028: five years behind the later of the two, to the end of that day.
        let old = life("2026-12-31T15:59:59Z", Some("2026-11-02T00:00:00Z"));
        let new = life("2028-02-29T04:00:00Z", Some("2026-11-02T00:00:00Z"));
        let changed = known(Some(Outcome::Changed), vec![Ok(old), Ok(new)]);
        assert_eq!(changed.term(90), Term::Until(at("2033-02-28T16:00:00Z")));
        // A longer term that is set counts.
        let over = known(
            Some(Outcome::Changed),
            vec![Ok(life("2016-01-01T00:00:00Z", Some("2015-01-01T00:00:00Z")))],
        );
        assert_eq!(over.term(90), nothing.term(90));
    }

    /// Invariant 11: nothing goes by what isn't known.
    #[test]
    fn what_is_not_known_and_what_is_held_stays() {
        let good = life("2026-12-31T15:59:59Z", Some("2026-11-02T00:00:00Z"));
        assert_eq!(known(None, vec![]).term(1), Term::Unsaid);
        let lost = known(Some(Outcome::Changed), vec![Ok(good), Err("0a".into())]);
        assert_eq!(lost.term(1), Term::Unknown("0a".into()));
        assert!(matches!(known(Some(Outcome::Changed), vec![]).term(1), Term::Unknown(_)));
        for outcome in [None, Some(Outcome::Nothing), Some(Outcome::Changed)] {
            let held = Known { is_held: true, is_proved: true, ..known(outcome, vec![Ok(good)]) };
            assert_eq!((held.term(1), held.may_key_go()), (Term::Held, false));
        }
    }

    #[test]
    fn a_leaked_key_goes_when_nothing_of_it_is_good_and_no_sooner() {
        let (gone, open) = (life("2027-01-01T00:00:00Z", Some("2026-11-02T00:00:00Z")), {
            life("2027-01-01T00:00:00Z", None)
        });
        let of = |is_proved, lives| {
            Known { is_proved, ..known(Some(Outcome::Changed), lives) }.may_key_go()
        };
        assert!(of(true, vec![Ok(gone)]));
        assert!(!of(true, vec![Ok(gone), Ok(open)]));
        assert!(!of(true, vec![Ok(gone), Err("0a".into())]));
        assert!(!of(true, vec![]));
        assert!(!of(false, vec![Ok(gone)]), "a file of a report without proof is no key");
    }
}

//! Which letters are due, from what happened to an application. Pure: asked again after a cut it says
//! the same.

use std::collections::BTreeSet;

use letters::LetterKind;
use ra::{Matter, State};

use crate::registration::StatusNotice;

/// The notices of Measures Art. 21 ¶2.
const NOTICES: usize = 4;

/// What happened, as far as letters go.
#[derive(Debug, Clone, Default)]
pub(super) struct History<'m> {
    /// The service.
    pub service: &'m str,
    /// Kinds of records, oldest first.
    pub happened: Vec<&'m str>,
    /// Names of acknowledged notices, oldest first; again where a new version was.
    pub acknowledged: Vec<&'m str>,
    /// Positions of the lists of what is to be mended.
    pub supplements: Vec<u32>,
    /// Whether it was refused.
    pub refused: bool,
    /// Whether both sides signed the agreement.
    pub agreed: bool,
    /// Positions of the changes that others brought about.
    pub changes: Vec<u32>,
}

impl<'m> History<'m> {
    /// Of an application.
    pub fn of(matter: &'m Matter, changes: &[StatusNotice]) -> Self {
        Self {
            service: &matter.application.service,
            happened: matter.happenings.iter().map(|one| one.kind.as_str()).collect(),
            acknowledged: matter.acknowledged.iter().map(|one| one.name.as_str()).collect(),
            supplements: matter.supplements.iter().map(|(position, ..)| *position).collect(),
            refused: matches!(matter.application.state, State::Refused { .. }),
            agreed: matter.agreement.is_some(),
            changes: changes.iter().map(|one| one.position).collect(),
        }
    }

    fn has(&self, kind: &str) -> bool {
        self.happened.contains(&kind)
    }
}

/// How many acknowledgements make each complete set: the fourth notice completes the first, and every
/// new version acknowledged later makes another.
pub(super) fn sets(acknowledged: &[&str]) -> Vec<usize> {
    let mut names = BTreeSet::new();
    let complete = |(at, name): (usize, &&str)| {
        names.insert((*name).to_owned());
        (names.len() == NOTICES).then_some(at + 1)
    };
    acknowledged.iter().enumerate().filter_map(complete).collect()
}

/// Kind and position of each letter that is due, in the order of the way.
pub(super) fn due(history: &History<'_>) -> Vec<(LetterKind, u32)> {
    let mut due = Vec::new();
    if !history.has("application.submitted") {
        return due;
    }
    due.push((LetterKind::Receipt, 1));
    for (set, _) in (1..).zip(sets(&history.acknowledged)) {
        due.push((LetterKind::Notices, set));
    }
    due.extend(history.supplements.iter().map(|position| (LetterKind::Supplement, *position)));
    if history.refused {
        let kind = match history.has("application.declined") {
            true => LetterKind::NotAccepted,
            false => LetterKind::NotIssued,
        };
        due.push((kind, 1));
    }
    if history.agreed {
        due.push((LetterKind::Agreement, 1));
    }
    if history.has("application.confirmed") {
        due.push((LetterKind::Delivery, 1));
    }
    due.extend(changed(history).map(|kind| (kind, 1)));
    due.extend(history.changes.iter().map(|position| (LetterKind::StatusNotice, *position)));
    due
}

/// Which change of a certificate's status was made.
fn changed(history: &History<'_>) -> Option<LetterKind> {
    if history.has("application.replaced-ended") {
        return Some(LetterKind::Revocation);
    }
    match history.service {
        _ if !history.has("application.carried-out") => None,
        "revoke" => Some(LetterKind::Revocation),
        "suspend" => Some(LetterKind::Suspension),
        // The certificate is not in force again: the holder is told of that by a notice.
        "resume" if history.has("application.still-held") => None,
        "resume" => Some(LetterKind::Resumption),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LetterKind as K;

    const FOUR: [&str; 4] = ["conditions", "liability", "information", "responsibility"];

    fn history<'m>(service: &'m str, happened: &[&'m str]) -> History<'m> {
        History { service, happened: happened.to_vec(), ..History::default() }
    }

    #[test]
    fn nothing_is_due_before_an_application_is_handed_in() {
        let mut draft = history("new", &["application.created"]);
        draft.acknowledged = FOUR.to_vec();
        assert_eq!(due(&draft), []);
    }

    #[test]
    fn the_whole_way_has_its_letters_in_order() {
        let mut whole = history("new", &["application.submitted", "application.confirmed"]);
        whole.acknowledged = FOUR.to_vec();
        whole.supplements = vec![1, 2];
        whole.agreed = true;
        let kinds = [
            (K::Receipt, 1),
            (K::Notices, 1),
            (K::Supplement, 1),
            (K::Supplement, 2),
            (K::Agreement, 1),
            (K::Delivery, 1),
        ];
        assert_eq!(due(&whole), kinds);
    }

    #[test]
    fn a_refusal_is_one_of_acceptance_or_of_issue() {
        let mut refused = history("new", &["application.submitted", "application.refused"]);
        refused.refused = true;
        assert!(due(&refused).contains(&(K::NotIssued, 1)));
        let mut declined = history("new", &["application.submitted", "application.declined"]);
        declined.refused = true;
        assert!(due(&declined).contains(&(K::NotAccepted, 1)));
        assert!(!due(&declined).contains(&(K::NotIssued, 1)));
    }

    #[test]
    fn a_change_of_status_is_confirmed_by_its_own_letter() {
        for (service, kind) in
            [("revoke", K::Revocation), ("suspend", K::Suspension), ("resume", K::Resumption)]
        {
            let done = history(service, &["application.submitted", "application.carried-out"]);
            assert_eq!(due(&done), [(K::Receipt, 1), (kind, 1)]);
            let open = history(service, &["application.submitted"]);
            assert_eq!(due(&open), [(K::Receipt, 1)]);
        }
    }

    #[test]
    fn nobody_has_it_in_writing_that_a_certificate_is_resumed_while_another_hold_stands() {
        let happened =
            ["application.submitted", "application.still-held", "application.carried-out"];
        assert_eq!(due(&history("resume", &happened)), [(K::Receipt, 1)]);
    }

    #[test]
    fn each_change_that_others_brought_about_has_a_letter_of_its_own() {
        let mut told = history("new", &["application.submitted", "application.confirmed"]);
        told.changes = vec![1, 2];
        let notices = [(K::StatusNotice, 1), (K::StatusNotice, 2)];
        assert_eq!(due(&told)[2..], notices, "{:?}", due(&told));
    }

    #[test]
    fn a_notice_in_a_new_version_makes_another_set() {
        assert_eq!(sets(&FOUR[..3]), [0; 0]);
        assert_eq!(sets(&FOUR), [4]);
        let mut again = FOUR.to_vec();
        again.push("liability");
        assert_eq!(sets(&again), [4, 5]);
    }
}

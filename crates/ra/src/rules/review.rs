//! The review by a second person (Measures Art. 21 ¶3; Invariant 9).

use std::collections::BTreeSet;

use crate::catalogue::CheckItem;
use crate::error::{Error, Refusal};
use crate::model::{ApplicationId, Decision};

/// Whoever entered, changed or proofed an application does not review it (check C21-3).
pub(crate) fn second_person(reviewer: &str, hands: &[String]) -> Result<(), Error> {
    if hands.iter().any(|person| person == reviewer) {
        return Err(Refusal::SecondPerson.into());
    }
    Ok(())
}

/// Holds a decision against the checklist and the other applications of the same holder.
pub(crate) fn decision(
    decision: &Decision,
    checklist: &[&CheckItem],
    duplicates: &BTreeSet<ApplicationId>,
) -> Result<(), Error> {
    match decision {
        Decision::Approve { ticked, duplicates: seen, .. } => {
            let open = checklist.iter().find(|item| !ticked.contains(&item.name));
            if let Some(item) = open {
                return Err(Refusal::ChecklistOpen.at(item.text.as_str()));
            }
            if duplicates.iter().any(|other| !seen.contains(other)) {
                return Err(Refusal::DuplicateUnseen.into());
            }
            Ok(())
        }
        Decision::Refuse { reason, basis } => {
            let said = |text: &str| (4..=1000).contains(&text.trim().chars().count());
            if said(reason) && said(basis) { Ok(()) } else { Err(Refusal::ReasonMissing.into()) }
        }
        // Not a reviewer's to decide: what came so far was accepted.
        Decision::Decline { .. } => Err(Refusal::DeclineUnfounded.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn approve(ticked: Vec<String>, duplicates: Vec<ApplicationId>) -> Decision {
        Decision::Approve { ticked, duplicates, opinion: None }
    }

    #[test]
    fn who_had_a_hand_in_it_does_not_review_it() {
        let hands = ["a".to_owned(), "b".to_owned()];
        assert!(second_person("c", &hands).is_ok());
        for person in ["a", "b"] {
            assert_eq!(second_person(person, &hands).unwrap_err().code(), "ra.second_person");
        }
    }

    #[test]
    fn every_line_of_the_checklist_is_ticked_or_nothing_is_approved() {
        let catalogue = Catalogue::embedded().unwrap();
        for kind in catalogue.kinds() {
            let list = catalogue.checklist_for(&kind.name, "new");
            let all: Vec<String> = list.iter().map(|item| item.name.clone()).collect();
            let none = BTreeSet::new();
            assert!(decision(&approve(all.clone(), vec![]), &list, &none).is_ok());
            for at in 0..all.len() {
                let mut open = all.clone();
                open.remove(at);
                let error = decision(&approve(open, vec![]), &list, &none).unwrap_err();
                assert_eq!(error.code(), "ra.checklist_open");
            }
        }
    }

    #[test]
    fn another_application_of_the_same_holder_has_to_be_looked_at() {
        let other = ApplicationId::from_random([1; 16]);
        let there = BTreeSet::from([other.clone()]);
        let unseen = decision(&approve(vec![], vec![]), &[], &there).unwrap_err();
        assert_eq!(unseen.code(), "ra.duplicate_unseen");
        assert!(decision(&approve(vec![], vec![other]), &[], &there).is_ok());
    }

    #[test]
    fn a_refusal_says_why_and_under_which_article() {
        let refuse = |reason: &str, basis: &str| {
            let order = Decision::Refuse { reason: reason.into(), basis: basis.into() };
            decision(&order, &[], &BTreeSet::new()).is_ok()
        };
        assert!(refuse("材料与登记不一致", "《办法》第二十一条第三款"));
        assert!(!refuse("", "《办法》第二十一条第三款") && !refuse("材料与登记不一致", " "));
    }
}

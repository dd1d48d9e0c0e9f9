//! The order of the steps (Measures Art. 21): from which state which step may be taken.

use crate::catalogue::{Service, Step};
use crate::error::Error;
use crate::model::State;

/// The states from which a step may be taken.
const fn from(step: Step) -> &'static [&'static str] {
    match step {
        Step::Save | Step::Submit => &["draft", "returned"],
        Step::Acknowledge => &["draft", "returned", "submitted"],
        Step::Proof => &["acknowledged"],
        Step::Return => &["submitted", "acknowledged", "proofed"],
        Step::Decline => &["submitted", "acknowledged"],
        Step::Review => &["proofed"],
        Step::CarryOut => &["reviewed"],
        Step::Agree => &["reviewed"],
        Step::Request => &["agreed"],
        Step::Issue => &["requested"],
        Step::Deliver => &["issued", "delivered"],
        Step::Confirm => &["delivered"],
        Step::Withdraw => {
            &["draft", "submitted", "acknowledged", "proofed", "returned", "reviewed", "agreed"]
        }
        Step::Expire => &["draft", "returned", "reviewed", "agreed"],
    }
}

/// Fails, with the article of the step, if the step has no place in this state (checks C21-2, C21-5).
pub(crate) fn permitted(service: &Service, state: &State, step: Step) -> Result<(), Error> {
    let states: &[&str] = match step {
        // A change of status has no notices and no agreement: it waits for proof as soon as it is
        // handed in, and what was approved is carried out.
        Step::Expire if !service.issues() => &["draft", "returned"],
        step => from(step),
    };
    let belongs = match step {
        Step::Acknowledge
        | Step::Agree
        | Step::Request
        | Step::Issue
        | Step::Deliver
        | Step::Confirm => service.issues(),
        Step::CarryOut => !service.issues(),
        _ => true,
    };
    if belongs && states.contains(&state.word()) {
        Ok(())
    } else {
        Err(Error::OutOfOrder { step, state: state.chinese() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::model::Serials;
    use jiff::Timestamp;

    const STEPS: [Step; 15] = [
        Step::Save,
        Step::Submit,
        Step::Acknowledge,
        Step::Proof,
        Step::Return,
        Step::Decline,
        Step::Review,
        Step::Agree,
        Step::Request,
        Step::Issue,
        Step::Deliver,
        Step::Confirm,
        Step::CarryOut,
        Step::Withdraw,
        Step::Expire,
    ];

    fn states() -> Vec<State> {
        let at = Timestamp::UNIX_EPOCH;
        let text = || "x".to_owned();
        let serials = Serials { sign: text(), enc: None };
        vec![
            State::Draft,
            State::Submitted { at },
            State::Acknowledged { at },
            State::Proofed { method: text(), level: 3, person: text() },
            State::Reviewed { person: text() },
            State::Agreed { agreement: text() },
            State::Requested { key: text(), attempt: 1 },
            State::Issued { serials: serials.clone() },
            State::Delivered { serials: serials.clone(), confirm_by: at },
            State::Confirmed { serials, receipt: crate::model::Receipt::Code },
            State::CarriedOut { serial: text() },
            State::Returned { list: 1 },
            State::Refused {
                stage: crate::model::RefusalStage::Review,
                person: text(),
                basis: text(),
            },
            State::Withdrawn,
            State::Expired { from: text() },
        ]
    }

    fn table(service: &str) -> String {
        let catalogue = Catalogue::embedded().unwrap();
        let service = catalogue.service(service).unwrap();
        let mut table = String::new();
        for state in states() {
            let steps: Vec<String> = STEPS
                .iter()
                .filter(|step| permitted(service, &state, **step).is_ok())
                .map(|step| format!("{step:?}"))
                .collect();
            table.push_str(&format!("{}: {}\n", state.word(), steps.join(" ")));
        }
        table
    }

    #[test]
    fn the_words_of_the_states_are_complete() {
        let words: Vec<&str> = states().iter().map(State::word).collect();
        assert_eq!(words, State::WORDS);
        let told = words.iter().chain(&State::STANDINGS);
        assert!(told.clone().all(|word| State::chinese_of(word) != "未知"));
        assert!(words.iter().all(|word| State::STANDINGS.contains(word)));
    }

    #[test]
    fn issuing_goes_its_legal_way_and_no_other() {
        assert_eq!(
            table("new"),
            "draft: Save Submit Acknowledge Withdraw Expire\n\
             submitted: Acknowledge Return Decline Withdraw\n\
             acknowledged: Proof Return Decline Withdraw\n\
             proofed: Return Review Withdraw\n\
             reviewed: Agree Withdraw Expire\n\
             agreed: Request Withdraw Expire\n\
             requested: Issue\n\
             issued: Deliver\n\
             delivered: Deliver Confirm\n\
             confirmed: \n\
             carried_out: \n\
             returned: Save Submit Acknowledge Withdraw Expire\n\
             refused: \n\
             withdrawn: \n\
             expired: \n"
        );
    }

    #[test]
    fn a_change_of_status_is_proofed_and_reviewed_too() {
        assert_eq!(
            table("revoke"),
            "draft: Save Submit Withdraw Expire\n\
             submitted: Return Decline Withdraw\n\
             acknowledged: Proof Return Decline Withdraw\n\
             proofed: Return Review Withdraw\n\
             reviewed: CarryOut Withdraw\n\
             agreed: Withdraw\n\
             requested: \n\
             issued: \n\
             delivered: \n\
             confirmed: \n\
             carried_out: \n\
             returned: Save Submit Withdraw Expire\n\
             refused: \n\
             withdrawn: \n\
             expired: \n"
        );
    }
}

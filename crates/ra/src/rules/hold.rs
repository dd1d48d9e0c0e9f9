//! Which hold can be lifted on which basis (Measures Art. 18; ADR 6). Whoever has no power over a hold is told
//! on whose word it stands and who lifts it, and nothing about the case.

use crate::catalogue::{Ground, Source};
use crate::error::{Error, Refusal};
use crate::model::{Hold, Named, Power};

/// Whether a basis reaches a hold.
pub(crate) fn reaches(power: &Power, hold: &Hold) -> Result<(), Refusal> {
    let reached = match power {
        Power::Holder => matches!(hold.source, Source::Holder | Source::Present | Source::Phone),
        Power::Unit { is_party } => {
            hold.source == Source::Unit
                || (*is_party && matches!(hold.source, Source::Holder | Source::Present))
        }
        Power::Authority => hold.source == Source::Authority,
        Power::Regulator => hold.source == Source::Regulator,
        Power::Institution { by } if hold.source == Source::Institution && hold.set_by == *by => {
            return Err(Refusal::HoldSecondPerson);
        }
        Power::Institution { .. } => hold.source == Source::Institution,
        Power::Program => hold.is_of_program(),
        Power::Call { origin } => hold.source == Source::Phone && hold.origin == *origin,
    };
    if reached { Ok(()) } else { Err(Refusal::HoldBeyond) }
}

/// The holds to be lifted, of those that stand: all that are named, or all that are reached. Refused where one
/// that is named is gone or beyond the basis, and where none is reached.
pub(crate) fn chosen(power: &Power, named: &Named, standing: &[Hold]) -> Result<Vec<Hold>, Error> {
    let holds: Vec<Hold> = match named {
        Named::Reached => {
            let reached = standing.iter().filter(|hold| reaches(power, hold).is_ok());
            reached.cloned().collect()
        }
        Named::These(ids) => {
            let mut holds = Vec::new();
            for id in ids {
                let hold = standing.iter().find(|hold| hold.id == *id).ok_or(Refusal::HoldGone)?;
                reaches(power, hold)
                    .map_err(|refusal| refusal.at(told(std::slice::from_ref(hold))))?;
                holds.push(hold.clone());
            }
            holds
        }
    };
    match (holds.is_empty(), standing.first()) {
        (false, _) => Ok(holds),
        (true, None) => Err(Refusal::HoldGone.into()),
        (true, Some(first)) => {
            let refusal = reaches(power, first).err().unwrap_or(Refusal::HoldBeyond);
            Err(refusal.at(told(standing)))
        }
    }
}

/// On whose word holds stand and who lifts each: each way once.
pub(crate) fn told(holds: &[Hold]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for hold in holds {
        let line = format!("由{}提出的暂停，{}", hold.source.chinese(), hold.lifted_by());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("；")
}

/// The basis of a ground on which holds are lifted by one person's signature; none for the others.
pub(crate) fn power_of(ground: &Ground, (by, is_party): (&str, bool)) -> Option<Power> {
    if !ground.is_ordered_for("resume") {
        return None;
    }
    match ground.source {
        Source::Unit => Some(Power::Unit { is_party }),
        Source::Institution => Some(Power::Institution { by: by.to_owned() }),
        _ => None,
    }
}

/// The basis of a ground that one person enters and another reviews; none for the others.
pub(crate) fn reviewed_power_of(ground: &Ground) -> Option<Power> {
    match ground.source {
        _ if !ground.is_lifting() => None,
        Source::Authority => Some(Power::Authority),
        Source::Regulator => Some(Power::Regulator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::model::HoldId;
    use jiff::Timestamp;

    fn hold(source: Source, set_by: &str) -> Hold {
        let origin = match source {
            Source::Phone => "revocation:1",
            _ => "act:1",
        };
        Hold {
            id: HoldId::of(
                "0a",
                origin,
                Source::ALL.iter().position(|s| *s == source).unwrap() as u64,
            ),
            serial: "0a".into(),
            source,
            ground: None,
            origin: origin.into(),
            set_by: set_by.into(),
            since: Timestamp::UNIX_EPOCH,
        }
    }

    /// Every basis against every source: the whole table.
    #[test]
    fn each_basis_reaches_its_own_holds_and_no_other() {
        let call = |origin: &str| Power::Call { origin: origin.into() };
        let by = |by: &str| Power::Institution { by: by.into() };
        for (power, reached) in [
            (Power::Holder, vec![Source::Holder, Source::Phone, Source::Present]),
            (Power::Unit { is_party: false }, vec![Source::Unit]),
            (Power::Unit { is_party: true }, vec![Source::Holder, Source::Present, Source::Unit]),
            (Power::Authority, vec![Source::Authority]),
            (Power::Regulator, vec![Source::Regulator]),
            (by("person:b"), vec![Source::Institution]),
            (by("person:a"), vec![]),
            (Power::Program, vec![]),
            (call("revocation:1"), vec![Source::Phone]),
            (call("revocation:2"), vec![]),
        ] {
            for source in Source::ALL {
                let done = reaches(&power, &hold(source, "person:a")).is_ok();
                assert_eq!(done, reached.contains(&source), "{power:?} {source:?}");
            }
        }
        assert!(reaches(&Power::Program, &hold(Source::Institution, "client:1")).is_ok());
        assert!(reaches(&by("person:a"), &hold(Source::Institution, "client:1")).is_ok());
        let own = reaches(&by("person:a"), &hold(Source::Institution, "person:a"));
        assert_eq!(own, Err(Refusal::HoldSecondPerson));
    }

    #[test]
    fn a_refusal_says_who_lifts_what_stands_and_names_its_article() {
        let standing = [hold(Source::Authority, "person:a"), hold(Source::Unit, "person:a")];
        let error = chosen(&Power::Holder, &Named::Reached, &standing).unwrap_err();
        let text = error.to_string();
        for words in ["有权机关", "作出决定的机关", "所在单位", "第十八条"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let all = Named::These(standing.iter().map(|one| one.id.clone()).collect());
        let error = chosen(&Power::Unit { is_party: false }, &all, &standing).unwrap_err();
        assert_eq!(error.code(), "ra.hold_beyond", "none is lifted where one of them is beyond");
        let unit = chosen(&Power::Unit { is_party: false }, &Named::Reached, &standing).unwrap();
        assert_eq!(unit, standing[1..]);
        let named = Named::These(vec![standing[1].id.clone()]);
        let unit = chosen(&Power::Unit { is_party: false }, &named, &standing).unwrap();
        assert_eq!(unit, standing[1..], "the one that is named");
        let strange = Named::These(vec!["h9".parse().unwrap()]);
        let gone = chosen(&Power::Authority, &strange, &standing).unwrap_err();
        assert_eq!(gone.code(), "ra.hold_gone");
        let gone = chosen(&Power::Holder, &Named::Reached, &[]).unwrap_err();
        assert_eq!(gone.code(), "ra.hold_gone");
    }

    #[test]
    fn one_signature_lifts_what_the_institution_and_units_hold_and_two_people_what_is_ordered() {
        for ground in Catalogue::embedded().unwrap().grounds() {
            let one = power_of(ground, ("person:a", false));
            let two = reviewed_power_of(ground);
            assert!(one.is_none() || two.is_none(), "{}", ground.name);
            let resumes = ground.is_ordered_for("resume");
            assert_eq!(one.is_some() || two.is_some(), resumes, "{}", ground.name);
        }
    }
}

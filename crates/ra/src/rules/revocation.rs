//! What a revocation that a clerk enters must have, and who may confirm it (GM/T 0034 §6; T-14).

use std::collections::BTreeSet;

use jiff::Timestamp;
use law::clock::{WorkingDays, working};
use law::{Calendar, CivilDate, Due};

use crate::catalogue::Ground;
use crate::error::{Error, Refusal};
use crate::model::{Particulars, RevocationOrder, RevocationState, StopEnd};

/// Most certificates of one list.
pub(crate) const MOST_SERIALS: usize = 10_000;

/// Holds what was written down against the ground: each piece of evidence once, none beside.
pub(crate) fn complete(
    ground: &Ground,
    particulars: &Particulars,
    evidence: &[&str],
) -> Result<(), Error> {
    if !ground.is_brought_for("revoke") && !ground.is_lifting() {
        return Err(Refusal::EvidenceMissing.at("签名人本人的申请请走申请流程"));
    }
    let said = |text: &str, least: usize| (least..=500).contains(&text.trim().chars().count());
    if !said(&particulars.requester, 2) || !said(&particulars.account, 4) {
        return Err(Refusal::EvidenceMissing.at("写明由谁提出、事情经过"));
    }
    if ground.document && !said(&particulars.document_number, 2) {
        return Err(Refusal::EvidenceMissing.at("写明来文的文号"));
    }
    let there: BTreeSet<&str> = evidence.iter().copied().collect();
    let missing = ground.evidence.iter().find(|one| !there.contains(one.name.as_str()));
    if let Some(missing) = missing {
        return Err(Refusal::EvidenceMissing.at(missing.title.as_str()));
    }
    match there.len() == evidence.len() && there.len() == ground.evidence.len() {
        true => Ok(()),
        false => Err(Refusal::EvidenceMissing.at("有不属于该事由的文件")),
    }
}

/// Whether a ground is one to revoke on that this side may bring: who orders by office brings what comes to
/// the institution on paper or what it found out itself, never what a holder says.
pub(crate) fn brought(ground: &Ground, by_order: bool) -> Result<(), Error> {
    if !ground.is_brought_for("revoke") {
        return Err(Refusal::EvidenceMissing.at("该事由不是撤销的事由，请重新选择"));
    }
    match by_order && !ground.is_ordered_for("revoke") {
        true => Err(Refusal::EvidenceMissing.at("由签名人提出的撤销由录入员登记")),
        false => Ok(()),
    }
}

/// SM3 over a list in its order.
pub(crate) fn list_hash<'a>(serials: impl IntoIterator<Item = &'a str>) -> String {
    let text: Vec<&str> = serials.into_iter().collect();
    gm::sm3::hash(text.join("\n").as_bytes()).to_hex()
}

/// What was signed is the list that is there.
pub(crate) fn same_list(
    order: &RevocationOrder,
    ground: &Ground,
    serials: &[&str],
) -> Result<(), Error> {
    let same = order.count == serials.len()
        && !serials.is_empty()
        && order.ground == ground.name
        && order.list_sm3 == list_hash(serials.iter().copied());
    if same { Ok(()) } else { Err(Refusal::ListDiffers.into()) }
}

/// Two people (GM/T 0034 §6): who entered it does not confirm it.
pub(crate) fn second_person(entered_by: &str, reviewer: &str) -> Result<(), Error> {
    if entered_by == reviewer { Err(Refusal::RevokeSecondPerson.into()) } else { Ok(()) }
}

/// Who gives a draft up (ADR 6): whoever wrote it down; what lifts holds under the permission to lift them
/// (`lifts`), what revokes under one to enter or order that.
pub(crate) fn may_drop(
    (lifts, author): (bool, &str),
    (by_lifting, person): (bool, &str),
) -> Result<(), Error> {
    match (lifts, by_lifting) {
        (true, false) => {
            Err(Refusal::DropBeyond.at("解除暂停的登记由有权登记解除的业务管理员放弃"))
        }
        (false, true) => Err(Refusal::DropBeyond.at("撤销登记不凭解除暂停的权限放弃")),
        _ if author != person => Err(Refusal::DropBeyond.at("登记人是另一人")),
        _ => Ok(()),
    }
}

/// How a caller's stop ends once the revocation came to nothing: `own`, whether its hold stands; `others`,
/// whether another does. None where that is not to be said yet, because another revocation of the
/// certificate waits for its decision and would be left without a stop.
pub(crate) const fn stop_end((own, others): (bool, bool), open_elsewhere: bool) -> Option<StopEnd> {
    match (own, others, open_elsewhere) {
        (false, ..) => Some(StopEnd::Moot),
        (true, true, _) => Some(StopEnd::Held),
        (true, false, true) => None,
        (true, false, false) => Some(StopEnd::Lifted),
    }
}

/// What has to be open for an act upon a registration, and what the act is called where it is not.
pub(crate) const fn in_turn(
    state: RevocationState,
    (wanted, asked): (RevocationState, &'static str),
) -> Result<(), Error> {
    match (state, wanted) {
        (RevocationState::Draft, RevocationState::Draft)
        | (RevocationState::Entered, RevocationState::Entered) => Ok(()),
        _ => Err(Error::RegistrationTurn { asked, state: state.chinese() }),
    }
}

/// The day by whose end another person has to decide on a call.
pub(crate) fn decide_by(calendar: &Calendar, days: u16, since: Timestamp) -> Due {
    working::after(calendar, CivilDate::of(since), WorkingDays(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use pki::crl::Reason;

    fn said() -> Particulars {
        Particulars {
            requester: "云中市档案馆".into(),
            document_number: "云档函〔2026〕1号".into(),
            account: "该人员已调离".into(),
        }
    }

    #[test]
    fn each_ground_needs_each_of_its_pieces_of_evidence_and_no_other() {
        for ground in Catalogue::embedded().unwrap().grounds() {
            let names: Vec<&str> = ground.evidence.iter().map(|one| one.name.as_str()).collect();
            let done = complete(ground, &said(), &names);
            let by_paper = ground.is_brought_for("revoke") || ground.is_lifting();
            assert_eq!(done.is_ok(), by_paper, "{}", ground.name);
            if done.is_err() {
                continue;
            }
            for at in 0..names.len() {
                let mut fewer = names.clone();
                fewer.remove(at);
                let error = complete(ground, &said(), &fewer).unwrap_err();
                assert_eq!(error.code(), "ra.evidence_missing", "{}", ground.name);
            }
            let more: Vec<&str> = names.iter().copied().chain(["stray"]).collect();
            assert!(complete(ground, &said(), &more).is_err());
            let twice: Vec<&str> = names.iter().chain(names.last()).copied().collect();
            let is_once = twice.len() == names.len();
            assert_eq!(complete(ground, &said(), &twice).is_ok(), is_once, "{}", ground.name);
            let nobody = Particulars { requester: " ".into(), ..said() };
            assert!(complete(ground, &nobody, &names).is_err());
            let untold = Particulars { account: "调离".into(), ..said() };
            assert!(complete(ground, &untold, &names).is_err());
            let mute = Particulars { document_number: String::new(), ..said() };
            assert_eq!(
                complete(ground, &mute, &names).is_err(),
                ground.document,
                "{}",
                ground.name
            );
        }
    }

    #[test]
    fn each_side_brings_its_own_grounds_of_revocation() {
        for ground in Catalogue::embedded().unwrap().grounds() {
            let is_brought = ground.is_brought_for("revoke");
            assert_eq!(brought(ground, false).is_ok(), is_brought, "{}", ground.name);
            let by_order = brought(ground, true).is_ok();
            assert_eq!(by_order, ground.is_ordered_for("revoke"), "{}", ground.name);
        }
    }

    #[test]
    fn who_entered_a_revocation_does_not_confirm_it() {
        assert!(second_person("a", "b").is_ok());
        assert_eq!(second_person("a", "a").unwrap_err().code(), "ra.revoke_second_person");
    }

    /// T-14: each ground has one code, and only the codes that a certificate of a subscriber can get.
    #[test]
    fn every_ground_gives_its_one_reason_code() {
        let catalogue = Catalogue::embedded().unwrap();
        let code = |name: &str| catalogue.ground(name).unwrap().reason.code();
        for (ground, expected) in [
            ("mislaid", 6),
            ("compromised", 1),
            ("moved", 3),
            ("replaced", 4),
            ("unneeded", 5),
            ("new-device", 4),
            ("transferred", 3),
            ("corrected", 4),
            ("lost", 1),
            ("damaged", 4),
            ("phone-compromised", 1),
            ("unit-left", 3),
            ("unit-withdrawn", 9),
            ("unit-ended", 5),
            ("ordered", 9),
            ("directed", 9),
            ("known-compromised", 1),
            ("false-materials", 9),
            ("holder-ended", 5),
            ("misissued", 4),
        ] {
            assert_eq!(code(ground), expected, "{ground}");
        }
        let unspecified =
            |ground: &&Ground| matches!(ground.reason, Reason::Unspecified | Reason::CaCompromise);
        assert!(catalogue.grounds().iter().find(unspecified).is_none());
    }

    #[test]
    fn a_draft_is_given_up_by_who_wrote_it_under_the_permission_of_its_kind() {
        for lifts in [true, false] {
            for by_lifting in [true, false] {
                for person in ["a", "b"] {
                    let done = may_drop((lifts, "a"), (by_lifting, person));
                    assert_eq!(done.is_ok(), lifts == by_lifting && person == "a");
                    let Err(error) = done else { continue };
                    assert_eq!(error.code(), "ra.drop_beyond");
                    assert!(error.article().is_some_and(|article| article.contains("第十八条")));
                }
            }
        }
    }

    #[test]
    fn a_stop_is_lifted_only_where_nothing_else_holds_or_still_needs_it() {
        for (own, others, elsewhere, end) in [
            (false, false, false, Some(StopEnd::Moot)),
            (false, true, true, Some(StopEnd::Moot)),
            (true, false, false, Some(StopEnd::Lifted)),
            (true, false, true, None),
            (true, true, false, Some(StopEnd::Held)),
            (true, true, true, Some(StopEnd::Held)),
        ] {
            assert_eq!(stop_end((own, others), elsewhere), end, "{own} {others} {elsewhere}");
        }
    }

    #[test]
    fn a_registration_is_signed_as_a_draft_and_reviewed_when_entered_and_not_otherwise() {
        use RevocationState::{Draft, Entered};
        for wanted in [Draft, Entered] {
            for state in RevocationState::ALL {
                let done = in_turn(state, (wanted, "复核"));
                assert_eq!(done.is_ok(), state == wanted, "{state:?} {wanted:?}");
                let Err(error) = done else { continue };
                assert!(error.to_string().contains(state.chinese()), "{error}");
                assert!(error.article().is_some_and(|article| article.contains("第十八条")));
            }
        }
    }

    #[test]
    fn a_weekend_gives_the_second_person_no_less_time() {
        let calendar = Calendar::published().unwrap();
        // 2026-11-20 is a Friday.
        let friday: CivilDate = "2026-11-20".parse().unwrap();
        let due = decide_by(&calendar, 5, friday.begin());
        assert_eq!(due.day, "2026-11-27".parse().unwrap());
        assert!(!due.is_over(due.day.begin()) && due.is_over(due.day.end()));
    }

    #[test]
    fn what_was_signed_is_the_list_that_was_shown() {
        let catalogue = Catalogue::embedded().unwrap();
        let ground = catalogue.ground("unit-left").unwrap();
        let order = RevocationOrder {
            version: 1,
            ground: ground.name.clone(),
            count: 2,
            list_sm3: list_hash(["0a", "0b"]),
        };
        assert!(same_list(&order, ground, &["0a", "0b"]).is_ok());
        for other in [vec!["0a"], vec!["0b", "0a"], vec!["0a", "0b", "0c"], vec![]] {
            assert_eq!(same_list(&order, ground, &other).unwrap_err().code(), "ra.list_differs");
        }
    }
}

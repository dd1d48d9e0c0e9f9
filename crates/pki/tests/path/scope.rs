//! Whom a CRL speaks about: scopes, partitions, reasons, critical extensions, deltas.

use pki::Oid;
use pki::crl::Scope;
use pki::ext::{DistributionPointName, Extension, GeneralName, TypedExtension};
use pki::path::Validity;

use crate::Case;
use crate::revocation::{GOOD, REVOKED, SHARD, UNKNOWN, family};
use crate::world::{crl, is_valid};

const STRANGE: Oid = Oid::new("2.25.148926349512345678901234567890123456789.98");

/// The window of a list that is issued after the instant of a case.
const AFTER: (&str, &str) = ("2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z");

fn scope(change: impl FnOnce(&mut Scope)) -> Extension {
    let mut scope = Scope::default();
    change(&mut scope);
    scope.to_extension(true)
}

fn at(address: &str) -> Option<DistributionPointName> {
    Some(DistributionPointName::Full(vec![GeneralName::Uri(address.to_owned())]))
}

fn strange() -> Extension {
    Extension { oid: STRANGE, critical: true, value: vec![5, 0] }
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "list_of_users_speaks_about_users",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.only_users = true))])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_of_authorities_does_not_speak_about_users",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.only_authorities = true))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_of_users_does_not_speak_about_authorities",
        question: || {
            let family = family();
            let above = crl(&family.root).with(scope(|scope| scope.only_users = true)).made();
            let own = family.list().made();
            is_valid(&family.leaf).via(&[&family.middle]).from(&family.root).status(&[&above, &own])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_of_attribute_certificates",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.only_attributes = true))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_of_the_certificates_own_partition",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.point = at(SHARD)))])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_of_another_partition",
        question: || {
            let family = family();
            family.asked(&[family
                .list()
                .with(scope(|scope| scope.point = at("http://crl.example.gov.cn/4.crl")))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "indirect_list",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.indirect = true))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_for_some_reasons",
        question: || {
            let family = family();
            family.asked(&[family.list().with(scope(|scope| scope.only_reasons = Some(0x4000)))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "lists_that_cover_all_reasons_together",
        question: || {
            let family = family();
            let some = family.list().with(scope(|scope| scope.only_reasons = Some(0x6000)));
            let rest = family.list().with(scope(|scope| scope.only_reasons = Some(0x1f80)));
            family.asked(&[some, rest])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_with_an_unknown_critical_extension",
        question: || {
            let family = family();
            family.asked(&[family.list().with(strange())])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_with_an_unknown_critical_extension_still_shows_a_revocation",
        question: || {
            let family = family();
            family.asked(&[family.list().with(strange()).revokes(&family.leaf, 1)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "entry_with_an_unknown_critical_extension",
        question: || {
            let family = family();
            family.asked(&[family.list().revokes(&family.leaf, 1).with_in_entries(strange())])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "delta_that_revokes",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).revokes(&family.leaf, 1);
            family.asked(&[family.list(), delta])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "delta_that_lifts_a_suspension",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).revokes(&family.leaf, 8);
            family.asked(&[family.list().revokes(&family.leaf, 6), delta])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "delta_on_a_later_list_does_not_count",
        question: || {
            let family = family();
            let delta = family.list().number(10).delta(9).revokes(&family.leaf, 8);
            family.asked(&[family.list().revokes(&family.leaf, 6), delta])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "latest_of_two_deltas_counts",
        question: || {
            let family = family();
            let lifted = family.list().number(8).delta(7).revokes(&family.leaf, 8);
            let again = family.list().number(9).delta(7).revokes(&family.leaf, 1);
            family.asked(&[family.list().revokes(&family.leaf, 6), again, lifted])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "fresh_delta_on_an_old_complete_list",
        question: || {
            let family = family();
            let old = family.list().window("2026-11-15T00:00:00Z", Some("2026-11-21T00:00:00Z"));
            family.asked(&[old, family.list().number(8).delta(7)])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "delta_without_its_complete_list",
        question: || {
            let family = family();
            family.asked(&[family.list().number(8).delta(7)])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "delta_after_the_instant_shows_a_revocation_before_it",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).window(AFTER.0, Some(AFTER.1));
            let delta = delta.revokes_at(&family.leaf, 1, "2026-11-22T07:00:00Z");
            family.asked(&[family.list(), delta])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "delta_after_the_instant_with_a_revocation_after_it_changes_nothing",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).window(AFTER.0, Some(AFTER.1));
            let delta = delta.revokes_at(&family.leaf, 1, "2026-11-22T08:30:00Z");
            family.asked(&[family.list(), delta])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "delta_after_the_instant_does_not_lift_a_suspension",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).window(AFTER.0, Some(AFTER.1));
            let list = family.list().revokes(&family.leaf, 6);
            family.asked(&[list, delta.revokes(&family.leaf, 8)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "silent_delta_after_the_instant_changes_nothing",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).window(AFTER.0, Some(AFTER.1));
            family.asked(&[family.list(), delta])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "delta_after_the_instant_suspends_again_what_an_earlier_one_lifted",
        question: || {
            let family = family();
            let lifted = family.list().number(8).delta(7).revokes(&family.leaf, 8);
            let again = family.list().number(9).delta(7).window(AFTER.0, Some(AFTER.1));
            let again = again.revokes_at(&family.leaf, 6, "2026-11-22T07:00:00Z");
            family.asked(&[family.list().revokes(&family.leaf, 6), lifted, again])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "delta_on_a_later_list_still_shows_a_revocation",
        question: || {
            let family = family();
            let delta = family.list().number(10).delta(9).revokes(&family.leaf, 1);
            family.asked(&[family.list(), delta])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "delta_with_an_unknown_critical_extension_still_shows_a_revocation",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).with(strange());
            family.asked(&[family.list(), delta.revokes(&family.leaf, 1)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "delta_by_a_stranger_is_not_believed",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).window(AFTER.0, Some(AFTER.1));
            let delta = delta.revokes_at(&family.leaf, 1, "2026-11-22T07:00:00Z");
            family.asked(&[family.list(), delta.signed_by("冒名")])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
];

//! Certificate policies: explicit policies, mapping, anyPolicy, and their inhibition.

use pki::oid::{self, ANY_POLICY};
use pki::path::Kind::Policies;
use pki::path::Outcome::{Failed, Passed};
use pki::path::Validity;

use crate::Case;
use crate::chain::root;
use crate::world::{Draft, GOLD, JADE, Question, SILVER, ca, is_valid, user};

/// Root, authority, user; the last two as changed.
fn two(authority: fn(Draft) -> Draft, leaf: fn(Draft) -> Draft) -> Question {
    let root = root();
    let middle = authority(ca("签发")).by(&root);
    is_valid(&leaf(user("张三")).by(&middle)).via(&[&middle]).from(&root)
}

/// Root, two authorities, user.
fn three(
    first: fn(Draft) -> Draft,
    second: fn(Draft) -> Draft,
    leaf: fn(Draft) -> Draft,
) -> Question {
    let root = root();
    let first = first(ca("一级")).by(&root);
    let second = second(ca("二级")).by(&first);
    is_valid(&leaf(user("张三")).by(&second)).via(&[&first, &second]).from(&root)
}

fn explicit(question: Question) -> Question {
    question.asking(|options| options.require_explicit_policy = true)
}

const VALID: &[(pki::path::Kind, pki::path::Outcome)] = &[(Policies, Passed)];
const BROKEN: &[(pki::path::Kind, pki::path::Outcome)] = &[(Policies, Failed)];

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "no_policies_and_none_required",
        question: || two(|ca| ca, |leaf| leaf),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "no_policies_but_one_required",
        question: || explicit(two(|ca| ca, |leaf| leaf)),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "same_policy_throughout",
        question: || explicit(two(|ca| ca.policies(&[SILVER]), |leaf| leaf.policies(&[SILVER]))),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "different_policies",
        question: || explicit(two(|ca| ca.policies(&[SILVER]), |leaf| leaf.policies(&[GOLD]))),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "different_policies_when_none_is_required",
        question: || two(|ca| ca.policies(&[SILVER]), |leaf| leaf.policies(&[GOLD])),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "authority_of_any_policy",
        question: || explicit(two(|ca| ca.policies(&[ANY_POLICY]), |leaf| leaf.policies(&[GOLD]))),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "acceptable_policy_is_stated",
        question: || {
            explicit(two(|ca| ca.policies(&[SILVER, GOLD]), |leaf| leaf.policies(&[SILVER, GOLD])))
                .asking(|options| options.policies = vec![GOLD])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "acceptable_policy_is_not_stated",
        question: || {
            explicit(two(|ca| ca.policies(&[SILVER]), |leaf| leaf.policies(&[SILVER])))
                .asking(|options| options.policies = vec![GOLD])
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "acceptable_policy_under_any_policy",
        question: || {
            explicit(two(|ca| ca.policies(&[ANY_POLICY]), |leaf| leaf.policies(&[ANY_POLICY])))
                .asking(|options| options.policies = vec![JADE])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "policy_required_by_an_authority",
        question: || two(|ca| ca.requires_policy(0), |leaf| leaf),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "policy_required_by_an_authority_and_stated",
        question: || {
            two(|ca| ca.policies(&[SILVER]).requires_policy(0), |leaf| leaf.policies(&[SILVER]))
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "policy_required_only_further_down",
        question: || two(|ca| ca.requires_policy(5), |leaf| leaf),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "policy_required_from_the_second_certificate_on",
        question: || three(|ca| ca.requires_policy(1), |ca| ca, |leaf| leaf),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "policy_required_by_the_anchor",
        question: || {
            let root = ca("根").requires_policy(0).self_signed();
            is_valid(&user("张三").by(&root)).from(&root)
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "any_policy_inhibited",
        question: || {
            explicit(two(
                |ca| ca.policies(&[SILVER]).inhibits_any_policy(0),
                |leaf| leaf.policies(&[ANY_POLICY]),
            ))
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "any_policy_not_inhibited",
        question: || {
            explicit(two(|ca| ca.policies(&[SILVER]), |leaf| leaf.policies(&[ANY_POLICY])))
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "any_policy_inhibited_by_the_caller",
        question: || {
            explicit(two(|ca| ca.policies(&[ANY_POLICY]), |leaf| leaf.policies(&[SILVER])))
                .asking(|options| options.inhibit_any_policy = true)
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "mapped_policy",
        question: || {
            explicit(two(
                |ca| ca.policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
                |leaf| leaf.policies(&[GOLD]),
            ))
            .asking(|options| options.policies = vec![SILVER])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "mapped_policy_is_not_the_one_of_the_subjects_domain",
        question: || {
            explicit(two(
                |ca| ca.policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
                |leaf| leaf.policies(&[GOLD]),
            ))
            .asking(|options| options.policies = vec![GOLD])
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "unmapped_name_of_a_mapped_policy",
        question: || {
            explicit(two(
                |ca| ca.policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
                |leaf| leaf.policies(&[SILVER]),
            ))
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "mapping_of_a_policy_under_any_policy",
        question: || {
            explicit(two(
                |ca| ca.policies(&[ANY_POLICY]).maps(&[(SILVER, GOLD)]),
                |leaf| leaf.policies(&[GOLD]),
            ))
            .asking(|options| options.policies = vec![SILVER])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "mapping_inhibited_by_the_caller",
        question: || {
            explicit(two(
                |ca| ca.policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
                |leaf| leaf.policies(&[GOLD]),
            ))
            .asking(|options| options.inhibit_policy_mapping = true)
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "mapping_inhibited_above",
        question: || {
            explicit(three(
                |ca| ca.policies(&[SILVER]).inhibits_mapping(0),
                |ca| ca.policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
                |leaf| leaf.policies(&[GOLD]),
            ))
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "mapping_through_two_authorities",
        question: || {
            explicit(three(
                |ca| ca.policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
                |ca| ca.policies(&[GOLD]).maps(&[(GOLD, JADE)]),
                |leaf| leaf.policies(&[JADE]),
            ))
            .asking(|options| options.policies = vec![SILVER])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "policy_dropped_in_the_middle",
        question: || {
            explicit(three(|ca| ca.policies(&[SILVER]), |ca| ca, |leaf| leaf.policies(&[SILVER])))
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "self_issued_certificate_does_not_count_down",
        question: || {
            let root = root();
            let first = ca("一级").policies(&[SILVER]).requires_policy(2).by(&root);
            let renewed = ca("一级").key_of("一级新钥").policies(&[SILVER]).by(&first);
            is_valid(&user("张三").by(&renewed)).via(&[&first, &renewed]).from(&root)
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
];

#[test]
fn the_verdict_names_the_policies_in_the_anchors_domain() {
    let mapped = explicit(two(
        |ca| ca.policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
        |leaf| leaf.policies(&[GOLD]),
    ));
    assert_eq!(mapped.ask().policies, [SILVER.to_string()]);
    let any = two(|ca| ca.policies(&[oid::ANY_POLICY]), |leaf| leaf.policies(&[oid::ANY_POLICY]));
    assert_eq!(any.ask().policies, [oid::ANY_POLICY.to_string()]);
}

/// Each level maps every policy to every other: a tree would have 12^20 nodes.
#[test]
fn mappings_that_would_grow_a_tree_without_bound_are_processed_at_once() {
    let policies: Vec<pki::Oid> = (0..12)
        .map(|number| {
            pki::Oid::parse(&format!("2.25.148926349512345678901234567890123456789.{number}"))
                .expect("an OID")
        })
        .collect();
    let pairs: Vec<(pki::Oid, pki::Oid)> =
        policies.iter().flat_map(|one| policies.iter().map(move |other| (*one, *other))).collect();
    let root = root();
    let mut made = vec![root.clone()];
    for number in 0..20 {
        let next = ca(&format!("第{number}级"))
            .policies(&policies)
            .maps(&pairs)
            .by(made.last().expect("one"));
        made.push(next);
    }
    let leaf = user("张三").policies(&policies).by(made.last().expect("the last"));
    let question = is_valid(&leaf).via(&made.iter().collect::<Vec<_>>()).from(&root);
    let started = std::time::Instant::now();
    let answer = explicit(question).asking(|options| options.most_certificates = 32).ask();
    assert_eq!(answer.valid, Validity::Valid);
    assert_eq!(answer.policies.len(), policies.len());
    assert!(started.elapsed().as_secs() < 20);
}

//! Self-issued certificates (RFC 5280 §6.1: the same name above and below, another key): a CA that changes its key. They
//! count neither against a path length nor against the steps of policy constraints, and what they say still holds.

use pki::ext::KeyUsage;
use pki::oid::ANY_POLICY;
use pki::path::Kind::*;
use pki::path::Outcome::{Failed, Passed, Unknown};
use pki::path::Validity;

use crate::Case;
use crate::chain::root;
use crate::world::{Draft, GOLD, JADE, Made, Question, SILVER, ca, crl, is_valid, user};

/// Root, then one authority after the other by the key of the one before, then a user.
fn descent(drafts: Vec<Draft>, leaf: Draft) -> Question {
    let root = root();
    let mut made: Vec<Made> = vec![root.clone()];
    for draft in drafts {
        made.push(draft.by(made.last().expect("the one before")));
    }
    let leaf = leaf.by(made.last().expect("the last"));
    is_valid(&leaf).via(&made.iter().skip(1).collect::<Vec<_>>()).from(&root)
}

/// The first authority with its next key.
fn renewed() -> Draft {
    ca("一级").key_of("一级新钥")
}

/// The second authority with its next key.
fn second_renewed() -> Draft {
    ca("二级").key_of("二级新钥")
}

fn explicit(question: Question) -> Question {
    question.asking(|options| options.require_explicit_policy = true)
}

/// An old root key under the certificate that the new one made for it, and a user of the old key.
fn old_under_new() -> (Made, Made, Made) {
    let new = ca("根").key_of("根新钥").self_signed();
    let old = ca("根").key_of("根旧钥").by(&new);
    let leaf = user("张三").by(&old);
    (new, old, leaf)
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "self_issued_certificate_does_not_hide_one_authority_too_many",
        question: || descent(vec![ca("一级").path_len(0), renewed(), ca("二级")], user("张三")),
        verdict: Validity::Invalid,
        rows: &[(PathLength, Failed)],
    },
    Case {
        name: "self_issued_certificates_on_two_levels_do_not_count",
        question: || {
            let drafts = vec![ca("一级").path_len(1), renewed(), ca("二级"), second_renewed()];
            descent(drafts, user("张三"))
        },
        verdict: Validity::Valid,
        rows: &[(PathLength, Passed)],
    },
    Case {
        name: "path_length_of_a_self_issued_certificate_holds",
        question: || descent(vec![ca("一级"), renewed().path_len(0), ca("二级")], user("张三")),
        verdict: Validity::Invalid,
        rows: &[(PathLength, Failed)],
    },
    Case {
        name: "self_issued_certificate_that_may_not_sign_certificates",
        question: || descent(vec![ca("一级"), renewed().usage(KeyUsage::CRL_SIGN)], user("张三")),
        verdict: Validity::Invalid,
        rows: &[(KeyUsage, Failed)],
    },
    Case {
        name: "old_key_certified_by_the_new_one_with_the_list_of_the_new",
        question: || {
            let (new, old, leaf) = old_under_new();
            let list = crl(&new).made();
            is_valid(&leaf).via(&[&old]).from(&new).status(&[&list])
        },
        verdict: Validity::Valid,
        rows: &[(Revocation, Passed)],
    },
    Case {
        name: "user_of_the_old_key_revoked_in_the_list_of_the_new",
        question: || {
            let (new, old, leaf) = old_under_new();
            let list = crl(&new).revokes(&leaf, 1).made();
            is_valid(&leaf).via(&[&old]).from(&new).status(&[&list])
        },
        verdict: Validity::Invalid,
        rows: &[(Revocation, Failed)],
    },
    Case {
        name: "certificate_of_the_old_key_revoked_by_the_new",
        question: || {
            let (new, old, leaf) = old_under_new();
            let list = crl(&new).revokes(&old, 1).made();
            is_valid(&leaf).via(&[&old]).from(&new).status(&[&list])
        },
        verdict: Validity::Invalid,
        rows: &[(Revocation, Failed)],
    },
    Case {
        name: "new_key_certified_by_the_old_one_with_the_list_of_the_new",
        question: || {
            let old = root();
            let new = ca("根").key_of("根新钥").by(&old);
            let list = crl(&new).made();
            let leaf = user("张三").by(&new);
            is_valid(&leaf).via(&[&new]).from(&old).status(&[&list])
        },
        verdict: Validity::Valid,
        rows: &[(Revocation, Passed)],
    },
    Case {
        name: "new_key_certified_by_the_old_one_without_a_list_of_the_new",
        question: || {
            let old = root();
            let new = ca("根").key_of("根新钥").by(&old);
            let leaf = user("张三").by(&new);
            is_valid(&leaf).via(&[&new]).from(&old).status(&[])
        },
        verdict: Validity::Unknown,
        rows: &[(Revocation, Unknown)],
    },
    Case {
        name: "list_by_a_self_issued_key_that_may_not_sign_lists",
        question: || {
            let root = root();
            let middle = ca("签发").by(&root);
            let signer = ca("签发").key_of("签发列表").usage(KeyUsage::KEY_CERT_SIGN).by(&middle);
            let leaf = user("张三").by(&middle);
            let (above, list) = (crl(&root).made(), crl(&middle).signed_by("签发列表").made());
            is_valid(&leaf).via(&[&middle, &signer]).from(&root).status(&[&above, &list])
        },
        verdict: Validity::Unknown,
        rows: &[(Revocation, Unknown)],
    },
    Case {
        name: "required_policy_is_not_reached_by_a_self_issued_certificate",
        question: || descent(vec![ca("一级").requires_policy(2), renewed()], user("张三")),
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "required_policy_is_reached_beyond_self_issued_certificates",
        question: || {
            let drafts =
                vec![ca("一级").requires_policy(2), renewed(), ca("二级"), second_renewed()];
            descent(drafts, user("张三"))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "self_issued_certificate_does_not_use_up_a_mapping",
        question: || {
            let drafts = vec![
                ca("一级").policies(&[SILVER]).inhibits_mapping(1),
                renewed().policies(&[SILVER]),
                ca("二级").policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
            ];
            explicit(descent(drafts, user("张三").policies(&[GOLD])))
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "mapping_beyond_the_level_that_inhibits_it_after_a_self_issued_certificate",
        question: || {
            let drafts = vec![
                ca("一级").policies(&[SILVER]).inhibits_mapping(1),
                renewed().policies(&[SILVER]),
                ca("二级").policies(&[SILVER]),
                ca("三级").policies(&[SILVER]).maps(&[(SILVER, GOLD)]),
            ];
            explicit(descent(drafts, user("张三").policies(&[GOLD])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "mapping_in_a_self_issued_certificate_that_is_inhibited",
        question: || {
            let drafts = vec![
                ca("一级").policies(&[SILVER]).inhibits_mapping(0),
                renewed().policies(&[SILVER]).maps(&[(SILVER, JADE)]),
            ];
            explicit(descent(drafts, user("张三").policies(&[JADE])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "self_issued_certificate_may_say_any_policy_where_it_is_inhibited",
        question: || {
            let drafts = vec![
                ca("一级").policies(&[SILVER]).inhibits_any_policy(0),
                renewed().policies(&[ANY_POLICY]),
            ];
            explicit(descent(drafts, user("张三").policies(&[SILVER])))
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "authority_below_a_self_issued_certificate_may_not_say_any_policy",
        question: || {
            let drafts = vec![
                ca("一级").policies(&[SILVER]).inhibits_any_policy(0),
                renewed().policies(&[ANY_POLICY]),
                ca("二级").policies(&[ANY_POLICY]),
            ];
            explicit(descent(drafts, user("张三").policies(&[SILVER])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "self_issued_leaf_may_not_say_any_policy",
        question: || {
            let drafts = vec![ca("一级").policies(&[SILVER]).inhibits_any_policy(0)];
            explicit(descent(drafts, renewed().policies(&[ANY_POLICY])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
];

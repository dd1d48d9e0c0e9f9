//! What public suites ask beyond the other tables: forms of times and names, policies over several levels, partitions
//! and issuers of lists.

use pki::Name;
use pki::crl::Scope;
use pki::ext::{
    BasicConstraints, CertificatePolicies, CrlDistributionPoints, DistributionPoint,
    DistributionPointName, Extension, GeneralName, KeyUsage, PolicyInformation, PolicyQualifier,
    SubjectAltName, TypedExtension,
};
use pki::oid::{self, ANY_POLICY};
use pki::path::Kind::*;
use pki::path::Outcome::{Failed, Passed, Unknown};
use pki::path::Validity;
use pki::strict::{Tag, Writer};

use crate::Case;
use crate::chain::root;
use crate::revocation::{GOOD, REVOKED, SHARD, UNKNOWN, family};
use crate::world::{Draft, GOLD, JADE, Question, SILVER, ca, crl, is_valid, user};

/// Root, these authorities, user.
fn levels(drafts: Vec<Draft>, leaf: Draft) -> Question {
    let root = root();
    let mut made = vec![root.clone()];
    for draft in drafts {
        made.push(draft.by(made.last().expect("the one before")));
    }
    let leaf = leaf.by(made.last().expect("the last"));
    is_valid(&leaf).via(&made.iter().skip(1).collect::<Vec<_>>()).from(&root)
}

fn explicit(question: Question) -> Question {
    question.asking(|options| options.require_explicit_policy = true)
}

/// A name whose organization is written as a string of this kind.
fn written_as(tag: Tag) -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, tag, "Example"),
        (oid::COMMON_NAME, tag, "Signing CA"),
    ])
}

fn directory(organization: &str) -> GeneralName {
    GeneralName::Directory(Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, organization),
    ]))
}

fn uncritical(extension: Extension) -> Extension {
    Extension { critical: false, ..extension }
}

fn scope(change: impl FnOnce(&mut Scope)) -> Extension {
    let mut scope = Scope::default();
    change(&mut scope);
    scope.to_extension(true)
}

/// `CN=part` relative to the issuer's name, as both extensions write it.
fn relative() -> DistributionPointName {
    DistributionPointName::Relative(Writer::build(|w| {
        w.sequence(|w| {
            w.oid(&oid::COMMON_NAME);
            w.utf8_string("部分");
        });
    }))
}

fn with_points(leaf: Draft, point: DistributionPoint) -> Draft {
    leaf.with(CrlDistributionPoints(vec![point]).to_extension(false))
}

/// Permitted names of the institution and mailboxes of one host.
fn two_forms(ca: Draft) -> Draft {
    ca.permits(vec![directory("示例机构"), GeneralName::Email("gov.cn".to_owned())])
}

fn mailbox(leaf: Draft, address: &str) -> Draft {
    leaf.with(SubjectAltName(vec![GeneralName::Email(address.to_owned())]).to_extension(false))
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "validity_that_began_in_1999",
        question: || {
            let leaf = user("张三").valid("1999-01-01T00:00:00Z", "2027-12-31T23:59:59Z");
            levels(vec![ca("签发")], leaf)
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "validity_that_ended_in_1999",
        question: || {
            let leaf = user("张三").valid("1998-01-01T00:00:00Z", "1999-12-31T23:59:59Z");
            levels(vec![ca("签发")], leaf)
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "intermediate_not_yet_valid",
        question: || {
            let middle = ca("签发").valid("2026-12-01T00:00:00Z", "2027-12-31T23:59:59Z");
            levels(vec![middle], user("张三"))
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "names_in_other_string_types_are_the_same",
        question: || {
            let root = root();
            let middle = ca("签发").subject(written_as(Tag::PRINTABLE_STRING)).by(&root);
            let leaf = user("张三").issue(&written_as(Tag::UTF8_STRING), "签发");
            is_valid(&leaf).via(&[&middle]).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Names, Passed)],
    },
    Case {
        name: "attributes_of_the_issuer_in_another_order",
        question: || {
            let root = root();
            let middle = ca("签发").by(&root);
            let turned = Name::from_attributes([
                (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
                (oid::COMMON_NAME, Tag::UTF8_STRING, "签发"),
                (oid::ORGANIZATION, Tag::UTF8_STRING, "示例机构"),
            ]);
            is_valid(&user("张三").issue(&turned, "签发")).via(&[&middle]).from(&root)
        },
        verdict: Validity::Unknown,
        rows: &[(Path, Unknown)],
    },
    Case {
        name: "authority_that_says_it_is_none",
        question: || {
            let constraints = BasicConstraints { ca: false, path_len: None }.to_extension(false);
            levels(vec![ca("签发").with(constraints)], user("张三"))
        },
        verdict: Validity::Invalid,
        rows: &[(BasicConstraints, Failed)],
    },
    Case {
        name: "key_usage_not_critical",
        question: || {
            let usage = uncritical(KeyUsage::CA.to_extension(true));
            levels(vec![ca("签发").with(usage)], user("张三"))
        },
        verdict: Validity::Valid,
        rows: &[(KeyUsage, Passed)],
    },
    Case {
        name: "key_usage_without_cert_sign_not_critical",
        question: || {
            let usage = uncritical(KeyUsage::CRL_SIGN.to_extension(true));
            levels(vec![ca("签发").with(usage)], user("张三"))
        },
        verdict: Validity::Invalid,
        rows: &[(KeyUsage, Failed)],
    },
    Case {
        name: "policies_that_overlap",
        question: || {
            let first = ca("一级").policies(&[SILVER, GOLD, JADE]);
            let second = ca("二级").policies(&[SILVER, GOLD]);
            explicit(levels(vec![first, second], user("张三").policies(&[SILVER])))
                .asking(|options| options.policies = vec![SILVER])
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "policies_that_overlap_pair_by_pair_only",
        question: || {
            let first = ca("一级").policies(&[SILVER, GOLD]);
            let second = ca("二级").policies(&[GOLD, JADE]);
            explicit(levels(vec![first, second], user("张三").policies(&[JADE])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "any_policy_throughout",
        question: || {
            let any = |draft: Draft| draft.policies(&[ANY_POLICY]);
            explicit(levels(vec![any(ca("一级")), any(ca("二级"))], any(user("张三"))))
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "qualifiers_of_a_policy_change_nothing",
        question: || {
            let notice = Writer::build(|w| w.sequence(|w| w.utf8_string("仅供示例")));
            let qualifiers = vec![
                PolicyQualifier::Cps("http://www.example.gov.cn/cps".to_owned()),
                PolicyQualifier::Other(oid::QUALIFIER_USER_NOTICE, notice),
            ];
            let policies =
                CertificatePolicies(vec![PolicyInformation { policy: SILVER, qualifiers }]);
            let leaf = user("张三").with(policies.to_extension(false));
            explicit(levels(vec![ca("签发").policies(&[SILVER])], leaf))
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "mapping_from_any_policy",
        question: || {
            let middle = ca("签发").policies(&[ANY_POLICY]).maps(&[(ANY_POLICY, SILVER)]);
            levels(vec![middle], user("张三").policies(&[SILVER]))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "mapping_to_any_policy",
        question: || {
            let middle = ca("签发").policies(&[SILVER]).maps(&[(SILVER, ANY_POLICY)]);
            levels(vec![middle], user("张三").policies(&[ANY_POLICY]))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "one_policy_mapped_to_two",
        question: || {
            let middle = ca("签发").policies(&[SILVER]).maps(&[(SILVER, GOLD), (SILVER, JADE)]);
            explicit(levels(vec![middle], user("张三").policies(&[JADE])))
                .asking(|options| options.policies = vec![SILVER])
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "mapping_one_level_below_is_still_allowed",
        question: || {
            let first = ca("一级").policies(&[SILVER]).inhibits_mapping(1);
            let second = ca("二级").policies(&[SILVER]).maps(&[(SILVER, GOLD)]);
            explicit(levels(vec![first, second], user("张三").policies(&[GOLD])))
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "mapping_two_levels_below_is_not",
        question: || {
            let first = ca("一级").policies(&[SILVER]).inhibits_mapping(1);
            let second = ca("二级").policies(&[SILVER]);
            let third = ca("三级").policies(&[SILVER]).maps(&[(SILVER, GOLD)]);
            explicit(levels(vec![first, second, third], user("张三").policies(&[GOLD])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "any_policy_one_level_below_is_still_allowed",
        question: || {
            let first = ca("一级").policies(&[SILVER]).inhibits_any_policy(1);
            let second = ca("二级").policies(&[ANY_POLICY]);
            explicit(levels(vec![first, second], user("张三").policies(&[SILVER])))
        },
        verdict: Validity::Valid,
        rows: &[(Policies, Passed)],
    },
    Case {
        name: "any_policy_two_levels_below_is_not",
        question: || {
            let first = ca("一级").policies(&[SILVER]).inhibits_any_policy(1);
            let second = ca("二级").policies(&[SILVER]);
            let third = ca("三级").policies(&[ANY_POLICY]);
            explicit(levels(vec![first, second, third], user("张三").policies(&[SILVER])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "shorter_inhibition_of_any_policy_holds",
        question: || {
            let first = ca("一级").policies(&[SILVER]).inhibits_any_policy(0);
            let second = ca("二级").policies(&[SILVER]).inhibits_any_policy(5);
            explicit(levels(vec![first, second], user("张三").policies(&[ANY_POLICY])))
        },
        verdict: Validity::Invalid,
        rows: &[(Policies, Failed)],
    },
    Case {
        name: "directory_name_among_the_alternative_names_is_constrained",
        question: || {
            let leaf = user("服务").also_known_as(vec![directory("别的机构")]);
            levels(vec![ca("签发").permits(vec![directory("示例机构")])], leaf)
        },
        verdict: Validity::Invalid,
        rows: &[(NameConstraints, Failed)],
    },
    Case {
        name: "self_issued_leaf_is_not_exempt_from_constraints",
        question: || {
            let first = ca("一级").permits(vec![directory("别的机构")]);
            levels(vec![first], ca("一级").key_of("一级新钥"))
        },
        verdict: Validity::Invalid,
        rows: &[(NameConstraints, Failed)],
    },
    Case {
        name: "names_of_two_forms_within_their_constraints",
        question: || levels(vec![two_forms(ca("签发"))], mailbox(user("张三"), "a@gov.cn")),
        verdict: Validity::Valid,
        rows: &[(NameConstraints, Passed)],
    },
    Case {
        name: "one_name_of_two_forms_outside_its_constraint",
        question: || levels(vec![two_forms(ca("签发"))], mailbox(user("张三"), "a@edu.cn")),
        verdict: Validity::Invalid,
        rows: &[(NameConstraints, Failed)],
    },
    Case {
        name: "list_that_ends_in_2055",
        question: || {
            let family = family();
            let list = family.list().window("2026-11-22T00:00:00Z", Some("2055-01-01T00:00:00Z"));
            family.asked(&[list])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "list_that_ended_in_1999",
        question: || {
            let family = family();
            let list = family.list().window("1999-01-01T00:00:00Z", Some("1999-12-31T00:00:00Z"));
            family.asked(&[list])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "good_list_beside_one_by_a_stranger",
        question: || {
            let family = family();
            let stranger = family.list().signed_by("冒名").revokes(&family.leaf, 1);
            family.asked(&[stranger, family.list()])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "partition_named_relative_to_the_issuer",
        question: || {
            let mut family = family();
            let point =
                DistributionPoint { name: Some(relative()), reasons: None, crl_issuer: vec![] };
            family.leaf = with_points(user("张三"), point).by(&family.middle);
            family.asked(&[family.list().with(scope(|scope| scope.point = Some(relative())))])
        },
        verdict: Validity::Valid,
        rows: GOOD,
    },
    Case {
        name: "point_for_some_reasons_with_a_list_for_all",
        question: || {
            let mut family = family();
            let address = GeneralName::Uri(SHARD.to_owned());
            let place = DistributionPointName::Full(vec![address]);
            let point = DistributionPoint {
                name: Some(place.clone()),
                reasons: Some(0x4000),
                crl_issuer: vec![],
            };
            family.leaf = with_points(user("张三"), point).by(&family.middle);
            family.asked(&[family.list().with(scope(|scope| scope.point = Some(place)))])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "list_for_some_reasons_that_shows_a_revocation",
        question: || {
            let family = family();
            let some = family.list().with(scope(|scope| scope.only_reasons = Some(0x4000)));
            family.asked(&[some.revokes(&family.leaf, 1)])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "list_of_another_issuer_that_the_certificate_names",
        question: || {
            let mut family = family();
            let other = ca("列表机构").by(&family.root);
            let issuer = GeneralName::Directory(other.certificate.subject().clone());
            let point = DistributionPoint {
                name: Some(DistributionPointName::Full(vec![GeneralName::Uri(SHARD.to_owned())])),
                reasons: None,
                crl_issuer: vec![issuer],
            };
            family.leaf = with_points(user("张三"), point).by(&family.middle);
            let list = crl(&other).with(scope(|scope| scope.indirect = true));
            family.asked(&[list]).via(&[&other])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
    Case {
        name: "delta_of_another_scope_does_not_count",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).revokes(&family.leaf, 8);
            let delta = delta.with(scope(|scope| scope.only_users = true));
            family.asked(&[family.list().revokes(&family.leaf, 6), delta])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "delta_by_a_stranger_does_not_count",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7).revokes(&family.leaf, 8);
            family.asked(&[family.list().revokes(&family.leaf, 6), delta.signed_by("冒名")])
        },
        verdict: Validity::Invalid,
        rows: REVOKED,
    },
    Case {
        name: "out_of_date_delta_on_a_fresh_complete_list",
        question: || {
            let family = family();
            let delta = family.list().number(8).delta(7);
            let delta = delta.window("2026-11-22T01:00:00Z", Some("2026-11-22T02:00:00Z"));
            family.asked(&[family.list(), delta])
        },
        verdict: Validity::Unknown,
        rows: UNKNOWN,
    },
];

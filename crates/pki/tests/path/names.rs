//! Name constraints: directory names, DNS names, e-mail, URI, IP.

use pki::ext::GeneralName;
use pki::path::Kind::*;
use pki::path::Outcome::{Failed, Passed};
use pki::path::Validity;
use pki::strict::{Tag, Writer};
use pki::{Name, oid};

use crate::Case;
use crate::chain::root;
use crate::world::{Draft, Question, ca, is_valid, user};

fn dns(text: &str) -> GeneralName {
    GeneralName::Dns(text.to_owned())
}

fn email(text: &str) -> GeneralName {
    GeneralName::Email(text.to_owned())
}

fn uri(text: &str) -> GeneralName {
    GeneralName::Uri(text.to_owned())
}

fn ip(octets: &[u8]) -> GeneralName {
    GeneralName::Ip(octets.to_vec())
}

fn directory(organization: &str) -> GeneralName {
    GeneralName::Directory(Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, organization),
    ]))
}

/// An otherName of a type that nobody here compares.
fn other() -> GeneralName {
    GeneralName::Other(Writer::build(|w| {
        w.oid(&oid::COMMON_NAME);
        w.explicit(0, |w| w.utf8_string("值"));
    }))
}

/// A user with these alternative names below a constrained authority.
fn below(constrained: fn(Draft) -> Draft, names: &[GeneralName]) -> Question {
    let root = root();
    let middle = constrained(ca("签发")).by(&root);
    let mut leaf = user("服务");
    if !names.is_empty() {
        leaf = leaf.also_known_as(names.to_vec());
    }
    is_valid(&leaf.by(&middle)).via(&[&middle]).from(&root)
}

const VALID: &[(pki::path::Kind, pki::path::Outcome)] = &[(NameConstraints, Passed)];
const BROKEN: &[(pki::path::Kind, pki::path::Outcome)] = &[(NameConstraints, Failed)];

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "dns_name_permitted",
        question: || {
            below(|ca| ca.permits(vec![dns("gov.cn")]), &[dns("www.gov.cn"), dns("gov.cn")])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "dns_name_not_permitted",
        question: || {
            below(|ca| ca.permits(vec![dns("gov.cn")]), &[dns("www.gov.cn"), dns("www.example.cn")])
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "dns_name_that_only_ends_alike",
        question: || below(|ca| ca.permits(vec![dns("gov.cn")]), &[dns("fakegov.cn")]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "dns_name_in_one_of_two_permitted",
        question: || {
            below(|ca| ca.permits(vec![dns("gov.cn"), dns("edu.cn")]), &[dns("www.edu.cn")])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "dns_name_excluded",
        question: || below(|ca| ca.excludes(vec![dns("secret.gov.cn")]), &[dns("a.secret.gov.cn")]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "dns_name_beside_the_excluded",
        question: || below(|ca| ca.excludes(vec![dns("secret.gov.cn")]), &[dns("www.gov.cn")]),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "wildcard_that_reaches_the_excluded",
        question: || below(|ca| ca.excludes(vec![dns("secret.gov.cn")]), &[dns("*.gov.cn")]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "constraint_of_another_form_says_nothing",
        question: || below(|ca| ca.permits(vec![dns("gov.cn")]), &[email("a@example.cn")]),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "no_names_of_the_constrained_form",
        question: || below(|ca| ca.permits(vec![dns("gov.cn")]), &[]),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "email_of_a_permitted_host",
        question: || below(|ca| ca.permits(vec![email("gov.cn")]), &[email("a@gov.cn")]),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "email_of_a_host_below",
        question: || below(|ca| ca.permits(vec![email("gov.cn")]), &[email("a@mail.gov.cn")]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "email_of_a_host_below_a_dot",
        question: || below(|ca| ca.permits(vec![email(".gov.cn")]), &[email("a@mail.gov.cn")]),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "one_excluded_mailbox",
        question: || below(|ca| ca.excludes(vec![email("a@gov.cn")]), &[email("a@GOV.cn")]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "email_in_the_subject_is_constrained",
        question: || {
            let root = root();
            let middle = ca("签发").permits(vec![email("gov.cn")]).by(&root);
            let subject = Name::from_attributes([
                (oid::COMMON_NAME, Tag::UTF8_STRING, "张三"),
                (oid::EMAIL_ADDRESS, Tag::IA5_STRING, "a@example.cn"),
            ]);
            is_valid(&user("张三").subject(subject).by(&middle)).via(&[&middle]).from(&root)
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "uri_of_a_permitted_host",
        question: || {
            below(|ca| ca.permits(vec![uri("www.gov.cn")]), &[uri("https://www.gov.cn:8443/a?b")])
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "uri_of_another_host",
        question: || {
            below(|ca| ca.permits(vec![uri("www.gov.cn")]), &[uri("https://a.www.gov.cn/")])
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "uri_of_an_excluded_domain",
        question: || below(|ca| ca.excludes(vec![uri(".gov.cn")]), &[uri("http://a.gov.cn/")]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "uri_without_a_host_name",
        question: || below(|ca| ca.permits(vec![uri(".gov.cn")]), &[uri("urn:x")]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "ip_address_in_a_permitted_network",
        question: || {
            below(
                |ca| ca.permits(vec![ip(&[198, 51, 100, 0, 255, 255, 255, 0])]),
                &[ip(&[198, 51, 100, 7])],
            )
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "ip_address_outside_the_permitted_network",
        question: || {
            below(
                |ca| ca.permits(vec![ip(&[198, 51, 100, 0, 255, 255, 255, 0])]),
                &[ip(&[198, 51, 101, 7])],
            )
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "ipv6_address_under_an_ipv4_network",
        question: || {
            below(
                |ca| ca.permits(vec![ip(&[198, 51, 100, 0, 255, 255, 255, 0])]),
                &[ip(&[0x20; 16])],
            )
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "ip_address_in_an_excluded_network",
        question: || {
            below(|ca| ca.excludes(vec![ip(&[10, 0, 0, 0, 255, 0, 0, 0])]), &[ip(&[10, 1, 2, 3])])
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "directory_name_permitted",
        question: || below(|ca| ca.permits(vec![directory("示例机构")]), &[]),
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "directory_name_not_permitted",
        question: || below(|ca| ca.permits(vec![directory("别的机构")]), &[]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "directory_name_excluded",
        question: || below(|ca| ca.excludes(vec![directory("示例机构")]), &[]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "form_that_is_not_compared_excluded",
        question: || below(|ca| ca.excludes(vec![other()]), &[other()]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "form_that_is_not_compared_permitted",
        question: || below(|ca| ca.permits(vec![other()]), &[other()]),
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "two_authorities_narrow_each_other",
        question: || {
            let root = root();
            let first = ca("一级").permits(vec![dns("gov.cn")]).by(&root);
            let second = ca("二级").permits(vec![dns("a.gov.cn"), dns("edu.cn")]).by(&first);
            let leaf = user("服务").also_known_as(vec![dns("www.a.gov.cn")]).by(&second);
            is_valid(&leaf).via(&[&first, &second]).from(&root)
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "an_authority_cannot_widen_what_is_permitted",
        question: || {
            let root = root();
            let first = ca("一级").permits(vec![dns("gov.cn")]).by(&root);
            let second = ca("二级").permits(vec![dns("edu.cn")]).by(&first);
            let leaf = user("服务").also_known_as(vec![dns("www.edu.cn")]).by(&second);
            is_valid(&leaf).via(&[&first, &second]).from(&root)
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "constraints_bind_authorities_too",
        question: || {
            let root = root();
            let first = ca("一级").permits(vec![directory("别的机构")]).by(&root);
            let second = ca("二级").by(&first);
            is_valid(&user("张三").by(&second)).via(&[&first, &second]).from(&root)
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
    Case {
        name: "self_issued_certificate_is_exempt",
        question: || {
            let root = root();
            let subject = Name::from_attributes([
                (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
                (oid::ORGANIZATION, Tag::UTF8_STRING, "允许的机构"),
            ]);
            let first = ca("一级").permits(vec![directory("允许的机构")]).by(&root);
            let renewed = ca("一级").key_of("一级新钥").by(&first);
            let leaf = user("张三").subject(subject).by(&renewed);
            is_valid(&leaf).via(&[&first, &renewed]).from(&root)
        },
        verdict: Validity::Valid,
        rows: VALID,
    },
    Case {
        name: "constraints_of_the_anchor_hold",
        question: || {
            let root = ca("根").permits(vec![dns("gov.cn")]).self_signed();
            let leaf = user("服务").also_known_as(vec![dns("www.example.cn")]).by(&root);
            is_valid(&leaf).from(&root)
        },
        verdict: Validity::Invalid,
        rows: BROKEN,
    },
];

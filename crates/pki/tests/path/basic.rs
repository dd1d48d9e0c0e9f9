//! Chains, signatures, times, constraints of authorities, usages, purposes, and the search itself.

use pki::ext::{Extension, KeyUsage};
use pki::path::Kind::*;
use pki::path::Outcome::{Failed, Passed, Unknown};
use pki::path::Validity;
use pki::strict::Writer;
use pki::{Oid, oid};

use crate::Case;
use crate::world::{Made, Question, ca, is_valid, key, name, user};

const ECDSA: Oid = Oid::new("1.2.840.10045.4.3.2");
const RSA: Oid = Oid::new("1.2.840.113549.1.1.11");
const STRANGE: Oid = Oid::new("2.25.148926349512345678901234567890123456789.99");

pub fn root() -> Made {
    ca("根")
        .valid("2020-01-01T00:00:00Z", "2039-12-31T23:59:59Z")
        .self_signed()
}

/// Root, one authority, one user.
pub fn three_levels() -> Question {
    let root = root();
    let middle = ca("签发").by(&root);
    is_valid(&user("张三").by(&middle))
        .via(&[&middle])
        .from(&root)
}

/// A chain of this many authorities below the root.
fn chain_of(authorities: usize) -> Question {
    let root = root();
    let mut made = vec![root.clone()];
    for number in 0..authorities {
        let next = ca(&format!("第{number}级")).by(made.last().expect("the one before"));
        made.push(next);
    }
    let leaf = user("张三").by(made.last().expect("the last"));
    is_valid(&leaf)
        .via(&made.iter().skip(1).collect::<Vec<_>>())
        .from(&root)
}

fn strange(critical: bool) -> Extension {
    Extension {
        oid: STRANGE,
        critical,
        value: vec![5, 0],
    }
}

fn p256_key() -> Vec<u8> {
    // The generator of P-256: a well-formed key that no signature here needs.
    let point = hex::decode(concat!(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    ))
    .expect("hex");
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid::EC_PUBLIC_KEY);
                w.oid(&oid::P256);
            });
            w.bit_string(&point);
        });
    })
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "root_authority_user",
        question: three_levels,
        verdict: Validity::Valid,
        rows: &[(Path, Passed), (Signature, Passed)],
    },
    Case {
        name: "user_directly_below_the_root",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root)).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "the_anchor_itself",
        question: || {
            let root = root();
            is_valid(&root).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "no_anchor_at_all",
        question: || is_valid(&user("张三").by(&root())),
        verdict: Validity::Unknown,
        rows: &[(Path, Unknown), (Signature, Unknown), (Validity, Unknown)],
    },
    Case {
        name: "self_signed_stranger",
        question: || is_valid(&ca("冒名").self_signed()).from(&root()),
        verdict: Validity::Invalid,
        rows: &[(Path, Failed)],
    },
    Case {
        name: "chain_to_a_root_that_is_not_trusted",
        question: || {
            let other = ca("外根").self_signed();
            is_valid(&user("张三").by(&other))
                .via(&[&other])
                .from(&root())
        },
        verdict: Validity::Invalid,
        rows: &[(Path, Failed)],
    },
    Case {
        name: "missing_intermediate",
        question: || {
            let root = root();
            let middle = ca("签发").by(&root);
            is_valid(&user("张三").by(&middle)).from(&root)
        },
        verdict: Validity::Unknown,
        rows: &[(Path, Unknown)],
    },
    Case {
        name: "intermediate_as_the_anchor",
        question: || {
            let middle = ca("签发").by(&root());
            is_valid(&user("张三").by(&middle)).from(&middle)
        },
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "signature_over_other_octets",
        question: || {
            let root = root();
            is_valid(&user("张三").damaged().by(&root)).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Signature, Failed)],
    },
    Case {
        name: "signature_of_an_intermediate_over_other_octets",
        question: || {
            let root = root();
            let middle = ca("签发").damaged().by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Signature, Failed)],
    },
    Case {
        name: "right_name_wrong_key",
        question: || {
            let root = root();
            let leaf = user("张三").issue(&name("根"), "冒名");
            is_valid(&leaf).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Signature, Failed), (KeyIdentifiers, Failed)],
    },
    Case {
        name: "right_key_wrong_name",
        question: || {
            let root = root();
            is_valid(&user("张三").issue(&name("另一个根"), "根")).from(&root)
        },
        verdict: Validity::Unknown,
        rows: &[(Path, Unknown)],
    },
    Case {
        name: "names_that_differ_in_letter_case_only",
        question: || {
            let root = ca("Root CA").self_signed();
            is_valid(&user("张三").issue(&name("root  ca"), "Root CA")).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Names, Passed)],
    },
    Case {
        name: "authority_key_identifier_of_another_key",
        question: || {
            let root = root();
            is_valid(&user("张三").authority_key(&[1; 20]).by(&root)).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(KeyIdentifiers, Failed), (Signature, Passed)],
    },
    Case {
        name: "expired_yesterday",
        question: || {
            let root = root();
            is_valid(
                &user("张三")
                    .valid("2026-01-01T00:00:00Z", "2026-11-21T23:59:59Z")
                    .by(&root),
            )
            .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "last_second_of_validity",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root))
                .from(&root)
                .at("2027-12-31T23:59:59Z")
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "first_second_after_validity",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root))
                .from(&root)
                .at("2028-01-01T00:00:00Z")
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "first_second_of_validity",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root))
                .from(&root)
                .at("2026-01-01T00:00:00Z")
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "not_yet_valid",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root))
                .from(&root)
                .at("2025-12-31T23:59:59Z")
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "expired_intermediate",
        question: || {
            let root = root();
            let middle = ca("签发")
                .valid("2020-01-01T00:00:00Z", "2026-06-30T23:59:59Z")
                .by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "expired_anchor",
        question: || {
            let old = ca("根")
                .valid("2006-01-01T00:00:00Z", "2026-06-30T23:59:59Z")
                .self_signed();
            is_valid(&user("张三").by(&old)).from(&old)
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "end_in_2055",
        question: || {
            let root = ca("根")
                .valid("2026-01-01T00:00:00Z", "2055-12-31T23:59:59Z")
                .self_signed();
            is_valid(&user("张三").by(&root)).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "user_as_issuer",
        question: || {
            let root = root();
            let person = user("张三").by(&root);
            is_valid(&user("李四").by(&person))
                .via(&[&person])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(BasicConstraints, Failed), (KeyUsage, Failed)],
    },
    Case {
        name: "authority_without_basic_constraints",
        question: || {
            let root = root();
            let middle = ca("签发").without(oid::BASIC_CONSTRAINTS).by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(BasicConstraints, Failed)],
    },
    Case {
        name: "basic_constraints_not_critical",
        question: || {
            let root = root();
            let mut constraints = ca("签发");
            let extension = Extension {
                oid: oid::BASIC_CONSTRAINTS,
                critical: false,
                value: vec![0x30, 3, 1, 1, 0xff],
            };
            constraints = constraints.with(extension);
            let middle = constraints.by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(BasicConstraints, Passed)],
    },
    Case {
        name: "authority_of_version_1",
        question: || {
            let root = root();
            let middle = ca("签发").version_1().by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(BasicConstraints, Failed)],
    },
    Case {
        name: "anchor_of_version_1",
        question: || {
            let root = ca("根").version_1().self_signed();
            is_valid(&user("张三").by(&root)).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(BasicConstraints, Passed)],
    },
    Case {
        name: "anchor_that_says_it_is_no_authority",
        question: || {
            let extension = Extension {
                oid: oid::BASIC_CONSTRAINTS,
                critical: true,
                value: vec![0x30, 0],
            };
            let root = ca("根").with(extension).self_signed();
            is_valid(&user("张三").by(&root)).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(BasicConstraints, Failed)],
    },
    Case {
        name: "authority_without_cert_sign",
        question: || {
            let root = root();
            let middle = ca("签发").usage(KeyUsage::CRL_SIGN).by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(KeyUsage, Failed)],
    },
    Case {
        name: "authority_without_key_usage",
        question: || {
            let root = root();
            let middle = ca("签发").without(oid::KEY_USAGE).by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(KeyUsage, Passed)],
    },
    Case {
        name: "path_length_zero_with_a_user_below",
        question: || {
            let root = root();
            let middle = ca("签发").path_len(0).by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(PathLength, Passed)],
    },
    Case {
        name: "path_length_zero_with_an_authority_between",
        question: || {
            let root = root();
            let first = ca("一级").path_len(0).by(&root);
            let second = ca("二级").by(&first);
            is_valid(&user("张三").by(&second))
                .via(&[&first, &second])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(PathLength, Failed)],
    },
    Case {
        name: "path_length_zero_with_an_authority_as_the_leaf",
        question: || {
            let root = root();
            let first = ca("一级").path_len(0).by(&root);
            is_valid(&ca("二级").by(&first)).via(&[&first]).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(PathLength, Passed)],
    },
    Case {
        name: "path_length_of_the_anchor_exceeded",
        question: || {
            let root = ca("根").path_len(0).self_signed();
            let middle = ca("签发").by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(PathLength, Failed)],
    },
    Case {
        name: "longer_path_length_below_a_shorter_one",
        question: || {
            let root = root();
            let first = ca("一级").path_len(1).by(&root);
            let second = ca("二级").path_len(9).by(&first);
            let third = ca("三级").by(&second);
            is_valid(&user("张三").by(&third))
                .via(&[&first, &second, &third])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(PathLength, Failed)],
    },
    Case {
        name: "self_issued_certificate_does_not_count",
        question: || {
            let root = root();
            let first = ca("一级").path_len(0).by(&root);
            let renewed = ca("一级").key_of("一级新钥").by(&first);
            is_valid(&user("张三").by(&renewed))
                .via(&[&first, &renewed])
                .from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(PathLength, Passed)],
    },
    Case {
        name: "unknown_critical_extension_in_the_leaf",
        question: || {
            let root = root();
            is_valid(&user("张三").with(strange(true)).by(&root)).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(CriticalExtensions, Failed)],
    },
    Case {
        name: "unknown_critical_extension_in_an_authority",
        question: || {
            let root = root();
            let middle = ca("签发").with(strange(true)).by(&root);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle])
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(CriticalExtensions, Failed)],
    },
    Case {
        name: "unknown_extension_that_is_not_critical",
        question: || {
            let root = root();
            is_valid(&user("张三").with(strange(false)).by(&root)).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(CriticalExtensions, Passed)],
    },
    Case {
        name: "ecdsa_signature_is_unknown",
        question: || {
            let root = ca("根")
                .spki(p256_key())
                .signed_with(ECDSA)
                .authority_key(&[7; 20])
                .self_signed();
            is_valid(
                &user("张三")
                    .signed_with(ECDSA)
                    .without(oid::AUTHORITY_KEY_IDENTIFIER)
                    .by(&root),
            )
            .from(&root)
        },
        verdict: Validity::Unknown,
        rows: &[(Signature, Unknown)],
    },
    Case {
        name: "rsa_signature_is_unknown",
        question: || {
            let root = root();
            is_valid(&user("张三").signed_with(RSA).by(&root)).from(&root)
        },
        verdict: Validity::Unknown,
        rows: &[(Signature, Unknown)],
    },
    Case {
        name: "sm2_signature_under_a_p256_key",
        question: || {
            let root = ca("根").spki(p256_key()).self_signed();
            is_valid(&user("张三").by(&root)).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Signature, Failed)],
    },
    Case {
        name: "another_user_identity_in_the_signature",
        question: || {
            three_levels().asking(|options| {
                options.user_id = gm::UserId::new(*b"someone-else").expect("an identity")
            })
        },
        verdict: Validity::Invalid,
        rows: &[(Signature, Failed)],
    },
    Case {
        name: "purpose_that_the_leaf_has",
        question: || {
            let root = root();
            let leaf = user("服务")
                .purposes(&[oid::SERVER_AUTH, oid::CLIENT_AUTH])
                .by(&root);
            is_valid(&leaf)
                .from(&root)
                .asking(|options| options.purpose = Some(oid::SERVER_AUTH))
        },
        verdict: Validity::Valid,
        rows: &[(Purpose, Passed)],
    },
    Case {
        name: "purpose_that_the_leaf_has_not",
        question: || {
            let root = root();
            let leaf = user("服务").purposes(&[oid::CLIENT_AUTH]).by(&root);
            is_valid(&leaf)
                .from(&root)
                .asking(|options| options.purpose = Some(oid::SERVER_AUTH))
        },
        verdict: Validity::Invalid,
        rows: &[(Purpose, Failed)],
    },
    Case {
        name: "any_purpose",
        question: || {
            let root = root();
            let leaf = user("服务")
                .purposes(&[oid::ANY_EXTENDED_KEY_USAGE])
                .by(&root);
            is_valid(&leaf)
                .from(&root)
                .asking(|options| options.purpose = Some(oid::TIME_STAMPING))
        },
        verdict: Validity::Valid,
        rows: &[(Purpose, Passed)],
    },
    Case {
        name: "no_purpose_stated",
        question: || three_levels().asking(|options| options.purpose = Some(oid::CLIENT_AUTH)),
        verdict: Validity::Valid,
        rows: &[(Purpose, Passed)],
    },
    Case {
        name: "purpose_that_the_authority_has_not",
        question: || {
            let root = root();
            let middle = ca("签发").purposes(&[oid::EMAIL_PROTECTION]).by(&root);
            let leaf = user("服务").purposes(&[oid::SERVER_AUTH]).by(&middle);
            is_valid(&leaf)
                .via(&[&middle])
                .from(&root)
                .asking(|options| options.purpose = Some(oid::SERVER_AUTH))
        },
        verdict: Validity::Invalid,
        rows: &[(Purpose, Failed)],
    },
    Case {
        name: "usage_that_the_leaf_has_not",
        question: || {
            three_levels().asking(|options| options.usage = Some(KeyUsage::KEY_ENCIPHERMENT))
        },
        verdict: Validity::Invalid,
        rows: &[(KeyUsage, Failed)],
    },
    Case {
        name: "usage_that_the_leaf_has",
        question: || {
            three_levels().asking(|options| options.usage = Some(KeyUsage::DIGITAL_SIGNATURE))
        },
        verdict: Validity::Valid,
        rows: &[(KeyUsage, Passed)],
    },
    Case {
        name: "ten_authorities",
        question: || chain_of(10),
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "one_authority_too_many",
        question: || chain_of(15),
        verdict: Validity::Invalid,
        rows: &[(Path, Failed)],
    },
    Case {
        name: "thirty_authorities_when_allowed",
        question: || chain_of(30).asking(|options| options.most_certificates = 32),
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "a_hundred_authorities_whatever_is_allowed",
        question: || chain_of(100).asking(|options| options.most_certificates = 1000),
        verdict: Validity::Invalid,
        rows: &[(Path, Failed)],
    },
    Case {
        name: "two_authorities_certify_each_other",
        question: || {
            let first = ca("甲").issue(&name("乙"), "乙");
            let second = ca("乙").issue(&name("甲"), "甲");
            is_valid(&user("张三").by(&first))
                .via(&[&first, &second])
                .from(&root())
        },
        verdict: Validity::Unknown,
        rows: &[(Path, Unknown)],
    },
    Case {
        name: "cross_certificate_leads_to_the_trusted_root",
        question: || {
            let (ours, theirs) = (root(), ca("外根").self_signed());
            let cross = ca("外根").by(&ours);
            let middle = ca("签发").by(&theirs);
            is_valid(&user("张三").by(&middle))
                .via(&[&middle, &theirs, &cross])
                .from(&ours)
        },
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "expired_cross_certificate_beside_a_good_one",
        question: || {
            let root = root();
            let old = ca("签发")
                .valid("2020-01-01T00:00:00Z", "2026-01-31T23:59:59Z")
                .by(&root);
            let new = ca("签发").by(&root);
            is_valid(&user("张三").by(&new))
                .via(&[&old, &new])
                .from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "two_keys_under_one_name",
        question: || {
            let root = root();
            let old = ca("签发").key_of("旧钥").by(&root);
            let new = ca("签发").key_of("新钥").by(&root);
            is_valid(&user("张三").by(&new))
                .via(&[&old, &new])
                .from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Signature, Passed)],
    },
    Case {
        name: "root_renewed_with_a_link_certificate",
        question: || {
            let old = root();
            let new = ca("根").key_of("根新钥").self_signed();
            let link = ca("根").key_of("根新钥").by(&old);
            is_valid(&user("张三").by(&new)).via(&[&link]).from(&old)
        },
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "constrained_path_beside_a_free_one",
        question: || {
            let root = root();
            let narrow = ca("桥").path_len(0).by(&root);
            let wide = ca("桥").by(&root);
            let middle = ca("签发").by(&wide);
            is_valid(&user("张三").by(&middle))
                .via(&[&narrow, &middle, &wide])
                .from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(PathLength, Passed)],
    },
    Case {
        name: "a_hundred_strangers_under_the_same_name",
        question: || {
            let root = root();
            let middle = ca("签发").by(&root);
            let strangers: Vec<Made> = (0..100)
                .map(|number| ca("签发").key_of(&format!("冒名{number}")).by(&root))
                .collect();
            let mut all: Vec<&Made> = strangers.iter().collect();
            all.push(&middle);
            is_valid(&user("张三").by(&middle)).via(&all).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
];

/// Twelve authorities that all certify each other under a shared name: paths without end, but a search with one.
#[test]
fn a_mesh_of_cross_certificates_is_searched_within_bounds() {
    let names: Vec<String> = (0..12).map(|number| format!("网{number}")).collect();
    let mut mesh = Vec::new();
    for subject in &names {
        for issuer in names.iter().filter(|issuer| *issuer != subject) {
            mesh.push(ca(subject).issue(&name(issuer), issuer));
        }
    }
    let leaf = user("张三").issue(&name("网0"), "网0");
    let question = is_valid(&leaf)
        .via(&mesh.iter().collect::<Vec<_>>())
        .from(&root());
    let started = std::time::Instant::now();
    let answer = question.ask();
    assert_eq!(answer.valid, Validity::Unknown);
    assert!(
        answer.checks[0].reason.contains("过多"),
        "{}",
        answer.checks[0].reason
    );
    assert!(started.elapsed().as_secs() < 20);
    assert!(key("网0").public_key().to_sec1().len() == 65);
}

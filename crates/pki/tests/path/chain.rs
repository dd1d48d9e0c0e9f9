//! The chain itself: anchors, signatures, names, times.

use pki::path::Kind::*;
use pki::path::Outcome::{Failed, Passed, Unknown};
use pki::path::Validity;
use pki::strict::Writer;
use pki::{Oid, oid};

use crate::Case;
use crate::world::{Made, Question, ca, is_valid, name, user};

const ECDSA: Oid = Oid::new("1.2.840.10045.4.3.2");
const RSA: Oid = Oid::new("1.2.840.113549.1.1.11");

pub fn root() -> Made {
    ca("根").valid("2020-01-01T00:00:00Z", "2039-12-31T23:59:59Z").self_signed()
}

/// Root, one authority, one user.
pub fn three_levels() -> Question {
    let root = root();
    let middle = ca("签发").by(&root);
    is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
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
            is_valid(&user("张三").by(&other)).via(&[&other]).from(&root())
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
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
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
            is_valid(&user("张三").valid("2026-01-01T00:00:00Z", "2026-11-21T23:59:59Z").by(&root))
                .from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "last_second_of_validity",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root)).from(&root).at("2027-12-31T23:59:59Z")
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "first_second_after_validity",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root)).from(&root).at("2028-01-01T00:00:00Z")
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "first_second_of_validity",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root)).from(&root).at("2026-01-01T00:00:00Z")
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "not_yet_valid",
        question: || {
            let root = root();
            is_valid(&user("张三").by(&root)).from(&root).at("2025-12-31T23:59:59Z")
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "expired_intermediate",
        question: || {
            let root = root();
            let middle = ca("签发").valid("2020-01-01T00:00:00Z", "2026-06-30T23:59:59Z").by(&root);
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "expired_anchor",
        question: || {
            let old = ca("根").valid("2006-01-01T00:00:00Z", "2026-06-30T23:59:59Z").self_signed();
            is_valid(&user("张三").by(&old)).from(&old)
        },
        verdict: Validity::Invalid,
        rows: &[(Validity, Failed)],
    },
    Case {
        name: "end_in_2055",
        question: || {
            let root = ca("根").valid("2026-01-01T00:00:00Z", "2055-12-31T23:59:59Z").self_signed();
            is_valid(&user("张三").by(&root)).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(Validity, Passed)],
    },
    Case {
        name: "ecdsa_signature_is_unknown",
        question: || {
            let root =
                ca("根").spki(p256_key()).signed_with(ECDSA).authority_key(&[7; 20]).self_signed();
            is_valid(
                &user("张三").signed_with(ECDSA).without(oid::AUTHORITY_KEY_IDENTIFIER).by(&root),
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
];

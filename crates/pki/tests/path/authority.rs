//! What an issuer may: basic constraints, path length, key usage, purposes; and critical extensions.

use pki::ext::{Extension, KeyUsage};
use pki::path::Kind::*;
use pki::path::Outcome::{Failed, Passed};
use pki::path::Validity;
use pki::{Oid, oid};

use crate::Case;
use crate::chain::{root, three_levels};
use crate::world::{ca, is_valid, user};

const STRANGE: Oid = Oid::new("2.25.148926349512345678901234567890123456789.99");

fn strange(critical: bool) -> Extension {
    Extension { oid: STRANGE, critical, value: vec![5, 0] }
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "user_as_issuer",
        question: || {
            let root = root();
            let person = user("张三").by(&root);
            is_valid(&user("李四").by(&person)).via(&[&person]).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(BasicConstraints, Failed), (KeyUsage, Failed)],
    },
    Case {
        name: "authority_without_basic_constraints",
        question: || {
            let root = root();
            let middle = ca("签发").without(oid::BASIC_CONSTRAINTS).by(&root);
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
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
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(BasicConstraints, Passed)],
    },
    Case {
        name: "authority_of_version_1",
        question: || {
            let root = root();
            let middle = ca("签发").version_1().by(&root);
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
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
            let extension =
                Extension { oid: oid::BASIC_CONSTRAINTS, critical: true, value: vec![0x30, 0] };
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
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
        },
        verdict: Validity::Invalid,
        rows: &[(KeyUsage, Failed)],
    },
    Case {
        name: "authority_without_key_usage",
        question: || {
            let root = root();
            let middle = ca("签发").without(oid::KEY_USAGE).by(&root);
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
        },
        verdict: Validity::Valid,
        rows: &[(KeyUsage, Passed)],
    },
    Case {
        name: "path_length_zero_with_a_user_below",
        question: || {
            let root = root();
            let middle = ca("签发").path_len(0).by(&root);
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
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
            is_valid(&user("张三").by(&second)).via(&[&first, &second]).from(&root)
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
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
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
            is_valid(&user("张三").by(&third)).via(&[&first, &second, &third]).from(&root)
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
            is_valid(&user("张三").by(&renewed)).via(&[&first, &renewed]).from(&root)
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
            is_valid(&user("张三").by(&middle)).via(&[&middle]).from(&root)
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
        name: "purpose_that_the_leaf_has",
        question: || {
            let root = root();
            let leaf = user("服务").purposes(&[oid::SERVER_AUTH, oid::CLIENT_AUTH]).by(&root);
            is_valid(&leaf).from(&root).asking(|options| options.purpose = Some(oid::SERVER_AUTH))
        },
        verdict: Validity::Valid,
        rows: &[(Purpose, Passed)],
    },
    Case {
        name: "purpose_that_the_leaf_has_not",
        question: || {
            let root = root();
            let leaf = user("服务").purposes(&[oid::CLIENT_AUTH]).by(&root);
            is_valid(&leaf).from(&root).asking(|options| options.purpose = Some(oid::SERVER_AUTH))
        },
        verdict: Validity::Invalid,
        rows: &[(Purpose, Failed)],
    },
    Case {
        name: "any_purpose",
        question: || {
            let root = root();
            let leaf = user("服务").purposes(&[oid::ANY_EXTENDED_KEY_USAGE]).by(&root);
            is_valid(&leaf).from(&root).asking(|options| options.purpose = Some(oid::TIME_STAMPING))
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
];

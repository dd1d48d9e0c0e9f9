//! The search for a path: lengths, loops, cross-certificates, many candidates.

use pki::path::Kind::*;
use pki::path::Outcome::{Failed, Passed, Unknown};
use pki::path::Validity;

use crate::Case;
use crate::chain::root;
use crate::world::{Made, Question, ca, is_valid, key, name, user};

/// A chain of this many authorities below the root.
fn chain_of(authorities: usize) -> Question {
    let root = root();
    let mut made = vec![root.clone()];
    for number in 0..authorities {
        let next = ca(&format!("第{number}级")).by(made.last().expect("the one before"));
        made.push(next);
    }
    let leaf = user("张三").by(made.last().expect("the last"));
    is_valid(&leaf).via(&made.iter().skip(1).collect::<Vec<_>>()).from(&root)
}

pub(crate) const CASES: &[Case] = &[
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
            is_valid(&user("张三").by(&first)).via(&[&first, &second]).from(&root())
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
            is_valid(&user("张三").by(&middle)).via(&[&middle, &theirs, &cross]).from(&ours)
        },
        verdict: Validity::Valid,
        rows: &[(Path, Passed)],
    },
    Case {
        name: "expired_cross_certificate_beside_a_good_one",
        question: || {
            let root = root();
            let old = ca("签发").valid("2020-01-01T00:00:00Z", "2026-01-31T23:59:59Z").by(&root);
            let new = ca("签发").by(&root);
            is_valid(&user("张三").by(&new)).via(&[&old, &new]).from(&root)
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
            is_valid(&user("张三").by(&new)).via(&[&old, &new]).from(&root)
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
            is_valid(&user("张三").by(&middle)).via(&[&narrow, &middle, &wide]).from(&root)
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
    let question = is_valid(&leaf).via(&mesh.iter().collect::<Vec<_>>()).from(&root());
    let started = std::time::Instant::now();
    let answer = question.ask();
    assert_eq!(answer.valid, Validity::Unknown);
    assert!(answer.checks[0].reason.contains("过多"), "{}", answer.checks[0].reason);
    assert!(started.elapsed().as_secs() < 20);
    assert!(key("网0").public_key().to_sec1().len() == 65);
}

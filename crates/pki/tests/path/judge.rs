//! OpenSSL as the judge of links. Its command applies the SM2 identity to the first certificate only, so each link of
//! a path is put to it alone (`-partial_chain`), and what it can judge there is compared: signature, names, times,
//! key identifiers, that the issuer is a CA that may sign, critical extensions, the issuer's name constraints.

use std::path::Path;
use std::process::Command;

use pki::Certificate;
use pki::path::{Kind, Outcome};

use crate::world::Question;

/// The rows that OpenSSL judges on one link.
const JUDGED: [Kind; 8] = [
    Kind::Signature,
    Kind::Validity,
    Kind::Names,
    Kind::KeyIdentifiers,
    Kind::BasicConstraints,
    Kind::KeyUsage,
    Kind::CriticalExtensions,
    Kind::NameConstraints,
];

#[test]
fn openssl_judges_every_link_as_we_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut links, mut wrong) = (0, Vec::new());
    for case in crate::cases() {
        let question = (case.question)();
        let answer = question.ask();
        let asks_more =
            question.options.usage.is_some() || question.options.user_id != gm::UserId::default();
        if answer.path.len() < 2 || !answer.path.iter().any(|entry| entry.anchor) || asks_more {
            continue;
        }
        if answer.outcome(Kind::Signature) == Some(Outcome::Unknown) {
            continue;
        }
        let ours = JUDGED.iter().all(|kind| answer.outcome(*kind) == Some(Outcome::Passed));
        let path: Vec<&Certificate> =
            answer.path.iter().map(|entry| find(&question, &entry.fingerprint)).collect();
        let mut theirs = true;
        for pair in path.windows(2) {
            links += 1;
            theirs &= verifies(folder.path(), pair[0], pair[1], question.at.as_second());
        }
        if (ours != theirs) != EXPLAINED.contains(&case.name) {
            wrong.push(format!("{}: we say {ours}, OpenSSL says {theirs}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(links > 150, "only {links} links were judged");
}

/// Where the two differ, and why.
const EXPLAINED: &[&str] = &[
    // RFC 5280 §4.1.2.5: notAfter still belongs to the validity. OpenSSL lets a certificate expire at it.
    "last_second_of_validity",
    // OpenSSL takes keyCertSign for basicConstraints unless told to be strict; RFC 5280 §6.1.4 (k) does not.
    "authority_without_basic_constraints",
    // A constraint two levels up, which a single link does not show.
    "an_authority_cannot_widen_what_is_permitted",
    // In a link of its own the self-issued certificate is the leaf, which is not exempt.
    "self_issued_certificate_is_exempt",
    // OpenSSL compares the wildcard as text; here it may stand for an excluded name.
    "wildcard_that_reaches_the_excluded",
];

#[test]
fn every_explained_difference_is_a_case() {
    assert!(EXPLAINED.iter().all(|name| crate::cases().any(|case| case.name == *name)));
}

fn find<'a>(question: &'a Question, fingerprint: &str) -> &'a Certificate {
    question
        .all()
        .find(|one| one.fingerprint() == fingerprint)
        .expect("a certificate of the question")
}

fn verifies(folder: &Path, child: &Certificate, issuer: &Certificate, at: i64) -> bool {
    let (child_file, issuer_file) = (folder.join("child.pem"), folder.join("issuer.pem"));
    std::fs::write(&child_file, child.to_pem().expect("PEM")).expect("a file");
    std::fs::write(&issuer_file, issuer.to_pem().expect("PEM")).expect("a file");
    let output = Command::new("openssl")
        .args([
            "verify",
            "-partial_chain",
            "-vfyopt",
            "distid:1234567812345678",
            "-attime",
            &at.to_string(),
        ])
        .arg("-CAfile")
        .arg(&issuer_file)
        .arg(&child_file)
        .output()
        .expect("openssl is installed");
    output.status.success()
}

//! Path validation, case by case: RFC 5280 §6 on SM2. Each case is a small family of certificates, the verdict that it
//! must have, and the rows of the table that matter.

// A world that cannot be built is a failed test.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod authority;
mod breadth;
mod chain;
mod judge;
mod names;
mod policies;
mod real;
mod revocation;
mod rollover;
mod scope;
mod search;
mod world;

use std::collections::BTreeSet;

use pki::path::{Kind, Outcome, Validity};
use world::Question;

/// One case.
struct Case {
    name: &'static str,
    question: fn() -> Question,
    verdict: Validity,
    /// Rows that must end so. Of an invalid path, every failed row stands here.
    rows: &'static [(Kind, Outcome)],
}

/// All cases.
fn cases() -> impl Iterator<Item = &'static Case> {
    [
        chain::CASES,
        authority::CASES,
        search::CASES,
        names::CASES,
        policies::CASES,
        revocation::CASES,
        scope::CASES,
        rollover::CASES,
        breadth::CASES,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn every_case_has_its_verdict_and_rows() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for Case { name, question, verdict, rows } in cases() {
        count += 1;
        let answer = question().ask();
        let failed: Vec<Kind> = answer
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Failed)
            .map(|check| check.check)
            .collect();
        let expected: Vec<Kind> =
            rows.iter().filter(|row| row.1 == Outcome::Failed).map(|row| row.0).collect();
        let rows_right = rows.iter().all(|(kind, outcome)| answer.outcome(*kind) == Some(*outcome));
        let failures_right =
            failed.len() == expected.len() && failed.iter().all(|kind| expected.contains(kind));
        if answer.valid != *verdict || !rows_right || !failures_right {
            wrong.push(format!("{name}: {answer:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 150, "only {count} cases");
}

#[test]
fn every_verdict_has_each_row_once_with_a_reason() {
    for case in cases() {
        let answer = (case.question)().ask();
        let kinds: Vec<Kind> = answer.checks.iter().map(|check| check.check).collect();
        assert_eq!(kinds, Kind::ALL, "{}", case.name);
        assert!(answer.checks.iter().all(|check| !check.reason.is_empty()), "{}", case.name);
    }
}

#[test]
fn names_of_cases_are_unique() {
    let mut names: Vec<&str> = cases().map(|case| case.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}

/// The table of behaviours in the documents says of each which case shows it, and leaves none out.
#[test]
fn every_case_stands_in_the_table_of_the_documents() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/path-validation.md");
    let text = std::fs::read_to_string(path).expect("the table");
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let is_letter = |octet: u8| octet.is_ascii_lowercase() || b"_0123456789".contains(&octet);
    let is_case = |word: &&str| word.bytes().all(is_letter);
    let named: BTreeSet<&str> = quoted.filter(is_case).collect();
    let real: BTreeSet<&str> = cases().map(|case| case.name).collect();
    let missing: Vec<_> = real.difference(&named).collect();
    let gone: Vec<_> = named.difference(&real).collect();
    assert!(missing.is_empty() && gone.is_empty(), "missing {missing:?}, no case {gone:?}");
}

#[test]
fn a_verdict_is_json_of_plain_words() {
    let question = chain::three_levels();
    let json = serde_json::to_value(question.ask()).expect("JSON");
    assert_eq!(json["valid"], "valid");
    assert_eq!(json["path"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["path"][2]["anchor"], true);
    assert_eq!(json["checks"][1]["check"], "signature");
    assert_eq!(json["checks"][1]["title"], "签名");
    assert_eq!(json["checks"][1]["outcome"], "passed");
}

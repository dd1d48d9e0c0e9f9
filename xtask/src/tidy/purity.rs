//! What may be done where: pure rules, and SQL in its room.

use super::Offence;
use super::form::find;
use crate::source::Source;

/// What a pure decision never touches (invariant 1).
const IMPURE: [&str; 13] = [
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant",
    "std::fs",
    "std::env",
    "std::net",
    "tokio",
    "rand",
    "getrandom",
    "OsRandom",
    "sqlx",
    "async",
];

/// Words with which a statement starts.
const STATEMENTS: [&str; 7] = [
    "\"SELECT ",
    "\"INSERT INTO ",
    "\"UPDATE ",
    "\"DELETE FROM ",
    "\"WITH ",
    "\"CREATE TABLE ",
    "\"ALTER TABLE ",
];

/// Rules take clock, randomness and data as arguments (invariant 1).
pub fn rules_are_pure(source: &Source) -> Vec<Offence> {
    let is_rules = source.file_name() == "rules.rs" || source.path.contains("/rules/");
    if !is_rules || !source.ships() {
        return Vec::new();
    }
    let mut offences =
        find(&source.path, &source.code, &IMPURE, "in rules: take it as an argument");
    offences.retain(|offence| offence.line < source.tests_from());
    offences
}

/// Each subject keeps its statements in `sql.rs` (or a folder `sql/`); `store` is
/// the storage itself.
pub fn sql_lives_in_its_room(source: &Source) -> Vec<Offence> {
    let room = source.file_name() == "sql.rs" || source.path.contains("/sql/");
    if room || !source.ships() || source.path.starts_with("crates/store/") {
        return Vec::new();
    }
    let tests = source.tests_from();
    let mut offences = find(&source.path, &source.code, &["sqlx::query"], "outside of sql.rs");
    for (at, line) in source.literals.lines().enumerate() {
        if STATEMENTS.iter().any(|statement| line.contains(statement)) {
            offences.push(Offence::new(&source.path, at + 1, "a statement outside of sql.rs"));
        }
    }
    offences.retain(|offence| offence.line < tests);
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_ask_the_clock_are_found() {
        let text = "//! Rules.\nfn a() { let now = jiff::Timestamp::now(); }";
        assert_eq!(rules_are_pure(&Source::new("crates/ca/src/rules.rs", text)).len(), 1);
        assert_eq!(rules_are_pure(&Source::new("crates/ca/src/rules/a.rs", text)).len(), 1);
        assert_eq!(rules_are_pure(&Source::new("crates/ca/src/service.rs", text)), []);
    }

    #[test]
    fn comments_may_speak_of_what_rules_never_touch() {
        let text = "//! No tokio, no rand, no sqlx here.\nfn a() {}";
        assert_eq!(rules_are_pure(&Source::new("crates/ca/src/rules.rs", text)), []);
    }

    #[test]
    fn statements_live_in_their_room() {
        let text = "fn a() { sqlx::query(\"SELECT 1\") }";
        assert_eq!(sql_lives_in_its_room(&Source::new("crates/ca/src/service.rs", text)).len(), 2);
        for room in [
            "crates/ca/src/sql.rs",
            "crates/ca/src/sql/find.rs",
            "crates/store/src/tx.rs",
            "crates/ca/tests/a.rs",
        ] {
            assert_eq!(sql_lives_in_its_room(&Source::new(room, text)), [], "{room}");
        }
    }

    #[test]
    fn unit_tests_may_look_into_the_tables() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { sqlx::query(\"SELECT 1\"); } }";
        assert_eq!(sql_lives_in_its_room(&Source::new("crates/ca/src/service.rs", text)), []);
    }
}

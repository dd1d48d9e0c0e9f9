//! What a migration may do without saying why (ADR 17): a program from before goes on beside it. Statements that take
//! something away from such a program, or refuse what it writes, need a line with the reason in their file.
//!
//! A rule over the texts of the repository, so it is here for tests alone.

use super::*;

/// Files up to this number are from before the rule. No two nodes of different programs ever met over them.
const BEFORE_THE_RULE: i64 = 940;

/// What in a text for PostgreSQL a program from before may not survive. SQLite has one process, and is upgraded while
/// that one stands still.
fn narrowing(text: &str) -> Vec<String> {
    let statements = statements(&in_dialect(text, Engine::Postgres));
    let made: Vec<&str> = statements.iter().filter_map(|one| made_table(one)).collect();
    let concerns_old = |statement: &str| {
        made.iter().all(|table| !statement.split([' ', '(', ')', ',']).any(|word| word == *table))
    };
    statements
        .iter()
        .filter(|statement| is_narrowing(statement) && concerns_old(statement))
        .map(|statement| statement.chars().take(70).collect())
        .collect()
}

/// Statements in capitals with single spaces, without comments.
fn statements(text: &str) -> Vec<String> {
    let without_comments: String = text
        .lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .flat_map(|line| [line, " "])
        .collect();
    let normal = |one: &str| one.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    without_comments.split(';').map(normal).filter(|one| !one.is_empty()).collect()
}

/// The table that a statement makes.
fn made_table(statement: &str) -> Option<&str> {
    let rest = statement.strip_prefix("CREATE TABLE ")?;
    rest.trim_start_matches("IF NOT EXISTS ").split([' ', '(']).next()
}

fn is_narrowing(statement: &str) -> bool {
    let begins = |words: &str| statement.starts_with(words);
    let has = |words: &str| statement.contains(words);
    let alters = begins("ALTER TABLE ")
        && (has(" DROP ")
            || has(" RENAME ")
            || has(" ALTER ")
            || has(" ADD CONSTRAINT ")
            || has(" ADD CHECK")
            || has(" ADD UNIQUE")
            || has(" ADD FOREIGN")
            || (has(" ADD ") && has(" NOT NULL") && !has(" DEFAULT ")));
    // Rows that an older program goes on to write in the old way.
    let rewrites = begins("UPDATE ") || begins("DELETE ") || begins("TRUNCATE ");
    alters
        || rewrites
        || (begins("DROP ") && !begins("DROP INDEX "))
        || begins("CREATE UNIQUE INDEX ")
        || begins("CREATE TRIGGER ")
        || begins("CREATE RULE ")
}

#[test]
fn what_takes_something_from_an_older_program_says_why() {
    let mut wrong = Vec::new();
    for schema in [Schema::Institution, Schema::Kmc] {
        for (number, subject, text) in files(schema).iter().filter(|one| one.0 > BEFORE_THE_RULE) {
            let found = narrowing(text);
            let has_reason = |why: &str| why.chars().count() > 15;
            let is_marked = match Mark::of(text) {
                Mark::Contract(why) => has_reason(why),
                Mark::Expand(why) => found.is_empty() || has_reason(why),
            };
            if !is_marked {
                wrong.push(format!("{}/{number:04}_{subject}: {found:?}", schema.name()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "a line `-- compatible: why` or `-- contract: why` is missing (migrations/README.md, ADR 17):\n{}",
        wrong.join("\n")
    );
}

#[test]
fn each_way_of_taking_something_away_is_recognised() {
    for text in [
        "DROP TABLE a;",
        "ALTER TABLE a DROP COLUMN b;",
        "alter table a\n  rename to b;",
        "ALTER TABLE a RENAME COLUMN b TO c;",
        "ALTER TABLE a ADD COLUMN b TEXT NOT NULL;",
        "ALTER TABLE a ALTER COLUMN b TYPE TEXT;",
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL;",
        "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0);",
        "CREATE UNIQUE INDEX a_once ON a (b);",
        "UPDATE a SET b = 1;",
        "CREATE TABLE c (d TEXT); DELETE FROM a;",
        "--{{postgres}}\nDROP VIEW a;\n--{{end}}",
    ] {
        assert_eq!(narrowing(text).len(), 1, "{text}");
    }
}

#[test]
fn what_only_adds_needs_no_reason() {
    for text in [
        "CREATE TABLE a (b TEXT NOT NULL, CHECK (b <> '')); CREATE UNIQUE INDEX a_b ON a (b); UPDATE a SET b = 'x';",
        "ALTER TABLE a ADD COLUMN b BIGINT;",
        "ALTER TABLE a ADD COLUMN b {{int}} NOT NULL DEFAULT 0;",
        "CREATE INDEX a_b ON a (b); DROP INDEX a_old;",
        "-- DROP TABLE a;\nCREATE TABLE b (c TEXT);",
        "--{{sqlite}}\nDROP TABLE a;\n--{{end}}",
    ] {
        assert_eq!(narrowing(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn marks_are_read_from_their_lines() {
    assert_eq!(
        Mark::of("-- contract: nobody reads it since 0955\nDROP TABLE a;").stored(),
        ("contract", "nobody reads it since 0955")
    );
    assert_eq!(
        Mark::of("-- a comment\n-- compatible: it was never written\n").stored().1,
        "it was never written"
    );
    assert_eq!(
        Mark::of("CREATE TABLE a (b TEXT); -- contract: not a line of its own"),
        Mark::Expand("")
    );
}

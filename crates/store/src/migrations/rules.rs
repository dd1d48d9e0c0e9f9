//! What a migration may do without saying why (ADR 17): a program from before goes on beside it. Statements that take
//! something away from such a program, or refuse what it writes, need a line with the reason in their file.
//!
//! A rule over the texts of the repository, so it is here for tests alone.

use std::collections::BTreeSet;

use super::*;

/// Files up to this number are from before the rule. No two nodes of different programs ever met over them.
const BEFORE_THE_RULE: i64 = 940;

/// Files up to this number have shipped, and one of them locks more than one table that was there.
const BEFORE_ONE_TABLE: i64 = 960;

/// What in a text for PostgreSQL a program from before may not survive. SQLite has one process, and is upgraded while
/// that one stands still.
fn narrowing(text: &str) -> Vec<String> {
    let statements = statements(&in_dialect(text, Engine::Postgres));
    let made = made_tables(&statements);
    statements
        .iter()
        .filter(|statement| !only_adds(statement, &made))
        .map(|statement| statement.chars().take(70).collect())
        .collect()
}

/// Statements in capitals with single spaces, without comments.
fn statements(text: &str) -> Vec<String> {
    // Two hyphens within a literal begin no comment.
    let is_comment =
        |line: &str, at: usize| line.split_at(at).0.matches('\'').count().is_multiple_of(2);
    let without_comments: String = text
        .lines()
        .map(|line| {
            let mut marks = line.match_indices("--").map(|(at, _)| at);
            marks.find(|at| is_comment(line, *at)).map_or(line, |at| line.split_at(at).0)
        })
        .flat_map(|line| [line, " "])
        .collect();
    let normal = |one: &str| one.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    without_comments.split(';').map(normal).filter(|one| !one.is_empty()).collect()
}

/// The tables that the statements make. One that is made only where it is missing may have been there before.
fn made_tables(statements: &[String]) -> Vec<&str> {
    let names = statements.iter().filter_map(|one| name_after(one, "CREATE TABLE "));
    names.filter(|name| *name != "IF").collect()
}

/// The name behind words with which a statement begins.
fn name_after<'s>(statement: &'s str, words: &str) -> Option<&'s str> {
    statement.strip_prefix(words)?.split([' ', '(', ',']).next()
}

/// The table that a statement changes, or whose rows it changes; not those that it only names.
fn changed_table(statement: &str) -> Option<&str> {
    let by_name = ["ALTER TABLE ", "UPDATE ", "DELETE FROM ", "INSERT INTO "];
    if let Some(name) = by_name.iter().find_map(|words| name_after(statement, words)) {
        return Some(name);
    }
    let on_table = ["CREATE UNIQUE INDEX ", "CREATE TRIGGER "];
    let is_on_table = on_table.iter().any(|words| statement.starts_with(words));
    let (_, rest) = statement.split_once(" ON ").filter(|_| is_on_table)?;
    rest.split([' ', '(']).next()
}

/// Whether an older program can't notice a statement: it adds a table, an index that refuses nothing, a column that such
/// a program needn't know, or it changes a table of the same file. Whatever else there is needs a reason.
fn only_adds(statement: &str, made: &[&str]) -> bool {
    statement.starts_with("CREATE TABLE ")
        || statement.starts_with("CREATE INDEX ")
        || changed_table(statement).is_some_and(|table| made.contains(&table))
        || adds_free_columns(statement)
}

/// `ALTER TABLE … ADD COLUMN …` alone, and each is NULL or has a default, and refuses nothing.
fn adds_free_columns(statement: &str) -> bool {
    const REFUSING: [&str; 8] = [
        "CHECK",
        "UNIQUE",
        "PRIMARY",
        "FOREIGN",
        "REFERENCES",
        "EXCLUDE",
        "GENERATED",
        "CONSTRAINT",
    ];
    let Some((_, actions)) =
        statement.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(' '))
    else {
        return false;
    };
    parts(actions).into_iter().all(|action| {
        let mut words = action.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        action.starts_with("ADD COLUMN ")
            && !words.any(|word| REFUSING.contains(&word))
            && (!action.contains(" NOT NULL") || action.contains(" DEFAULT "))
    })
}

/// What commas outside of brackets part.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

/// The tables from before that a text locks against everybody, readers too.
fn locked(text: &str) -> BTreeSet<String> {
    let statements = statements(&in_dialect(text, Engine::Postgres));
    let made = made_tables(&statements);
    let names = statements.iter().flat_map(|one| {
        let altered = name_after(one, "ALTER TABLE ").into_iter();
        let emptied = ["DROP TABLE ", "TRUNCATE "].into_iter();
        altered.chain(
            emptied.filter_map(|words| one.strip_prefix(words)).flat_map(|all| all.split(", ")),
        )
    });
    names.filter(|name| !made.contains(name)).map(str::to_owned).collect()
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
        "ALTER TABLE a ADD COLUMN b TEXT UNIQUE;",
        "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0 CHECK (b > 0);",
        "ALTER TABLE a ADD COLUMN b BIGINT, ADD CHECK (b > 0 OR c > 0);",
        "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL, ADD COLUMN c BIGINT DEFAULT 0;",
        "ALTER TABLE a ADD COLUMN b BIGINT REFERENCES c (d);",
        "ALTER TABLE a ADD b TEXT;",
        "CREATE UNIQUE INDEX a_once ON a (b);",
        "CREATE TRIGGER a_new BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();",
        "DROP INDEX a_once;",
        "UPDATE a SET b = 1;",
        "INSERT INTO a (b) VALUES (1);",
        "CREATE TABLE c (d TEXT DEFAULT '--'); DELETE FROM a;",
        "CREATE TABLE c (d TEXT); DELETE FROM a;",
        // A table of the same file is named, and another one is changed.
        "CREATE TABLE c (d TEXT); ALTER TABLE a ADD CONSTRAINT e FOREIGN KEY (b) REFERENCES c (d);",
        "CREATE TABLE c (d TEXT); UPDATE a SET b = c.d FROM c;",
        "CREATE TABLE c (d TEXT); DELETE FROM a USING c WHERE a.b = c.d;",
        "CREATE TABLE c (d TEXT); INSERT INTO a (b) SELECT d FROM c;",
        "CREATE TABLE c (d TEXT); DROP TABLE c, a;",
        // Made only where it is missing: it may have been there.
        "CREATE TABLE IF NOT EXISTS a (b TEXT); UPDATE a SET b = 'x';",
        // What nobody thought of.
        "WITH old AS (DELETE FROM a RETURNING b) INSERT INTO c SELECT b FROM old;",
        "DO 'BEGIN DELETE FROM a END';",
        "LOCK TABLE a;",
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
        "CREATE INDEX a_b ON a (b);",
        "ALTER TABLE a ADD COLUMN b TEXT, ADD COLUMN c NUMERIC(5, 2) NOT NULL DEFAULT 0;",
        "CREATE TABLE a (b TEXT); INSERT INTO a (b) SELECT c FROM d; ALTER TABLE a ADD CHECK (b <> '');",
        "CREATE TABLE a (b TEXT DEFAULT '--'); DELETE FROM a;",
        "-- DROP TABLE a;\nCREATE TABLE b (c TEXT);",
        "--{{sqlite}}\nDROP TABLE a;\n--{{end}}",
    ] {
        assert_eq!(narrowing(text), Vec::<String>::new(), "{text}");
    }
}

/// Whoever serves would wait for as long as the second table is waited for, and might be what a deadlock costs.
#[test]
fn a_file_locks_one_table_that_others_use() {
    for schema in [Schema::Institution, Schema::Kmc] {
        for (number, subject, text) in files(schema).iter().filter(|one| one.0 > BEFORE_ONE_TABLE) {
            let found = locked(text);
            let name = schema.name();
            assert!(
                found.len() <= 1,
                "{name}/{number:04}_{subject}: {found:?} (migrations/README.md)"
            );
        }
    }
}

#[test]
fn tables_that_a_file_locks_are_counted() {
    let of = |text: &str| locked(text).into_iter().collect::<Vec<_>>();
    assert_eq!(of("ALTER TABLE a ADD COLUMN b TEXT; ALTER TABLE c ADD CHECK (d > 0);"), ["A", "C"]);
    assert_eq!(of("ALTER TABLE a ADD COLUMN b TEXT; ALTER TABLE a ADD CHECK (b <> '');"), ["A"]);
    assert_eq!(
        of("CREATE TABLE a (b TEXT); ALTER TABLE a ADD CHECK (b <> ''); DROP TABLE c;"),
        ["C"]
    );
    assert_eq!(of("DROP TABLE a, c;"), ["A", "C"]);
    let shipped = files(Schema::Institution).iter().find(|one| one.0 == 956).unwrap();
    assert_eq!(locked(shipped.2).len(), 6, "before the rule");
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

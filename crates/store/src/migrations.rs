//! Creates and upgrades the tables, also while other nodes of an older program serve (ADR 17). How to write a
//! migration: `migrations/README.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{
    AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _, Row as _, SqlSafeStr,
};

use crate::{Engine, Error, Schema};

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// The table in which sqlx keeps what was done.
const DONE: &str = "_sqlx_migrations";
/// How long a statement of a migration waits for a lock: whoever serves waits behind it for as long.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '3s'";
/// How often and after what pause it is tried again: another node migrates, or reads for long.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(2);

fn files(schema: Schema) -> &'static [(i64, &'static str, &'static str)] {
    match schema {
        Schema::Institution => INSTITUTION,
        Schema::Kmc => KMC,
    }
}

/// What a migration means for programs that do not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark<'t> {
    /// They go on as before.
    Expand(&'t str),
    /// They must not run any more.
    Contract(&'t str),
}

impl<'t> Mark<'t> {
    const EXPAND: &'static str = "expand";
    const CONTRACT: &'static str = "contract";

    /// A line `-- contract: why` or `-- compatible: why` of the file.
    fn of(text: &'t str) -> Self {
        let said = |word: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix("-- ")?.strip_prefix(word)).map(str::trim)
        };
        match (said("contract:"), said("compatible:")) {
            (Some(why), _) => Self::Contract(why),
            (None, why) => Self::Expand(why.unwrap_or_default()),
        }
    }

    const fn stored(self) -> (&'static str, &'t str) {
        match self {
            Self::Expand(why) => (Self::EXPAND, why),
            Self::Contract(why) => (Self::CONTRACT, why),
        }
    }
}

/// Brings the tables up to date. Of several nodes that start at once, one does it and the others wait. A database that
/// a newer program has brought further is taken as it is, if each of its migrations is marked as harmless to older
/// programs; otherwise [`Error::SchemaAhead`].
pub(crate) async fn upgrade(
    writer: &AnyPool,
    url: &str,
    (schema, engine): (Schema, Engine),
) -> Result<(), Error> {
    match engine {
        Engine::Sqlite => run(&mut *writer.acquire().await?, (schema, engine)).await,
        Engine::Postgres => upgrade_among_nodes(url, schema).await,
    }
}

/// On connections of its own, so that a lock of sqlx that a failure left goes with its connection. Statements wait for
/// locks for a short time only: behind one that waits, everybody waits.
async fn upgrade_among_nodes(url: &str, schema: Schema) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        let mut conn = AnyConnection::connect(url).await?;
        conn.execute(LOCK_TIMEOUT).await?;
        let done = run(&mut conn, (schema, Engine::Postgres)).await;
        // What it did is committed or taken back; the connection only holds locks.
        let _ = conn.close().await;
        match done {
            Err(Error::Migration(cause)) if tries < TRIES && is_locked(&cause) => {
                tries += 1;
                tracing::warn!(%cause, "the tables are in use or being upgraded elsewhere, trying again");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Whether somebody else has what a migration needs.
fn is_locked(cause: &MigrateError) -> bool {
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = cause else {
        return false;
    };
    let code = cause.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["55P03", "40P01"].contains(&&*code))
}

async fn run(conn: &mut AnyConnection, (schema, engine): (Schema, Engine)) -> Result<(), Error> {
    conn.ensure_migrations_table(DONE).await?;
    judge(conn, schema).await?;
    migrator(schema, engine).run(&mut *conn).await?;
    // Once more: another node may have gone further meanwhile.
    judge(conn, schema).await?;
    note_marks(conn, schema).await
}

/// Refuses where a migration that this program doesn't have is not marked as harmless to it.
async fn judge(conn: &mut AnyConnection, schema: Schema) -> Result<(), Error> {
    let known = |version: i64| files(schema).iter().any(|(number, ..)| *number == version);
    let done = conn.list_applied_migrations(DONE).await?;
    let mut newer =
        done.iter().map(|one| one.version).filter(|version| !known(*version)).peekable();
    if newer.peek().is_none() {
        return Ok(());
    }
    let marks = marks(conn).await?;
    for version in newer {
        match marks.get(&version) {
            Some((kind, _)) if kind == Mark::EXPAND => {
                tracing::info!(version, "a newer program migrated; this one may go on");
            }
            other => {
                let why = other.map_or("", |(_, why)| why.as_str());
                let known = files(schema).last().map_or(0, |(number, ..)| *number);
                return Err(Error::SchemaAhead { version, known, why: why.into() });
            }
        }
    }
    Ok(())
}

/// The marks that there are, by version; none where the table isn't there yet.
async fn marks(conn: &mut AnyConnection) -> Result<BTreeMap<i64, (String, String)>, Error> {
    // The table came with this number.
    let done = conn.list_applied_migrations(DONE).await?;
    if !done.iter().any(|one| one.version == MARKED_SINCE) {
        return Ok(BTreeMap::new());
    }
    let rows =
        sqlx::query("SELECT version, kind, reason FROM migration_mark").fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

/// The migration that made the table of marks, in both schemas.
const MARKED_SINCE: i64 = 955;

/// Says of each migration of this program what it means for programs that do not have it.
async fn note_marks(conn: &mut AnyConnection, schema: Schema) -> Result<(), Error> {
    let there = marks(conn).await?;
    let missing = files(schema).iter().filter(|(number, ..)| !there.contains_key(number));
    let mut missing = missing.peekable();
    if missing.peek().is_none() {
        return Ok(());
    }
    let mut tx = conn.begin().await?;
    for (number, _, text) in missing {
        let (kind, why) = Mark::of(text).stored();
        sqlx::query(
            "INSERT INTO migration_mark (version, kind, reason) VALUES ($1, $2, $3) \
             ON CONFLICT (version) DO NOTHING",
        )
        .bind(*number)
        .bind(kind)
        .bind(why)
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

/// The migrations of a schema in the dialect of an engine.
fn migrator(schema: Schema, engine: Engine) -> Migrator {
    let list = files(schema).iter().map(|(number, subject, text)| {
        let sql = AssertSqlSafe(in_dialect(text, engine)).into_sql_str();
        Migration::new(*number, (*subject).into(), MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(list.collect());
    // What this program doesn't have is judged by its marks.
    migrator.set_ignore_missing(true);
    migrator
}

/// Replaces the tokens and leaves out the parts of the other engine.
fn in_dialect(text: &str, engine: Engine) -> String {
    let (bytes, int, pk) = match engine {
        Engine::Sqlite => ("BLOB", "INTEGER", "INTEGER PRIMARY KEY"),
        Engine::Postgres => {
            ("BYTEA", "BIGINT", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
        }
    };
    let mut part = None;
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        match line.trim() {
            "--{{sqlite}}" => part = Some(Engine::Sqlite),
            "--{{postgres}}" => part = Some(Engine::Postgres),
            "--{{end}}" => part = None,
            _ if part.is_none_or(|part| part == engine) => {
                out.push_str(line);
                out.push('\n');
            }
            _ => {}
        }
    }
    out.replace("{{bytes}}", bytes).replace("{{int}}", int).replace("{{pk}}", pk)
}

#[cfg(test)]
mod rules;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_parts_follow_the_engine() {
        let text =
            "a {{bytes}} {{int}} {{pk}}\n--{{sqlite}}\nlite\n--{{postgres}}\npg\n--{{end}}\nz";
        assert_eq!(
            in_dialect(text, Engine::Sqlite),
            "a BLOB INTEGER INTEGER PRIMARY KEY\nlite\nz\n"
        );
        let pg = in_dialect(text, Engine::Postgres);
        assert!(pg.starts_with("a BYTEA BIGINT BIGINT GENERATED") && pg.ends_with("\npg\nz\n"));
    }

    #[test]
    fn no_token_is_left_over_and_numbers_are_unique() {
        for (schema, engine) in [Schema::Institution, Schema::Kmc]
            .into_iter()
            .flat_map(|schema| [(schema, Engine::Sqlite), (schema, Engine::Postgres)])
        {
            let migrator = migrator(schema, engine);
            let numbers: Vec<_> = migrator.iter().map(|m| m.version).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
            for migration in migrator.iter() {
                assert!(!migration.sql.as_str().contains("{{"), "{}", migration.description);
            }
        }
    }
}

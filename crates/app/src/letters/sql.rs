//! How far the sweep came, and which letters are owed (`migrations/institution/0600_letters.sql`).

use sqlx::{Any, AnyConnection, Row};
use store::{Error, Seq};

/// The last record that was looked at.
pub(super) async fn swept(db: &mut AnyConnection) -> Result<Option<Seq>, Error> {
    let row =
        sqlx::query::<Any>("SELECT seq FROM letter_sweep WHERE id = 1").fetch_optional(db).await?;
    let seq: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
    Ok(seq.and_then(|seq| u64::try_from(seq).ok()).map(Seq))
}

/// Notes that everything up to this record was looked at; never back.
pub(super) async fn sweep(db: &mut AnyConnection, seq: Seq) -> Result<(), Error> {
    sqlx::query::<Any>(
        "INSERT INTO letter_sweep (id, seq) VALUES (1, $1) \
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq WHERE letter_sweep.seq < excluded.seq",
    )
    .bind(seq.to_sql())
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that letters about an application could not be made.
pub(super) async fn owe(
    db: &mut AnyConnection,
    (application, why): (&str, &str),
    at: i64,
) -> Result<(), Error> {
    sqlx::query::<Any>(
        "INSERT INTO letter_owed (application, since, why) VALUES ($1, $2, $3) \
         ON CONFLICT (application) DO UPDATE SET why = excluded.why",
    )
    .bind(application)
    .bind(at)
    .bind(why)
    .execute(db)
    .await?;
    Ok(())
}

/// They were made.
pub(super) async fn settle(db: &mut AnyConnection, application: &str) -> Result<(), Error> {
    sqlx::query::<Any>("DELETE FROM letter_owed WHERE application = $1")
        .bind(application)
        .execute(db)
        .await?;
    Ok(())
}

/// Applications whose letters are owed, with why, the longest first.
pub(super) async fn owed(
    db: &mut AnyConnection,
    limit: i64,
) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query::<Any>(
        "SELECT application, why FROM letter_owed ORDER BY since, application LIMIT $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

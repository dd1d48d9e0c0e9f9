//! The tables of the signing service (`migrations/institution/0885_signing.sql`).

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row};
use store::Error as Fault;

use super::model::{
    KeyFilter, KeyOrder, KeyState, Operation, Operations, Quota, SigningKey, UseOfDay,
};
use super::rules::Checked;
use crate::error::Error;

const DAMAGED: Error = Error::Stored("签名密钥");

/// Every column of keys, and what is asked of them.
macro_rules! keys {
    ($rest:literal) => {
        concat!(
            "SELECT number, client, name, operations, per_second, per_day, state, reason, \
             ordered_by, ordered_at, decided_by, decided_at, stopped_by, stopped_at, end_reason, \
             sign_serial, enc_serial FROM signing_key ",
            $rest
        )
    };
}

/// Stores an order as a key to be; its number.
pub(super) async fn insert(
    db: &mut AnyConnection,
    (order, checked): (&KeyOrder, &Checked),
    (by, at): (&str, i64),
) -> Result<i64, Fault> {
    let row = sqlx::query::<Any>(
        "INSERT INTO signing_key (client, name, operations, per_second, per_day, state, reason, \
         ordered_by, ordered_at) VALUES ($1, $2, $3, $4, $5, 'ordered', $6, $7, $8) \
         RETURNING number",
    )
    .bind(order.client.as_str())
    .bind(order.name.as_str())
    .bind(checked.operations.to_string())
    .bind(i64::from(checked.quota.per_second))
    .bind(i64::from(checked.quota.per_day))
    .bind(order.reason.as_str())
    .bind(by)
    .bind(at)
    .fetch_one(db)
    .await?;
    Ok(row.try_get("number")?)
}

/// Decides an order; whether it was still open.
pub(super) async fn decide(
    db: &mut AnyConnection,
    (number, state): (i64, KeyState),
    (by, at): (&str, i64),
    reason: Option<&str>,
) -> Result<bool, Fault> {
    let done = sqlx::query::<Any>(
        "UPDATE signing_key SET state = $1, decided_by = $2, decided_at = $3, end_reason = $4 \
         WHERE number = $5 AND state = 'ordered'",
    )
    .bind(state.word())
    .bind(by)
    .bind(at)
    .bind(reason)
    .bind(number)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes the certificates of a key, which is active from now on; whether it was being made.
pub(super) async fn activate(
    db: &mut AnyConnection,
    number: i64,
    (sign, enc): (&str, &str),
) -> Result<bool, Fault> {
    let done = sqlx::query::<Any>(
        "UPDATE signing_key SET state = 'active', sign_serial = $1, enc_serial = $2 \
         WHERE number = $3 AND state = 'making'",
    )
    .bind(sign)
    .bind(enc)
    .bind(number)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stops a key; whether it was open, in the making or active.
pub(super) async fn stop(
    db: &mut AnyConnection,
    number: i64,
    (by, at): (&str, i64),
    reason: &str,
) -> Result<bool, Fault> {
    let done = sqlx::query::<Any>(
        "UPDATE signing_key SET state = 'stopped', stopped_by = $1, stopped_at = $2, \
         end_reason = $3 WHERE number = $4 AND state IN ('ordered', 'making', 'active')",
    )
    .bind(by)
    .bind(at)
    .bind(reason)
    .bind(number)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One key.
pub(super) async fn by_number(
    db: &mut AnyConnection,
    number: i64,
) -> Result<Option<SigningKey>, Error> {
    let row = sqlx::query::<Any>(keys!("WHERE number = $1")).bind(number).fetch_optional(db).await;
    row.map_err(Fault::from)?.as_ref().map(key).transpose()
}

/// The keys of a client, and those that are being made.
pub(super) async fn of_client(
    db: &mut AnyConnection,
    client: &str,
) -> Result<Vec<SigningKey>, Error> {
    let text = keys!("WHERE client = $1 ORDER BY number");
    let rows = sqlx::query::<Any>(text).bind(client).fetch_all(db).await;
    rows.map_err(Fault::from)?.iter().map(key).collect()
}

/// Numbers of keys that are being made.
pub(super) async fn making(db: &mut AnyConnection) -> Result<Vec<i64>, Fault> {
    let text = "SELECT number FROM signing_key WHERE state = 'making' ORDER BY number";
    let rows = sqlx::query::<Any>(text).fetch_all(db).await?;
    rows.iter().map(|row| Ok(row.try_get("number")?)).collect()
}

/// A page of keys, newest first.
pub(super) async fn list(
    db: &mut AnyConnection,
    filter: &KeyFilter,
) -> Result<Vec<SigningKey>, Error> {
    let text = keys!(
        "WHERE ($1 = '' OR state = $1) AND ($2 = '' OR client = $2 OR name LIKE $3 ESCAPE '\\') \
         AND number < $4 ORDER BY number DESC LIMIT $5"
    );
    let part = filter.text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let rows = sqlx::query::<Any>(text)
        .bind(filter.state.map_or("", KeyState::word))
        .bind(filter.text.as_str())
        .bind(format!("%{part}%"))
        .bind(filter.below.unwrap_or(i64::MAX))
        .bind(i64::from(filter.limit))
        .fetch_all(db)
        .await;
    rows.map_err(Fault::from)?.iter().map(key).collect()
}

/// How often a key was used on a day.
pub(super) async fn used_on(db: &mut AnyConnection, number: i64, day: &str) -> Result<i64, Fault> {
    let row = sqlx::query::<Any>(
        "SELECT CAST(COALESCE(SUM(uses), 0) AS BIGINT) AS uses FROM signing_use \
         WHERE number = $1 AND day = $2",
    )
    .bind(number)
    .bind(day)
    .fetch_one(db)
    .await?;
    Ok(row.try_get("uses")?)
}

/// Adds uses of a day.
pub(super) async fn add_use(
    db: &mut AnyConnection,
    (number, day): (i64, &str),
    operation: Operation,
    uses: i64,
) -> Result<(), Fault> {
    sqlx::query::<Any>(
        "INSERT INTO signing_use (number, day, operation, uses) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (number, day, operation) DO UPDATE SET uses = signing_use.uses + $4",
    )
    .bind(number)
    .bind(day)
    .bind(operation.word())
    .bind(uses)
    .execute(db)
    .await?;
    Ok(())
}

/// Uses of the last days with any, newest first.
pub(super) async fn uses(
    db: &mut AnyConnection,
    number: i64,
    rows: u32,
) -> Result<Vec<UseOfDay>, Error> {
    let found = sqlx::query::<Any>(
        "SELECT day, operation, uses FROM signing_use WHERE number = $1 \
         ORDER BY day DESC, operation LIMIT $2",
    )
    .bind(number)
    .bind(i64::from(rows))
    .fetch_all(db)
    .await;
    let read = |row: &AnyRow| {
        let word: String = row.try_get("operation").map_err(Fault::from)?;
        Ok(UseOfDay {
            day: row.try_get("day").map_err(Fault::from)?,
            operation: Operation::of(&word).ok_or(DAMAGED)?,
            count: row.try_get("uses").map_err(Fault::from)?,
        })
    };
    found.map_err(Fault::from)?.iter().map(read).collect()
}

fn key(row: &AnyRow) -> Result<SigningKey, Error> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(Fault::from);
    let some = |name: &str| row.try_get::<Option<String>, _>(name).map_err(Fault::from);
    let number = |name: &str| row.try_get::<i64, _>(name).map_err(Fault::from);
    let count = |name: &str| u32::try_from(number(name)?).map_err(|_| DAMAGED);
    let when = |at: i64| Timestamp::from_second(at).map_err(|_| DAMAGED);
    let once = |name: &str| {
        let at: Option<i64> = row.try_get(name).map_err(Fault::from)?;
        at.map(when).transpose()
    };
    Ok(SigningKey {
        number: number("number")?,
        client: text("client")?,
        name: text("name")?,
        operations: Operations::of(text("operations")?.split(',')).ok_or(DAMAGED)?,
        quota: Quota { per_second: count("per_second")?, per_day: count("per_day")? },
        state: KeyState::of(&text("state")?).ok_or(DAMAGED)?,
        reason: text("reason")?,
        ordered_by: text("ordered_by")?,
        ordered_at: when(number("ordered_at")?)?,
        decided_by: some("decided_by")?,
        decided_at: once("decided_at")?,
        stopped_by: some("stopped_by")?,
        stopped_at: once("stopped_at")?,
        end_reason: some("end_reason")?,
        serials: some("sign_serial")?.zip(some("enc_serial")?),
    })
}

//! The tables of the signing service (`migrations/institution/0885_signing.sql`): keys, orders, uses.

pub(super) mod destroy;
pub(super) mod pair;

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row};
use store::Error as Fault;

use super::model::{
    KeyFilter, KeyOrder, KeyState, Operation, Operations, Quota, SigningKey, StopCause, StopOrder,
    UseOfDay,
};
use super::rules::Checked;
use crate::error::Error;
use crate::sql::changed_one;

const DAMAGED: Error = Error::Stored("签名密钥");

/// Every column of keys with their newest certificates, and what is asked of them.
macro_rules! keys {
    ($rest:literal) => {
        concat!(
            "SELECT k.number, k.client, k.name, k.operations, k.per_second, k.per_day, k.state, \
             k.reason, k.ordered_by, k.ordered_at, k.decided_by, k.decided_at, k.stopped_by, \
             k.stopped_at, k.end_reason, k.stop_cause, k.revoked_by, k.revoked_at, \
             p.sign_serial, p.enc_serial FROM signing_key k \
             LEFT JOIN signing_pair p ON p.number = k.number AND p.generation = \
             (SELECT MAX(generation) FROM signing_pair WHERE number = k.number AND state = 'made') ",
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
    let text = "UPDATE signing_key SET state = $1, decided_by = $2, decided_at = $3, \
         end_reason = $4 WHERE number = $5 AND state = 'ordered'";
    let query = sqlx::query::<Any>(text).bind(state.word()).bind(by).bind(at).bind(reason);
    changed_one(query.bind(number).execute(db).await)
}

/// A key that was being made is active from now on; whether it was.
pub(super) async fn activate(db: &mut AnyConnection, number: i64) -> Result<bool, Fault> {
    let text = "UPDATE signing_key SET state = 'active' WHERE number = $1 AND state = 'making'";
    changed_one(sqlx::query::<Any>(text).bind(number).execute(db).await)
}

/// Stops a key; whether it was open, in the making or active.
pub(super) async fn stop(
    db: &mut AnyConnection,
    number: i64,
    (by, at): (&str, i64),
    order: &StopOrder,
) -> Result<bool, Fault> {
    let text = "UPDATE signing_key SET state = 'stopped', stopped_by = $1, stopped_at = $2, \
         stop_cause = $3, end_reason = $4 \
         WHERE number = $5 AND state IN ('ordered', 'making', 'active')";
    let query = sqlx::query::<Any>(text).bind(by).bind(at).bind(order.cause.word());
    changed_one(query.bind(order.reason.as_str()).bind(number).execute(db).await)
}

/// The certificates of a stopped key are to be revoked; whether nobody had confirmed it yet.
pub(super) async fn confirm_ending(
    db: &mut AnyConnection,
    number: i64,
    (by, at): (&str, i64),
) -> Result<bool, Fault> {
    let text = "UPDATE signing_key SET revoked_by = $1, revoked_at = $2 \
         WHERE number = $3 AND state = 'stopped' AND revoked_by IS NULL";
    let query = sqlx::query::<Any>(text).bind(by).bind(at).bind(number);
    changed_one(query.execute(db).await)
}

/// One key.
pub(super) async fn by_number(
    db: &mut AnyConnection,
    number: i64,
) -> Result<Option<SigningKey>, Error> {
    let text = keys!("WHERE k.number = $1");
    let row = sqlx::query::<Any>(text).bind(number).fetch_optional(db).await;
    row.map_err(Fault::from)?.as_ref().map(key).transpose()
}

/// The keys of a client, in every state.
pub(super) async fn of_client(
    db: &mut AnyConnection,
    client: &str,
) -> Result<Vec<SigningKey>, Error> {
    let text = keys!("WHERE k.client = $1 ORDER BY k.number");
    let rows = sqlx::query::<Any>(text).bind(client).fetch_all(db).await;
    rows.map_err(Fault::from)?.iter().map(key).collect()
}

/// Numbers of the keys in a state.
pub(super) async fn in_state(db: &mut AnyConnection, state: KeyState) -> Result<Vec<i64>, Fault> {
    let text = "SELECT number FROM signing_key WHERE state = $1 ORDER BY number";
    let rows = sqlx::query::<Any>(text).bind(state.word()).fetch_all(db).await?;
    rows.iter().map(|row| Ok(row.try_get("number")?)).collect()
}

/// Keys that are being made, and since when.
pub(super) async fn making_since(db: &mut AnyConnection) -> Result<Vec<(i64, Timestamp)>, Error> {
    let text = "SELECT number, COALESCE(decided_at, ordered_at) AS since FROM signing_key \
         WHERE state = 'making' ORDER BY number";
    let rows = sqlx::query::<Any>(text).fetch_all(db).await.map_err(Fault::from)?;
    let read = |row: &AnyRow| {
        let since: i64 = row.try_get("since").map_err(Fault::from)?;
        let since = Timestamp::from_second(since).map_err(|_| DAMAGED)?;
        Ok((row.try_get("number").map_err(Fault::from)?, since))
    };
    rows.iter().map(read).collect()
}

/// A page of keys, newest first.
pub(super) async fn list(
    db: &mut AnyConnection,
    filter: &KeyFilter,
) -> Result<Vec<SigningKey>, Error> {
    let text = keys!(
        "WHERE ($1 = '' OR k.state = $1) \
         AND ($2 = '' OR k.client = $2 OR k.name LIKE $3 ESCAPE '\\') \
         AND k.number < $4 ORDER BY k.number DESC LIMIT $5"
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
    let text = "SELECT CAST(COALESCE(SUM(uses), 0) AS BIGINT) AS uses FROM signing_use \
         WHERE number = $1 AND day = $2";
    let row = sqlx::query::<Any>(text).bind(number).bind(day).fetch_one(db).await?;
    Ok(row.try_get("uses")?)
}

/// Adds uses of a day.
pub(super) async fn add_use(
    db: &mut AnyConnection,
    (number, day): (i64, &str),
    operation: Operation,
    uses: i64,
) -> Result<(), Fault> {
    let text = "INSERT INTO signing_use (number, day, operation, uses) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (number, day, operation) DO UPDATE SET uses = signing_use.uses + $4";
    let query = sqlx::query::<Any>(text).bind(number).bind(day).bind(operation.word());
    query.bind(uses).execute(db).await?;
    Ok(())
}

/// Uses of the days with any, newest first, behind one of them.
pub(super) async fn uses(
    db: &mut AnyConnection,
    number: i64,
    (behind, rows): (Option<&UseOfDay>, u32),
) -> Result<Vec<UseOfDay>, Error> {
    let text = "SELECT day, operation, uses FROM signing_use WHERE number = $1 \
         AND ($2 = '' OR day < $2 OR (day = $2 AND operation > $3)) \
         ORDER BY day DESC, operation LIMIT $4";
    let found = sqlx::query::<Any>(text)
        .bind(number)
        .bind(behind.map_or("", |one| one.day.as_str()))
        .bind(behind.map_or("", |one| one.operation.word()))
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
    let cause = |word: String| StopCause::of(&word).ok_or(DAMAGED);
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
        stop_cause: some("stop_cause")?.map(cause).transpose()?,
        revoked_by: some("revoked_by")?,
        revoked_at: once("revoked_at")?,
        serials: some("sign_serial")?.zip(some("enc_serial")?),
    })
}

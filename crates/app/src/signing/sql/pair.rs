//! Pairs of certificates of keys (`migrations/institution/0895_signing_pair.sql`).

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row};
use store::Error as Fault;

use crate::error::Error;
use crate::signing::model::{Pair, PairState};
use crate::sql::changed_one;

const DAMAGED: Error = Error::Stored("签名密钥的证书");

/// A pair: the key, and its generation.
type Which = (i64, i64);

/// Begins the next pair of a key, or finds the one that was begun; its generation.
pub(in crate::signing) async fn begin(
    db: &mut AnyConnection,
    number: i64,
    at: i64,
) -> Result<i64, Fault> {
    let text = "SELECT generation FROM signing_pair WHERE number = $1 AND state = 'making' \
         ORDER BY generation LIMIT 1";
    if let Some(row) = sqlx::query::<Any>(text).bind(number).fetch_optional(&mut *db).await? {
        return Ok(row.try_get("generation")?);
    }
    let text = "INSERT INTO signing_pair (number, generation, state, begun_at) \
         SELECT $1, COALESCE(MAX(generation), 0) + 1, 'making', $2 FROM signing_pair \
         WHERE number = $1 RETURNING generation";
    let row = sqlx::query::<Any>(text).bind(number).bind(at).fetch_one(db).await?;
    Ok(row.try_get("generation")?)
}

/// The pairs of a key, oldest first.
pub(in crate::signing) async fn of_key(
    db: &mut AnyConnection,
    number: i64,
) -> Result<Vec<Pair>, Error> {
    let text = "SELECT number, generation, state, begun_at, sign_serial, enc_serial, held_at \
         FROM signing_pair WHERE number = $1 ORDER BY generation";
    let rows = sqlx::query::<Any>(text).bind(number).fetch_all(db).await;
    rows.map_err(Fault::from)?.iter().map(pair).collect()
}

/// Notes what was issued; whether nobody had yet.
pub(in crate::signing) async fn made(
    db: &mut AnyConnection,
    (number, generation): Which,
    (sign, enc): (&str, &str),
) -> Result<bool, Fault> {
    let text = "UPDATE signing_pair SET state = 'made', sign_serial = $1, enc_serial = $2 \
         WHERE number = $3 AND generation = $4 AND state <> 'made'";
    let query = sqlx::query::<Any>(text).bind(sign).bind(enc).bind(number).bind(generation);
    changed_one(query.execute(db).await)
}

/// Nothing came of it; whether that was still open.
pub(in crate::signing) async fn failed(
    db: &mut AnyConnection,
    (number, generation): Which,
) -> Result<bool, Fault> {
    let text = "UPDATE signing_pair SET state = 'failed' \
         WHERE number = $1 AND generation = $2 AND state = 'making'";
    changed_one(sqlx::query::<Any>(text).bind(number).bind(generation).execute(db).await)
}

/// The hold that comes of a stop is set; whether it was not yet.
pub(in crate::signing) async fn held(
    db: &mut AnyConnection,
    (number, generation): Which,
    at: i64,
) -> Result<bool, Fault> {
    let text = "UPDATE signing_pair SET held_at = $1 \
         WHERE number = $2 AND generation = $3 AND held_at IS NULL AND ended IS NULL";
    let query = sqlx::query::<Any>(text).bind(at).bind(number).bind(generation);
    changed_one(query.execute(db).await)
}

/// The certificates of a stopped key are at their end; whether they were not yet.
pub(in crate::signing) async fn ended(
    db: &mut AnyConnection,
    (number, generation): Which,
    how: &str,
) -> Result<bool, Fault> {
    let text = "UPDATE signing_pair SET ended = $1 \
         WHERE number = $2 AND generation = $3 AND ended IS NULL";
    let query = sqlx::query::<Any>(text).bind(how).bind(number).bind(generation);
    changed_one(query.execute(db).await)
}

/// Pairs of stopped keys that aren't at their end, with the numbers of their keys.
pub(in crate::signing) async fn open_of_stopped(
    db: &mut AnyConnection,
) -> Result<Vec<(i64, Pair)>, Error> {
    let text = "SELECT number, generation, state, begun_at, sign_serial, enc_serial, held_at \
         FROM signing_pair WHERE ended IS NULL \
         AND number IN (SELECT number FROM signing_key WHERE state = 'stopped') \
         ORDER BY number, generation";
    let rows = sqlx::query::<Any>(text).fetch_all(db).await.map_err(Fault::from)?;
    let both = |row: &AnyRow| Ok((row.try_get("number").map_err(Fault::from)?, pair(row)?));
    rows.iter().map(both).collect()
}

/// Whether a signing certificate is one of a key that was stopped.
pub(in crate::signing) async fn is_of_stopped(
    db: &mut AnyConnection,
    serial: &str,
) -> Result<bool, Fault> {
    let text = "SELECT COUNT(*) AS found FROM signing_pair p \
         JOIN signing_key k ON k.number = p.number \
         WHERE p.sign_serial = $1 AND k.state = 'stopped'";
    let row = sqlx::query::<Any>(text).bind(serial).fetch_one(db).await?;
    Ok(row.try_get::<i64, _>("found")? > 0)
}

fn pair(row: &AnyRow) -> Result<Pair, Error> {
    let some = |name: &str| row.try_get::<Option<String>, _>(name).map_err(Fault::from);
    let state: String = row.try_get("state").map_err(Fault::from)?;
    let begun: i64 = row.try_get("begun_at").map_err(Fault::from)?;
    let held: Option<i64> = row.try_get("held_at").map_err(Fault::from)?;
    let since = Timestamp::from_second(begun).map_err(|_| DAMAGED)?;
    let state = match (&*state, some("sign_serial")?, some("enc_serial")?) {
        ("making", ..) => PairState::Making { since },
        ("made", Some(sign), Some(enc)) => PairState::Made(sign, enc),
        ("failed", ..) => PairState::Failed { since },
        _ => return Err(DAMAGED),
    };
    let generation = row.try_get("generation").map_err(Fault::from)?;
    Ok(Pair { generation, state, is_held: held.is_some() })
}

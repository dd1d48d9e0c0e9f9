//! The tables of `migrations/institution/0840_timestamp.sql`, and certificates of our keys.

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TokenRow {
    /// Serial number in hexadecimal.
    pub serial: String,
    /// Fingerprint of the key that signed.
    pub key_hash: String,
    pub policy: String,
    /// Name of the digest of the imprint.
    pub algorithm: String,
    /// The imprint in hexadecimal.
    pub imprint: String,
    /// genTime, in milliseconds of 1970.
    pub gen_millis: i64,
    /// SM3 of the token.
    pub fingerprint: String,
}

impl TokenRow {
    /// The row as the journal's digest covers it.
    pub fn line(&self) -> String {
        format!(
            "{} {} {} {} {} {} {}\n",
            self.serial,
            self.key_hash,
            self.policy,
            self.algorithm,
            self.imprint,
            self.gen_millis,
            self.fingerprint
        )
    }
}

/// The time of the last token, in milliseconds of 1970; 0 before the first.
pub async fn last_millis(conn: &mut AnyConnection) -> Result<i64, Error> {
    let row = sqlx::query_scalar("SELECT millis FROM timestamp_last WHERE id = 1");
    Ok(row.fetch_optional(conn).await?.unwrap_or_default())
}

/// The time of the last token never goes back.
pub async fn raise_last(conn: &mut AnyConnection, millis: i64) -> Result<(), Error> {
    sqlx::query("UPDATE timestamp_last SET millis = $1 WHERE id = 1 AND millis < $1")
        .bind(millis)
        .execute(conn)
        .await?;
    Ok(())
}

/// A token, under the journal record `seq` of its batch.
pub async fn insert(conn: &mut AnyConnection, row: &TokenRow, seq: i64) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO timestamp_token \
         (serial, key_hash, policy, algorithm, imprint, gen_millis, fingerprint, seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.serial)
    .bind(&row.key_hash)
    .bind(&row.policy)
    .bind(&row.algorithm)
    .bind(&row.imprint)
    .bind(row.gen_millis)
    .bind(&row.fingerprint)
    .bind(seq)
    .execute(conn)
    .await?;
    Ok(())
}

/// The tokens of the batch with this journal record, in no order.
pub async fn of_batch(conn: &mut AnyConnection, seq: i64) -> Result<Vec<TokenRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT serial, key_hash, policy, algorithm, imprint, gen_millis, fingerprint \
         FROM timestamp_token WHERE seq = $1",
    );
    Ok(rows.bind(seq).fetch_all(conn).await?)
}

/// How many tokens have a journal record before this one.
pub async fn count_before(conn: &mut AnyConnection, seq: i64) -> Result<i64, Error> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM timestamp_token WHERE seq < $1");
    Ok(count.bind(seq).fetch_one(conn).await?)
}

/// The token of this serial number.
pub async fn find(conn: &mut AnyConnection, serial: &str) -> Result<Option<TokenRow>, Error> {
    let row = sqlx::query_as(
        "SELECT serial, key_hash, policy, algorithm, imprint, gen_millis, fingerprint \
         FROM timestamp_token WHERE serial = $1",
    );
    Ok(row.bind(serial).fetch_optional(conn).await?)
}

/// Certificates of a key that are good, of whichever issuer, newest first.
pub async fn certificates_of_key(
    conn: &mut AnyConnection,
    key_hash: &str,
) -> Result<Vec<Vec<u8>>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT d.der FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.key_hash = $1 AND c.status = 'good' ORDER BY c.id DESC LIMIT 16",
    );
    Ok(rows.bind(key_hash).fetch_all(conn).await?)
}

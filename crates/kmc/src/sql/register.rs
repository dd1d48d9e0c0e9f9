//! The registers: certification authorities, and the people of judicial recoveries.

use gm::PublicKey;
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::{Connection, column, fault, key, text};
use crate::error::Error;
use crate::model::{Ca, Text};
use crate::recovery::{Officer, Party};

/// Writes a CA into the register. False when the name or the key is taken.
pub(crate) async fn add_ca(
    conn: &mut Connection,
    (name, public_key): (&Text, &PublicKey),
    at: Timestamp,
) -> Result<bool, Error> {
    let sql = "INSERT INTO ca_client (name, public_key, key_hash, registered_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let done = sqlx::query(sql)
        .bind(name.as_str())
        .bind(public_key.to_sec1().to_vec())
        .bind(public_key.fingerprint())
        .bind(at.as_second())
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected() == 1)
}

/// Gives a CA another key.
pub(crate) async fn rekey_ca(
    conn: &mut Connection,
    ca: &Ca,
    public_key: &PublicKey,
) -> Result<(), Error> {
    let sql = "UPDATE ca_client SET public_key = $2, key_hash = $3 WHERE id = $1";
    sqlx::query(sql)
        .bind(ca.id)
        .bind(public_key.to_sec1().to_vec())
        .bind(public_key.fingerprint())
        .execute(conn)
        .await
        .map_err(fault)
        .map(drop)
}

/// Closes a CA: its keys stay, its orders are refused.
pub(crate) async fn close_ca(conn: &mut Connection, ca: &Ca, at: Timestamp) -> Result<(), Error> {
    sqlx::query("UPDATE ca_client SET closed_at = $2 WHERE id = $1")
        .bind(ca.id)
        .bind(at.as_second())
        .execute(conn)
        .await
        .map_err(fault)
        .map(drop)
}

/// A CA by its name, closed ones too when `closed` says so.
pub(crate) async fn ca_by_name(
    conn: &mut Connection,
    name: &str,
    closed: bool,
) -> Result<Option<Ca>, Error> {
    let sql = "SELECT id, name, public_key FROM ca_client \
         WHERE name = $1 AND (closed_at IS NULL OR $2 = 1)";
    let row = sqlx::query(sql)
        .bind(name)
        .bind(i64::from(closed))
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.as_ref().map(ca).transpose()
}

/// A CA by the fingerprint of its key (SM3 of the point, as EntName carries it), closed ones too when `closed` says so.
pub(crate) async fn ca_by_key_hash(
    conn: &mut Connection,
    key_hash: &str,
    closed: bool,
) -> Result<Option<Ca>, Error> {
    let sql = "SELECT id, name, public_key FROM ca_client \
         WHERE key_hash = $1 AND (closed_at IS NULL OR $2 = 1)";
    let row = sqlx::query(sql)
        .bind(key_hash)
        .bind(i64::from(closed))
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.as_ref().map(ca).transpose()
}

fn ca(row: &AnyRow) -> Result<Ca, Error> {
    Ok(Ca { id: column(row, "id")?, name: text(row, "name")?, public_key: key(row, "public_key")? })
}

/// A person for the register: blind index of the identity, blob of the name.
pub(crate) struct Person {
    pub(crate) party: Party,
    pub(crate) index: String,
    pub(crate) name_blob: String,
    pub(crate) public_key: PublicKey,
}

/// Writes a person into the register. `None` when the person or the key is there already.
pub(crate) async fn add_officer(
    conn: &mut Connection,
    person: &Person,
    at: Timestamp,
) -> Result<Option<i64>, Error> {
    let sql = "INSERT INTO recovery_officer (role, person, name_blob, public_key, registered_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id";
    let row = sqlx::query(sql)
        .bind(person.party.word())
        .bind(person.index.as_str())
        .bind(person.name_blob.as_str())
        .bind(person.public_key.to_sec1().to_vec())
        .bind(at.as_second())
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.map(|row| column(&row, "id")).transpose()
}

/// Closes a person's entry. False when there is no open one.
pub(crate) async fn close_officer(
    conn: &mut Connection,
    public_key: &PublicKey,
    at: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE recovery_officer SET closed_at = $2 \
         WHERE public_key = $1 AND closed_at IS NULL";
    let done = sqlx::query(sql)
        .bind(public_key.to_sec1().to_vec())
        .bind(at.as_second())
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected() == 1)
}

/// An open entry by its key.
pub(crate) async fn officer_by_key(
    conn: &mut Connection,
    public_key: &PublicKey,
) -> Result<Option<Officer>, Error> {
    let sql = "SELECT id, role, public_key FROM recovery_officer \
         WHERE public_key = $1 AND closed_at IS NULL";
    let row = sqlx::query(sql)
        .bind(public_key.to_sec1().to_vec())
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.as_ref().map(officer).transpose()
}

fn officer(row: &AnyRow) -> Result<Officer, Error> {
    let role: String = column(row, "role")?;
    Ok(Officer {
        id: column(row, "id")?,
        party: Party::from_word(&role).ok_or(Error::StoredData("role"))?,
        public_key: key(row, "public_key")?,
    })
}

//! Keys, passphrases and invitations of people.

use super::{Answer, instant, public_key};
use crate::people::{Key, KeyLabel, Passphrase};
use crate::signin::Stretch;
use crate::{Error, Login, PersonId};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

const KEY: &str = "person_id, public_key, label, certificate, created_at, expires_at, ended_at";
const PASSPHRASE: &str =
    "h.person_id, h.memory_kib, h.passes, h.lanes, h.salt, h.verifier, h.totp_blob, h.last_step";

/// Adds a key; `false` if it is somebody's already.
pub async fn insert_key(conn: &mut AnyConnection, key: &Key) -> Answer<bool> {
    let done = sqlx::query(
        "INSERT INTO access_person_key \
         (fingerprint, person_id, public_key, label, certificate, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(key.public_key.fingerprint())
    .bind(key.person.as_str())
    .bind(hex::encode(key.public_key.to_sec1()))
    .bind(key.label.as_str())
    .bind(key.certificate.clone())
    .bind(key.created_at.as_second())
    .bind(key.expires_at.map(Timestamp::as_second))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The key with a fingerprint, ended or not.
pub async fn key_by_fingerprint(
    conn: &mut AnyConnection,
    fingerprint: &str,
) -> Answer<Option<Key>> {
    let text = format!("SELECT {KEY} FROM access_person_key WHERE fingerprint = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).bind(fingerprint).fetch_optional(conn).await?;
    row.as_ref().map(key).transpose()
}

/// All keys of a person, the oldest first.
pub async fn keys_of(conn: &mut AnyConnection, person: &PersonId) -> Answer<Vec<Key>> {
    let text = format!(
        "SELECT {KEY} FROM access_person_key WHERE person_id = $1 ORDER BY created_at, fingerprint"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(person.as_str()).fetch_all(conn).await?;
    rows.iter().map(key).collect()
}

/// Ends all keys of a person.
pub async fn end_keys_of(
    conn: &mut AnyConnection,
    person: &PersonId,
    now: Timestamp,
) -> Answer<u64> {
    let done = sqlx::query(
        "UPDATE access_person_key SET ended_at = $1 WHERE person_id = $2 AND ended_at IS NULL",
    )
    .bind(now.as_second())
    .bind(person.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Whether a certificate is that of a key with which somebody signs in.
pub async fn signs_somebody_in(conn: &mut AnyConnection, serial: &str) -> Answer<bool> {
    let row = sqlx::query(
        "SELECT COUNT(*) FROM access_person_key WHERE certificate = $1 AND ended_at IS NULL",
    )
    .bind(serial)
    .fetch_one(conn)
    .await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// Ends the keys of a certificate and says whose they were.
pub async fn end_keys_of_certificate(
    conn: &mut AnyConnection,
    serial: &str,
    now: Timestamp,
) -> Answer<Vec<PersonId>> {
    let rows = sqlx::query(
        "UPDATE access_person_key SET ended_at = $1 WHERE certificate = $2 AND ended_at IS NULL \
         RETURNING person_id",
    )
    .bind(now.as_second())
    .bind(serial)
    .fetch_all(conn)
    .await?;
    rows.iter().map(person_id).collect()
}

/// Sets the passphrase of a person, who has none.
pub async fn insert_passphrase(
    conn: &mut AnyConnection,
    new: &Passphrase,
    now: Timestamp,
) -> Answer<()> {
    sqlx::query(
        "INSERT INTO access_passphrase \
         (person_id, memory_kib, passes, lanes, salt, verifier, totp_blob, last_step, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.person.as_str())
    .bind(i64::from(new.stretch.memory_kib))
    .bind(i64::from(new.stretch.passes))
    .bind(i64::from(new.stretch.lanes))
    .bind(new.salt.as_str())
    .bind(new.verifier.as_str())
    .bind(new.totp_blob.as_str())
    .bind(new.last_step)
    .bind(now.as_second())
    .execute(conn)
    .await?;
    Ok(())
}

/// The passphrase behind a login, unless the person has left.
pub async fn passphrase_by_login(
    conn: &mut AnyConnection,
    login: &Login,
) -> Answer<Option<Passphrase>> {
    let text = format!(
        "SELECT {PASSPHRASE} FROM access_passphrase h JOIN access_person p ON p.id = h.person_id \
         WHERE p.login = $1 AND p.disabled_at IS NULL"
    );
    let row =
        sqlx::query(sqlx::AssertSqlSafe(text)).bind(login.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(passphrase).transpose()
}

/// Somebody's passphrase: what an unknown login is measured against, so that it takes as long.
pub async fn any_passphrase(conn: &mut AnyConnection) -> Answer<Option<Passphrase>> {
    let text = format!("SELECT {PASSPHRASE} FROM access_passphrase h ORDER BY h.person_id LIMIT 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_optional(conn).await?;
    row.as_ref().map(passphrase).transpose()
}

/// Uses up the code of a step; `false` if it or a later one was used (RFC 6238 §5.2).
pub async fn take_step(conn: &mut AnyConnection, person: &PersonId, step: i64) -> Answer<bool> {
    let done = sqlx::query(
        "UPDATE access_passphrase SET last_step = $1 WHERE person_id = $2 AND last_step < $1",
    )
    .bind(step)
    .bind(person.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the passphrase of a person away; returns the blob with its secret, to be erased.
pub async fn delete_passphrase(
    conn: &mut AnyConnection,
    person: &PersonId,
) -> Answer<Option<String>> {
    let row = sqlx::query("DELETE FROM access_passphrase WHERE person_id = $1 RETURNING totp_blob")
        .bind(person.as_str())
        .fetch_optional(conn)
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Sets the invitation of a person in the place of an earlier one.
pub async fn put_invitation(
    conn: &mut AnyConnection,
    person: &PersonId,
    code_hash: &str,
    expires_at: Timestamp,
) -> Answer<()> {
    sqlx::query(
        "INSERT INTO access_invitation (person_id, code_hash, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (person_id) DO UPDATE SET code_hash = $2, expires_at = $3",
    )
    .bind(person.as_str())
    .bind(code_hash)
    .bind(expires_at.as_second())
    .execute(conn)
    .await?;
    Ok(())
}

/// The hash of the code of a person's invitation, and when it is over.
pub async fn invitation(
    conn: &mut AnyConnection,
    person: &PersonId,
) -> Answer<Option<(String, Timestamp)>> {
    let row =
        sqlx::query("SELECT code_hash, expires_at FROM access_invitation WHERE person_id = $1")
            .bind(person.as_str())
            .fetch_optional(conn)
            .await?;
    row.map(|row| Ok((row.try_get(0)?, instant(row.try_get(1)?)?))).transpose()
}

/// When the passphrase of a person was set; `None` if there is none.
pub async fn passphrase_set_at(
    conn: &mut AnyConnection,
    person: &PersonId,
) -> Answer<Option<Timestamp>> {
    let row = sqlx::query("SELECT created_at FROM access_passphrase WHERE person_id = $1")
        .bind(person.as_str())
        .fetch_optional(conn)
        .await?;
    row.map(|row| instant(row.try_get(0)?)).transpose()
}

/// Ends one key of a person; `false` if it was ended before, or is another's.
pub async fn end_key(
    conn: &mut AnyConnection,
    (person, fingerprint): (&PersonId, &str),
    now: Timestamp,
) -> Answer<bool> {
    let done = sqlx::query(
        "UPDATE access_person_key SET ended_at = $1 \
         WHERE fingerprint = $2 AND person_id = $3 AND ended_at IS NULL",
    )
    .bind(now.as_second())
    .bind(fingerprint)
    .bind(person.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses up an invitation; `false` if there is no such one any more.
pub async fn take_invitation(
    conn: &mut AnyConnection,
    person: &PersonId,
    code_hash: &str,
    now: Timestamp,
) -> Answer<bool> {
    let done = sqlx::query(
        "DELETE FROM access_invitation \
         WHERE person_id = $1 AND code_hash = $2 AND expires_at > $3",
    )
    .bind(person.as_str())
    .bind(code_hash)
    .bind(now.as_second())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes back the invitation of a leaver.
pub async fn delete_invitation(conn: &mut AnyConnection, person: &PersonId) -> Answer<()> {
    sqlx::query("DELETE FROM access_invitation WHERE person_id = $1")
        .bind(person.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

fn person_id(row: &AnyRow) -> Answer<PersonId> {
    let text: String = row.try_get("person_id")?;
    text.parse().map_err(|_| Error::Stored("人员编号"))
}

fn key(row: &AnyRow) -> Answer<Key> {
    let optional = |column: &str| -> Answer<Option<Timestamp>> {
        let seconds: Option<i64> = row.try_get(column)?;
        seconds.map(instant).transpose()
    };
    Ok(Key {
        person: person_id(row)?,
        public_key: public_key(&row.try_get::<String, _>("public_key")?)?,
        label: KeyLabel::kept(row.try_get("label")?),
        certificate: row.try_get("certificate")?,
        created_at: instant(row.try_get("created_at")?)?,
        expires_at: optional("expires_at")?,
        ended_at: optional("ended_at")?,
    })
}

fn passphrase(row: &AnyRow) -> Answer<Passphrase> {
    let number = |column: &str| -> Answer<u32> {
        let value: i64 = row.try_get(column)?;
        u32::try_from(value).map_err(|_| Error::Stored("口令参数"))
    };
    Ok(Passphrase {
        person: person_id(row)?,
        stretch: Stretch {
            memory_kib: number("memory_kib")?,
            passes: number("passes")?,
            lanes: number("lanes")?,
        },
        salt: row.try_get("salt")?,
        verifier: row.try_get("verifier")?,
        totp_blob: row.try_get("totp_blob")?,
        last_step: row.try_get("last_step")?,
    })
}

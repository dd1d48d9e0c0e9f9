//! Rows of `issuer`: CA certificates and the names by which OCSP clients ask for them.

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// A row of `issuer`.
#[derive(Debug, Clone, FromRow)]
pub struct IssuerRow {
    pub id: i64,
    pub key_label: String,
    pub key_hash: String,
    pub certificate_der: Vec<u8>,
    pub shards: i64,
}

/// What is written about a new issuer; hashes in lower-case hexadecimal.
#[derive(Debug)]
pub struct NewIssuer<'a> {
    pub name: &'a str,
    pub key_label: &'a str,
    pub subject_der: &'a [u8],
    pub public_key: String,
    pub key_hash: String,
    pub name_hashes: Hashes,
    pub key_hashes: Hashes,
    pub certificate_der: &'a [u8],
    pub not_before: i64,
    pub not_after: i64,
    pub shards: i64,
    pub created_at: i64,
}

/// The three digests under which a CertID may name an issuer.
#[derive(Debug)]
pub struct Hashes {
    pub sha1: String,
    pub sha256: String,
    pub sm3: String,
}

pub async fn insert(conn: &mut AnyConnection, row: &NewIssuer<'_>) -> Result<i64, Error> {
    let id = sqlx::query_scalar(
        "INSERT INTO issuer (name, key_label, subject_der, public_key, key_hash, \
         name_sha1, name_sha256, name_sm3, key_sha1, key_sha256, key_sm3, \
         certificate_der, not_before, not_after, shards, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id",
    )
    .bind(row.name)
    .bind(row.key_label)
    .bind(row.subject_der)
    .bind(&row.public_key)
    .bind(&row.key_hash)
    .bind(&row.name_hashes.sha1)
    .bind(&row.name_hashes.sha256)
    .bind(&row.name_hashes.sm3)
    .bind(&row.key_hashes.sha1)
    .bind(&row.key_hashes.sha256)
    .bind(&row.key_hashes.sm3)
    .bind(row.certificate_der)
    .bind(row.not_before)
    .bind(row.not_after)
    .bind(row.shards)
    .bind(row.created_at)
    .fetch_one(conn)
    .await?;
    Ok(id)
}

/// The issuer of a key; `key_hash`: SM3 of its point, hexadecimal.
pub async fn by_key(conn: &mut AnyConnection, key_hash: &str) -> Result<Option<IssuerRow>, Error> {
    let row = sqlx::query_as(
        "SELECT id, key_label, key_hash, certificate_der, shards FROM issuer WHERE key_hash = $1",
    );
    Ok(row.bind(key_hash).fetch_optional(conn).await?)
}

pub async fn by_name(conn: &mut AnyConnection, name: &str) -> Result<Option<IssuerRow>, Error> {
    let row = sqlx::query_as(
        "SELECT id, key_label, key_hash, certificate_der, shards FROM issuer WHERE name = $1",
    )
    .bind(name)
    .fetch_optional(conn)
    .await?;
    Ok(row)
}

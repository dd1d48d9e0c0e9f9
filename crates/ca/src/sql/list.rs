//! Search, paging, counting and export of certificates.

use jiff::Timestamp;
use pki::Serial;
use sqlx::AnyConnection;

use super::certificate::{COLUMNS, CertificateRow};
use super::seconds;
use crate::error::Error;

/// What to look for; all given conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFilter {
    /// Exact status: `good`, `suspended`, `revoked`.
    pub status: Option<String>,
    /// Part of the subject as shown to people.
    pub subject: Option<String>,
    /// Exact profile.
    pub profile: Option<String>,
    /// Exact role: `sign`, `enc`, `service`, `ca`.
    pub role: Option<String>,
    /// Exact request id.
    pub request_id: Option<String>,
    /// Exact serial number.
    pub serial: Option<Serial>,
    /// SM3 of the public point, hexadecimal.
    pub key_hash: Option<String>,
    /// Issued at or after.
    pub issued_from: Option<Timestamp>,
    /// Issued before.
    pub issued_until: Option<Timestamp>,
    /// Ends at or after.
    pub ends_from: Option<Timestamp>,
    /// Ends before.
    pub ends_until: Option<Timestamp>,
}

enum Value {
    Text(String),
    Number(i64),
}

/// WHERE clause and its values, numbered from $1.
struct Condition {
    text: String,
    values: Vec<Value>,
}

impl Condition {
    fn of(issuer_id: i64, filter: &CertificateFilter) -> Self {
        let mut condition =
            Self { text: "issuer_id = $1".into(), values: vec![Value::Number(issuer_id)] };
        let texts = [
            ("status =", &filter.status),
            ("profile =", &filter.profile),
            ("role =", &filter.role),
            ("request_id =", &filter.request_id),
            ("key_hash =", &filter.key_hash),
        ];
        for (test, value) in texts {
            condition.text(test, value.clone());
        }
        condition.text("serial =", filter.serial.as_ref().map(Serial::to_hex));
        condition.contains("subject", filter.subject.as_deref());
        condition.number("issued_at >=", filter.issued_from.map(seconds));
        condition.number("issued_at <", filter.issued_until.map(seconds));
        condition.number("not_after >=", filter.ends_from.map(seconds));
        condition.number("not_after <", filter.ends_until.map(seconds));
        condition
    }

    fn push(&mut self, test: &str, value: Value, rest: &str) {
        self.values.push(value);
        self.text.push_str(&format!(" AND {test} ${}{rest}", self.values.len()));
    }

    fn text(&mut self, test: &str, value: Option<String>) {
        if let Some(value) = value {
            self.push(test, Value::Text(value), "");
        }
    }

    fn number(&mut self, test: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.push(test, Value::Number(value), "");
        }
    }

    /// A part of a text: what the caller typed has no wildcards.
    fn contains(&mut self, column: &str, part: Option<&str>) {
        if let Some(part) = part {
            let escaped: String = part
                .chars()
                .flat_map(|c| matches!(c, '%' | '_' | '!').then_some('!').into_iter().chain([c]))
                .collect();
            let pattern = Value::Text(format!("%{escaped}%"));
            self.push(&format!("{column} LIKE"), pattern, " ESCAPE '!'");
        }
    }
}

macro_rules! bound {
    ($query:expr, $values:expr) => {
        $values.into_iter().fold($query, |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        })
    };
}

/// The next rows before row `before` (newest first).
pub async fn page(
    conn: &mut AnyConnection,
    issuer_id: i64,
    filter: &CertificateFilter,
    (before, limit): (Option<i64>, i64),
) -> Result<Vec<CertificateRow>, Error> {
    let mut condition = Condition::of(issuer_id, filter);
    condition.number("id <", before);
    let sql = format!(
        "SELECT {COLUMNS} FROM certificate WHERE {} ORDER BY id DESC LIMIT {limit}",
        condition.text
    );
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
    Ok(bound!(query, condition.values).fetch_all(conn).await?)
}

/// The next rows after row `after` (oldest first), for exports.
pub async fn export(
    conn: &mut AnyConnection,
    issuer_id: i64,
    filter: &CertificateFilter,
    (after, limit): (i64, i64),
) -> Result<Vec<CertificateRow>, Error> {
    let mut condition = Condition::of(issuer_id, filter);
    condition.number("id >", Some(after));
    let sql = format!(
        "SELECT {COLUMNS} FROM certificate WHERE {} ORDER BY id LIMIT {limit}",
        condition.text
    );
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
    Ok(bound!(query, condition.values).fetch_all(conn).await?)
}

/// Which certificates end soon: those of subscribers that were not revoked, each pair by its signing
/// certificate; the soonest first, behind a row.
#[must_use]
pub fn ending_query(limit: i64) -> String {
    format!(
        "SELECT {COLUMNS} FROM certificate WHERE issuer_id = $1 AND not_after >= $2 AND not_after < $3 \
         AND (not_after > $4 OR id > $5) AND role IN ('sign', 'service') AND status <> 'revoked' \
         ORDER BY not_after, id LIMIT {limit}"
    )
}

/// The next of them; `behind`: end and row number of the last one.
pub async fn ending(
    conn: &mut AnyConnection,
    issuer_id: i64,
    (from, until): (i64, i64),
    (behind, limit): ((i64, i64), i64),
) -> Result<Vec<CertificateRow>, Error> {
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(ending_query(limit)))
        .bind(issuer_id)
        .bind(from.max(behind.0))
        .bind(until)
        .bind(behind.0)
        .bind(behind.1)
        .fetch_all(conn)
        .await?;
    Ok(rows)
}

/// How many there are.
pub async fn count(
    conn: &mut AnyConnection,
    issuer_id: i64,
    filter: &CertificateFilter,
) -> Result<i64, Error> {
    let condition = Condition::of(issuer_id, filter);
    let sql = format!("SELECT COUNT(*) FROM certificate WHERE {}", condition.text);
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
    Ok(bound!(query, condition.values).fetch_one(conn).await?)
}

//! Judicial recovery cases.

use gm::Signature;
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::{Connection, column, fault, instant, key, serial, signature, text};
use crate::error::Error;
use crate::model::Text;
use crate::recovery::{Notice, RecoveryCase, RecoveryOrder, TwoParties};

/// The select list with a condition.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT r.id AS id, r.token AS token, r.case_number AS case_number, \
             r.authority AS authority, r.legal_basis AS legal_basis, r.pair_id AS pair_id, \
             r.target_key AS target_key, r.record AS record, r.opened_at AS opened_at, \
             r.expires_at AS expires_at, r.silence AS silence, r.notice_at AS notice_at, \
             r.done_at AS done_at, r.operator_id AS operator_id, \
             r.operator_signature AS operator_signature, r.judicial_id AS judicial_id, \
             r.judicial_signature AS judicial_signature, \
             p.public_key AS public_key, p.cert_serial AS cert_serial, c.name AS ca \
             FROM recovery_case r JOIN key_pair p ON p.id = r.pair_id \
             JOIN ca_client c ON c.id = p.ca_id ",
            $condition
        )
    };
}

/// A case as stored: what was signed, whether it is done, whether the subscriber was told.
pub(crate) struct Stored {
    pub(crate) case: RecoveryCase,
    pub(crate) notice: Notice,
    pub(crate) done: Option<Done>,
}

/// The signatures under which a case was done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) operator: (i64, Signature),
    pub(crate) judicial: (i64, Signature),
}

/// Writes a new case. False when the same case is open for the same key.
pub(crate) async fn open(conn: &mut Connection, case: &RecoveryCase) -> Result<bool, Error> {
    let sql = "INSERT INTO recovery_case (token, case_number, authority, legal_basis, pair_id, \
         target_key, record, opened_at, expires_at, silence) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    let order = &case.order;
    let done = sqlx::query(sql)
        .bind(case.token.as_str())
        .bind(order.case_number.as_str())
        .bind(order.authority.as_str())
        .bind(order.legal_basis.as_str())
        .bind(case.pair_id)
        .bind(order.target_key.to_sec1().to_vec())
        .bind(case.record())
        .bind(case.opened_at.as_second())
        .bind(case.expires_at.as_second())
        .bind(order.silence.as_ref().map(Text::as_str))
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected() == 1)
}

/// A case that was not signed in time gives up its claim on the case number, so that it can be
/// opened anew. Its row stays.
pub(crate) async fn lapse(conn: &mut Connection, case: &RecoveryCase) -> Result<(), Error> {
    let sql = "UPDATE recovery_case SET claim = token \
         WHERE authority = $1 AND case_number = $2 AND pair_id = $3 \
         AND done_at IS NULL AND expires_at < $4";
    sqlx::query(sql)
        .bind(case.order.authority.as_str())
        .bind(case.order.case_number.as_str())
        .bind(case.pair_id)
        .bind(case.opened_at.as_second())
        .execute(conn)
        .await
        .map_err(fault)
        .map(drop)
}

/// A case by its random number.
pub(crate) async fn find(conn: &mut Connection, token: &str) -> Result<Option<Stored>, Error> {
    let row = sqlx::query(select!("WHERE r.token = $1"))
        .bind(token)
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.as_ref().map(stored).transpose()
}

/// Done cases whose subscribers have still to be told, oldest first.
pub(crate) async fn notices_due(conn: &mut Connection) -> Result<Vec<RecoveryCase>, Error> {
    let sql = select!(
        "WHERE r.done_at IS NOT NULL AND r.silence IS NULL AND r.notice_at IS NULL ORDER BY r.id"
    );
    let rows = sqlx::query(sql).fetch_all(conn).await.map_err(fault)?;
    rows.iter().map(|row| Ok(stored(row)?.case)).collect()
}

/// Writes the two signatures. False when another call did so before.
pub(crate) async fn finish(
    conn: &mut Connection,
    case_id: i64,
    (signed, at): (&TwoParties, Timestamp),
) -> Result<bool, Error> {
    let sql = "UPDATE recovery_case SET done_at = $2, operator_id = $3, operator_signature = $4, \
         judicial_id = $5, judicial_signature = $6 WHERE id = $1 AND done_at IS NULL";
    let done = sqlx::query(sql)
        .bind(case_id)
        .bind(at.as_second())
        .bind(signed.operator.0)
        .bind(signed.operator.1.to_der())
        .bind(signed.judicial.0)
        .bind(signed.judicial.1.to_der())
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected() == 1)
}

/// Records that the subscriber was told. False when nothing was due.
pub(crate) async fn tell(conn: &mut Connection, id: i64, at: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE recovery_case SET notice_at = $2 \
         WHERE id = $1 AND done_at IS NOT NULL AND silence IS NULL AND notice_at IS NULL";
    let done = sqlx::query(sql).bind(id).bind(at.as_second()).execute(conn).await.map_err(fault)?;
    Ok(done.rows_affected() == 1)
}

fn stored(row: &AnyRow) -> Result<Stored, Error> {
    let record: Vec<u8> = column(row, "record")?;
    let silence = optional_text(row, "silence")?;
    let case = RecoveryCase {
        id: column(row, "id")?,
        pair_id: column(row, "pair_id")?,
        token: column(row, "token")?,
        order: order(row, silence.clone())?,
        public_key: key(row, "public_key")?,
        opened_at: instant(row, "opened_at")?,
        expires_at: instant(row, "expires_at")?,
    };
    Ok(Stored {
        case: case.check_stored(&record)?,
        notice: notice(row, silence)?,
        done: done(row)?,
    })
}

fn order(row: &AnyRow, silence: Option<Text>) -> Result<RecoveryOrder, Error> {
    Ok(RecoveryOrder {
        case_number: text(row, "case_number")?,
        authority: text(row, "authority")?,
        legal_basis: text(row, "legal_basis")?,
        ca: text(row, "ca")?,
        cert_serial: serial(row, "cert_serial")?,
        target_key: key(row, "target_key")?,
        silence,
    })
}

fn notice(row: &AnyRow, silence: Option<Text>) -> Result<Notice, Error> {
    let given: Option<i64> = column(row, "notice_at")?;
    Ok(match (given, silence) {
        (Some(_), _) => Notice::Given(instant(row, "notice_at")?),
        (None, Some(basis)) => Notice::Withheld(basis),
        (None, None) => Notice::Due,
    })
}

fn done(row: &AnyRow) -> Result<Option<Done>, Error> {
    let at: Option<i64> = column(row, "done_at")?;
    if at.is_none() {
        return Ok(None);
    }
    Ok(Some(Done {
        operator: (column(row, "operator_id")?, signature(row, "operator_signature")?),
        judicial: (column(row, "judicial_id")?, signature(row, "judicial_signature")?),
    }))
}

fn optional_text(row: &AnyRow, name: &'static str) -> Result<Option<Text>, Error> {
    let value: Option<String> = column(row, name)?;
    value.map(|value| Text::parse(name, &value).map_err(|_| Error::StoredData(name))).transpose()
}

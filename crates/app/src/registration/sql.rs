//! What joins registration and certificates: who suspended a certificate, how the certificates of a
//! revocation stand, and what holders are told (`migrations/institution/0810_status_told.sql`).

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row};
use store::Error as Fault;

use super::told::{ChangeWord, StatusNotice};
use crate::error::Error;
use crate::institution::ISSUER;

const DAMAGED: Error = Error::Stored("状态变更告知");

/// Whether a certificate is suspended, and by whom. The record of a suspension made in the same batch of
/// units is not there yet: then nobody is named.
pub(super) async fn suspension(
    db: &mut AnyConnection,
    serial: &str,
) -> Result<Option<Option<String>>, Fault> {
    let row = sqlx::query::<Any>(
        "SELECT c.status AS status, (SELECT j.actor FROM status_change s \
         JOIN journal j ON j.seq = s.seq WHERE s.issuer_id = c.issuer_id AND s.serial = c.serial \
         ORDER BY s.seq DESC LIMIT 1) AS actor, \
         (SELECT COUNT(*) FROM status_change s WHERE s.issuer_id = c.issuer_id \
         AND s.serial = c.serial AND s.seq > (SELECT MAX(seq) FROM journal)) AS ahead \
         FROM certificate c JOIN issuer i ON i.id = c.issuer_id \
         WHERE i.name = $1 AND c.serial = $2",
    )
    .bind(ISSUER)
    .bind(serial)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.try_get::<String, _>("status")? != "suspended" {
        return Ok(None);
    }
    let is_ahead = row.try_get::<i64, _>("ahead")? > 0;
    let actor: Option<String> = row.try_get("actor")?;
    Ok(Some(actor.filter(|_| !is_ahead)))
}

/// The word of the status of a certificate, if there is one.
pub(crate) async fn status_of(
    db: &mut AnyConnection,
    serial: &str,
) -> Result<Option<String>, Fault> {
    let row = sqlx::query::<Any>(
        "SELECT c.status AS status FROM certificate c JOIN issuer i ON i.id = c.issuer_id \
         WHERE i.name = $1 AND c.serial = $2",
    )
    .bind(ISSUER)
    .bind(serial)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.try_get("status")).transpose()?)
}

/// One certificate of a revocation with how it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationLine {
    /// Its place, from 1.
    pub position: u32,
    /// Serial of the signing certificate.
    pub serial: String,
    /// What became of it: `revoked`, or `refused` with the code of the refusal.
    pub outcome: Option<(String, Option<String>)>,
    /// `good`, `suspended` or `revoked`; none where the certificate is missing.
    pub status: Option<String>,
    /// Its last second.
    pub not_after: Option<Timestamp>,
}

/// A page of the certificates of a revocation with how each stands: one question.
pub(super) async fn lines(
    db: &mut AnyConnection,
    revocation: &str,
    (limit, offset): (u32, u32),
) -> Result<Vec<RevocationLine>, Error> {
    let rows = sqlx::query::<Any>(
        "SELECT l.position AS position, l.serial AS serial, l.outcome AS outcome, \
         l.refusal AS refusal, c.status AS status, c.not_after AS not_after \
         FROM ra_revocation_item l LEFT JOIN issuer i ON i.name = $1 \
         LEFT JOIN certificate c ON c.issuer_id = i.id AND c.serial = l.serial \
         WHERE l.revocation = $2 ORDER BY l.position LIMIT $3 OFFSET $4",
    )
    .bind(ISSUER)
    .bind(revocation)
    .bind(i64::from(limit))
    .bind(i64::from(offset))
    .fetch_all(db)
    .await
    .map_err(Fault::from)?;
    rows.iter().map(|row| line(row).map_err(|_| Error::Stored("撤销登记"))).collect()
}

fn line(row: &AnyRow) -> Result<RevocationLine, sqlx::Error> {
    let seconds: Option<i64> = row.try_get("not_after")?;
    let refusal: Option<String> = row.try_get("refusal")?;
    let outcome: Option<String> = row.try_get("outcome")?;
    Ok(RevocationLine {
        position: u32::try_from(row.try_get::<i64, _>("position")?).unwrap_or_default(),
        serial: row.try_get("serial")?,
        outcome: outcome.map(|word| (word, refusal)),
        status: row.try_get("status")?,
        not_after: seconds.and_then(|at| Timestamp::from_second(at).ok()),
    })
}

/// Writes down, in the unit of the change, what the holder is to be told.
pub(crate) async fn tell_of(db: &mut AnyConnection, new: &StatusNotice) -> Result<(), Fault> {
    sqlx::query::<Any>(
        "INSERT INTO status_notice (application, position, serial, change, ground, reason, number, at) \
         SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4, $5, $6, $7 FROM status_notice \
         WHERE application = $8",
    )
    .bind(new.application.clone())
    .bind(new.serial.clone())
    .bind(new.change.word())
    .bind(new.ground.clone())
    .bind(i64::from(new.reason))
    .bind(new.number.clone())
    .bind(new.at.as_second())
    .bind(new.application.clone())
    .execute(db)
    .await?;
    Ok(())
}

const NOTICE: &str =
    "SELECT application, position, serial, change, ground, reason, number, at FROM status_notice";

/// What the holder of an application is to be told, oldest first.
pub(crate) async fn notices(
    db: &mut AnyConnection,
    application: &str,
) -> Result<Vec<StatusNotice>, Error> {
    let text = format!("{NOTICE} WHERE application = $1 ORDER BY position");
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(application);
    rows.fetch_all(db).await.map_err(Fault::from)?.iter().map(notice).collect()
}

/// What nobody was told of yet, the oldest first.
pub(super) async fn untold(db: &mut AnyConnection, limit: i64) -> Result<Vec<StatusNotice>, Error> {
    let text =
        format!("{NOTICE} WHERE told_at IS NULL ORDER BY at, application, position LIMIT $1");
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(limit);
    rows.fetch_all(db).await.map_err(Fault::from)?.iter().map(notice).collect()
}

fn notice(row: &AnyRow) -> Result<StatusNotice, Error> {
    let read = || {
        Ok::<_, sqlx::Error>((
            row.try_get::<String, _>("change")?,
            row.try_get::<i64, _>("position")?,
            row.try_get::<i64, _>("reason")?,
            row.try_get::<i64, _>("at")?,
            (row.try_get("application")?, row.try_get("serial")?),
            (row.try_get("ground")?, row.try_get("number")?),
        ))
    };
    let (change, position, reason, at, (application, serial), (ground, number)) =
        read().map_err(|_| DAMAGED)?;
    Ok(StatusNotice {
        application,
        position: u32::try_from(position).map_err(|_| DAMAGED)?,
        serial,
        change: ChangeWord::of(&change).ok_or(DAMAGED)?,
        ground,
        reason: u8::try_from(reason).map_err(|_| DAMAGED)?,
        number,
        at: Timestamp::from_second(at).map_err(|_| DAMAGED)?,
    })
}

/// Notes that the holder was told. False if that was noted before.
pub(super) async fn told(
    db: &mut AnyConnection,
    (application, position): (&str, u32),
    now: i64,
) -> Result<bool, Fault> {
    let done = sqlx::query::<Any>(
        "UPDATE status_notice SET told_at = $1 \
         WHERE application = $2 AND position = $3 AND told_at IS NULL",
    )
    .bind(now)
    .bind(application)
    .bind(i64::from(position))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

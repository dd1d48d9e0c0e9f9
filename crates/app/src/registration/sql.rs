//! What joins registration and certificates: how the certificates of a revocation stand, and what holders are told (`migrations/institution/0810_status_told.sql`).

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row};
use store::Error as Fault;

use super::told::{ChangeWord, StatusNotice};
use crate::error::Error;
use crate::institution::ISSUER;

const DAMAGED: Error = Error::Stored("状态变更告知");

/// The word of the status of a certificate, and whether its time is over at a moment.
pub(super) async fn standing_of(
    db: &mut AnyConnection,
    serial: &str,
    now: i64,
) -> Result<(String, bool), Fault> {
    let row = sqlx::query::<Any>(
        "SELECT c.status AS status, c.not_after AS not_after FROM certificate c \
         WHERE c.serial = $2 AND c.issuer_id IN (SELECT id FROM issuer WHERE name = $1 \
         UNION ALL SELECT issuer_id FROM issuer_successor WHERE authority = $1)",
    )
    .bind(ISSUER)
    .bind(serial)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok((String::new(), false)) };
    Ok((row.try_get("status")?, row.try_get::<i64, _>("not_after")? < now))
}

/// The word of the status of a certificate, if there is one.
pub(crate) async fn status_of(
    db: &mut AnyConnection,
    serial: &str,
) -> Result<Option<String>, Fault> {
    let row = sqlx::query::<Any>(
        "SELECT c.status AS status FROM certificate c \
         WHERE c.serial = $2 AND c.issuer_id IN (SELECT id FROM issuer WHERE name = $1 \
         UNION ALL SELECT issuer_id FROM issuer_successor WHERE authority = $1)",
    )
    .bind(ISSUER)
    .bind(serial)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| row.try_get("status")).transpose()?)
}

/// Certificates that are suspended without a hold, or good with one; at most twenty, there is enough to know then. Each
/// half goes by an index: the bars of certificates, and issuer with serial number for each hold that stands. Of what is
/// over by a moment nothing is said: no hold is set on it any more, and one that ends does not resume it.
pub(super) async fn unheld(db: &mut AnyConnection, now: i64) -> Result<Vec<(String, bool)>, Fault> {
    let rows = sqlx::query::<Any>(
        "SELECT c.serial AS serial, c.status AS status FROM certificate c \
         WHERE c.status <> 'good' AND c.status = 'suspended' AND c.role <> 'enc' AND c.not_after >= $2 \
         AND NOT EXISTS (SELECT 1 FROM ra_hold h WHERE h.serial = c.serial AND h.ended_at IS NULL) \
         UNION SELECT c.serial, c.status FROM ra_hold h JOIN certificate c ON c.serial = h.serial \
         AND c.issuer_id IN (SELECT id FROM issuer WHERE name = $1 \
         UNION ALL SELECT issuer_id FROM issuer_successor WHERE authority = $1) \
         WHERE h.ended_at IS NULL AND c.status = 'good' AND c.not_after >= $2 ORDER BY 1 LIMIT 20",
    )
    .bind(ISSUER)
    .bind(now)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("serial")?, row.try_get::<String, _>("status")? == "suspended")))
        .collect()
}

/// One certificate of a revocation with how it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationLine {
    /// Its place, from 1.
    pub position: u32,
    /// Serial of the signing certificate.
    pub serial: String,
    /// What became of it: `revoked`, `lifted`, or `refused` with the code of the refusal.
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
         FROM ra_revocation_item l LEFT JOIN certificate c ON c.serial = l.serial \
         AND c.issuer_id IN (SELECT id FROM issuer WHERE name = $1 \
         UNION ALL SELECT issuer_id FROM issuer_successor WHERE authority = $1) \
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
        "INSERT INTO status_notice (application, position, serial, change, effect, ground, reason, number, \
         at) SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM status_notice \
         WHERE application = $9",
    )
    .bind(new.application.clone())
    .bind(new.serial.clone())
    .bind(new.change.stored().0)
    .bind(new.change.stored().1.map(str::to_owned))
    .bind(new.ground.clone())
    .bind(i64::from(new.reason))
    .bind(new.number.clone())
    .bind(new.at.as_second())
    .bind(new.application.clone())
    .execute(db)
    .await?;
    Ok(())
}

const NOTICE: &str = "SELECT application, position, serial, change, effect, ground, reason, number, at FROM status_notice";

/// What the holder of an application is to be told, oldest first.
pub(crate) async fn notices(
    db: &mut AnyConnection,
    application: &str,
) -> Result<Vec<StatusNotice>, Error> {
    let text = format!("{NOTICE} WHERE application = $1 ORDER BY position");
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(application);
    rows.fetch_all(db).await.map_err(Fault::from)?.iter().map(notice).collect()
}

/// A notice that is due, or application and position of one that can't be read.
pub(super) type Due = Result<StatusNotice, (String, u32)>;

/// What nobody was told of yet and is due: what never failed first, the oldest of it first, then what failed
/// before, the longest waiting first.
pub(super) async fn untold(
    db: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let text = format!(
        "{NOTICE} WHERE told_at IS NULL AND next_at <= $1 \
         ORDER BY next_at, at, application, position LIMIT $2"
    );
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(now).bind(limit);
    let rows = rows.fetch_all(db).await.map_err(Fault::from)?;
    Ok(rows.iter().filter_map(due).collect())
}

/// A row that can't be read holds up no other; one without a name can't even be put off.
fn due(row: &AnyRow) -> Option<Due> {
    match notice(row) {
        Ok(notice) => Some(Ok(notice)),
        Err(_) => {
            let position = row.try_get::<i64, _>("position").ok();
            let position = position.and_then(|position| u32::try_from(position).ok())?;
            Some(Err((row.try_get("application").ok()?, position)))
        }
    }
}

fn notice(row: &AnyRow) -> Result<StatusNotice, Error> {
    let read = || {
        Ok::<_, sqlx::Error>((
            (row.try_get::<String, _>("change")?, row.try_get::<Option<String>, _>("effect")?),
            row.try_get::<i64, _>("position")?,
            row.try_get::<i64, _>("reason")?,
            row.try_get::<i64, _>("at")?,
            (row.try_get("application")?, row.try_get("serial")?),
            (row.try_get("ground")?, row.try_get("number")?),
        ))
    };
    let ((change, effect), position, reason, at, (application, serial), (ground, number)) =
        read().map_err(|_| DAMAGED)?;
    Ok(StatusNotice {
        application,
        position: u32::try_from(position).map_err(|_| DAMAGED)?,
        serial,
        change: ChangeWord::of(&change, effect.as_deref()).ok_or(DAMAGED)?,
        ground,
        reason: u8::try_from(reason).map_err(|_| DAMAGED)?,
        number,
        at: Timestamp::from_second(at).map_err(|_| DAMAGED)?,
    })
}

/// How often it was tried in vain to tell of a change.
pub(super) async fn tries(
    db: &mut AnyConnection,
    (application, position): (&str, u32),
) -> Result<i64, Fault> {
    let text = "SELECT tries FROM status_notice WHERE application = $1 AND position = $2";
    let query = sqlx::query::<Any>(text).bind(application).bind(i64::from(position));
    Ok(query.fetch_one(db).await?.try_get(0)?)
}

/// Notes that it was tried in vain, and when it is tried again.
pub(super) async fn put_off(
    db: &mut AnyConnection,
    (application, position): (&str, u32),
    next: i64,
) -> Result<(), Fault> {
    sqlx::query::<Any>(
        "UPDATE status_notice SET tries = tries + 1, next_at = $1 \
         WHERE application = $2 AND position = $3 AND told_at IS NULL",
    )
    .bind(next)
    .bind(application)
    .bind(i64::from(position))
    .execute(db)
    .await?;
    Ok(())
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

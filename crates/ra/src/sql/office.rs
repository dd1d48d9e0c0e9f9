//! Registration offices, their quotas and records.

use sqlx::any::AnyRow;

use super::{Connection, column, count, instant, instant_maybe, iso, parsed, parsed_maybe};
use crate::error::Error;
use crate::model::{Filing, Office, OfficeId, OfficeRecord, OfficeRecordKind};

fn of_row(row: &AnyRow) -> Result<Office, Error> {
    let conditions: String = column(row, "conditions")?;
    let filing = match (instant_maybe(row, "filed_at")?, column(row, "filing_number")?) {
        (Some(at), Some(number)) => Filing::Opened { at, number },
        _ => Filing::NotOpened,
    };
    Ok(Office {
        id: parsed(row, "id")?,
        name: column(row, "name")?,
        address: column(row, "address")?,
        province: column(row, "province")?,
        established_on: parsed(row, "established_on")?,
        conditions: serde_json::from_str(&conditions).map_err(|_| Error::Stored("conditions"))?,
        filing,
        announced_at: instant_maybe(row, "announced_at")?,
        changed_on: parsed_maybe(row, "changed_on")?,
        suspended_at: instant_maybe(row, "suspended_at")?,
        quotas: std::collections::BTreeMap::new(),
        version: column(row, "version")?,
    })
}

/// The office of this name inside.
pub(crate) async fn load(conn: &mut Connection, id: &OfficeId) -> Result<Office, Error> {
    let text = "SELECT id, name, address, province, established_on, conditions, filed_at, \
         filing_number, announced_at, changed_on, suspended_at, version \
         FROM ra_office WHERE id = $1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_optional(&mut *conn).await?;
    let row = row.ok_or_else(|| Error::Unknown { what: "注册机构", name: id.to_string() })?;
    let mut office = of_row(&row)?;
    let text = "SELECT kind, per_day FROM ra_office_quota WHERE office = $1";
    for row in sqlx::query(text).bind(id.as_str()).fetch_all(&mut *conn).await? {
        let most = u32::try_from(count(&row, "per_day")?).map_err(|_| Error::Stored("per_day"))?;
        office.quotas.insert(column(&row, "kind")?, most);
    }
    Ok(office)
}

/// All of them, by name.
pub(crate) async fn all(conn: &mut Connection) -> Result<Vec<Office>, Error> {
    let rows = sqlx::query("SELECT id FROM ra_office ORDER BY name").fetch_all(&mut *conn).await?;
    let mut offices = Vec::new();
    for row in rows {
        let id: OfficeId = parsed(&row, "id")?;
        offices.push(load(conn, &id).await?);
    }
    Ok(offices)
}

/// Writes a new one. False if the name is taken.
pub(crate) async fn insert(conn: &mut Connection, office: &Office) -> Result<bool, Error> {
    let text = "INSERT INTO ra_office (id, name, address, province, established_on, conditions, \
         version) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let done = sqlx::query(text)
        .bind(office.id.as_str())
        .bind(&*office.name)
        .bind(&*office.address)
        .bind(&*office.province)
        .bind(iso(office.established_on))
        .bind(conditions(office)?)
        .bind(office.version)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether another office has this name.
pub(crate) async fn is_taken(
    conn: &mut Connection,
    id: &OfficeId,
    name: &str,
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_office WHERE name = $1 AND id <> $2";
    let row = sqlx::query(text).bind(name).bind(id.as_str()).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// Writes what may change. [`Error::Changed`] unless the row is at the version before.
pub(crate) async fn update(conn: &mut Connection, office: &Office) -> Result<(), Error> {
    let (filed_at, number) = match &office.filing {
        Filing::Opened { at, number } => (Some(at.as_second()), Some(number.clone())),
        Filing::NotOpened => (None, None),
    };
    let text = "UPDATE ra_office SET name = $1, address = $2, conditions = $3, filed_at = $4, \
         filing_number = $5, announced_at = $6, changed_on = $7, suspended_at = $8, version = $9 \
         WHERE id = $10 AND version = $11";
    let done = sqlx::query(text)
        .bind(&*office.name)
        .bind(&*office.address)
        .bind(conditions(office)?)
        .bind(filed_at)
        .bind(number)
        .bind(office.announced_at.map(|at| at.as_second()))
        .bind(office.changed_on.map(iso))
        .bind(office.suspended_at.map(|at| at.as_second()))
        .bind(office.version)
        .bind(office.id.as_str())
        .bind(office.version - 1)
        .execute(conn)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Changed) }
}

fn conditions(office: &Office) -> Result<String, Error> {
    serde_json::to_string(&office.conditions).map_err(|_| Error::Stored("conditions"))
}

/// Sets how many applications of a kind it may take a day; 0 takes the kind away.
pub(crate) async fn set_quota(
    conn: &mut Connection,
    id: &OfficeId,
    (kind, per_day): (&str, u32),
) -> Result<(), Error> {
    sqlx::query("DELETE FROM ra_office_quota WHERE office = $1 AND kind = $2")
        .bind(id.as_str())
        .bind(kind)
        .execute(&mut *conn)
        .await?;
    if per_day > 0 {
        let text = "INSERT INTO ra_office_quota (office, kind, per_day) VALUES ($1, $2, $3)";
        sqlx::query(text)
            .bind(id.as_str())
            .bind(kind)
            .bind(i64::from(per_day))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Adds a record of supervision or display.
pub(crate) async fn add_record(
    conn: &mut Connection,
    id: &OfficeId,
    record: &OfficeRecord,
) -> Result<(), Error> {
    let text =
        "INSERT INTO ra_office_record (office, at, kind, person, blob) VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(record.at.as_second())
        .bind(record.kind.word())
        .bind(&*record.person)
        .bind(&*record.blob)
        .execute(conn)
        .await?;
    Ok(())
}

/// The records of an office, the newest first.
pub(crate) async fn records(
    conn: &mut Connection,
    id: &OfficeId,
) -> Result<Vec<OfficeRecord>, Error> {
    let text = "SELECT at, kind, person, blob FROM ra_office_record WHERE office = $1 \
         ORDER BY at DESC, blob";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let kind: String = column(row, "kind")?;
            Ok(OfficeRecord {
                kind: OfficeRecordKind::parse(&kind).ok_or(Error::Stored("kind"))?,
                at: instant(row, "at")?,
                person: column(row, "person")?,
                blob: column(row, "blob")?,
            })
        })
        .collect()
}

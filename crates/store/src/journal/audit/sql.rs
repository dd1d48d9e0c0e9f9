//! The table `audit_mark`.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::{AuditMark, NewAuditMark};
use crate::{Error, Seq};

const COLUMNS: &str = "first_seq, last_seq, root, verdict, finding, actor, seq, at";
const MOST_ROWS: u32 = 1000;

/// The last record that a mark covers.
pub(super) async fn last_marked(conn: &mut AnyConnection) -> Result<Option<u64>, Error> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT last_seq FROM audit_mark ORDER BY first_seq DESC LIMIT 1")
            .fetch_optional(conn)
            .await?;
    last.map(|last| u64::try_from(last).map_err(|_| Error::damaged("审计标记的范围"))).transpose()
}

pub(super) async fn insert(conn: &mut AnyConnection, row: &AuditMark) -> Result<(), Error> {
    let text =
        format!("INSERT INTO audit_mark ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    sqlx::query(AssertSqlSafe(text))
        .bind(row.mark.first.to_sql())
        .bind(row.mark.last.to_sql())
        .bind(row.mark.root.to_string())
        .bind(row.mark.verdict.word())
        .bind(row.mark.finding.clone())
        .bind(row.actor.clone())
        .bind(row.seq.to_sql())
        .bind(row.at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// The newest ranges first.
pub(super) async fn marks(
    conn: &mut AnyConnection,
    before: Option<Seq>,
    limit: u32,
) -> Result<Vec<AuditMark>, Error> {
    let limit = limit.min(MOST_ROWS);
    let text = format!(
        "SELECT {COLUMNS} FROM audit_mark WHERE first_seq < $1 ORDER BY first_seq DESC LIMIT {limit}"
    );
    let before = before.map_or(i64::MAX, Seq::to_sql);
    let rows = sqlx::query(AssertSqlSafe(text)).bind(before).fetch_all(conn).await?;
    rows.iter().map(read).collect()
}

/// Those that have a record in common with a range.
pub(super) async fn marks_over(
    conn: &mut AnyConnection,
    first: Seq,
    last: Seq,
) -> Result<Vec<AuditMark>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM audit_mark WHERE first_seq <= $1 AND last_seq >= $2 \
         ORDER BY first_seq LIMIT {MOST_ROWS}"
    );
    let query = sqlx::query(AssertSqlSafe(text)).bind(last.to_sql()).bind(first.to_sql());
    query.fetch_all(conn).await?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<AuditMark, Error> {
    let seq = |column: &str| -> Result<Seq, Error> {
        let number: i64 = row.try_get(column)?;
        u64::try_from(number).map(Seq).map_err(|_| Error::damaged("审计标记的范围"))
    };
    let text = |column: &str| row.try_get::<String, _>(column);
    let (root, verdict, finding) = (text("root")?, text("verdict")?, text("finding")?);
    let range = (seq("first_seq")?, seq("last_seq")?);
    Ok(AuditMark {
        mark: NewAuditMark::of_words(range, &root, (&verdict, &finding))
            .map_err(|_| Error::damaged("审计标记"))?,
        actor: row.try_get("actor")?,
        seq: seq("seq")?,
        at: Timestamp::from_second(row.try_get("at")?).unwrap_or(Timestamp::UNIX_EPOCH),
    })
}

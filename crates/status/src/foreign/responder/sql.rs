//! The table of what was believed: `migrations/institution/0950_foreign_answer.sql`.

use std::sync::Arc;

use gm::sm3::Digest;
use jiff::Timestamp;
use sqlx::AnyConnection;

use super::memory::{self, Key, Known};
use super::rules::MOST_AGE;
use crate::error::Error;

/// Most rows. Beyond them floors go first, then the revocations that were seen first.
pub(super) const MOST_ROWS: i64 = 100_000;

fn name(key: &Key) -> String {
    Digest(*key).to_hex()
}

fn damaged() -> Error {
    Error::Stored("留存的其他机构应答不能读取".to_owned())
}

/// What is known of a question.
pub(super) async fn known(db: &mut AnyConnection, key: &Key) -> Result<Known, Error> {
    let text = "SELECT floor_at, revocation FROM foreign_answer WHERE question = $1";
    let row: Option<(Option<i64>, Option<String>)> =
        sqlx::query_as(text).bind(name(key)).fetch_optional(db).await?;
    let Some((floor, revoked)) = row else { return Ok(Known::default()) };
    let floor = floor.map(|at| Timestamp::from_second(at).map_err(|_| damaged())).transpose()?;
    let revoked = revoked.map(|text| memory::read(&text).ok_or_else(damaged)).transpose()?;
    Ok(Known { floor, revoked: revoked.map(Arc::new) })
}

/// Writes down what is known of a question: all of it, as this unit found and added to it.
pub(super) async fn remember(
    db: &mut AnyConnection,
    (key, known): (&Key, &Known),
    now: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO foreign_answer (question, floor_at, revocation, seen_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (question) DO UPDATE SET \
         floor_at = excluded.floor_at, revocation = excluded.revocation, \
         seen_at = excluded.seen_at";
    sqlx::query(text)
        .bind(name(key))
        .bind(known.floor.map(Timestamp::as_second))
        .bind(known.revoked.as_deref().and_then(memory::written))
        .bind(now.as_second())
        .execute(db)
        .await?;
    Ok(())
}

/// Takes away what no old answer could contradict any more, and what is beyond so many rows.
pub(super) async fn prune(db: &mut AnyConnection, now: Timestamp, most: i64) -> Result<(), Error> {
    let oldest = now.saturating_sub(MOST_AGE).unwrap_or(now).as_second();
    let text = "DELETE FROM foreign_answer WHERE revocation IS NULL AND floor_at < $1";
    sqlx::query(text).bind(oldest).execute(&mut *db).await?;
    let text = "SELECT COUNT(*) FROM foreign_answer";
    let rows: i64 = sqlx::query_scalar(text).fetch_one(&mut *db).await?;
    if rows > most {
        let text = "DELETE FROM foreign_answer WHERE question IN \
             (SELECT question FROM foreign_answer ORDER BY \
             CASE WHEN revocation IS NULL THEN 0 ELSE 1 END, seen_at, question LIMIT $1)";
        sqlx::query(text).bind(rows.saturating_sub(most)).execute(db).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    const TABLE: &str =
        include_str!("../../../../../migrations/institution/0950_foreign_answer.sql");

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    /// A revocation as memory writes it.
    fn gone(seconds: i64) -> Arc<super::super::model::Said> {
        let at = at(seconds).as_second();
        let text = format!(
            "{{\"at\":{at},\"reason\":1,\"this_update\":{at},\"next_update\":null,\
             \"produced_at\":{at},\"asked_at\":{at},\"by\":\"issuer\",\"certificate\":null}}"
        );
        Arc::new(memory::read(&text).unwrap())
    }

    #[tokio::test]
    async fn rows_are_bounded_and_revocations_go_last() {
        sqlx::any::install_default_drivers();
        let mut db = AnyConnection::connect("sqlite::memory:").await.unwrap();
        let table = TABLE.replace("{{int}}", "INTEGER");
        for text in table.split_inclusive(';').filter(|text| text.contains("CREATE")) {
            sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut db).await.unwrap();
        }
        let floor = |seconds| Known { floor: Some(at(seconds)), revoked: None };
        let revoked = |seconds| Known { floor: None, revoked: Some(gone(seconds)) };
        let old = -(MOST_AGE.as_secs() + 1);
        for (number, known) in
            [floor(old), floor(0), floor(1), revoked(old), revoked(2)].into_iter().enumerate()
        {
            let seen = at(i64::try_from(number).unwrap());
            let key = [u8::try_from(number).unwrap(); 32];
            remember(&mut db, (&key, &known), seen).await.unwrap();
        }
        let mut left = async |most| {
            prune(&mut db, at(0), most).await.unwrap();
            let mut left = Vec::new();
            for number in 0..5 {
                let known = known(&mut db, &[number; 32]).await.unwrap();
                if known.floor.is_some() || known.revoked.is_some() {
                    left.push(number);
                }
            }
            left
        };
        assert_eq!(left(9).await, [1, 2, 3, 4], "a floor that nothing old reaches is no use");
        assert_eq!(left(3).await, [2, 3, 4]);
        assert_eq!(left(1).await, [4], "the revocation that was seen last");
    }
}

//! The table of what was believed: `migrations/institution/0950_foreign_answer.sql` and `0958_foreign_answer_about.sql`.
//! What is known of a certificate is all of its rows together: one for each way in which its status was asked for.

use std::sync::Arc;

use gm::sm3::Digest;
use jiff::Timestamp;
use sqlx::AnyConnection;

use super::memory::{self, Key, Known};
use super::rules::MOST_AGE;
use crate::error::Error;

/// Most rows. Beyond them floors go first, then suspensions, then the revocations that were seen first.
pub(super) const MOST_ROWS: i64 = 100_000;

fn name(key: &Key) -> String {
    Digest(*key).to_hex()
}

fn damaged() -> Error {
    Error::Stored("留存的其他机构应答不能读取".to_owned())
}

/// A certificate, and the question that was put about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub about: Key,
    /// As `ResponderQuestion::key` names it: rows from before have no other name.
    pub question: [u8; 32],
}

/// Name, floor, suspension and revocation of a row.
type Row = (Option<String>, Option<i64>, Option<i64>, Option<String>);

/// What is known of a certificate, and whether a row of it still lacks its name.
pub(super) async fn known(db: &mut AnyConnection, place: &Place) -> Result<(Known, bool), Error> {
    let text = "SELECT about, floor_at, held_at, revocation FROM foreign_answer \
         WHERE about = $1 OR question = $2";
    let rows = sqlx::query_as(text).bind(name(&place.about)).bind(name(&place.question));
    let rows: Vec<Row> = rows.fetch_all(db).await?;
    let (mut known, mut is_unnamed) = (Known::default(), false);
    for (about, floor, held, revoked) in rows {
        is_unnamed |= about.is_none();
        let is_held = floor.is_some() && held == floor;
        let floor =
            floor.map(|at| Timestamp::from_second(at).map_err(|_| damaged())).transpose()?;
        let revoked = revoked.map(|text| memory::read(&text).ok_or_else(damaged)).transpose()?;
        known = known.with(Known { floor, is_held, revoked: revoked.map(Arc::new) });
    }
    Ok((known, is_unnamed))
}

/// Gives a row from before its name.
pub(super) async fn adopt(db: &mut AnyConnection, place: &Place) -> Result<(), Error> {
    let text = "UPDATE foreign_answer SET about = $1 WHERE question = $2 AND about IS NULL";
    sqlx::query(text).bind(name(&place.about)).bind(name(&place.question)).execute(db).await?;
    Ok(())
}

/// Writes down what is known of a certificate: all of it, as this unit found and added to it.
pub(super) async fn remember(
    db: &mut AnyConnection,
    (place, known): (&Place, &Known),
    now: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO foreign_answer (question, about, floor_at, held_at, revocation, seen_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (question) DO UPDATE SET \
         about = excluded.about, floor_at = excluded.floor_at, held_at = excluded.held_at, \
         revocation = excluded.revocation, seen_at = excluded.seen_at";
    let floor = known.floor.map(Timestamp::as_second);
    sqlx::query(text)
        .bind(name(&place.question))
        .bind(name(&place.about))
        .bind(floor)
        .bind(floor.filter(|_| known.is_held))
        .bind(known.revoked.as_deref().and_then(memory::written))
        .bind(now.as_second())
        .execute(db)
        .await?;
    Ok(())
}

/// Takes away what nothing old could contradict any more, and what is beyond so many rows. A suspension stays: lists may
/// count for longer than answers.
pub(super) async fn prune(db: &mut AnyConnection, now: Timestamp, most: i64) -> Result<(), Error> {
    let oldest = now.saturating_sub(MOST_AGE).unwrap_or(now).as_second();
    let text = "DELETE FROM foreign_answer WHERE revocation IS NULL AND floor_at < $1 \
         AND (held_at IS NULL OR held_at <> floor_at)";
    sqlx::query(text).bind(oldest).execute(&mut *db).await?;
    let text = "SELECT COUNT(*) FROM foreign_answer";
    let rows: i64 = sqlx::query_scalar(text).fetch_one(&mut *db).await?;
    if rows > most {
        let text = "DELETE FROM foreign_answer WHERE question IN \
             (SELECT question FROM foreign_answer ORDER BY CASE WHEN revocation IS NOT NULL THEN 2 \
             WHEN held_at = floor_at THEN 1 ELSE 0 END, seen_at, question LIMIT $1)";
        sqlx::query(text).bind(rows.saturating_sub(most)).execute(db).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    const TABLE: &str = concat!(
        include_str!("../../../../../migrations/institution/0950_foreign_answer.sql"),
        include_str!("../../../../../migrations/institution/0958_foreign_answer_about.sql"),
    );

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

    fn floor(seconds: i64) -> Known {
        Known { floor: Some(at(seconds)), is_held: false, revoked: None }
    }

    fn held(seconds: i64) -> Known {
        Known { is_held: true, ..floor(seconds) }
    }

    fn revoked(seconds: i64) -> Known {
        Known { revoked: Some(gone(seconds)), ..Known::default() }
    }

    async fn table() -> AnyConnection {
        sqlx::any::install_default_drivers();
        let mut db = AnyConnection::connect("sqlite::memory:").await.unwrap();
        let table = TABLE.replace("{{int}}", "INTEGER");
        let bare = table.lines().filter(|line| !line.trim_start().starts_with("--"));
        let bare: String = bare.flat_map(|line| [line, "\n"]).collect();
        for text in bare.split(';').map(str::trim).filter(|text| !text.is_empty()) {
            sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut db).await.unwrap();
        }
        db
    }

    #[tokio::test]
    async fn rows_are_bounded_and_revocations_go_last() {
        let mut db = table().await;
        let old = -(MOST_AGE.as_secs() + 1);
        let place = |number: u8| Place { about: [number; 32], question: [100 + number; 32] };
        let all = [floor(old), floor(0), floor(1), held(old), revoked(old), revoked(2)];
        for (known, number) in all.into_iter().zip(0..) {
            remember(&mut db, (&place(number), &known), at(i64::from(number))).await.unwrap();
        }
        let mut left = async |most| {
            prune(&mut db, at(0), most).await.unwrap();
            let mut left = Vec::new();
            for number in 0..6 {
                let (known, _) = known(&mut db, &place(number)).await.unwrap();
                if known.floor.is_some() || known.revoked.is_some() {
                    left.push(number);
                }
            }
            left
        };
        assert_eq!(left(9).await, [1, 2, 3, 4, 5], "a floor that nothing old reaches is no use");
        assert_eq!(left(4).await, [2, 3, 4, 5]);
        assert_eq!(left(3).await, [3, 4, 5]);
        assert_eq!(left(2).await, [4, 5], "suspensions before revocations");
        assert_eq!(left(1).await, [5], "the revocation that was seen last");
    }

    #[tokio::test]
    async fn what_is_known_of_a_certificate_counts_whichever_question_it_came_of() {
        let mut db = table().await;
        let (about, other) = ([1; 32], [2; 32]);
        let place = |about, question: u8| Place { about, question: [question; 32] };
        remember(&mut db, (&place(about, 10), &held(5)), at(0)).await.unwrap();
        remember(&mut db, (&place(about, 11), &revoked(3)), at(0)).await.unwrap();
        let (found, is_unnamed) = known(&mut db, &place(about, 12)).await.unwrap();
        assert_eq!((found.floor, found.is_held, is_unnamed), (Some(at(5)), true, false));
        assert!(found.revoked.is_some());
        let (found, _) = known(&mut db, &place(other, 12)).await.unwrap();
        assert!(found.floor.is_none() && found.revoked.is_none());
    }

    /// As a program from before writes it, whose row has no name.
    #[tokio::test]
    async fn a_row_from_before_is_found_by_its_question_and_named_then() {
        let mut db = table().await;
        let (place, moved) = (
            Place { about: [1; 32], question: [10; 32] },
            Place { about: [1; 32], question: [11; 32] },
        );
        let text = "INSERT INTO foreign_answer (question, floor_at, revocation, seen_at) \
             VALUES ($1, $2, NULL, 0)";
        let before = sqlx::query(text).bind(name(&place.question)).bind(at(5).as_second());
        before.execute(&mut db).await.unwrap();
        let (found, is_unnamed) = known(&mut db, &place).await.unwrap();
        assert_eq!((found.floor, found.is_held, is_unnamed), (Some(at(5)), false, true));
        adopt(&mut db, &place).await.unwrap();
        let (found, is_unnamed) = known(&mut db, &moved).await.unwrap();
        assert_eq!((found.floor, is_unnamed), (Some(at(5)), false), "the responder has moved");
        // A program from before raises the floor of a suspension: what it says then is newer.
        remember(&mut db, (&place, &held(7)), at(0)).await.unwrap();
        assert!(known(&mut db, &moved).await.unwrap().0.is_held);
        let text = "UPDATE foreign_answer SET floor_at = $2 WHERE question = $1";
        let raised = sqlx::query(text).bind(name(&place.question)).bind(at(8).as_second());
        raised.execute(&mut db).await.unwrap();
        let (found, _) = known(&mut db, &moved).await.unwrap();
        assert_eq!((found.floor, found.is_held), (Some(at(8)), false));
    }
}

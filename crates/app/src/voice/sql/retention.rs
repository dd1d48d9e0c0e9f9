//! What is said of the terms of complaints and reports, over `migrations/institution/0960_evidence_term.sql`, and the
//! certificates that they concern.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::super::outcome::{KeepStep, Outcome};
use super::super::term::Life;
use super::{COMPLAINT, ComplaintRow, column, complaint_of, fault, instant};
use crate::error::Error;
use crate::mark::Mark;

/// What people decided about the term, as it is stored.
#[derive(Debug, Clone)]
pub(in crate::voice) struct KeepRow {
    pub step: KeepStep,
    pub person: String,
    pub blob: String,
    pub at: Timestamp,
}

/// Which closed complaints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::voice) enum Due {
    /// Those with evidence that was not erased.
    Evidence,
    /// Those whose words were not erased, and whose evidence was, or is none.
    Words,
}

/// Some complaints that were closed before an instant, the longest closed first; behind one of them.
pub(in crate::voice) async fn due(
    db: &mut AnyConnection,
    (due, before): (Due, Timestamp),
    (behind, limit): (Option<&Mark>, i64),
) -> Result<Vec<ComplaintRow>, Error> {
    let (at, id) = behind.map_or((i64::MIN, ""), |mark| (mark.at.as_second(), &*mark.name));
    let has = match due {
        Due::Evidence => "IN",
        Due::Words => "NOT IN",
    };
    let text = format!(
        "SELECT {COMPLAINT} FROM voice_complaint WHERE state = 'closed' AND words_erased_at IS NULL \
         AND changed_at < $1 AND (changed_at > $2 OR (changed_at = $2 AND id > $3)) \
         AND id {has} (SELECT complaint FROM voice_evidence WHERE erased_at IS NULL) \
         ORDER BY changed_at, id LIMIT $4"
    );
    let query = sqlx::query(AssertSqlSafe(text)).bind(before.as_second()).bind(at);
    let rows = query.bind(id.to_owned()).bind(limit).fetch_all(db).await.map_err(fault)?;
    rows.iter().map(complaint_of).collect()
}

/// What a report came to, and the certificates that it concerns.
pub(in crate::voice) async fn outcome(
    db: &mut AnyConnection,
    complaint: &str,
) -> Result<Option<(Outcome, Vec<String>)>, Error> {
    let text = "SELECT led_to FROM voice_outcome WHERE complaint = $1";
    let row = sqlx::query(text).bind(complaint).fetch_optional(&mut *db).await.map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    let led_to: String = column(&row, "led_to")?;
    let led_to = Outcome::of(&led_to).ok_or(Error::Stored("led_to"))?;
    let text = "SELECT serial FROM voice_concerned WHERE complaint = $1 ORDER BY serial";
    let rows = sqlx::query(text).bind(complaint).fetch_all(db).await.map_err(fault)?;
    let serials = rows.iter().map(|row| column(row, "serial"));
    Ok(Some((led_to, serials.collect::<Result<_, _>>()?)))
}

/// Writes down what a report came to. Certificates are added to those that there are.
pub(in crate::voice) async fn set_outcome(
    db: &mut AnyConnection,
    (complaint, person, at): (&str, &str, Timestamp),
    (led_to, serials): (Outcome, &[String]),
) -> Result<(), Error> {
    let text = "INSERT INTO voice_outcome (complaint, led_to, person, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (complaint) DO UPDATE SET led_to = excluded.led_to, person = excluded.person, \
         at = excluded.at";
    let query = sqlx::query(text).bind(complaint).bind(led_to.word()).bind(person);
    query.bind(at.as_second()).execute(&mut *db).await.map_err(fault)?;
    for serial in serials {
        let text = "INSERT INTO voice_concerned (complaint, serial) VALUES ($1, $2) \
             ON CONFLICT (complaint, serial) DO NOTHING";
        sqlx::query(text).bind(complaint).bind(&**serial).execute(&mut *db).await.map_err(fault)?;
    }
    Ok(())
}

/// The certificate of which a report proved that its key leaked.
pub(in crate::voice) async fn proved_serial(
    db: &mut AnyConnection,
    complaint: &str,
) -> Result<Option<String>, Error> {
    let text = "SELECT serial FROM voice_proof WHERE complaint = $1";
    let row = sqlx::query(text).bind(complaint).fetch_optional(db).await.map_err(fault)?;
    row.as_ref().map(|row| column(row, "serial")).transpose()
}

/// What people decided about the term of a complaint, in order.
pub(in crate::voice) async fn keep_steps(
    db: &mut AnyConnection,
    complaint: &str,
) -> Result<Vec<KeepRow>, Error> {
    let text =
        "SELECT step, person, blob, at FROM voice_keep WHERE complaint = $1 ORDER BY position";
    let rows = sqlx::query(text).bind(complaint).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let step: String = column(row, "step")?;
        Ok(KeepRow {
            step: KeepStep::of(&step).ok_or(Error::Stored("step"))?,
            person: column(row, "person")?,
            blob: column(row, "blob")?,
            at: instant(row, "at")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Adds a decision behind those that there are.
pub(in crate::voice) async fn add_keep_step(
    db: &mut AnyConnection,
    complaint: &str,
    row: &KeepRow,
) -> Result<(), Error> {
    let text = "INSERT INTO voice_keep (complaint, position, step, person, blob, at) \
         SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4, $5 FROM voice_keep \
         WHERE complaint = $1";
    let query = sqlx::query(text).bind(complaint).bind(row.step.word()).bind(&*row.person);
    let query = query.bind(&*row.blob).bind(row.at.as_second());
    query.execute(db).await.map_err(fault)?;
    Ok(())
}

/// Counts a change of a complaint at the version that was read, and nothing else of it. Of what was erased since, nothing
/// can be decided any more.
pub(in crate::voice) async fn touch(
    db: &mut AnyConnection,
    (id, version): (&str, i64),
) -> Result<bool, Error> {
    let text = "UPDATE voice_complaint SET version = version + 1 \
         WHERE id = $1 AND version = $2 AND words_erased_at IS NULL";
    let done = sqlx::query(text).bind(id).bind(version).execute(db).await;
    Ok(done.map_err(fault)?.rows_affected() == 1)
}

/// Puts other words in the place of those that were read.
pub(in crate::voice) async fn set_content(
    db: &mut AnyConnection,
    id: &str,
    (before, after): (&str, &str),
) -> Result<bool, Error> {
    let text = "UPDATE voice_complaint SET content = $1 WHERE id = $2 AND content = $3";
    let done = sqlx::query(text).bind(after).bind(id).bind(before).execute(db).await;
    Ok(done.map_err(fault)?.rows_affected() == 1)
}

/// Notes that the words of a complaint were erased.
pub(in crate::voice) async fn note_words_erased(
    db: &mut AnyConnection,
    id: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let text = "UPDATE voice_complaint SET words_erased_at = $1 WHERE id = $2";
    sqlx::query(text).bind(at.as_second()).bind(id).execute(db).await.map_err(fault)?;
    Ok(())
}

/// The key of a certificate of ours, whichever authority issued it.
pub(in crate::voice) async fn key_of(
    db: &mut AnyConnection,
    serial: &str,
) -> Result<Option<String>, Error> {
    let text = "SELECT key_hash FROM certificate \
         WHERE issuer_id IN (SELECT id FROM issuer) AND serial = $1 LIMIT 1";
    let row = sqlx::query(text).bind(serial).fetch_optional(db).await.map_err(fault)?;
    row.as_ref().map(|row| column(row, "key_hash")).transpose()
}

/// What became of every certificate of a key, and of those that are one pair with them; none where there is none.
pub(in crate::voice) async fn life_of_key(
    db: &mut AnyConnection,
    (key_hash, now): (&str, Timestamp),
) -> Result<Option<Life>, Error> {
    let text = "SELECT COUNT(*) AS n, COALESCE(MAX(not_after), 0) AS ends, \
         COALESCE(MAX(CASE WHEN status = 'revoked' THEN changed_at ELSE 0 END), 0) AS revoked, \
         COALESCE(MAX(CASE WHEN status <> 'revoked' AND not_after >= $2 THEN 1 ELSE 0 END), 0) AS standing \
         FROM certificate WHERE request_id IN (SELECT request_id FROM certificate WHERE key_hash = $1)";
    let row = sqlx::query(text).bind(key_hash).bind(now.as_second()).fetch_one(db).await;
    let row = row.map_err(fault)?;
    let (n, revoked): (i64, i64) = (column(&row, "n")?, column(&row, "revoked")?);
    if n == 0 {
        return Ok(None);
    }
    let standing: i64 = column(&row, "standing")?;
    let revoked = match revoked {
        0 => None,
        _ => Some(instant(&row, "revoked")?),
    };
    Ok(Some(Life { ends: instant(&row, "ends")?, revoked, is_open: standing != 0 }))
}

/// Whether a key was proved to be compromised.
pub(in crate::voice) async fn blocked(
    db: &mut AnyConnection,
    key_hash: &str,
) -> Result<bool, Error> {
    let text = "SELECT 1 AS one FROM subject_key WHERE key_hash = $1 AND blocked_at IS NOT NULL";
    let row = sqlx::query(text).bind(key_hash).fetch_optional(db).await.map_err(fault)?;
    Ok(row.is_some())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use store::{FixedClock, Opening, Schema, Store, StoreConfig};
    use testkit::scratch::Scratch;
    use zeroize::Zeroizing;

    use super::super::{add_complaint, complaint};
    use super::*;
    use crate::voice::{Category, ComplaintState};

    async fn store(folder: &std::path::Path) -> Store {
        let clock = Arc::new(FixedClock::at("2026-11-22T04:00:00Z").unwrap());
        let url = format!("sqlite:{}", folder.join("institution.db").display());
        let (anchor, origin) = (folder.join("anchor"), "ca.example.cn/journal");
        let config = StoreConfig::new(url, Schema::Institution, anchor, origin);
        Store::open(config.opening(Opening::New), Arc::new(Scratch::new()), clock).await.unwrap()
    }

    fn closed(content: &str) -> ComplaintRow {
        let at = Timestamp::UNIX_EPOCH;
        ComplaintRow {
            id: "0".repeat(32),
            number: "TS1".into(),
            category: Category::Service,
            state: ComplaintState::Closed,
            code_index: String::new(),
            content: content.into(),
            received_at: at,
            answered_at: None,
            closed_at: Some(at),
            words_erased_at: None,
            version: 1,
        }
    }

    /// Erased between the question whether it is, and the unit that records what somebody decided.
    #[tokio::test]
    async fn nothing_is_decided_about_what_was_erased_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let content = Zeroizing::new("内容".as_bytes().to_vec());
        let sealed = store.seal_blob(content, "voice-complaint").await.unwrap();
        let unit = store.commit(move |tx| {
            Box::pin(async move {
                let blob = sealed.insert(tx).await?;
                let row = closed(&blob.id);
                add_complaint(tx.conn(), &row).await?;
                let before = touch(tx.conn(), (&row.id, 1)).await?;
                let now = tx.now();
                note_words_erased(tx.conn(), &row.id, now).await?;
                let after = touch(tx.conn(), (&row.id, 2)).await?;
                let left = complaint(tx.conn(), &row.id).await?.map(|row| row.version);
                Ok::<_, Error>((before, after, left))
            })
        });
        assert_eq!(unit.await.unwrap(), (true, false, Some(2)));
    }
}

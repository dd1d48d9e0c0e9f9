//! Attempts to sign in: counted before they are judged, or judged in the unit that counts them.

use super::rules::{self, Counted};
use crate::service::record;
use crate::{Access, Error, PersonId, Source, sql};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::AnyConnection;
use store::{Actor, Tx};

/// One tally that an attempt is counted in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    counted: Counted,
    what: String,
}

impl Seen {
    /// A source, whatever the logins.
    pub(crate) fn source(access: &Access, source: Source) -> Result<Self, Error> {
        Self::new(access, Counted::Source, &source.household())
    }

    /// A login, here and from anywhere, and the source. A login that cannot be one is counted
    /// too: what was typed is never stored, only its blind index.
    pub(crate) fn login(access: &Access, login: &str, from: Source) -> Result<Vec<Self>, Error> {
        let typed: String = login.trim().chars().take(64).collect();
        let pair = format!("{typed}\n{}", from.household());
        Ok(vec![
            Self::new(access, Counted::Pair, &pair)?,
            Self::source(access, from)?,
            Self::new(access, Counted::Login, &typed)?,
        ])
    }

    fn new(access: &Access, counted: Counted, value: &str) -> Result<Self, Error> {
        let field = format!("access/{}", counted.name());
        Ok(Self { counted, what: access.store().blind_index(&field, value)? })
    }
}

/// An attempt that was counted as a failure. What becomes of it is said once.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// With how many failures there are now.
    seen: Vec<(Seen, i64)>,
}

impl Access {
    /// Counts an attempt, unless one of its tallies has to wait.
    pub(crate) async fn count_attempt(&self, seen: Vec<Seen>) -> Result<Attempt, Error> {
        self.may_attempt(&seen).await?;
        self.commit(move |tx| {
            Box::pin(async move {
                let now = tx.now().as_second();
                may_try(tx.conn(), &seen, now).await?;
                count(tx, seen).await
            })
        })
        .await
    }

    /// Whether an attempt may be made at all. Waiting costs no write.
    pub(crate) async fn may_attempt(&self, seen: &[Seen]) -> Result<(), Error> {
        may_try(&mut *self.store().read().await?, seen, self.now().as_second()).await
    }

    /// The attempt failed. One record for each lock, not for each failure; a login that does
    /// not exist is not named, since people type passphrases into the wrong field.
    pub(crate) async fn note_failure(
        &self,
        attempt: Attempt,
        whose: Option<PersonId>,
        source: Source,
    ) -> Result<(), Error> {
        let locked = attempt.locks();
        if locked.is_empty() {
            return Ok(());
        }
        self.commit(move |tx| {
            Box::pin(async move {
                let subject = whose.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
                tell_of_locks(tx, locked, (&subject, source)).await
            })
        })
        .await
    }
}

/// Counts an attempt that was judged already, in the unit that decides what is told of it. Units come one
/// after the other: what is right is never counted as a failure, however many come at once, and of what
/// is wrong no more is told from what is right than the limit lets pass, however many come at once. Only
/// for secrets that are judged without effort; a passphrase takes 64 MiB, and is counted first.
///
/// # Errors
/// [`Error::Locked`] when a tally has to wait, right or not.
pub(crate) async fn settle(
    tx: &mut Tx,
    seen: Vec<Seen>,
    is_right: bool,
    source: Source,
) -> Result<(), Error> {
    let now = tx.now().as_second();
    may_try(tx.conn(), &seen, now).await?;
    if !is_right {
        let attempt = count(tx, seen).await?;
        return tell_of_locks(tx, attempt.locks(), ("unknown", source)).await;
    }
    for one in seen.into_iter().filter(|one| one.counted == Counted::Pair) {
        let tally = sql::tally(tx.conn(), &one.what).await?;
        let tally = rules::with_success(one.counted, tally, now);
        sql::put_tally(tx.conn(), &one.what, tally).await?;
    }
    Ok(())
}

/// One more failure in each tally.
async fn count(tx: &mut Tx, seen: Vec<Seen>) -> Result<Attempt, Error> {
    let at = tx.now().as_second();
    let before = earlier(tx.now(), rules::FORGET_SECONDS);
    sql::forget_tallies(tx.conn(), before).await?;
    let mut counted = Vec::new();
    for one in seen {
        let tally = sql::tally(tx.conn(), &one.what).await?;
        let tally = rules::with_failure(one.counted, tally, at);
        sql::put_tally(tx.conn(), &one.what, tally).await?;
        counted.push((one, tally.failures));
    }
    Ok(Attempt { seen: counted })
}

/// One record for each lock.
async fn tell_of_locks(
    tx: &mut Tx,
    locked: Vec<(Seen, i64)>,
    (subject, source): (&str, Source),
) -> Result<(), Error> {
    for (seen, failures) in locked {
        let body = json!({
            "counted": seen.counted.name(),
            "failures": failures,
            "source": source.network(),
        });
        record(tx, "person.locked", Actor::system(), subject, body).await?;
    }
    Ok(())
}

impl Attempt {
    /// The tallies that are locked from this failure on.
    fn locks(self) -> Vec<(Seen, i64)> {
        let reached = |(seen, failures): &(Seen, i64)| *failures == seen.counted.limit();
        self.seen.into_iter().filter(reached).collect()
    }

    /// The attempt was none: takes the failures back, in the unit of the success.
    pub(crate) async fn forgive(self, tx: &mut Tx) -> Result<(), Error> {
        let now = tx.now().as_second();
        for (seen, _) in self.seen {
            let tally = sql::tally(tx.conn(), &seen.what).await?;
            let tally = rules::with_success(seen.counted, tally, now);
            sql::put_tally(tx.conn(), &seen.what, tally).await?;
        }
        Ok(())
    }
}

/// Whether an attempt may be made now. A known source does not wait for what others did to
/// the login.
async fn may_try(conn: &mut AnyConnection, seen: &[Seen], now: i64) -> Result<(), Error> {
    let (mut longest, mut known) = (0, false);
    for one in seen {
        let tally = sql::tally(&mut *conn, &one.what).await?;
        known |= one.counted == Counted::Pair && rules::is_known(tally, now);
        if !(known && one.counted == Counted::Login) {
            longest = longest.max(rules::wait_seconds(one.counted, tally, now));
        }
    }
    if longest > 0 { Err(Error::Locked { wait_seconds: longest }) } else { Ok(()) }
}

fn earlier(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN)
}

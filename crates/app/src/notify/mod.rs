//! Messages to applicants: written in the unit that is their cause, sent afterwards, tried again until they
//! are through or given up.
//!
//! Two channels, that never carry the same code: `phone` goes as a file into the outbox of the data folder,
//! where an operator's own gateway takes it from; `mail` goes over SMTP where `[mail]` is set, and into the
//! outbox otherwise. What a message says and to whom is sealed, and erased when it is through; logs and
//! records have counts and reasons only.

mod expiry;
mod mail;
mod outbox;
mod post;
mod requeue;
mod sql;
mod told;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, Engine, Record, SealedBlob, Standing, Tx};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::institution::Institution;
use crate::mark::{Block, Mark};

pub use expiry::{Endings, Expiring, HORIZON, NOTICE_DAYS};
pub use mail::{MailSettings, MailTls};
pub use requeue::{MOST_CHOSEN, REQUEUE_OBJECT, RequeueOrder};
pub use sql::{FAILURES, MessageFilter, MessageRow, MessageState};
pub use told::MessageTold;

/// The purpose of the sealed content.
const PURPOSE: &str = "message";
/// Given up after so many tries.
const MOST_TRIES: i64 = 10;
/// So many are sent at a time.
const AT_ONCE: usize = 8;
/// So many are looked at in one sweep.
const SWEEP: i64 = 200;
/// What became of so many is noted in one unit.
const NOTED: usize = 3 * AT_ONCE;
/// What became of one is noted at the latest after so long, however slow the others are.
const NOTED_WITHIN: Duration = Duration::from_secs(5);
/// For so many seconds a message is the affair of the node that took it: longer than it takes to try it and to note that.
const TURN: i64 = 180;
const _: () = assert!(TURN as u64 > 2 * (mail::MOST_SECONDS as u64 + NOTED_WITHIN.as_secs()));

/// How a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// A text message to a telephone, by the operator's gateway.
    Phone,
    /// E-mail.
    Mail,
}

impl Channel {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Mail => "mail",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Phone => "短信",
            Self::Mail => "邮件",
        }
    }

    /// From its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Phone, Self::Mail].into_iter().find(|channel| channel.word() == word)
    }
}

/// A message before it is sealed.
pub(crate) struct Message {
    /// What it is for: `delivery`, `expiry`.
    pub kind: &'static str,
    /// How it goes.
    pub channel: Channel,
    /// What it is about: `application:…`, `certificate:…`.
    pub subject: String,
    /// What it says.
    pub content: Content,
}

/// What a message says and to whom: sealed, never logged.
#[derive(Serialize, Deserialize)]
pub(crate) struct Content {
    /// What its file is called in the outbox, without its ending.
    pub name: String,
    /// Telephone number or mail address.
    pub to: String,
    /// The subject line of a mail.
    pub title: String,
    /// The text.
    pub text: String,
}

/// A message that is sealed and waits for its unit.
pub(crate) struct Sealed {
    id: String,
    kind: &'static str,
    channel: Channel,
    subject: String,
    blob: SealedBlob,
}

impl Sealed {
    /// Puts it into a unit: it will be sent if, and only if, the unit is kept.
    pub(crate) async fn insert(self, tx: &mut Tx) -> Result<(), store::Error> {
        let now = tx.now().as_second();
        let blob = self.blob.insert(tx).await?;
        let row = (&*self.id, self.kind, self.channel.word(), &*self.subject);
        sql::insert(tx.conn(), row, &blob.id, now).await
    }
}

/// What a sweep led to, by kind and channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sent.
    pub sent: u64,
    /// To be tried again.
    pub failed: u64,
    /// Given up.
    pub dead: u64,
}

impl Institution {
    /// Seals a message.
    pub(crate) async fn seal_message(&self, message: Message) -> Result<Sealed, Error> {
        let content = serde_json::to_vec(&message.content).map_err(|_| Error::Stored("通知"))?;
        let blob = self.store().seal_blob(Zeroizing::new(content), PURPOSE).await?;
        let Message { kind, channel, subject, .. } = message;
        Ok(Sealed { id: self.draw_nonce()?, kind, channel, subject, blob })
    }

    /// Sends what is due. One failing message stops no other; a message that failed often enough is given
    /// up and shown to the administrators.
    pub async fn send_messages(&self) -> Result<Swept, Error> {
        let now = self.clock().now().as_second();
        let due = sql::due(&mut *self.store().read().await?, now, SWEEP).await?;
        self.send(due).await
    }

    /// Sends what waits about one subject now: the outbox is there at once, mail if it can be.
    pub(crate) async fn send_about(&self, subject: &str) -> Result<Swept, Error> {
        let waiting = sql::about(&mut *self.store().read().await?, subject).await?;
        self.send(waiting).await
    }

    async fn send(&self, rows: Vec<MessageRow>) -> Result<Swept, Error> {
        if rows.is_empty() {
            return Ok(Swept::default());
        }
        // What can't be noted would be sent again and again.
        if let Standing::Halted { reason } = self.store().standing() {
            return Err(store::Error::Halted(reason).into());
        }
        let mailer = mail::Mailer::of(self)?;
        let tries = stream::iter(rows).map(|row| self.try_mine(&mailer, row));
        let mut tries = pin!(tries.buffer_unordered(AT_ONCE));
        let (mut swept, mut fault) = (Swept::default(), None);
        loop {
            let (some, is_over) = next_ended(&mut tries).await;
            let mut done = Vec::new();
            for one in some {
                match one {
                    Ok(one) => done.extend(one),
                    Err(error) => fault = fault.or(Some(error)),
                }
            }
            // What went out is noted, whatever became of the others.
            let Swept { sent, failed, dead } = self.note_tries(done).await?;
            swept.sent += sent;
            swept.failed += failed;
            swept.dead += dead;
            if is_over {
                return fault.map_or(Ok(swept), Err);
            }
        }
    }

    /// Tries a message if that is this node's affair.
    async fn try_mine(
        &self,
        mailer: &mail::Mailer,
        row: MessageRow,
    ) -> Result<Option<Tried>, Error> {
        Ok(match self.takes(&row).await? {
            true => Some((self.try_one(mailer, &row).await, row)),
            false => None,
        })
    }

    /// Whether this node is the one that sends a message: where others work on the same database, each message is
    /// taken by one of them. One that ends before it notes what became of it leaves the message to the next after
    /// its turn.
    async fn takes(&self, row: &MessageRow) -> Result<bool, Error> {
        if self.store().engine() == Engine::Sqlite {
            return Ok(true);
        }
        let (id, tries, due) = (row.id.clone(), row.tries, row.next_at.as_second());
        let taken = self.store().commit(move |tx| {
            Box::pin(async move {
                let now = tx.now().as_second();
                sql::take(tx.conn(), (&id, tries, due), (now, now.saturating_add(TURN))).await
            })
        });
        Ok(taken.await?)
    }

    async fn try_one(&self, mailer: &mail::Mailer, row: &MessageRow) -> Result<(), String> {
        let sealed = self.store().open_blob(&row.blob).await.map_err(|e| e.code().to_owned())?;
        let content: Content =
            serde_json::from_slice(&sealed).map_err(|_| "message.content".to_owned())?;
        match row.channel {
            Channel::Mail if mailer.is_set() => mailer.send(&content).await,
            channel => self.put_out(channel, row, content).await,
        }
    }

    /// One unit: what became of each, and the counts on record.
    async fn note_tries(&self, tried: Vec<Tried>) -> Result<Swept, Error> {
        if tried.is_empty() {
            return Ok(Swept::default());
        }
        let store = self.store().clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    let mut swept = Swept::default();
                    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
                    for (outcome, row) in tried {
                        let (word, failure) = after(&row, outcome, now);
                        if !sql::tried(tx.conn(), &row, (word, &failure), now).await? {
                            continue;
                        }
                        match word {
                            "sent" => swept.sent += 1,
                            "dead" => swept.dead += 1,
                            _ => swept.failed += 1,
                        }
                        if word == "sent" {
                            store.erase_blob(tx, &row.blob).await?;
                        }
                        if word != "queued" {
                            let key = format!("{word} {} {}", row.kind, row.channel.word());
                            *counts.entry(key).or_default() += 1;
                        }
                    }
                    if !counts.is_empty() {
                        let body = json!({ "counts": counts });
                        let record =
                            Record::new("message.swept", Actor::system(), "messages", body);
                        tx.append(record).await?;
                    }
                    Ok::<_, Error>(swept)
                })
            })
            .await
    }

    /// A page of messages, the newest first, and how many there are: for the administrators. Nothing of
    /// what they say.
    pub async fn messages(
        &self,
        filter: &MessageFilter,
        (page, rows): (u32, u32),
    ) -> Result<(Vec<MessageRow>, u64), Error> {
        let (offset, limit) = (i64::from(page).saturating_mul(i64::from(rows)), i64::from(rows));
        let mut reader = self.store().read().await?;
        let total = sql::found(&mut reader, filter).await?;
        Ok((sql::page(&mut reader, (filter, None), (offset, limit)).await?, total))
    }

    /// Some more of them behind a mark, for a file.
    pub async fn messages_behind(
        &self,
        filter: &MessageFilter,
        (behind, rows): (Option<&Mark>, u32),
    ) -> Result<Block<MessageRow>, Error> {
        let mut reader = self.store().read().await?;
        let found = sql::page(&mut reader, (filter, behind), (0, i64::from(rows))).await?;
        Ok(Block::of(found, rows, |one| Mark::new(one.created_at, &one.id)))
    }

    /// The reasons for which messages did not go out the last time, each once.
    pub async fn message_failures(&self) -> Result<Vec<String>, Error> {
        Ok(sql::failures(&mut *self.store().read().await?).await?)
    }

    /// How many messages are in which state.
    pub async fn message_counts(&self) -> Result<[(MessageState, u64); 3], Error> {
        let mut reader = self.store().read().await?;
        let mut counts = MessageState::ALL.map(|state| (state, 0));
        for (state, count) in &mut counts {
            *count = sql::count(&mut reader, *state).await?;
        }
        Ok(counts)
    }
}

/// What became of a message.
type Tried = (Result<(), String>, MessageRow);

/// The next tries that ended: as many as end within a few seconds of the first of them. Whether there are no others.
async fn next_ended<S: Stream + Unpin>(tries: &mut S) -> (Vec<S::Item>, bool) {
    let Some(first) = tries.next().await else { return (Vec::new(), true) };
    let (mut some, until) = (vec![first], Instant::now() + NOTED_WITHIN);
    while some.len() < NOTED {
        match timeout_at(until, tries.next()).await {
            Ok(Some(one)) => some.push(one),
            Ok(None) => return (some, true),
            Err(_) => break,
        }
    }
    (some, false)
}

/// What a try makes of a message: 1, 2, 4, … minutes until the next one, at most six hours.
fn after(row: &MessageRow, outcome: Result<(), String>, now: Timestamp) -> (&'static str, Failure) {
    let Err(why) = outcome else { return ("sent", Failure { why: None, next: now }) };
    let tries = row.tries + 1;
    let minutes = 1_i64 << u32::try_from(tries.clamp(1, 9) - 1).unwrap_or(0);
    let next = now.checked_add(SignedDuration::from_mins(minutes.min(360))).unwrap_or(now);
    let word = if tries >= MOST_TRIES { "dead" } else { "queued" };
    (word, Failure { why: Some(why), next })
}

/// Why a try failed, and when the next one is due.
pub(crate) struct Failure {
    pub why: Option<String>,
    pub next: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tries: i64) -> MessageRow {
        MessageRow {
            id: String::new(),
            kind: "delivery".into(),
            channel: Channel::Mail,
            subject: String::new(),
            blob: String::new(),
            state: MessageState::Queued,
            tries,
            next_at: Timestamp::UNIX_EPOCH,
            created_at: Timestamp::UNIX_EPOCH,
            failure: None,
        }
    }

    #[test]
    fn tries_come_farther_apart_and_end() {
        let mut minutes = Vec::new();
        for tries in 0..MOST_TRIES {
            let (word, failure) = after(&row(tries), Err("x".into()), Timestamp::UNIX_EPOCH);
            minutes.push(failure.next.as_second() / 60);
            assert_eq!(word, if tries + 1 == MOST_TRIES { "dead" } else { "queued" });
        }
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 256]);
        assert_eq!(after(&row(3), Ok(()), Timestamp::UNIX_EPOCH).0, "sent");
    }
}

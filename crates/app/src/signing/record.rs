//! Recording intents before anything is signed (Invariant 3). Those that come while a unit is being
//! written make up the next one: under load many uses of a key share one journal record, at rest each has
//! its own. The unit decides: what the key may do and what its day leaves is read in the transaction that
//! counts the use.

use std::collections::hash_map;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use store::{Actor, Record, Store, Tx};
use tokio::sync::{mpsc, oneshot};

use super::model::{Operation, SigningKey};
use super::order::about;
use super::{rules, sql};
use crate::error::Error;

/// Most intents of one unit: their record stays well below the largest leaf of the journal.
const MOST: usize = 128;

/// What somebody is about to do with a key.
#[derive(Debug, Clone)]
pub(super) struct Intent {
    pub number: i64,
    pub client: String,
    pub operation: Operation,
    /// What is signed, sealed or opened, as one SM3 value in hexadecimal.
    pub digest: String,
}

/// That an intent is durable: without it no key is used (Invariant 3). Only [`intend`] makes it.
#[derive(Debug)]
pub(super) struct Intended(());

/// The answer of the unit: nothing, or why not.
type Answer = Result<(), rules::Refusal>;

/// An intent that waits to be recorded.
pub(super) struct Entry {
    /// Comes with each: the task itself holds nothing of an institution that was closed.
    store: Store,
    intent: Intent,
    done: oneshot::Sender<Result<Answer, store::Error>>,
}

/// Starts the task that records. It ends with the last sender.
pub(super) fn spawn(waiting: usize) -> mpsc::Sender<Entry> {
    let (sender, mut receiver) = mpsc::channel::<Entry>(waiting);
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while receiver.recv_many(&mut batch, MOST).await > 0 {
            let Some(store) = batch.first().map(|entry: &Entry| entry.store.clone()) else { break };
            let (intents, waiting): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|entry| (entry.intent, entry.done)).unzip();
            match commit(&store, intents).await {
                Ok(answers) => {
                    for (done, answer) in waiting.into_iter().zip(answers) {
                        // Who asked may be gone; the intent is recorded all the same.
                        let _ = done.send(Ok(answer));
                    }
                }
                Err(error) => {
                    for done in waiting {
                        let _ = done.send(Err(error.clone()));
                    }
                }
            }
        }
    });
    sender
}

/// Answers when the intent is durable, or refused.
pub(super) async fn intend(
    (recorder, store): (&mpsc::Sender<Entry>, Store),
    intent: Intent,
) -> Result<Intended, Error> {
    let (done, answer) = oneshot::channel();
    recorder.send(Entry { store, intent, done }).await.map_err(|_| Error::Interrupted)?;
    let answer = answer.await.map_err(|_| Error::Interrupted)?;
    answer??;
    Ok(Intended(()))
}

async fn commit(store: &Store, intents: Vec<Intent>) -> Result<Vec<Answer>, store::Error> {
    store.commit(move |tx| Box::pin(async move { write(tx, intents).await })).await
}

/// Keys and what was used of their day, as this unit finds and counts them.
#[derive(Default)]
struct Seen(HashMap<i64, (Option<SigningKey>, i64)>);

impl Seen {
    async fn of(&mut self, tx: &mut Tx, number: i64, day: &str) -> Result<(), store::Error> {
        if let hash_map::Entry::Vacant(place) = self.0.entry(number) {
            let key = sql::by_number(tx.conn(), number).await.map_err(damage)?;
            let used = sql::used_on(tx.conn(), number, day).await?;
            place.insert((key, used));
        }
        Ok(())
    }
}

async fn write(tx: &mut Tx, intents: Vec<Intent>) -> Result<Vec<Answer>, store::Error> {
    let now = tx.now();
    let day = rules::day(now);
    let (mut seen, mut answers) = (Seen::default(), Vec::with_capacity(intents.len()));
    let mut added: BTreeMap<(i64, Operation), i64> = BTreeMap::new();
    let mut entries: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for intent in &intents {
        seen.of(tx, intent.number, &day).await?;
        let Some((key, used)) = seen.0.get_mut(&intent.number) else {
            answers.push(Err(rules::Refusal::NoKey(intent.number)));
            continue;
        };
        let asked = (intent.number, intent.client.as_str());
        let answer = rules::may(key.as_ref(), asked, intent.operation, (*used, now));
        if answer.is_ok() {
            *used += 1;
            *added.entry((intent.number, intent.operation)).or_default() += 1;
            let entry =
                json!([intent.number, intent.client, intent.operation.word(), intent.digest]);
            entries.entry(intent.number).or_default().push(entry);
        }
        answers.push(answer);
    }
    for ((number, operation), uses) in added {
        sql::add_use(tx.conn(), (number, &day), operation, uses).await?;
    }
    // One for each key: who looks for the records of a key finds all of them.
    for (number, uses) in entries {
        let body = json!({ "count": uses.len(), "uses": uses });
        tx.append(Record::new("signing.intended", Actor::system(), about(number), body)).await?;
    }
    Ok(answers)
}

/// A row of ours that can't be read stops the unit.
fn damage(error: Error) -> store::Error {
    match error {
        Error::Store(error) => error,
        other => store::Error::Damaged(other.to_string().into()),
    }
}

//! Recording tokens before they leave. Those that are ready while a unit is being written make up
//! the next one: under load many tokens share one journal record, at rest each has its own.
//!
//! The record binds the rows: it has their number, their first and last serial, and the SM3 over
//! all of them, so that a row that is changed or gone is found by it.

use serde_json::json;
use store::{Actor, Record, Store, Tx};
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;
use crate::timestamp::rules;
use crate::timestamp::sql::{self, TokenRow};

/// Most tokens of one unit; others wait behind it.
const MOST: usize = 256;

/// A token that waits to be recorded.
pub(super) struct Entry {
    row: TokenRow,
    done: oneshot::Sender<Result<(), Error>>,
}

/// Starts the task that records. It ends with the last sender.
pub(super) fn spawn(store: Store, waiting: usize) -> mpsc::Sender<Entry> {
    let (sender, mut receiver) = mpsc::channel::<Entry>(waiting.max(1));
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while receiver.recv_many(&mut batch, MOST).await > 0 {
            let (rows, waiting): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|entry| (entry.row, entry.done)).unzip();
            let result = commit(&store, rows).await;
            for done in waiting {
                // Who asked may be gone; the token is recorded all the same.
                let _ = done.send(result.clone());
            }
        }
    });
    sender
}

/// Answers when the token is durable.
pub(super) async fn keep(recorder: &mpsc::Sender<Entry>, row: TokenRow) -> Result<(), Error> {
    let (done, answer) = oneshot::channel();
    recorder.send(Entry { row, done }).await.map_err(|_| Error::Closing)?;
    answer.await.map_err(|_| Error::Closing)?
}

async fn commit(store: &Store, rows: Vec<TokenRow>) -> Result<(), Error> {
    store.commit(move |tx| Box::pin(async move { write(tx, rows).await })).await
}

async fn write(tx: &mut Tx, mut rows: Vec<TokenRow>) -> Result<(), Error> {
    rows.sort_by(|one, other| one.serial.cmp(&other.serial));
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(());
    };
    let body = json!({
        "count": rows.len(),
        "first": first.serial,
        "last": last.serial,
        "sm3": rules::digest(rows.iter().map(TokenRow::line)),
    });
    let subject = format!("timestamp:{}", first.serial);
    let record = Record::new("timestamp.issued", Actor::system(), subject, body);
    let seq = tx.append(record).await?.to_sql();
    for row in &rows {
        sql::insert(tx.conn(), row, seq).await?;
    }
    let latest = rows.iter().map(|row| row.gen_millis).max().unwrap_or_default();
    sql::raise_last(tx.conn(), latest).await
}

//! The end of what came with complaints and reports (PIPL Art. 19, 47; ESL Art. 24, Measures Art. 24): when its term is
//! over ([`super::term`]), evidence, that may be a private key or say much about people, is erased for good, with what its
//! files were called and their SM3; later what was written and answered. What the journal needs stays: what was received is
//! committed to in `complaint.received`, what it came to is in `complaint.closed`, and each end is a record of its own.
//!
//! A file that is nothing but the key that was proved to have leaked goes as soon as everything of that key is revoked or
//! over: the proof and the commitment say what it said. Nothing goes of an open report, nor while a hold stands.

use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Actor, SealedBlob, Standing, Store, Tx};
use zeroize::Zeroizing;

use super::model::ComplaintWords;
use super::sql::{self, ComplaintRow, Due, EvidenceRow};
use super::term::{Known, Term};
use super::{record, rules};
use crate::error::Error;
use crate::institution::Institution;
use crate::mark::Mark;

/// Complaints that are looked at together.
const BLOCK: i64 = 50;

/// What is over its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// All evidence.
    Evidence,
    /// Files that are a leaked key, and nothing else.
    Keys,
    /// What was written and answered.
    Words,
}

/// Something is erased of a complaint.
struct Erasing {
    row: ComplaintRow,
    gone: Gone,
    days: u16,
    /// The words anew, without what is said of evidence that goes.
    words: Option<SealedBlob>,
}

impl Institution {
    /// Erases what is over its time; of how many complaints. Doing it again changes nothing. What is in the way of one
    /// is in the way of no other.
    pub async fn erase_evidence(&self) -> Result<u32, Error> {
        if self.store().standing() != Standing::Sound {
            return Ok(0);
        }
        let days = self.settings().voice;
        // The key of a report that was closed a moment ago may go at once.
        let evidence = self.erase_due((Due::Evidence, self.clock().now()), days.evidence_days);
        let evidence = evidence.await?;
        let before = rules::closed_before(self.clock().now(), days.complaint_days);
        let words = self.erase_due((Due::Words, before), days.complaint_days).await?;
        Ok(evidence.saturating_add(words))
    }

    async fn erase_due(&self, (due, before): (Due, Timestamp), days: u16) -> Result<u32, Error> {
        let (mut behind, mut erased) = (None, 0);
        loop {
            let rows = self.closed_with((due, before), behind.as_ref()).await?;
            behind = rows.last().and_then(mark_of);
            let is_last = rows.len() < usize::try_from(BLOCK).unwrap_or(usize::MAX);
            for row in rows {
                let number = row.number.clone();
                match self.erase_of(row, (due, days)).await {
                    Ok(done) => erased += u32::from(done),
                    Err(error) => {
                        tracing::error!(%error, number, "evidence of reports: not erased")
                    }
                }
            }
            if is_last || behind.is_none() {
                return Ok(erased);
            }
        }
    }

    /// Some closed complaints, the longest closed first.
    pub(super) async fn closed_with(
        &self,
        which: (Due, Timestamp),
        behind: Option<&Mark>,
    ) -> Result<Vec<ComplaintRow>, Error> {
        sql::due(&mut *self.store().read().await?, which, (behind, BLOCK)).await
    }

    /// Erases what is over its time of one of them; whether there was something. False where another node was faster.
    async fn erase_of(&self, row: ComplaintRow, (due, days): (Due, u16)) -> Result<bool, Error> {
        let known = self.known_of(&row).await?;
        let now = self.clock().now();
        let Some(gone) = gone(&known, (due, days), now) else { return Ok(false) };
        let words = match gone {
            Gone::Words => None,
            Gone::Evidence | Gone::Keys => self.words_without(&row, gone).await?,
        };
        let (store, erasing) = (self.store().clone(), Erasing { row, gone, days, words });
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                // Whatever was decided meanwhile counts.
                let now = sql::complaint(tx.conn(), &erasing.row.id).await?;
                let is_same = |now: &ComplaintRow| {
                    now.version == erasing.row.version && now.content == erasing.row.content
                };
                match now.as_ref().is_some_and(is_same) {
                    true => erase(tx, &store, erasing).await,
                    false => Ok(false),
                }
            })
        });
        unit.await
    }

    /// The words of a report without names and SM3 of the evidence that goes: what is short could be guessed from them.
    /// None where there is nothing to leave out.
    async fn words_without(
        &self,
        row: &ComplaintRow,
        gone: Gone,
    ) -> Result<Option<SealedBlob>, Error> {
        let words = self.words_of(row).await?;
        let kept = sql::kept_evidence(&mut *self.store().read().await?, &row.id).await?;
        let places = kept.iter().filter(|(_, one)| goes(one, gone)).map(|(position, _)| *position);
        let left = without(&words, &places.collect::<Vec<_>>());
        if left == words {
            return Ok(None);
        }
        let content = serde_json::to_vec(&left).map_err(|_| Error::Stored("投诉"))?;
        let content = Zeroizing::new(content);
        Ok(Some(self.store().seal_blob(content, "voice-complaint").await?))
    }
}

/// What of a complaint is over its time.
fn gone(known: &Known, (due, days): (Due, u16), now: Timestamp) -> Option<Gone> {
    let is_over = matches!(known.term(days), Term::Until(until) if now > until);
    match due {
        Due::Words => is_over.then_some(Gone::Words),
        Due::Evidence if is_over => Some(Gone::Evidence),
        Due::Evidence => known.may_key_go().then_some(Gone::Keys),
    }
}

fn goes(one: &EvidenceRow, gone: Gone) -> bool {
    match gone {
        Gone::Evidence => true,
        Gone::Keys => one.is_key,
        Gone::Words => false,
    }
}

/// Words without what they say of these pieces of evidence, counted from 1.
fn without(words: &ComplaintWords, places: &[i64]) -> ComplaintWords {
    let mut left = words.clone();
    for list in [&mut left.evidence, &mut left.evidence_sm3] {
        for place in places {
            let at = usize::try_from(*place).ok().and_then(|place| place.checked_sub(1));
            if let Some(said) = at.and_then(|at| list.get_mut(at)) {
                said.clear();
            }
        }
        if list.iter().all(String::is_empty) {
            list.clear();
        }
    }
    left
}

async fn erase(tx: &mut Tx, store: &Store, erasing: Erasing) -> Result<bool, Error> {
    match erasing.gone {
        Gone::Words => erase_words(tx, store, &erasing).await,
        Gone::Evidence | Gone::Keys => erase_pieces(tx, store, erasing).await,
    }
}

async fn erase_pieces(tx: &mut Tx, store: &Store, erasing: Erasing) -> Result<bool, Error> {
    let Erasing { row, gone, days, words } = erasing;
    let kept = sql::kept_evidence(tx.conn(), &row.id).await?;
    let (now, mut pieces) = (tx.now(), Vec::new());
    for (position, one) in kept.iter().filter(|(_, one)| goes(one, gone)) {
        erase_blob(tx, store, &one.blob).await?;
        sql::note_erased(tx.conn(), (&row.id, *position), now).await?;
        pieces.push(json!({ "position": position, "octets": one.octets, "blob": one.blob }));
    }
    if pieces.is_empty() {
        return Ok(false);
    }
    let why = if gone == Gone::Keys { "key" } else { "term" };
    let mut body = said_of(&row, days);
    if let Some(body) = body.as_object_mut() {
        body.insert("why".to_owned(), why.into());
        body.insert("evidence".to_owned(), Value::Array(pieces));
    }
    if let Some(words) = words {
        let words = words.insert(tx).await?;
        if !sql::set_content(tx.conn(), &row.id, (&row.content, &words.id)).await? {
            return Err(Error::Stored("投诉"));
        }
        erase_blob(tx, store, &row.content).await?;
        if let Some(body) = body.as_object_mut() {
            body.insert("content".to_owned(), words.to_json());
        }
    }
    let subject = format!("complaint:{}", row.id);
    record(tx, "complaint.evidence-erased", Actor::system(), (subject, body)).await?;
    Ok(true)
}

async fn erase_words(tx: &mut Tx, store: &Store, erasing: &Erasing) -> Result<bool, Error> {
    let row = &erasing.row;
    if row.words_erased_at.is_some() || !sql::kept_evidence(tx.conn(), &row.id).await?.is_empty() {
        return Ok(false);
    }
    let steps = sql::steps(tx.conn(), &row.id).await?.into_iter().map(|one| one.blob);
    let decided = sql::keep_steps(tx.conn(), &row.id).await?.into_iter().map(|one| one.blob);
    let blobs: Vec<_> = std::iter::once(row.content.clone()).chain(steps).chain(decided).collect();
    for blob in &blobs {
        erase_blob(tx, store, blob).await?;
    }
    let now = tx.now();
    sql::note_words_erased(tx.conn(), &row.id, now).await?;
    let mut body = said_of(row, erasing.days);
    if let Some(body) = body.as_object_mut() {
        body.insert("erased".to_owned(), blobs.into());
    }
    let subject = format!("complaint:{}", row.id);
    record(tx, "complaint.words-erased", Actor::system(), (subject, body)).await?;
    Ok(true)
}

/// Erases a blob, unless it was before.
async fn erase_blob(tx: &mut Tx, store: &Store, blob: &str) -> Result<(), Error> {
    match store.erase_blob(tx, blob).await {
        Ok(()) | Err(store::Error::Erased) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn said_of(row: &ComplaintRow, days: u16) -> Value {
    let closed_at = row.closed_at.map(|at| at.to_string());
    json!({ "number": row.number, "closed_at": closed_at, "days": days })
}

pub(super) fn mark_of(row: &ComplaintRow) -> Option<Mark> {
    row.closed_at.map(|closed_at| Mark::new(closed_at, &row.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_forget_what_they_said_of_evidence_that_goes_and_nothing_else() {
        let words = ComplaintWords {
            text: "经过".into(),
            evidence: vec!["张三.key".into(), "b.txt".into()],
            evidence_sm3: vec!["aa".into(), "bb".into()],
            ..ComplaintWords::default()
        };
        let one = without(&words, &[1]);
        assert_eq!(
            (&*one.evidence, &*one.evidence_sm3),
            (&["".to_owned(), "b.txt".to_owned()][..], &["".to_owned(), "bb".to_owned()][..])
        );
        assert!(one.text == "经过");
        let none = without(&one, &[2]);
        assert!(none.evidence.is_empty() && none.evidence_sm3.is_empty());
        assert!(without(&words, &[0, 3]) == words);
    }
}

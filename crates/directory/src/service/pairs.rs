//! crossCertificatePair of a CA's entry (RFC 4523 §2.5): what it issued to other institutions' CAs and what those issued
//! to it, as far as it counts now. Two that answer each other stand in one value, every other in one of its own.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gm::sm3;
use pki::{Certificate, pair};
use store::{Filter, Page, Stored};

use super::Directory;
use crate::error::Error;
use crate::model::{AttributeType as A, Entry};
use crate::sql::cross::{self, ToRow};

/// More records than there are ceremonies; what is beyond is not published.
const MOST: u32 = 1_000;

/// How long what the journal bears out is believed of the same rows: every search that meets a CA's entry asks for it, and
/// reading it takes thousands of records. What we do ourselves changes the rows and is met at once; this is how soon a
/// record is met that somebody changed behind our back.
const BELIEVED: Duration = Duration::from_millis(200);

/// The rows of a CA that count now: what it issued, and what was issued to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rows {
    by: Vec<Vec<u8>>,
    to: Vec<ToRow>,
}

/// The values that were made last for a CA.
struct Made {
    asked: Instant,
    rows: Rows,
    values: Vec<Vec<u8>>,
}

/// What was made last, by the name of the CA.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<String, Made>>);

impl Memory {
    fn of(&self, (name, rows): (&str, &Rows), now: Instant) -> Option<Vec<Vec<u8>>> {
        let kept = self.kept();
        let made = kept.get(name)?;
        let holds = now.duration_since(made.asked) < BELIEVED && made.rows == *rows;
        holds.then(|| made.values.clone())
    }

    fn keep(&self, (name, rows): (&str, Rows), asked: Instant, values: Vec<Vec<u8>>) {
        let mut kept = self.kept();
        // Whoever was held up does not replace what was read after.
        if kept.get(name).is_none_or(|made| made.asked < asked) {
            kept.insert(name.to_owned(), Made { asked, rows, values });
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Made>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory {
    /// Adds the pairs of a CA by the name of its row.
    pub(super) async fn add_pairs(&self, entry: &mut Entry, name: &str) -> Result<(), Error> {
        let (now, asked) = (self.now().as_second(), Instant::now());
        let mut conn = self.0.store.read().await?;
        let by = cross::by_this(&mut conn, (name, now)).await?;
        let to = cross::to_this(&mut conn, (name, now)).await?;
        drop(conn);
        let rows = Rows { by, to };
        let values = match self.0.pairs.of((name, &rows), asked) {
            Some(values) => values,
            None => {
                let Rows { mut by, mut to } = rows.clone();
                self.keep_recorded(&mut by, &mut to).await?;
                let values = pairs(&to, &by)?;
                self.0.pairs.keep((name, rows), asked, values.clone());
                values
            }
        };
        values.into_iter().for_each(|value| entry.add(A::CrossPair, value));
        Ok(())
    }
}

impl Directory {
    /// Leaves what the journal says as well: rows can be written past the program, and what stands here is published.
    async fn keep_recorded(&self, by: &mut Vec<Vec<u8>>, to: &mut Vec<ToRow>) -> Result<(), Error> {
        if !by.is_empty() {
            let made = self.records_of("ceremony.cross-certified").await?;
            let gone = self.records_of("cross.withdrawn").await?;
            by.retain(|der| {
                let serial = Certificate::from_der(der).map(|one| one.serial().to_hex());
                let about = serial.map(|serial| format!("certificate:root/{serial}"));
                is_named(&made, der)
                    && about.is_ok_and(|about| gone.iter().all(|record| record.subject != about))
            });
        }
        if !to.is_empty() {
            let taken = self.records_of("cross.received").await?;
            let gone = self.records_of("cross.taken-back").await?;
            to.retain(|row| {
                let about = format!("cross:{}", sm3::hash(&row.der).to_hex());
                is_named(&taken, &row.der) && gone.iter().all(|record| record.subject != about)
            });
        }
        Ok(())
    }

    async fn records_of(&self, kind: &str) -> Result<Vec<Stored>, Error> {
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        let page = Page { limit: MOST, newest_first: true, ..Page::default() };
        Ok(self.0.store.records(&filter, page).await?)
    }
}

/// Whether one of the records is about the certificate with these octets.
fn is_named(records: &[Stored], der: &[u8]) -> bool {
    let digest = sm3::hash(der).to_hex();
    let names = |record: &Stored| {
        let stated = record.body.get("sm3").and_then(serde_json::Value::as_str);
        record.intact && stated == Some(digest.as_str())
    };
    records.iter().any(names)
}

fn pairs(to: &[ToRow], by: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Error> {
    let read = |der: &Vec<u8>| Ok::<_, Error>(Certificate::from_der(der)?);
    let mut by: Vec<_> = by.iter().map(read).collect::<Result<_, _>>()?;
    let mut values = Vec::new();
    for row in to {
        let (to, maker) = (read(&row.der)?, row.maker.as_str());
        let answer = by.iter().position(|one| pair::belong_together((&to, maker), one));
        let answer = answer.map(|place| by.remove(place));
        values.extend(pair::encode(Some(&to), answer.as_ref()));
    }
    values.extend(by.iter().filter_map(|one| pair::encode(None, Some(one))));
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_kept_for_a_moment_and_for_the_same_rows_of_the_same_ca() {
        let (memory, begun) = (Memory::default(), Instant::now());
        let later = |millis| begun + Duration::from_millis(millis);
        let rows = |der: &[u8]| Rows { by: vec![der.to_vec()], to: Vec::new() };
        let values = |octet| vec![vec![octet]];
        assert_eq!(memory.of(("root", &rows(b"a")), begun), None);
        memory.keep(("root", rows(b"a")), later(100), values(1));
        assert_eq!(memory.of(("root", &rows(b"a")), later(299)), Some(values(1)));
        assert_eq!(memory.of(("root", &rows(b"a")), later(300)), None);
        assert_eq!(memory.of(("root", &rows(b"b")), later(100)), None, "one was made or withdrawn");
        assert_eq!(memory.of(("issuing", &rows(b"a")), later(100)), None);
        memory.keep(("root", rows(b"a")), begun, values(2));
        assert_eq!(memory.of(("root", &rows(b"a")), later(100)), Some(values(1)), "held up");
    }
}

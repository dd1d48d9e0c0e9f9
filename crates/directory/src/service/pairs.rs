//! crossCertificatePair of a CA's entry (RFC 4523 §2.5): what it issued to other institutions' CAs and what those issued
//! to it, as far as it counts now. Two that answer each other stand in one value, every other in one of its own.

use gm::sm3;
use pki::{Certificate, pair};
use store::{Filter, Page, Stored};

use super::Directory;
use crate::error::Error;
use crate::model::{AttributeType as A, Entry};
use crate::sql::cross::{self, ToRow};

/// More records than there are ceremonies; what is beyond is not published.
const MOST: u32 = 1_000;

impl Directory {
    /// Adds the pairs of a CA by the name of its row.
    pub(super) async fn add_pairs(&self, entry: &mut Entry, name: &str) -> Result<(), Error> {
        let now = self.now().as_second();
        let mut conn = self.0.store.read().await?;
        let mut by = cross::by_this(&mut conn, (name, now)).await?;
        let mut to = cross::to_this(&mut conn, (name, now)).await?;
        drop(conn);
        self.keep_recorded(&mut by, &mut to).await?;
        pairs(&to, &by)?.into_iter().for_each(|value| entry.add(A::CrossPair, value));
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

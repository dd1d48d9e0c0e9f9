//! crossCertificatePair of a CA's entry (RFC 4523 §2.5): what it issued to other institutions' CAs and what those issued
//! to it, as far as it counts now. Two that answer each other stand in one value, every other in one of its own.

use pki::{Certificate, pair};

use super::Directory;
use crate::error::Error;
use crate::model::{AttributeType as A, Entry};
use crate::sql::cross::{self, ToRow};

impl Directory {
    /// Adds the pairs of a CA by the name of its row.
    pub(super) async fn add_pairs(&self, entry: &mut Entry, name: &str) -> Result<(), Error> {
        let now = self.now().as_second();
        let mut conn = self.0.store.read().await?;
        let by = cross::by_this(&mut conn, (name, now)).await?;
        let to = cross::to_this(&mut conn, (name, now)).await?;
        drop(conn);
        pairs(&to, &by)?.into_iter().for_each(|value| entry.add(A::CrossPair, value));
        Ok(())
    }
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

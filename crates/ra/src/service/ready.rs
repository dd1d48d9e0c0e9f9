//! Lists that two people signed for and that are not carried out to their end; what can't be read is told once
//! and holds up no other.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::Ra;
use crate::error::Error;
use crate::model::{At, Mark, ReadyToRevoke, Revocation, RevocationId, RevocationItem};
use crate::{rules, sql};

/// Changes of status that a reviewer approved, a page of them.
#[derive(Debug, Default)]
pub struct ApprovedChanges {
    /// They are to be carried out, the longest waiting first.
    pub ready: Vec<At>,
    /// Numbers of applications whose row can't be read, with what is wrong: they are not carried out.
    pub unfit: Vec<(String, Error)>,
    /// Where the next page begins; none where there is none.
    pub next: Option<Mark>,
}

/// Most things that are remembered as told.
const MOST_TOLD: usize = 1_000;

/// What was told of rows that can't be read: each thing once, however often it is looked for.
#[derive(Default)]
pub(super) struct Told(Mutex<HashSet<String>>);

impl Told {
    /// Whether that is new.
    fn is_new(&self, text: String) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Of more than that nobody reads each; it is told again rather than remembered without end.
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        told.insert(text)
    }
}

impl Ra {
    /// What was read; nothing where the row itself is wrong, which is told once: the others go on.
    /// A database that doesn't answer is no word about a row.
    pub(super) fn readable<T>(
        &self,
        name: &str,
        found: Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error @ Error::Store(_)) => Err(error),
            Err(error) => {
                self.tell_once(name, &error);
                Ok(None)
            }
        }
    }

    pub(super) fn tell_once(&self, name: &str, error: &Error) {
        if self.0.told.is_new(format!("{name}: {error}")) {
            tracing::error!(name, code = error.code(), %error, "a row is wrong and not worked on");
        }
    }

    /// The revocation of a row that was named.
    pub(super) async fn named(
        &self,
        reader: &mut sql::Connection,
        id: &str,
    ) -> Result<Revocation, Error> {
        let id: RevocationId = id.parse().map_err(|_| Error::Stored("id"))?;
        sql::revocation::load(reader, &id, self.catalogue()).await
    }

    /// Numbers of calls that can't be read, so that neither their stop is made nor its end, with what is wrong.
    pub async fn unfit_calls(&self) -> Result<Vec<(String, Error)>, Error> {
        let (mut reader, mut unfit) = (self.store().read().await?, Vec::new());
        let mut found = Vec::new();
        for (id, number) in sql::revocation::calls(&mut reader, false).await? {
            found.push((number, self.urgent_stop(&mut reader, &id).await.err()));
        }
        for (id, number) in sql::revocation::open_stops(&mut reader).await? {
            found.push((number, self.open_stop(&mut reader, &id).await.err()));
        }
        for (number, wrong) in found {
            match wrong {
                None => {}
                Some(error @ Error::Store(_)) => return Err(error),
                Some(error) => unfit.push((number, error)),
            }
        }
        Ok(unfit)
    }

    /// Lists that two people signed for and that are not carried out to their end: what each is called, and its number.
    pub async fn approved_lists(&self) -> Result<Vec<(String, String)>, Error> {
        sql::revocation::approved(&mut *self.store().read().await?).await
    }

    /// One of them: entered by one person and confirmed by another. Looks at the rows themselves, not at the state
    /// alone. Each list is held against its own signatures, so one that is wrong is named and left, and the others go on
    /// (T-14); one at a time, for each may name ten thousand certificates.
    pub async fn ready_to_revoke(
        &self,
        (id, number): (&str, &str),
    ) -> Result<ReadyToRevoke, Error> {
        let found = self.still_ready(&mut *self.store().read().await?, id).await;
        match &found {
            // That is no word about the list.
            Ok(_) | Err(Error::Store(_)) => {}
            Err(error) => self.tell_once(number, error),
        }
        found
    }

    /// How many of them go on, and the numbers of those that are not as they were signed for, with what is wrong.
    pub async fn unfit_lists(&self) -> Result<(usize, Vec<(String, Error)>), Error> {
        let (mut ready, mut unfit) = (0, Vec::new());
        for (id, number) in self.approved_lists().await? {
            match self.ready_to_revoke((&id, &number)).await {
                Ok(_) => ready += 1,
                Err(error @ Error::Store(_)) => return Err(error),
                Err(error) => unfit.push((number, error)),
            }
        }
        Ok((ready, unfit))
    }

    async fn still_ready(
        &self,
        reader: &mut sql::Connection,
        id: &str,
    ) -> Result<ReadyToRevoke, Error> {
        let revocation = self.named(reader, id).await?;
        let reviewer = revocation.reviewed_by.as_deref().ok_or(Error::Stored("reviewed_by"))?;
        rules::revocation::second_person(&revocation.entered_by, reviewer)?;
        let items = sql::revocation::items(reader, &revocation.id, false).await?;
        let lines: Vec<String> = items.iter().map(RevocationItem::line).collect();
        let hash = rules::revocation::list_hash(lines.iter().map(String::as_str));
        if hash != revocation.list_hash {
            return Err(Error::Stored("list_hash"));
        }
        let open = items.into_iter().filter(|item| item.outcome.is_none()).collect();
        Ok(ReadyToRevoke { revocation, open })
    }
}

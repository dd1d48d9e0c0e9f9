//! The revocation lists in force, read from the CA's tables.
//!
//! That is the list with the highest number, or its spare once the list is past the middle of
//! its window and nobody could make a new one (incident T-11). A list that is over and has no
//! spare is handed out all the same, for no time to be kept: it still says what is revoked, and
//! whoever reads it sees that it is over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gm::sm3;
use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;
use store::Store;

use crate::error::Error;
use crate::model::{Caching, ListName, PublishedList};
use crate::sql::ListRow;
use crate::{rules, sql};

/// Which row the octets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The row of `crl`.
    Published(i64),
    /// The spare of this number.
    Spare(i64),
}

/// Hands out revocation lists. The octets of each list in force are kept once; whether it is
/// still the one in force is asked every time.
#[derive(Debug)]
pub struct Lists {
    store: Store,
    max_age: SignedDuration,
    kept: Mutex<HashMap<ListName, (Source, Arc<PublishedList>)>>,
}

impl Lists {
    /// Lists that caches may keep for `max_age` at most.
    pub fn new(store: Store, max_age: SignedDuration) -> Self {
        Self { store, max_age, kept: Mutex::default() }
    }

    /// The list in force; `None` when none was published under this name.
    ///
    /// # Errors
    /// When the database cannot be read or its row contradicts itself.
    pub async fn current(&self, name: &ListName) -> Result<Option<Arc<PublishedList>>, Error> {
        let mut conn = self.store.read().await?;
        let Some(published) = sql::published(&mut conn, name).await? else {
            return Ok(None);
        };
        if let Some(spare) = self.ready_spare(&mut conn, name, &published).await?
            && let Some(list) = self.spare(&mut conn, name, (&published, &spare)).await?
        {
            return Ok(Some(list));
        }
        let source = Source::Published(published.id);
        if let Some(kept) = self.kept(name, source) {
            return Ok(Some(kept));
        }
        let Some(der) = sql::published_octets(&mut conn, &published).await? else {
            return Ok(None);
        };
        let since = published.published_at()?;
        Ok(Some(self.keep(name, source, list(&published, der, since)?)))
    }

    /// What caches may do with a list at this moment.
    pub fn caching(&self, list: &PublishedList, now: Timestamp) -> Caching {
        rules::caching(&list.etag, list.published_at, list.next_update, now, self.max_age)
    }

    /// The spare whose time has come.
    async fn ready_spare(
        &self,
        conn: &mut AnyConnection,
        name: &ListName,
        published: &ListRow,
    ) -> Result<Option<ListRow>, Error> {
        let now = self.store.clock().now();
        let Some(spare) = sql::spare(conn, name).await? else {
            return Ok(None);
        };
        let serves = rules::spare_serves(&published.window()?, &spare.window()?, now);
        Ok(serves.then_some(spare))
    }

    async fn spare(
        &self,
        conn: &mut AnyConnection,
        name: &ListName,
        (published, spare): (&ListRow, &ListRow),
    ) -> Result<Option<Arc<PublishedList>>, Error> {
        let source = Source::Spare(spare.number);
        if let Some(kept) = self.kept(name, source) {
            return Ok(Some(kept));
        }
        let Some(der) = sql::spare_octets(conn, spare, name.kind).await? else {
            return Ok(None);
        };
        let since = rules::spare_since(&published.window()?, published.published_at()?);
        Ok(Some(self.keep(name, source, list(spare, der, since)?)))
    }

    fn kept(&self, name: &ListName, source: Source) -> Option<Arc<PublishedList>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).filter(|(known, _)| *known == source).map(|(_, list)| list.clone())
    }

    fn keep(&self, name: &ListName, source: Source, list: PublishedList) -> Arc<PublishedList> {
        let list = Arc::new(list);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.clone(), (source, list.clone()));
        list
    }
}

fn list(row: &ListRow, der: Vec<u8>, since: Timestamp) -> Result<PublishedList, Error> {
    let wrong = |_| Error::Stored(format!("crl.number {}", row.number));
    Ok(PublishedList {
        number: u64::try_from(row.number).map_err(wrong)?,
        etag: sm3::hash(&der).to_hex(),
        published_at: since,
        next_update: row.window()?.next_update,
        der: der.into(),
    })
}

//! The revocation lists in force, read from the CA's table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use store::Store;

use crate::error::Error;
use crate::model::{Caching, ListName, PublishedList};
use crate::{rules, sql};

/// Hands out revocation lists. The octets of each list in force are kept once; whether it is
/// still the one in force is asked every time.
#[derive(Debug)]
pub struct Lists {
    store: Store,
    max_age: SignedDuration,
    kept: Mutex<HashMap<ListName, (i64, Arc<PublishedList>)>>,
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
        let Some((id, _number)) = sql::current_list(&mut conn, name).await? else {
            return Ok(None);
        };
        if let Some(kept) = self.kept(name, id) {
            return Ok(Some(kept));
        }
        let Some(list) = sql::list(&mut conn, id).await? else {
            return Ok(None);
        };
        let list = Arc::new(list);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.clone(), (id, list.clone()));
        Ok(Some(list))
    }

    /// What caches may do with a list at this moment.
    pub fn caching(&self, list: &PublishedList, now: Timestamp) -> Caching {
        rules::caching(&list.etag, list.published_at, list.next_update, now, self.max_age)
    }

    fn kept(&self, name: &ListName, id: i64) -> Option<Arc<PublishedList>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).filter(|(known, _)| *known == id).map(|(_, list)| list.clone())
    }
}

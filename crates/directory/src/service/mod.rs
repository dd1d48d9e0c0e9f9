//! The operations: searching, comparing, following what is issued, checking the index, and what
//! another directory should hold.

mod check;
mod entries;
mod follow;
mod lookup;
mod pairs;
mod replica;
mod replica_notes;
mod search;
mod tree;

use std::sync::Arc;

use jiff::Timestamp;
use store::Store;

pub use check::IndexReport;
pub use lookup::ListKey;
pub use replica::{Mirror, Place, Put, Step, Wanted};
pub use replica_notes::Refused;
pub use search::{Found, SearchDone};

use crate::model::{DirectoryConfig, Limits};
use crate::port::Lists;

/// The directory. Clones are the same one.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    store: Store,
    lists: Arc<dyn Lists>,
    config: DirectoryConfig,
    pairs: pairs::Memory,
}

impl Directory {
    /// A directory over this store, with lists from there.
    #[must_use]
    pub fn new(store: Store, lists: Arc<dyn Lists>, config: DirectoryConfig) -> Self {
        Self(Arc::new(Inner { store, lists, config, pairs: pairs::Memory::default() }))
    }

    /// The same entries for others: with other limits and other searchable attributes. Kinds must be
    /// the same, for they share an index.
    #[must_use]
    pub fn with(&self, config: DirectoryConfig) -> Self {
        Self::new(self.0.store.clone(), self.0.lists.clone(), config)
    }

    /// How much one search may take.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.config.limits
    }

    /// How it is set up.
    #[must_use]
    pub fn config(&self) -> &DirectoryConfig {
        &self.0.config
    }

    fn now(&self) -> Timestamp {
        self.0.store.clock().now()
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Directory({})", self.0.config.base)
    }
}

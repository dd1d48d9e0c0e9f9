//! What others have to answer: which revocation list is in force.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::error::Error;

/// Which list of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// Every revoked certificate.
    Full,
    /// The changes since the last full list.
    Delta,
    /// One shard.
    Shard(u32),
}

/// A list in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Its octets.
    pub octets: Bytes,
    /// Until when it counts. Said here, because a list of a million entries is not read for it.
    pub next_update: Timestamp,
}

/// The lists in force. `app` implements it over the status service, whose rule for spares
/// (incident T-11) holds here too.
pub trait Lists: Send + Sync {
    /// The list of the issuer of this name; `None` when there is none.
    fn current<'a>(
        &'a self,
        issuer: &'a str,
        list: List,
    ) -> BoxFuture<'a, Result<Option<InForce>, Error>>;
}

//! What others have to answer: which revocation list is in force.

use bytes::Bytes;
use futures_util::future::BoxFuture;

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

/// The lists in force. `app` implements it over the status service, whose rule for spares
/// (incident T-11) holds here too.
pub trait Lists: Send + Sync {
    /// The octets of a list of the issuer of this name; `None` when there is none.
    fn current<'a>(
        &'a self,
        issuer: &'a str,
        list: List,
    ) -> BoxFuture<'a, Result<Option<Bytes>, Error>>;
}

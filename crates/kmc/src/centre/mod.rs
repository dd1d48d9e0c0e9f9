//! The key centre as the certification side sees it: in the same process, or behind GM/T 0014.

mod local;
mod remote;

pub use local::Local;
pub use remote::{Remote, RemoteConfig, Transport};

use std::future::Future;
use std::pin::Pin;

use pki::Serial;

use crate::error::Error;
use crate::model::{ApplyOrder, IssuedKey, RestoreOrder};

/// An answer on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// What a CA asks of its key centre. Whose orders they are is fixed when the centre is made, so
/// no order can name another CA. Every operation may be repeated when its answer was lost.
pub trait KeyCentre: Send + Sync {
    /// An encryption pair for a certificate that is about to be issued.
    fn apply(&self, order: ApplyOrder) -> Answer<'_, IssuedKey>;

    /// The encryption key of a certificate once more, to the subscriber's new signing key.
    fn restore(&self, order: RestoreOrder) -> Answer<'_, IssuedKey>;

    /// The encryption certificate was revoked: its key goes to the history store.
    fn revoke(&self, cert_serial: Serial) -> Answer<'_, ()>;
}

//! What all parts of an open store share.

use std::sync::Arc;
use std::time::Duration;

use gm::{Device, DeviceError, Digest, Session};
use tokio::sync::{Mutex, Notify};

use crate::anchor::Anchor;
use crate::engine::Pools;
use crate::journal::{AnchorSeen, Finding, Verified};
use crate::keys::Keys;
use crate::reader::Reader;
use crate::standing::StandingCell;
use crate::{Clock, Error, StoreConfig};

pub(crate) struct Core {
    pub(crate) config: StoreConfig,
    pub(crate) pools: Pools,
    pub(crate) device: Arc<dyn Device>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: Keys,
    pub(crate) standing: StandingCell,
    pub(crate) anchor: Arc<Anchor>,
    /// What this store last saw in the anchor.
    pub(crate) seen: AnchorSeen,
    /// Told when the store is closed.
    pub(crate) closing: Notify,
    /// How far records were recomputed from their stored octets; held while a checkpoint is made.
    pub(crate) verified: Mutex<Verified>,
}

impl Core {
    /// Runs blocking work of the device beside the async threads; a busy device is asked again.
    pub(crate) async fn with_device<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Session) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, Error> {
        let device = self.device.clone();
        blocking(move || {
            let mut tries = 0;
            loop {
                let done = device.session().and_then(|mut session| work(&mut *session));
                match done {
                    Err(DeviceError::Busy) if tries < 5 => {
                        tries += 1;
                        std::thread::sleep(Duration::from_millis(20 << tries));
                    }
                    done => return done.map_err(Error::from),
                }
            }
        })
        .await
    }

    /// Stops all commits because of what was found.
    pub(crate) fn halt(&self, finding: &Finding) -> Error {
        self.standing.halt(finding.to_string())
    }

    /// HMAC-SM3 with the key of the head.
    pub(crate) async fn mac(&self, text: String) -> Result<Digest, Error> {
        let label = self.keys.mac.clone();
        self.with_device(move |session| session.hmac(&label, text.as_bytes())).await
    }

    /// Works on the anchor's files beside the async threads.
    pub(crate) async fn with_anchor<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Anchor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let anchor = self.anchor.clone();
        blocking(move || work(&anchor)).await
    }

    pub(crate) async fn reader(&self) -> Result<Reader, Error> {
        Reader::of(&self.pools.readers).await
    }
}

/// Runs blocking work on the threads that tokio keeps for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Closed)?
}

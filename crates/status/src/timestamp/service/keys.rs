//! The keys of the device that sign tokens, and their certificates. Keys overlap: a new one is
//! certified before the old one ends, and signs from then on.

use std::sync::{Arc, PoisonError};

use gm::{KeyInfo, KeyKind, KeyLabel};
use pki::Certificate;
use tracing::warn;

use super::{Inner, TimestampAuthority};
use crate::error::Error;
use crate::timestamp::sql;

/// A key with one of its certificates.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub label: KeyLabel,
    pub certificate: Certificate,
}

impl TimestampAuthority {
    /// Looks for keys and certificates anew. A device that is away keeps what was known.
    ///
    /// # Errors
    /// When the database cannot be read, or a certificate of it.
    pub async fn refresh(&self) -> Result<(), Error> {
        let keys = match of_device(&self.0).await {
            Ok(keys) => keys,
            Err(error) => {
                warn!(%error, "the keys of timestamps are not available");
                return Ok(());
            }
        };
        let mut conn = self.0.store.read().await?;
        let mut held = Vec::new();
        for info in keys {
            let Some(key) = info.public_key else { continue };
            for der in sql::certificates_of_key(&mut conn, &key.fingerprint()).await? {
                let certificate = Certificate::from_der(&der)?;
                held.push(Held { label: info.label.clone(), certificate });
            }
        }
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
        Ok(())
    }
}

/// The keys with our label.
pub(super) async fn of_device(inner: &Arc<Inner>) -> Result<Vec<KeyInfo>, Error> {
    let inner = inner.clone();
    let look = move || {
        let mut keys = inner.ports.device.session()?.keys()?;
        keys.retain(|info| {
            info.kind == KeyKind::Sm2Sign && info.label.as_str().starts_with(inner.config.keys)
        });
        Ok(keys)
    };
    tokio::task::spawn_blocking(look).await.map_err(|_| Error::Closing)?
}

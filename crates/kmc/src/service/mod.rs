//! The operations: load, decide, store, journal; then let the device do its part.
//!
//! A move between stores is committed before the device envelopes the key. When the process dies
//! in between, the CA asks again and gets the same pair: see [`crate::rules::decide_apply`].

mod assignment;
mod ending;
mod generation;
mod recovery;
mod register;

pub use recovery::RecoveredKey;
pub use register::NewOfficer;

use std::sync::Arc;

use gm::{
    Device, DeviceError, KeyKind, KeyLabel, Provenance, PublicKey, RefusedReason, Session,
    WrappedKey,
};
use jiff::Timestamp;
use pki::Serial;
use pki::km::EntityName;
use store::{Actor, Clock, Store};

use crate::error::Error;
use crate::model::{Ca, IssuedKey, RefillPolicy, Retention, Statistics};
use crate::sql;

/// Label of the key that signs answers.
pub const SIGNING_LABEL: &str = "kmc";

/// Label of the key that wraps the private halves.
pub const WRAPPING_LABEL: &str = "kmc-kek";

/// How a centre is set up.
#[derive(Clone, Debug)]
pub struct KmcConfig {
    /// DER of the distinguished name under which the centre answers.
    pub name_der: Vec<u8>,
    /// Serial of the centre's certificate.
    pub certificate_serial: Serial,
    /// The standby store.
    pub refill: RefillPolicy,
    /// The history store.
    pub retention: Retention,
}

/// A key management centre: its own database, its own device. Cheap to clone.
#[derive(Clone)]
pub struct Kmc {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: KmcConfig,
    pub(crate) entity: EntityName,
    device: Arc<dyn Device>,
    public_key: PublicKey,
    signing: KeyLabel,
    wrapping: KeyLabel,
}

impl Kmc {
    /// Opens a centre. Its keys are made on the very first opening only: a centre that has
    /// generated pairs and misses its wrapping key has the wrong device.
    pub async fn open(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        config: KmcConfig,
    ) -> Result<Self, Error> {
        let first = statistics(&store).await?.generated == 0;
        let (signing, wrapping) = (label(SIGNING_LABEL)?, label(WRAPPING_LABEL)?);
        let (keeper, labels) = (device.clone(), (signing.clone(), wrapping.clone()));
        let public_key = blocking(move || own_keys(&*keeper, &labels, first)).await??;
        if first {
            let keeper = device.clone();
            let keys = blocking(move || keeper.session()?.keys()).await??;
            store.note_generated(keys, device.info().provenance()).await?;
        }
        let entity = EntityName::new(&config.name_der, &public_key, config.certificate_serial);
        let inner = Inner { store, clock, config, entity, device, public_key, signing, wrapping };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The key by which answers verify.
    pub fn public_key(&self) -> &PublicKey {
        &self.inner.public_key
    }

    /// The database with the journal.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What the record of a key that is made now says of the device.
    fn provenance(&self) -> Provenance {
        self.inner.device.info().provenance()
    }

    /// The counts of the three stores (GM/T 0038 §7.6.2.5).
    pub async fn statistics(&self) -> Result<Statistics, Error> {
        statistics(&self.inner.store).await
    }

    /// Envelopes a wrapped key to `to`, inside the device.
    async fn envelope(&self, wrapped: WrappedKey, to: PublicKey) -> Result<IssuedKey, Error> {
        let kek = self.inner.wrapping.clone();
        let public_key = wrapped.public_key;
        let enveloped =
            self.on_device(move |session| session.envelope_wrapped(&kek, &wrapped, &to)).await?;
        Ok(IssuedKey { public_key, enveloped })
    }

    /// Signs with the centre's key under the default user ID.
    pub(crate) async fn sign(&self, message: Vec<u8>) -> Result<gm::Signature, Error> {
        let signing = self.inner.signing.clone();
        self.on_device(move |session| session.sign(&signing, &gm::UserId::default(), &message))
            .await
    }

    /// Runs device work off the asynchronous threads.
    async fn on_device<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Session) -> Result<T, DeviceError> + Send + 'static,
    {
        let device = self.inner.device.clone();
        let done = blocking(move || work(&mut *device.session()?)).await?;
        done.map_err(Error::Device)
    }
}

/// Runs work that computes or waits, off the asynchronous threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Interrupted)
}

/// The instant as records and tables hold it.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The CA as an actor of the journal.
fn actor(ca: &Ca) -> Actor {
    Actor::new(format!("ca:{}", ca.id))
}

/// The subject of a record: one CA's certificate serial.
fn subject(ca_id: i64, serial: &Serial) -> String {
    format!("key:{ca_id}/{}", serial.to_hex())
}

async fn statistics(store: &Store) -> Result<Statistics, Error> {
    let mut reader = store.read().await?;
    sql::pairs::statistics(&mut reader).await
}

fn label(text: &str) -> Result<KeyLabel, Error> {
    KeyLabel::new(text).map_err(|_| Error::StoredData("label"))
}

/// The signing key, and the wrapping key beside it.
fn own_keys(
    device: &dyn Device,
    (signing, wrapping): &(KeyLabel, KeyLabel),
    first: bool,
) -> Result<PublicKey, Error> {
    let mut session = device.session()?;
    own_key(&mut *session, wrapping, (KeyKind::Sm4, first))?;
    own_key(&mut *session, signing, (KeyKind::Sm2Sign, first))?
        .public_key
        .ok_or(Error::StoredData("kmc"))
}

fn own_key(
    session: &mut dyn Session,
    label: &KeyLabel,
    (kind, make): (KeyKind, bool),
) -> Result<gm::KeyInfo, Error> {
    match session.key(label) {
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) if make => {
            Ok(session.generate(label, kind)?)
        }
        found => Ok(found?),
    }
}

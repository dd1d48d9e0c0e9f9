//! The gate: what every operation of this crate works with.

mod clients;
mod directory;
mod requests;
mod sessions;

pub use sessions::OpenedSession;

use crate::replay::Window;
use crate::{Action, Error, Permissions, Permit, Principal, Session, rules};
use gm::{Device, DeviceError, KeyKind, KeyLabel, RefusedReason};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use store::{Actor, Clock, Record, Store, Tx};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

/// The device key under which this crate makes form tokens, challenges and verifiers of
/// passphrases (HMAC-SM3), each for its own use.
pub const MAC_KEY: &str = "access-mac";
/// Passphrases that are stretched at a time.
pub(crate) const HASHING: usize = 2;

/// Nonces remembered in memory: five minutes at 1,600 signed requests a second.
const WINDOW_CAPACITY: usize = 500_000;

/// The gate. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    store: Store,
    device: Arc<dyn Device>,
    clock: Arc<dyn Clock>,
    permissions: Permissions,
    window: Window,
    forgotten_at: AtomicI64,
    mac_key: KeyLabel,
    hashing: Arc<Semaphore>,
}

impl Access {
    /// Over the institution's store; tokens and identifiers are drawn from the device.
    pub fn new(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let permissions = Permissions::embedded()?;
        let window = Window::new(WINDOW_CAPACITY);
        let forgotten_at = AtomicI64::new(0);
        let mac_key = mac_key(&*device)?;
        let hashing = Arc::new(Semaphore::new(HASHING));
        Ok(Self(Arc::new(Inner {
            store,
            device,
            clock,
            permissions,
            window,
            forgotten_at,
            mac_key,
            hashing,
        })))
    }

    /// Asks the permission table.
    pub fn permit(&self, principal: &Principal, action: Action) -> Result<Permit, Error> {
        self.0.permissions.permit(principal, action)
    }

    /// Everything that a principal may ask for, each at least for some object.
    pub fn permitted(&self, principal: &Principal) -> Vec<Action> {
        let may = |action: &Action| self.permit(principal, *action).is_ok();
        Action::ALL.iter().copied().filter(may).collect()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn hashing(&self) -> &Arc<Semaphore> {
        &self.0.hashing
    }

    /// HMAC-SM3 by the device, as hexadecimal. What one use yields is nothing for another.
    pub(crate) fn mac(&self, used_for: &str, octets: &[u8]) -> Result<String, Error> {
        let text = [b"yinxin-access/1\n", used_for.as_bytes(), b"\n", octets].concat();
        Ok(self.0.device.session()?.hmac(&self.0.mac_key, &text)?.to_hex())
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut octets = [0; N];
        self.0.device.session()?.fill(&mut octets)?;
        Ok(octets)
    }

    pub(crate) async fn commit<T, F>(&self, unit: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> futures_util::future::BoxFuture<'t, Result<T, Error>>
            + Send
            + 'static,
    {
        self.0.store.commit(unit).await
    }
}

/// `subject` is an identifier; its kind is the first word of the record's kind.
pub(crate) async fn record(
    tx: &mut Tx,
    kind: &'static str,
    actor: Actor,
    subject: &str,
    body: serde_json::Value,
) -> Result<(), Error> {
    let family = kind.split('.').next().unwrap_or(kind);
    tx.append(Record::new(kind, actor, format!("{family}:{subject}"), body)).await?;
    Ok(())
}

pub(crate) fn end_of(session: &Session) -> Result<Timestamp, Error> {
    let end = session.created_at.as_second().saturating_add(rules::ABSOLUTE_SECONDS);
    Timestamp::from_second(end).map_err(|_| Error::Stored("会话时间"))
}

pub(crate) fn whole_seconds(instant: Timestamp) -> Result<Timestamp, Error> {
    Timestamp::from_second(instant.as_second()).map_err(|_| Error::Stored("时间"))
}

/// Whether two texts are the same, without telling by the time where they differ.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Finds the key, or makes it; another node may be quicker.
fn mac_key(device: &dyn Device) -> Result<KeyLabel, Error> {
    let label = KeyLabel::new(MAC_KEY).map_err(|_| Error::Stored("密钥标签"))?;
    let mut session = device.session()?;
    let found = match session.key(&label) {
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => {
            match session.generate(&label, KeyKind::Hmac) {
                Err(DeviceError::Refused(RefusedReason::LabelTaken)) => session.key(&label)?,
                made => made?,
            }
        }
        found => found?,
    };
    if found.kind != KeyKind::Hmac {
        return Err(DeviceError::Refused(RefusedReason::WrongKind).into());
    }
    Ok(label)
}

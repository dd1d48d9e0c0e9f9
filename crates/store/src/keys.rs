//! The keys of the device that the store uses.

use gm::{Device, DeviceError, KeyKind, KeyLabel, PublicKey, RefusedReason, Session};
use tlog::note::NoteKey;

use crate::{Error, Opening, StoreConfig};

/// Signs checkpoints (SM2).
pub const JOURNAL: &str = "journal";
/// Wraps the data keys of blobs (SM4).
pub const SEAL: &str = "store-seal";
/// Makes blind indexes (HMAC-SM3).
pub const INDEX: &str = "store-index";
/// Seals the head of the journal in the database and in the anchor (HMAC-SM3).
pub const ANCHOR_MAC: &str = "anchor-mac";

/// The labels, checked, and the public half that verifies checkpoints.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) journal: KeyLabel,
    pub(crate) seal: KeyLabel,
    pub(crate) index: KeyLabel,
    pub(crate) mac: KeyLabel,
    pub(crate) public: PublicKey,
    pub(crate) note: NoteKey,
}

impl Keys {
    /// Finds the keys; makes missing ones unless the store is to exist already.
    pub(crate) fn find(device: &dyn Device, config: &StoreConfig) -> Result<Self, Error> {
        let mut session = device.session()?;
        let may_make = config.opening != Opening::Existing;
        let mut find = |label, kind| key(&mut *session, label, kind, may_make);
        let (seal, _) = find(SEAL, KeyKind::Sm4)?;
        let (index, _) = find(INDEX, KeyKind::Hmac)?;
        let (mac, _) = find(ANCHOR_MAC, KeyKind::Hmac)?;
        let (journal, public) = find(JOURNAL, KeyKind::Sm2Sign)?;
        let public = public.ok_or_else(|| wrong("日志签名密钥没有公钥"))?;
        let note = NoteKey::new(&config.origin, &public.to_sec1())?;
        Ok(Self { journal, seal, index, mac, public, note })
    }
}

fn key(
    session: &mut dyn Session,
    label: &'static str,
    kind: KeyKind,
    may_make: bool,
) -> Result<(KeyLabel, Option<PublicKey>), Error> {
    let label = KeyLabel::new(label).map_err(|_| wrong("密钥标签无效"))?;
    let found = match session.key(&label) {
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) if may_make => {
            session.generate(&label, kind)?
        }
        found => found?,
    };
    if found.kind != kind {
        return Err(DeviceError::Refused(RefusedReason::WrongKind).into());
    }
    Ok((label, found.public_key))
}

fn wrong(what: &'static str) -> Error {
    Error::Config(what.into())
}

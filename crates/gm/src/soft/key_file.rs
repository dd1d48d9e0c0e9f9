//! The file of one key: public facts in the clear and bound to the sealed secret.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    DeviceError, KeyKind, KeyLabel, PublicKey, Random, RefusedReason, passphrase::derive,
    sm4::NONCE,
};

const FORMAT: &str = "yinxin-soft-key/1";

/// The facts of a key, as they stand in its file.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) label: KeyLabel,
    pub(super) kind: KeyKind,
    pub(super) created: i64,
    pub(super) public_key: Option<PublicKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    label: KeyLabel,
    kind: KeyKind,
    created: i64,
    public_key: Option<String>,
    sealed: String,
}

/// Writes facts and secret; the secret under a key that the master key yields for this label.
pub(super) fn encode(
    facts: &Facts,
    secret: &[u8],
    master: &[u8; 32],
    random: &mut dyn Random,
) -> Result<Vec<u8>, DeviceError> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce)?;
    let sealed = derive(master, &["soft key", facts.label.as_str()])
        .seal_with_nonce(&nonce, &facts.bound(), secret)
        .map_err(|_| RefusedReason::BadInput)?;
    let file = KeyFile {
        format: FORMAT.into(),
        label: facts.label.clone(),
        kind: facts.kind,
        created: facts.created,
        public_key: facts.public_key.map(|key| hex::encode(key.to_sec1())),
        sealed: hex::encode(sealed),
    };
    serde_json::to_vec_pretty(&file).map_err(|cause| DeviceError::Broken(cause.to_string()))
}

/// Reads and opens; none if anything about the file is not as this device wrote it.
pub(super) fn decode(file: &[u8], master: &[u8; 32]) -> Option<(Facts, Zeroizing<Vec<u8>>)> {
    let file: KeyFile = serde_json::from_slice(file).ok()?;
    let public_key = match file.public_key {
        Some(text) => Some(PublicKey::from_sec1(&hex::decode(text).ok()?).ok()?),
        None => None,
    };
    let facts = Facts { label: file.label, kind: file.kind, created: file.created, public_key };
    if file.format != FORMAT {
        return None;
    }
    let secret = derive(master, &["soft key", facts.label.as_str()])
        .open_with_nonce(&facts.bound(), &hex::decode(file.sealed).ok()?)
        .ok()?;
    Some((facts, secret))
}

impl Facts {
    /// What the seal binds. Labels have no line feed, the rest has fixed forms.
    fn bound(&self) -> Vec<u8> {
        let key = self.public_key.map(|key| hex::encode(key.to_sec1()));
        format!(
            "{FORMAT}\n{}\n{:?}\n{}\n{}",
            self.label,
            self.kind,
            self.created,
            key.unwrap_or_default()
        )
        .into_bytes()
    }
}

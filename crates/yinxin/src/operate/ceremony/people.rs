//! What the plans of all ceremonies have in common: who is there, with their share and passphrase files, and how a plan
//! is read.

use std::path::{Path, PathBuf};

use anyhow::Context;
use app::Parts;
use ca::ceremony::{Custodian, Participants, Person, SealedShare};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::Store;
use zeroize::Zeroizing;

use crate::args::DataArgs;
use crate::operate::{runtime, secrets};
use crate::out::Unusable;
use crate::secret;

/// Somebody who takes part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRow {
    id: String,
    name: String,
    office: String,
}

/// Somebody who gets a share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustodianRow {
    id: String,
    name: String,
    office: String,
    passphrase_file: PathBuf,
}

/// Somebody who brings a share that was made before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HolderRow {
    id: String,
    name: String,
    office: String,
    share: PathBuf,
    passphrase_file: PathBuf,
}

impl PersonRow {
    /// The person.
    pub fn person(&self) -> Person {
        Person::new(&self.id, &self.name, &self.office)
    }
}

impl CustodianRow {
    /// The custodian, with the passphrase out of its file.
    pub(super) fn custodian(&self) -> anyhow::Result<Custodian> {
        let person = Person::new(&self.id, &self.name, &self.office);
        Ok(Custodian { person, passphrase: phrase(&self.passphrase_file)? })
    }
}

/// A passphrase out of its file.
fn phrase(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let octets = secret::read(path)?;
    let phrase = String::from_utf8(octets.to_vec())
        .map_err(|_| Unusable::error(format!("口令文件 {} 应为 UTF-8 文本", path.display())))?;
    Ok(Zeroizing::new(phrase))
}

/// Those who bring shares that were made before, and their files.
pub(super) fn holders(rows: Vec<HolderRow>) -> anyhow::Result<(Vec<Custodian>, Vec<SealedShare>)> {
    let (mut custodians, mut shares) = (Vec::new(), Vec::new());
    for row in rows {
        let passphrase = phrase(&row.passphrase_file)?;
        shares.push(SealedShare { path: row.share, passphrase: passphrase.clone() });
        let person = Person::new(row.id, row.name, row.office);
        custodians.push(Custodian { person, passphrase });
    }
    Ok((custodians, shares))
}

/// Everybody who has to do with a ceremony.
pub(super) fn participants(
    leader: &PersonRow,
    witnesses: &[PersonRow],
    custodians: Vec<Custodian>,
    officers: &[PersonRow],
) -> Participants {
    Participants {
        leader: leader.person(),
        witnesses: witnesses.iter().map(PersonRow::person).collect(),
        custodians,
        officers: officers.iter().map(PersonRow::person).collect(),
    }
}

/// A plan out of its file; `what` names it to people.
pub(super) fn read<T: DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("无法读取{what} {}", path.display()))?;
    toml::from_str(&text).map_err(|e| Unusable::error(format!("{what}有误：{e}")))
}

/// Opens the institution's store alone and does something with it.
pub(super) fn with_parts<T>(
    data: &DataArgs,
    work: impl AsyncFnOnce(&Parts, &Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (layout, secrets) = secrets(data)?;
    runtime()?.block_on(async {
        let parts = Parts::of(layout, &secrets)?;
        let store = parts.open_store().await?;
        let done = work(&parts, &store).await;
        store.close().await;
        done
    })
}

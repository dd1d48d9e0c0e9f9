//! Who may ask: certification authorities, and the people of judicial recoveries.

use gm::PublicKey;
use serde_json::json;
use store::{Actor, Record, SealedBlob, Store, Tx};
use zeroize::Zeroizing;

use super::{Kmc, blocking, whole_second};
use crate::error::Error;
use crate::model::{Ca, Text};
use crate::recovery::Party;
use crate::sql::{self, register::Person};

/// A person for the register of judicial recoveries.
#[derive(Clone, Debug)]
pub struct NewOfficer {
    /// The side on which the person stands, for good.
    pub party: Party,
    /// What identifies the person (number of an identity document): kept as a blind index, so that
    /// one person cannot stand on both sides.
    pub identity: Text,
    /// Name and office: kept as a sealed blob.
    pub name: Text,
    /// The SM2 key of the person's certificate.
    pub public_key: PublicKey,
}

impl Kmc {
    /// Registers a CA with the key that signs its requests. The same registration again changes
    /// nothing; a name or key in other hands is refused.
    pub async fn register_ca(
        &self,
        name: Text,
        public_key: PublicKey,
        actor: Actor,
    ) -> Result<Ca, Error> {
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move { register_ca(tx, (&name, public_key), actor).await })
            })
            .await
    }

    /// An open CA by its registered name. In the embedded default the caller is trusted to be it.
    pub async fn ca(&self, name: &str) -> Result<Ca, Error> {
        let mut reader = self.inner.store.read().await?;
        sql::register::ca_by_name(&mut reader, name, false).await?.ok_or(Error::UnknownCa)
    }

    /// Gives a CA another request-signing key.
    pub async fn rekey_ca(
        &self,
        ca: &Ca,
        public_key: PublicKey,
        actor: Actor,
    ) -> Result<Ca, Error> {
        let ca = ca.clone();
        self.inner
            .store
            .commit(move |tx| Box::pin(async move { rekey_ca(tx, (ca, public_key), actor).await }))
            .await
    }

    /// Closes a CA: its orders are refused from now on, its keys stay.
    pub async fn close_ca(&self, ca: &Ca, actor: Actor) -> Result<(), Error> {
        let ca = ca.clone();
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let at = whole_second(tx.now());
                    sql::register::close_ca(tx.conn(), &ca, at).await?;
                    record_ca(tx, ("ca.closed", &ca), actor).await
                })
            })
            .await
    }

    /// Registers a person who may sign recovery records.
    pub async fn register_officer(&self, officer: NewOfficer, actor: Actor) -> Result<(), Error> {
        let name = Zeroizing::new(officer.name.as_str().as_bytes().to_vec());
        let name = self.inner.store.seal_blob(name, "officer-name").await?;
        let (store, name_blob) = (self.inner.store.clone(), name.reference().id.clone());
        let person = blocking(move || person(&store, &officer, name_blob)).await??;
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move { register_officer(tx, (person, name), actor).await })
            })
            .await
    }

    /// Closes a person's entry: later signatures are refused.
    pub async fn close_officer(&self, public_key: PublicKey, actor: Actor) -> Result<(), Error> {
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let at = whole_second(tx.now());
                    if !sql::register::close_officer(tx.conn(), &public_key, at).await? {
                        return Err(Error::UnknownOfficer);
                    }
                    let subject = format!("officer:{}", public_key.fingerprint());
                    tx.append(Record::new("officer.closed", actor, subject, json!({}))).await?;
                    Ok(())
                })
            })
            .await
    }
}

async fn register_ca(
    tx: &mut Tx,
    (name, public_key): (&Text, PublicKey),
    actor: Actor,
) -> Result<Ca, Error> {
    let at = whole_second(tx.now());
    let added = sql::register::add_ca(tx.conn(), (name, &public_key), at).await?;
    let ca = sql::register::ca_by_name(tx.conn(), name.as_str(), false)
        .await?
        .filter(|ca| ca.public_key == public_key)
        .ok_or(Error::CaTaken)?;
    if added {
        record_ca(tx, ("ca.registered", &ca), actor).await?;
    }
    Ok(ca)
}

async fn rekey_ca(
    tx: &mut Tx,
    (mut ca, public_key): (Ca, PublicKey),
    actor: Actor,
) -> Result<Ca, Error> {
    let hash = public_key.fingerprint();
    let holder = sql::register::ca_by_key_hash(tx.conn(), &hash, true).await?;
    if holder.is_some_and(|holder| holder.id != ca.id) {
        return Err(Error::CaTaken);
    }
    sql::register::rekey_ca(tx.conn(), &ca, &public_key).await?;
    ca.public_key = public_key;
    record_ca(tx, ("ca.rekeyed", &ca), actor).await?;
    Ok(ca)
}

async fn record_ca(
    tx: &mut Tx,
    (kind, ca): (&'static str, &Ca),
    actor: Actor,
) -> Result<(), Error> {
    let body = json!({ "name": ca.name(), "public_key": ca.public_key.fingerprint() });
    tx.append(Record::new(kind, actor, format!("ca:{}", ca.id), body)).await?;
    Ok(())
}

fn person(store: &Store, officer: &NewOfficer, name_blob: String) -> Result<Person, Error> {
    Ok(Person {
        party: officer.party,
        index: store.blind_index("recovery_officer.person", officer.identity.as_str())?,
        name_blob,
        public_key: officer.public_key,
    })
}

async fn register_officer(
    tx: &mut Tx,
    (person, name): (Person, SealedBlob),
    actor: Actor,
) -> Result<(), Error> {
    let at = whole_second(tx.now());
    sql::register::add_officer(tx.conn(), &person, at).await?.ok_or(Error::OfficerTaken)?;
    let name = name.insert(tx).await?;
    let body = json!({ "party": person.party.word(), "name": name.to_json() });
    let subject = format!("officer:{}", person.public_key.fingerprint());
    tx.append(Record::new("officer.registered", actor, subject, body)).await?;
    Ok(())
}

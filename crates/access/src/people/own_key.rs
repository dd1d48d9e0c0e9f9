//! Adding a key of one's own: possession is shown with the new key, and a present credential says
//! that it is to be added (GM/T 0034 §6: acts of administrators and operators are signed).

use super::own::{Confirmation, own};
use super::{Key, KeyLabel, NewKey, rules};
use crate::service::{record, whole_seconds};
use crate::{
    Access, ActKind, Challenge, Error, PendingAct, Person, PersonId, Principal, SignedAct, sql,
};
use gm::{PublicKey, Signature, UserId, sm2};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Tx;

impl Access {
    /// Checks a new key, and writes down that it is to be added, for a present key to sign.
    pub async fn prepare_own_key(
        &self,
        principal: &Principal,
        new: &NewKey,
        (challenge, signature): (&Challenge, &Signature),
    ) -> Result<PendingAct, Error> {
        let (person, _) = own(principal)?;
        self.answered(challenge, &new.public_key, signature)?;
        let mut reader = self.store().read().await?;
        is_free(sql::key_by_fingerprint(&mut reader, &new.public_key.fingerprint()).await?)?;
        let keys = sql::keys_of(&mut reader, &person.id).await?;
        drop(reader);
        if !keys.iter().any(|key| rules::is_live(key, self.now())) {
            return Err(Error::NoKey);
        }
        let payload = json!({
            "key": hex::encode(new.public_key.to_sec1()),
            "label": new.label.as_str(),
            "serial": new.certificate,
            "expires_at": new.expires_at.map(|end| end.to_string()),
            "challenge": challenge.text,
            "possession": hex::encode(signature.to_der()),
        });
        self.prepare_act(principal, ActKind::AddKey, &person.id.object(), &payload).await
    }

    /// Adds the key of a signed act.
    pub async fn add_own_key(
        &self,
        principal: &Principal,
        signed: SignedAct,
    ) -> Result<Key, Error> {
        let (person, _) = self.own_act(principal, &signed, ActKind::AddKey)?;
        let new = possessed(signed.payload())?;
        let key = self.key_of(&person.id, new)?;
        self.commit(move |tx| {
            Box::pin(async move { add(tx, &person, key, signed.to_json()).await })
        })
        .await
    }

    /// Adds the first key of a person who has a passphrase and never had a key beside it.
    pub async fn add_own_key_by_passphrase(
        &self,
        principal: &Principal,
        new: NewKey,
        (challenge, signature): (&Challenge, &Signature),
        confirmation: Confirmation<'_>,
    ) -> Result<Key, Error> {
        let (person, _) = own(principal)?;
        let answered = self.answered(challenge, &new.public_key, signature)?;
        let mut reader = self.store().read().await?;
        let keys = sql::keys_of(&mut reader, &person.id).await?;
        let set_at = sql::passphrase_set_at(&mut reader, &person.id).await?;
        drop(reader);
        rules::passphrase_adds_key(&keys, set_at.ok_or(Error::SignIn)?, self.now())?;
        let confirmed = self.confirmed(&person, confirmation).await?;
        let key = self.key_of(&person.id, new)?;
        self.commit(move |tx| {
            Box::pin(async move {
                answered.use_up(tx).await?;
                confirmed.use_up(tx, &person).await?;
                add(tx, &person, key, Value::Null).await
            })
        })
        .await
    }

    fn key_of(&self, person: &PersonId, new: NewKey) -> Result<Key, Error> {
        let NewKey { public_key, label, certificate, expires_at } = new;
        let created_at = whole_seconds(self.now())?;
        let person = person.clone();
        Ok(Key { person, public_key, label, certificate, created_at, expires_at, ended_at: None })
    }
}

async fn add(tx: &mut Tx, person: &Person, key: Key, act: Value) -> Result<Key, Error> {
    if !sql::insert_key(tx.conn(), &key).await? {
        return Err(Error::PersonTaken);
    }
    let body = json!({
        "way": "key",
        "key": hex::encode(key.public_key.to_sec1()),
        "certificate": key.certificate,
        "act": act,
    });
    record(tx, "person.credential_added", person.actor(), person.id.as_str(), body).await?;
    Ok(key)
}

fn is_free(found: Option<Key>) -> Result<(), Error> {
    if found.is_some() { Err(Error::PersonTaken) } else { Ok(()) }
}

/// The key of a payload, if its possession is shown in it.
fn possessed(payload: &Value) -> Result<NewKey, Error> {
    let text = |name: &'static str| {
        payload.get(name).and_then(Value::as_str).ok_or(Error::ActPayload(name))
    };
    let octets = |name| hex::decode(text(name)?).map_err(|_| Error::ActPayload(name));
    let key = PublicKey::from_sec1(&octets("key")?).map_err(|_| Error::ActPayload("key"))?;
    let wrong = || Error::ActPayload("possession");
    let possession = Signature::from_der(&octets("possession")?).map_err(|_| wrong())?;
    let challenge = text("challenge")?.as_bytes();
    sm2::verify(&key, &UserId::default(), challenge, &possession).map_err(|_| wrong())?;
    let label: KeyLabel = text("label")?.parse()?;
    let expires_at = match payload.get("expires_at").and_then(Value::as_str) {
        Some(end) => Some(end.parse::<Timestamp>().map_err(|_| Error::ActPayload("expires_at"))?),
        None => None,
    };
    let certificate = payload.get("serial").and_then(Value::as_str).map(str::to_owned);
    Ok(NewKey { public_key: key, label, certificate, expires_at })
}

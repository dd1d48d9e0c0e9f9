//! Setting one's own passphrase and one-time codes anew, confirmed by a present credential.

use super::enrol::{NewSecret, Prepared};
use super::own::{Confirmation, own};
use super::{Passphrase, rules};
use crate::service::{record, whole_seconds};
use crate::signin::{Stretch, totp};
use crate::{Access, ActKind, Error, PendingAct, Person, Principal, Session, SignedAct, sql};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Store, Tx};

impl Access {
    /// Checks a new passphrase, and writes down that it is to be set, for a present key to sign.
    /// What is written down opens nothing without the keys of the device.
    pub async fn prepare_own_passphrase(
        &self,
        principal: &Principal,
        new: NewSecret<'_>,
    ) -> Result<PendingAct, Error> {
        let (person, _) = own(principal)?;
        let keys = sql::keys_of(&mut *self.store().read().await?, &person.id).await?;
        if !keys.iter().any(|key| rules::is_live(key, self.now())) {
            return Err(Error::NoKey);
        }
        let Prepared { credential, .. } = self.prepared(&person, new).await?;
        let payload = json!({
            "enrolment": new.enrolment,
            "step": credential.last_step,
            "memory_kib": credential.stretch.memory_kib,
            "passes": credential.stretch.passes,
            "lanes": credential.stretch.lanes,
            "salt": credential.salt,
            "verifier": credential.verifier,
        });
        self.prepare_act(principal, ActKind::SetPassphrase, &person.id.object(), &payload).await
    }

    /// Sets the passphrase of a signed act; all other sessions end.
    pub async fn set_own_passphrase(
        &self,
        principal: &Principal,
        signed: SignedAct,
    ) -> Result<(), Error> {
        let (person, session) = self.own_act(principal, &signed, ActKind::SetPassphrase)?;
        let prepared = self.prepared_again(&person, signed.payload()).await?;
        let store = self.store().clone();
        self.commit(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let how = (now, signed.to_json());
                set(&store, tx, (&person, &session), prepared, how).await
            })
        })
        .await
    }

    /// Sets the passphrase of a person without a key, by the present one; all other sessions end.
    pub async fn set_own_passphrase_by_passphrase(
        &self,
        principal: &Principal,
        new: NewSecret<'_>,
        confirmation: Confirmation<'_>,
    ) -> Result<(), Error> {
        let (person, session) = own(principal)?;
        let mut reader = self.store().read().await?;
        let keys = sql::keys_of(&mut reader, &person.id).await?;
        let since = sql::passphrase_set_at(&mut reader, &person.id).await?;
        drop(reader);
        if keys.iter().any(|key| rules::is_live(key, self.now())) {
            return Err(Error::KeyNeeded);
        }
        let prepared = self.prepared(&person, new).await?;
        let confirmed = self.confirmed(&person, confirmation).await?;
        let store = self.store().clone();
        self.commit(move |tx| {
            Box::pin(async move {
                confirmed.use_up(tx, &person).await?;
                // As old as the one that confirmed it: a passphrase adds the first key only.
                let how = (since.unwrap_or(tx.now()), Value::Null);
                set(&store, tx, (&person, &session), prepared, how).await
            })
        })
        .await
    }

    async fn prepared_again(&self, person: &Person, payload: &Value) -> Result<Prepared, Error> {
        let wrong = Error::ActPayload;
        let number = |name: &'static str| {
            payload.get(name).and_then(Value::as_i64).ok_or_else(|| wrong(name))
        };
        let small = |name| u32::try_from(number(name)?).map_err(|_| wrong(name));
        let text = |name: &'static str| {
            payload.get(name).and_then(Value::as_str).ok_or_else(|| wrong(name))
        };
        let secret = self.totp_secret(&person.login, text("enrolment")?)?;
        let sealed = self.store().seal_blob(secret, totp::PURPOSE).await?;
        let credential = Passphrase {
            person: person.id.clone(),
            stretch: Stretch {
                memory_kib: small("memory_kib")?,
                passes: small("passes")?,
                lanes: small("lanes")?,
            },
            salt: text("salt")?.to_owned(),
            verifier: text("verifier")?.to_owned(),
            totp_blob: sealed.reference().id.clone(),
            last_step: number("step")?,
        };
        Ok(Prepared { credential, sealed })
    }
}

async fn set(
    store: &Store,
    tx: &mut Tx,
    (person, session): (&Person, &Session),
    Prepared { credential, sealed }: Prepared,
    (since, act): (Timestamp, Value),
) -> Result<(), Error> {
    if let Some(old) = sql::delete_passphrase(tx.conn(), &person.id).await? {
        store.erase_blob(tx, &old).await?;
    }
    sealed.insert(tx).await?;
    sql::insert_passphrase(tx.conn(), &credential, since).await?;
    let now = whole_seconds(tx.now())?;
    let others = sql::end_other_cookies_of(tx.conn(), (&person.id, &session.id), now).await?;
    let body = json!({ "way": "passphrase", "sessions_ended": others, "act": act });
    record(tx, "person.credential_added", person.actor(), person.id.as_str(), body).await
}

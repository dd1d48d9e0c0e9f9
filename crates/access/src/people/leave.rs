//! How credentials end: somebody leaves, loses them, or the certificate is revoked.

use super::appoint::{appointing, existing, put};
use super::invitation::Created;
use super::rules;
use crate::service::{record, whole_seconds};
use crate::{Access, ActKind, Error, Permit, Person, PersonId, SignedAct, sql};
use serde_json::{Value, json};
use store::{Actor, Store, Tx};

impl Access {
    /// Disables a person for good: sessions, keys, passphrase and invitation end at once
    /// (GM/T 0034 §6: leavers' certificates are revoked at once; revoking is `ca`'s).
    pub async fn disable_person(
        &self,
        permit: &Permit,
        signed: SignedAct,
        id: PersonId,
    ) -> Result<Person, Error> {
        let by = appointing(permit, &signed, ActKind::DisablePerson, &id.object())?.clone();
        let actor = permit.actor();
        let store = self.store().clone();
        self.commit(move |tx| {
            Box::pin(async move {
                let mut person = existing(tx, &id).await?;
                rules::may_appoint(&by, &person.roles)?;
                if person.disabled_at.is_some() {
                    return Ok(person);
                }
                rules::keeps_the_peers(&sql::people(tx.conn()).await?, &person)?;
                person.disabled_at = Some(whole_seconds(tx.now())?);
                sql::update_person(tx.conn(), &person).await?;
                let body = end_credentials(&store, tx, &id, &signed).await?;
                record(tx, "person.disabled", actor, id.as_str(), body).await?;
                Ok(person)
            })
        })
        .await
    }

    /// Invites a person anew, who lost what was needed to sign in. What there was of keys and
    /// passphrase ends at once, and all sessions.
    pub async fn invite_person(
        &self,
        permit: &Permit,
        signed: SignedAct,
        id: PersonId,
    ) -> Result<Created, Error> {
        let by = appointing(permit, &signed, ActKind::InvitePerson, &id.object())?.clone();
        let (actor, invitation) = (permit.actor(), self.new_invitation()?);
        let store = self.store().clone();
        self.commit(move |tx| {
            Box::pin(async move {
                let person = existing(tx, &id).await?;
                rules::admitted(&person)?;
                rules::may_appoint(&by, &person.roles)?;
                let body = end_credentials(&store, tx, &id, &signed).await?;
                put(tx, &id, &invitation).await?;
                record(tx, "person.invited", actor, id.as_str(), body).await?;
                Ok(Created { person, invitation: Some(invitation) })
            })
        })
        .await
    }

    /// Ends the keys whose certificate is revoked or suspended: for `app`, beside the change of
    /// status. Sessions of their holders end too. Returns how many keys.
    pub async fn end_keys_of_certificate(
        &self,
        actor: Actor,
        serial: String,
    ) -> Result<usize, Error> {
        // Hardly any certificate is one of the staff: the others cost no write.
        if !sql::signs_somebody_in(&mut *self.store().read().await?, &serial).await? {
            return Ok(0);
        }
        self.commit(move |tx| Box::pin(async move { Self::end_keys_in(tx, &actor, &serial).await }))
            .await
    }

    /// The same in the unit that changes the certificate: a key never outlives it.
    pub async fn end_keys_in(tx: &mut Tx, actor: &Actor, serial: &str) -> Result<usize, Error> {
        let now = whole_seconds(tx.now())?;
        let holders = sql::end_keys_of_certificate(tx.conn(), serial, now).await?;
        for id in &holders {
            sql::end_cookies_of(tx.conn(), id, now).await?;
            let body = json!({ "certificate": serial });
            record(tx, "person.key_ended", actor.clone(), id.as_str(), body).await?;
        }
        Ok(holders.len())
    }
}

/// Ends everything with which a person can sign in or go on.
async fn end_credentials(
    store: &Store,
    tx: &mut Tx,
    id: &PersonId,
    signed: &SignedAct,
) -> Result<Value, Error> {
    let now = whole_seconds(tx.now())?;
    let keys = sql::end_keys_of(tx.conn(), id, now).await?;
    let sessions = sql::end_cookies_of(tx.conn(), id, now).await?;
    let secret = sql::delete_passphrase(tx.conn(), id).await?;
    if let Some(blob) = &secret {
        store.erase_blob(tx, blob).await?;
    }
    sql::delete_invitation(tx.conn(), id).await?;
    Ok(json!({
        "keys_ended": keys,
        "sessions_ended": sessions,
        "passphrase_ended": secret.is_some(),
        "act": signed.to_json(),
    }))
}

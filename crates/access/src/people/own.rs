//! A person's own credentials: how a new one is confirmed by a present one, and how one ends.

use super::{Credentials, rules};
use crate::service::{record, whole_seconds};
use crate::signin::{Attempt, Seen};
use crate::{
    Access, ActKind, Action, Error, Person, Principal, Session, SignedAct, Source, Via, sql,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Tx;
use zeroize::Zeroizing;

/// The present passphrase with a fresh one-time code, from a person without a key.
#[derive(Debug, Clone, Copy)]
pub struct Confirmation<'a> {
    /// The present passphrase.
    pub passphrase: &'a Zeroizing<String>,
    /// A one-time code that was not used yet.
    pub code: &'a str,
    /// Where the person comes from: failures are counted as those to sign in are.
    pub source: Source,
}

/// That a present passphrase and code were right. Used up in the unit of the change.
#[derive(Debug)]
pub(super) struct Confirmed {
    attempt: Attempt,
    step: i64,
}

impl Confirmed {
    pub(super) async fn use_up(self, tx: &mut Tx, person: &Person) -> Result<(), Error> {
        if !sql::take_step(tx.conn(), &person.id, self.step).await? {
            return Err(Error::SignIn);
        }
        self.attempt.forgive(tx).await
    }
}

/// The person who asks, and the session in which.
pub(super) fn own(principal: &Principal) -> Result<(Person, Session), Error> {
    match (principal.person(), principal.via()) {
        (Some(person), Via::Cookie(session, _)) => Ok((person.clone(), session.clone())),
        _ => Err(Error::PersonNeeded),
    }
}

impl Access {
    /// The person behind an act on the own credentials.
    pub(super) fn own_act(
        &self,
        principal: &Principal,
        signed: &SignedAct,
        kind: ActKind,
    ) -> Result<(Person, Session), Error> {
        let (person, session) = own(principal)?;
        let permit = self.permit(principal, Action::ManageOwnCredentials)?;
        signed.covers(&permit, kind, &person.id.object())?;
        Ok((person, session))
    }

    /// Checks the present passphrase and a fresh code, as at sign-in.
    pub(super) async fn confirmed(
        &self,
        person: &Person,
        confirmation: Confirmation<'_>,
    ) -> Result<Confirmed, Error> {
        let Confirmation { passphrase, code, source } = confirmation;
        let attempt = self.count_attempt(Seen::login(self, person.login.as_str(), source)?).await?;
        let set = sql::passphrase_by_login(&mut *self.store().read().await?, &person.login).await?;
        let fits = self.is_passphrase(passphrase, set.as_ref()).await?;
        match (fits, self.step(set.as_ref(), code).await?) {
            (true, Some(step)) => Ok(Confirmed { attempt, step }),
            _ => {
                self.note_failure(attempt, Some(person.id.clone()), source).await?;
                Err(Error::SignIn)
            }
        }
    }

    /// Ends one of the keys of the person who asks, and all other sessions.
    pub async fn end_own_key(
        &self,
        principal: &Principal,
        fingerprint: String,
    ) -> Result<(), Error> {
        let (person, session) = own(principal)?;
        self.commit(move |tx| {
            Box::pin(async move {
                let now = whole_seconds(tx.now())?;
                if !sql::end_key(tx.conn(), (&person.id, &fingerprint), now).await? {
                    return Err(Error::NoCredential);
                }
                rules::keeps_a_credential(left(tx, &person, now).await?)?;
                let body = json!({ "way": "key", "key": fingerprint });
                ended(tx, (&person, &session), body).await
            })
        })
        .await
    }

    /// Ends the passphrase of the person who asks, and all other sessions.
    pub async fn end_own_passphrase(&self, principal: &Principal) -> Result<(), Error> {
        let (person, session) = own(principal)?;
        let store = self.store().clone();
        self.commit(move |tx| {
            Box::pin(async move {
                let secret = sql::delete_passphrase(tx.conn(), &person.id).await?;
                store.erase_blob(tx, &secret.ok_or(Error::NoCredential)?).await?;
                let now = whole_seconds(tx.now())?;
                rules::keeps_a_credential(left(tx, &person, now).await?)?;
                ended(tx, (&person, &session), json!({ "way": "passphrase" })).await
            })
        })
        .await
    }
}

/// How many credentials are left in this unit.
async fn left(tx: &mut Tx, person: &Person, now: Timestamp) -> Result<usize, Error> {
    let keys = sql::keys_of(tx.conn(), &person.id).await?;
    let has_passphrase = sql::passphrase_set_at(tx.conn(), &person.id).await?.is_some();
    Ok(Credentials { keys, has_passphrase, invited_until: None }.live(now))
}

async fn ended(
    tx: &mut Tx,
    (person, session): (&Person, &Session),
    mut body: Value,
) -> Result<(), Error> {
    let now = whole_seconds(tx.now())?;
    let others = sql::end_other_cookies_of(tx.conn(), (&person.id, &session.id), now).await?;
    if let Some(members) = body.as_object_mut() {
        members.insert("sessions_ended".into(), others.into());
    }
    record(tx, "person.credential_ended", person.actor(), person.id.as_str(), body).await
}

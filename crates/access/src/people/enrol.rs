//! Enrolling the first credential with an invitation.

use super::invitation::code_hash;
use super::{Key, NewKey, Passphrase, rules};
use crate::service::{record, whole_seconds};
use crate::signin::{Attempt, Challenge, Seen, totp};
use crate::{Access, Error, Login, Person, PersonId, Source, sql};
use gm::Signature;
use serde_json::json;
use std::fmt;
use store::Tx;
use zeroize::Zeroizing;

/// What a person enters to set the passphrase.
#[derive(Debug)]
pub struct NewPassphrase<'a> {
    /// The login.
    pub login: &'a str,
    /// The invitation's code, however it was typed.
    pub code: &'a str,
    /// At least twelve characters.
    pub passphrase: &'a Zeroizing<String>,
    /// Whom the person's device names as the issuer of the codes: the institution.
    pub issuer: &'a str,
}

/// What the person's device needs to make one-time codes. Shown only this once.
pub struct Enrolment {
    /// `otpauth://totp/…`, to be shown as a QR code.
    pub uri: Zeroizing<String>,
    /// The same secret in base 32, to be typed.
    pub secret: Zeroizing<String>,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

impl Access {
    /// Sets the passphrase of an invited person and the secret of the one-time codes.
    pub async fn enrol_passphrase(
        &self,
        new: NewPassphrase<'_>,
        source: Source,
    ) -> Result<Enrolment, Error> {
        let login: Login = new.login.parse().map_err(|_| Error::InvitationOver)?;
        rules::is_strong(new.passphrase, &login)?;
        let attempt = self.count_attempt(vec![Seen::source(self, source)?]).await?;
        let enrolled = self.set_passphrase(&new, &login, attempt.clone()).await;
        self.note_refusal(enrolled, attempt, source).await
    }

    async fn set_passphrase(
        &self,
        new: &NewPassphrase<'_>,
        login: &Login,
        attempt: Attempt,
    ) -> Result<Enrolment, Error> {
        let hash = code_hash(new.code)?;
        let invited = self.invited(login).await?;
        let secret = Zeroizing::new(self.random::<20>()?);
        let sealed = self.store().seal_blob(Zeroizing::new(secret.to_vec()), totp::PURPOSE).await?;
        let (stretch, salt, verifier) = self.stretched(new.passphrase).await?;
        let enrolment = totp::enrolment(new.issuer, login, &secret[..]);
        let credential = Passphrase {
            person: invited.id.clone(),
            stretch,
            salt,
            verifier,
            totp_blob: sealed.reference().id.clone(),
            last_step: 0,
        };
        let store = self.store().clone();
        self.commit(move |tx| {
            Box::pin(async move {
                take(tx, &invited.id, &hash).await?;
                if let Some(old) = sql::delete_passphrase(tx.conn(), &invited.id).await? {
                    store.erase_blob(tx, &old).await?;
                }
                sealed.insert(tx).await?;
                let now = tx.now();
                sql::insert_passphrase(tx.conn(), &credential, now).await?;
                attempt.forgive(tx).await?;
                let body = json!({ "way": "passphrase" });
                record(tx, "person.enrolled", invited.actor(), invited.id.as_str(), body).await
            })
        })
        .await?;
        Ok(enrolment)
    }

    /// Enrols the key of an invited person, who signed a challenge with it.
    pub async fn enrol_key(
        &self,
        (login, code): (&str, &str),
        new: NewKey,
        (challenge, signature): (&Challenge, &Signature),
        source: Source,
    ) -> Result<Person, Error> {
        let attempt = self.count_attempt(vec![Seen::source(self, source)?]).await?;
        let proof = (challenge, signature);
        let enrolled = self.set_key((login, code), new, proof, attempt.clone()).await;
        self.note_refusal(enrolled, attempt, source).await
    }

    async fn set_key(
        &self,
        (login, code): (&str, &str),
        new: NewKey,
        (challenge, signature): (&Challenge, &Signature),
        attempt: Attempt,
    ) -> Result<Person, Error> {
        let login: Login = login.parse().map_err(|_| Error::InvitationOver)?;
        let hash = code_hash(code)?;
        let invited = self.invited(&login).await?;
        let answered = self.answered(challenge, &new.public_key, signature)?;
        let NewKey { public_key, label, certificate, expires_at } = new;
        let created_at = whole_seconds(self.now())?;
        let person = invited.id.clone();
        let key =
            Key { person, public_key, label, certificate, created_at, expires_at, ended_at: None };
        self.commit(move |tx| {
            Box::pin(async move {
                answered.use_up(tx).await?;
                take(tx, &invited.id, &hash).await?;
                if !sql::insert_key(tx.conn(), &key).await? {
                    return Err(Error::PersonTaken);
                }
                attempt.forgive(tx).await?;
                let body = json!({ "way": "key", "key": hex::encode(key.public_key.to_sec1()) });
                record(tx, "person.enrolled", invited.actor(), invited.id.as_str(), body).await?;
                Ok(invited)
            })
        })
        .await
    }

    /// A code that was guessed wrong stays counted.
    async fn note_refusal<T>(
        &self,
        outcome: Result<T, Error>,
        attempt: Attempt,
        source: Source,
    ) -> Result<T, Error> {
        if matches!(outcome, Err(Error::InvitationOver | Error::SignIn)) {
            self.note_failure(attempt, None, source).await?;
        }
        outcome
    }

    async fn invited(&self, login: &Login) -> Result<Person, Error> {
        let found = sql::person_by_login(&mut *self.store().read().await?, login).await?;
        let person = found.ok_or(Error::InvitationOver)?;
        rules::admitted(&person).map_err(|_| Error::InvitationOver)?;
        Ok(person)
    }
}

/// Uses the invitation up. A person who left meanwhile has none.
async fn take(tx: &mut Tx, id: &PersonId, hash: &str) -> Result<(), Error> {
    let now = tx.now();
    match sql::take_invitation(tx.conn(), id, hash, now).await? {
        true => Ok(()),
        false => Err(Error::InvitationOver),
    }
}

//! Enrolling the first credential with an invitation.

use super::invitation::code_hash;
use super::{Key, NewKey, Passphrase, rules};
use crate::service::{record, same, whole_seconds};
use crate::signin::{Attempt, Challenge, Seen, totp};
use crate::{Access, Error, Login, Person, PersonId, Source, sql};
use gm::Signature;
use jiff::Timestamp;
use serde_json::json;
use std::fmt;
use store::{SealedBlob, Tx};
use zeroize::Zeroizing;

/// A passphrase with its one-time codes, as a person sets them.
#[derive(Debug, Clone, Copy)]
pub struct NewSecret<'a> {
    /// At least twelve characters.
    pub passphrase: &'a Zeroizing<String>,
    /// What [`Access::begin_enrolment`] drew: names the secret of the one-time codes.
    pub enrolment: &'a str,
    /// The first one-time code: shows that the person's device has the secret.
    pub first_code: &'a str,
}

/// What an invited person enters to set the passphrase.
#[derive(Debug, Clone, Copy)]
pub struct NewPassphrase<'a> {
    /// The login.
    pub login: &'a str,
    /// The invitation's code, however it was typed.
    pub code: &'a str,
    /// What is set.
    pub secret: NewSecret<'a>,
}

/// That an invitation is good; it is not used up by being looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Whose.
    pub person: Person,
    /// When it is too late.
    pub expires_at: Timestamp,
}

/// What the person's device needs to make one-time codes. Shown only while it is enrolled.
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

/// A passphrase that was checked and stretched, not stored yet.
pub(super) struct Prepared {
    pub(super) credential: Passphrase,
    pub(super) sealed: SealedBlob,
}

impl Access {
    /// Names a new secret of one-time codes. Nothing is stored: the secret follows from the name by
    /// a key of the device, so that a form can be shown again with the same one.
    pub fn begin_enrolment(&self) -> Result<String, Error> {
        Ok(hex::encode(self.random::<16>()?))
    }

    /// The secret that a name stands for, for this login. `issuer` is what the person's device
    /// calls the codes: the institution.
    pub fn enrolment(&self, login: &Login, name: &str, issuer: &str) -> Result<Enrolment, Error> {
        Ok(totp::enrolment(issuer, login, &self.totp_secret(login, name)?[..]))
    }

    pub(super) fn totp_secret(
        &self,
        login: &Login,
        name: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let drawn = name.len() == 32 && name.bytes().all(|octet| octet.is_ascii_hexdigit());
        if !drawn {
            return Err(Error::EnrolmentOver);
        }
        let mac = Zeroizing::new(self.mac("totp", format!("{login}\n{name}").as_bytes())?);
        let octets = hex::decode(mac.as_bytes()).map_err(|_| Error::EnrolmentOver)?;
        let mut octets = Zeroizing::new(octets);
        octets.truncate(20);
        Ok(octets)
    }

    /// Who was invited with this code. Guesses are counted as failures to sign in are.
    pub async fn invitation(
        &self,
        (login, code): (&str, &str),
        source: Source,
    ) -> Result<Invited, Error> {
        let attempt = self.count_attempt(vec![Seen::source(self, source)?]).await?;
        let found = self.invited(login, code).await;
        if found.is_ok() {
            let attempt = attempt.clone();
            self.commit(move |tx| Box::pin(attempt.forgive(tx))).await?;
        }
        self.note_refusal(found, attempt, source).await
    }

    /// Sets the passphrase of an invited person and the secret of the one-time codes, of which the
    /// first is shown: nobody is left with a device that makes the wrong ones.
    pub async fn enrol_passphrase(
        &self,
        new: NewPassphrase<'_>,
        source: Source,
    ) -> Result<Person, Error> {
        let attempt = self.count_attempt(vec![Seen::source(self, source)?]).await?;
        let enrolled = self.set_first(&new, attempt.clone()).await;
        self.note_refusal(enrolled, attempt, source).await
    }

    async fn set_first(&self, new: &NewPassphrase<'_>, attempt: Attempt) -> Result<Person, Error> {
        let hash = code_hash(new.code)?;
        let invited = self.invited(new.login, new.code).await?.person;
        let prepared = self.prepared(&invited, new.secret).await;
        if let Err(Error::FirstCode | Error::WeakPassphrase(_)) = &prepared {
            let attempt = attempt.clone();
            self.commit(move |tx| Box::pin(attempt.forgive(tx))).await?;
        }
        let Prepared { credential, sealed } = prepared?;
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
                record(tx, "person.enrolled", invited.actor(), invited.id.as_str(), body).await?;
                Ok(invited)
            })
        })
        .await
    }

    /// Checks what a person sets, and does the work that needs no transaction.
    pub(super) async fn prepared(
        &self,
        person: &Person,
        new: NewSecret<'_>,
    ) -> Result<Prepared, Error> {
        rules::is_strong(new.passphrase, &person.login)?;
        let secret = self.totp_secret(&person.login, new.enrolment)?;
        let step = totp::step_of(&secret, new.first_code, self.now().as_second());
        let last_step = step.ok_or(Error::FirstCode)?;
        let sealed = self.store().seal_blob(secret, totp::PURPOSE).await?;
        let (stretch, salt, verifier) = self.stretched(new.passphrase).await?;
        let totp_blob = sealed.reference().id.clone();
        let person = person.id.clone();
        let credential = Passphrase { person, stretch, salt, verifier, totp_blob, last_step };
        Ok(Prepared { credential, sealed })
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
        let hash = code_hash(code)?;
        let invited = self.invited(login, code).await?.person;
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

    async fn invited(&self, login: &str, code: &str) -> Result<Invited, Error> {
        let over = || Error::InvitationOver;
        let (login, hash) = (login.parse::<Login>().map_err(|_| over())?, code_hash(code)?);
        let mut reader = self.store().read().await?;
        let person = sql::person_by_login(&mut reader, &login).await?.ok_or_else(over)?;
        rules::admitted(&person).map_err(|_| over())?;
        let found = sql::invitation(&mut reader, &person.id).await?;
        let (wanted, expires_at) = found.ok_or_else(over)?;
        let fits = same(wanted.as_bytes(), hash.as_bytes()) && self.now() < expires_at;
        if fits { Ok(Invited { person, expires_at }) } else { Err(over()) }
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

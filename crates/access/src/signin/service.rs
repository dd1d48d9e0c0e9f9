//! The two ways in.

use super::{Attempt, Seen, totp};
use crate::people::{Passphrase, rules as people_rules};
use crate::service::whole_seconds;
use crate::session::{Cookie, Holder};
use crate::{Access, Error, Login, Person, PersonId, Session, Source, Token, Way, sql};
use gm::Signature;
use jiff::Timestamp;
use store::Tx;
use zeroize::Zeroizing;

/// Where somebody comes from.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The address.
    pub source: Source,
    /// The cookie that the browser sent: its session ends, and whoever planted it has nothing.
    pub previous: Option<&'a str>,
}

/// A signed challenge.
#[derive(Debug, Clone, Copy)]
pub struct KeyProof<'a> {
    /// The origin of our pages, from the configuration: never from the request.
    pub origin: &'a str,
    /// [`super::Challenge::id`].
    pub challenge: &'a str,
    /// SM3 of the public key (04 ‖ X ‖ Y) in hexadecimal.
    pub fingerprint: &'a str,
    /// Over [`super::Challenge::text`].
    pub signature: &'a Signature,
}

/// What was typed.
#[derive(Debug, Clone, Copy)]
pub struct PassphraseProof<'a> {
    /// The login.
    pub login: &'a str,
    /// The passphrase.
    pub passphrase: &'a Zeroizing<String>,
    /// The one-time code.
    pub code: &'a str,
}

/// A session that was opened, with its token, that is shown only this once.
#[derive(Debug)]
pub struct SignedIn {
    /// The value of the cookie.
    pub token: Token,
    /// Names the session in records.
    pub session: String,
    /// When it ends however much it is used; 15 minutes without use end it too.
    pub expires_at: Timestamp,
    /// Who signed in; `None` is the applicant of one application.
    pub person: Option<Person>,
}

impl Access {
    /// Signs in by certificate: a challenge signed with a key of the person.
    pub async fn sign_in_by_key(
        &self,
        proof: KeyProof<'_>,
        arrival: Arrival<'_>,
    ) -> Result<SignedIn, Error> {
        let challenge = self.challenge_again(proof.origin, proof.challenge)?;
        let attempt = self.count_attempt(vec![Seen::source(self, arrival.source)?]).await?;
        let judged = self.holder_of_key(proof.fingerprint).await;
        let answered = match &judged {
            Ok((_, key)) => self.answered(&challenge, key, proof.signature),
            Err(_) => Err(Error::SignIn),
        };
        let (Ok((person, _)), Ok(answered)) = (judged, answered) else {
            self.note_failure(attempt, None, arrival.source).await?;
            return Err(Error::SignIn);
        };
        let opening = self.opening(Holder::Person(person.id.clone()), Way::Key, arrival)?;
        let (id, fingerprint) = (person.id.clone(), proof.fingerprint.to_owned());
        self.open(opening, Some(person), move |tx| {
            Box::pin(async move {
                answered.use_up(tx).await?;
                still_admitted(tx, &id).await?;
                still_live(tx, &id, &fingerprint).await?;
                attempt.forgive(tx).await
            })
        })
        .await
    }

    /// Signs in by passphrase and one-time code.
    pub async fn sign_in_by_passphrase(
        &self,
        proof: PassphraseProof<'_>,
        arrival: Arrival<'_>,
    ) -> Result<SignedIn, Error> {
        let seen = Seen::login(self, proof.login, arrival.source)?;
        let attempt = self.count_attempt(seen).await?;
        let (set, decoy) = self.passphrase_or_decoy(proof.login).await?;
        let whose = set.as_ref().map(|set| set.person.clone());
        let measured = set.as_ref().or(decoy.as_ref());
        let fits = self.is_passphrase(proof.passphrase, measured).await?;
        let step = self.step(measured, proof.code).await?;
        match (set, fits, step) {
            (Some(set), true, Some(step)) => {
                self.let_in_by_code(set, step, (attempt, arrival)).await
            }
            _ => {
                self.note_failure(attempt, whose, arrival.source).await?;
                Err(Error::SignIn)
            }
        }
    }

    async fn let_in_by_code(
        &self,
        set: Passphrase,
        step: i64,
        (attempt, arrival): (Attempt, Arrival<'_>),
    ) -> Result<SignedIn, Error> {
        let id = set.person;
        let found = sql::person_by_id(&mut *self.store().read().await?, &id).await?;
        let person = found.ok_or(Error::SignIn)?;
        let opening = self.opening(Holder::Person(id.clone()), Way::Passphrase, arrival)?;
        self.open(opening, Some(person), move |tx| {
            Box::pin(async move {
                still_admitted(tx, &id).await?;
                if !sql::take_step(tx.conn(), &id, step).await? {
                    return Err(Error::SignIn);
                }
                attempt.forgive(tx).await
            })
        })
        .await
    }

    /// Opens a session for the applicant of one application. The caller has just checked
    /// number and check code, and counts the failures of those.
    pub async fn open_applicant_session(
        &self,
        application: &str,
        arrival: Arrival<'_>,
    ) -> Result<SignedIn, Error> {
        let holder = Holder::Applicant(application.to_owned());
        let opening = self.opening(holder, Way::CheckCode, arrival)?;
        self.open(opening, None, |_| Box::pin(async { Ok(()) })).await
    }

    fn opening(
        &self,
        holder: Holder,
        way: Way,
        arrival: Arrival<'_>,
    ) -> Result<(Cookie, Option<String>), Error> {
        let now = whole_seconds(self.now())?;
        let id = hex::encode(self.random::<16>()?);
        let session = Session { id, created_at: now, last_used_at: now };
        let source = arrival.source.network();
        let previous = arrival.previous.map(str::to_owned);
        Ok((Cookie { session, holder, way, source }, previous))
    }

    async fn holder_of_key(&self, fingerprint: &str) -> Result<(Person, gm::PublicKey), Error> {
        let mut reader = self.store().read().await?;
        let key = sql::key_by_fingerprint(&mut reader, fingerprint).await?;
        let key = key.filter(|key| people_rules::is_live(key, self.now())).ok_or(Error::SignIn)?;
        let person = sql::person_by_id(&mut reader, &key.person).await?.ok_or(Error::SignIn)?;
        people_rules::admitted(&person).map_err(|_| Error::SignIn)?;
        Ok((person, key.public_key))
    }

    /// Both are always looked up, so that it takes as long whether or not there is such a login.
    async fn passphrase_or_decoy(
        &self,
        login: &str,
    ) -> Result<(Option<Passphrase>, Option<Passphrase>), Error> {
        let nobody: Result<Login, Error> = "no-such-login".parse();
        let login = login.parse().or(nobody)?;
        let mut reader = self.store().read().await?;
        let decoy = sql::any_passphrase(&mut reader).await?;
        Ok((sql::passphrase_by_login(&mut reader, &login).await?, decoy))
    }

    pub(crate) async fn step(
        &self,
        set: Option<&Passphrase>,
        code: &str,
    ) -> Result<Option<i64>, Error> {
        let Some(set) = set else { return Ok(None) };
        let secret = self.store().open_blob(&set.totp_blob).await?;
        Ok(totp::step_of(&secret, code, self.now().as_second()))
    }
}

/// A key that ended while the signature was checked lets nobody in: what was read before the unit is only what
/// was true then.
async fn still_live(tx: &mut Tx, id: &PersonId, fingerprint: &str) -> Result<(), Error> {
    let now = tx.now();
    let key = sql::key_by_fingerprint(tx.conn(), fingerprint).await?;
    let key = key.filter(|key| key.person == *id && people_rules::is_live(key, now));
    key.map(drop).ok_or(Error::SignIn)
}

/// A person who left while the signature was checked is not let in.
async fn still_admitted(tx: &mut Tx, id: &PersonId) -> Result<(), Error> {
    let person = sql::person_by_id(tx.conn(), id).await?.ok_or(Error::SignIn)?;
    people_rules::admitted(&person).map_err(|_| Error::SignIn)
}

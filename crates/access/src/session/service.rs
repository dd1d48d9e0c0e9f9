//! Opening, using and ending sessions of browsers.

use super::Cookie;
use crate::model::COOKIE_TOKEN;
use crate::people::rules as people_rules;
use crate::service::{end_of, record, whole_seconds};
use crate::signin::SignedIn;
use crate::{
    Access, ActKind, Action, Error, Permit, Person, PersonId, Principal, Session, SignedAct, Token,
    Via, Way, Who, rules, sql,
};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::Tx;

/// A session of a person, for the page that lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Its name and times.
    pub session: Session,
    /// How it was opened.
    pub way: Way,
    /// From which network.
    pub source: String,
}

impl Access {
    /// Opens a session in the unit that lets its holder in, and ends the browser's earlier one.
    pub(crate) async fn open<F>(
        &self,
        (cookie, previous): (Cookie, Option<String>),
        person: Option<Person>,
        let_in: F,
    ) -> Result<SignedIn, Error>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), Error>> + Send + 'static,
    {
        let token = Token::from_random(COOKIE_TOKEN, &self.random()?);
        let hash = Token::hash(COOKIE_TOKEN, token.as_str())?;
        let (session, expires_at) = (cookie.session.id.clone(), end_of(&cookie.session)?);
        self.commit(move |tx| {
            Box::pin(async move {
                let_in(tx).await?;
                let now = whole_seconds(tx.now())?;
                if let Some(old) = previous.and_then(|old| Token::hash(COOKIE_TOKEN, &old).ok()) {
                    sql::end_cookie(tx.conn(), &old, now).await?;
                }
                sql::forget_cookies(tx.conn(), a_day_before(now)).await?;
                sql::insert_cookie(tx.conn(), &cookie, &hash).await?;
                let body = json!({ "way": cookie.way.name(), "source": cookie.source });
                record(tx, "session.opened", cookie.holder.actor(), &cookie.session.id, body).await
            })
        })
        .await?;
        Ok(SignedIn { token, session, expires_at, person })
    }

    /// Who holds this cookie.
    pub async fn authenticate_cookie(&self, token: &str) -> Result<Principal, Error> {
        let now = self.now();
        let hash = Token::hash(COOKIE_TOKEN, token)?;
        let found = sql::cookie_by_token(&mut *self.store().read().await?, &hash).await?;
        let (session, way, who) = found.ok_or(Error::SessionOver)?;
        rules::is_open(&session, now)?;
        if let Who::Person(person) = &who {
            people_rules::admitted(person).map_err(|_| Error::SessionOver)?;
        }
        if rules::is_touch_due(&session, now) {
            // As with clients: a store that accepts no writes must not lock readers out.
            let id = session.id.clone();
            let _ = self
                .commit(move |tx| {
                    Box::pin(async move { sql::touch_cookie(tx.conn(), &id, now).await })
                })
                .await;
        }
        Ok(Principal::new(who, Via::Cookie(session, way)))
    }

    /// Gives a session another token: the old one is worth nothing from now on. The end of
    /// the session stays where it was.
    pub async fn rotate_cookie(&self, token: &str) -> Result<SignedIn, Error> {
        let principal = self.authenticate_cookie(token).await?;
        let session = principal.session().ok_or(Error::SessionOver)?;
        let fresh = Token::from_random(COOKIE_TOKEN, &self.random()?);
        let old = Token::hash(COOKIE_TOKEN, token)?;
        let new = Token::hash(COOKIE_TOKEN, fresh.as_str())?;
        let rotated = self
            .commit(move |tx| {
                Box::pin(async move { sql::rotate_cookie(tx.conn(), &old, &new).await })
            })
            .await?;
        if !rotated {
            return Err(Error::SessionOver);
        }
        Ok(SignedIn {
            token: fresh,
            session: session.id.clone(),
            expires_at: end_of(session)?,
            person: principal.person().cloned(),
        })
    }

    /// Signs out: ends the session of a cookie. Doing it twice changes nothing.
    pub async fn sign_out(&self, token: &str) -> Result<(), Error> {
        let Ok(hash) = Token::hash(COOKIE_TOKEN, token) else { return Ok(()) };
        let found = sql::cookie_by_token(&mut *self.store().read().await?, &hash).await?;
        let Some((_, _, who)) = found else { return Ok(()) };
        self.commit(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                if let Some(id) = sql::end_cookie(tx.conn(), &hash, now).await? {
                    record(tx, "session.ended", who.actor(), &id, json!({})).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Ends all sessions of the person who asks, this one too. Returns how many.
    pub async fn end_all(&self, principal: &Principal) -> Result<u64, Error> {
        let person = principal.person().ok_or(Error::PersonNeeded)?;
        self.end_all_sessions(principal.actor(), person.id.clone(), None).await
    }

    /// Ends all sessions of somebody else, in a signed act on [`PersonId::object`]. Returns how
    /// many.
    pub async fn end_all_of(
        &self,
        permit: &Permit,
        signed: SignedAct,
        id: PersonId,
    ) -> Result<u64, Error> {
        permit.covers(Action::ManageSessions)?;
        signed.covers(permit, ActKind::EndSessions, &id.object())?;
        self.end_all_sessions(permit.actor(), id, Some(signed)).await
    }

    /// The open sessions of the person who asks, the newest first.
    pub async fn open_sessions(&self, principal: &Principal) -> Result<Vec<OpenSession>, Error> {
        let person = principal.person().ok_or(Error::PersonNeeded)?;
        self.sessions(&person.id).await
    }

    /// The open sessions of a person, for whoever may see people.
    pub async fn sessions_of(
        &self,
        permit: &Permit,
        id: &PersonId,
    ) -> Result<Vec<OpenSession>, Error> {
        permit.covers(Action::ReadPeople)?;
        self.sessions(id).await
    }

    async fn sessions(&self, id: &PersonId) -> Result<Vec<OpenSession>, Error> {
        let now = self.now();
        let all = sql::cookies_of(&mut *self.store().read().await?, id).await?;
        let open = all.into_iter().filter(|cookie| rules::is_open(&cookie.session, now).is_ok());
        let shown = |Cookie { session, way, source, .. }| OpenSession { session, way, source };
        Ok(open.map(shown).collect())
    }

    async fn end_all_sessions(
        &self,
        actor: store::Actor,
        id: PersonId,
        signed: Option<SignedAct>,
    ) -> Result<u64, Error> {
        self.commit(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let ended = sql::end_cookies_of(tx.conn(), &id, now).await?;
                let act = signed.map(|signed| signed.to_json());
                let body = json!({ "sessions_ended": ended, "act": act });
                record(tx, "person.sessions_ended", actor, id.as_str(), body).await?;
                Ok(ended)
            })
        })
        .await
    }
}

/// Sessions are over long before, and the journal knows them.
fn a_day_before(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN)
}

//! Sessions of clients: opened by a signed request, used by a bearer token.

use super::{Access, end_of, record, whole_seconds};
use crate::model::CLIENT_TOKEN;
use crate::{Error, Principal, Session, Token, Via, Who, rules, sql};
use jiff::Timestamp;
use serde_json::json;

/// A session with its token, that is shown only this once.
#[derive(Debug)]
pub struct OpenedSession {
    /// What the client sends as `Authorization: Bearer …`.
    pub token: Token,
    /// Names the session in records.
    pub id: String,
    /// When it ends however much it is used; 15 minutes without use end it too.
    pub expires_at: Timestamp,
}

impl Access {
    /// Opens a session for a client that has just signed.
    pub async fn open_session(&self, principal: &Principal) -> Result<OpenedSession, Error> {
        if *principal.via() != Via::Signature {
            return Err(Error::SignatureNeeded);
        }
        let (token, hash) = self.new_token()?;
        let now = whole_seconds(self.0.clock.now())?;
        let session =
            Session { id: hex::encode(self.random::<16>()?), created_at: now, last_used_at: now };
        let opened = OpenedSession { token, id: session.id.clone(), expires_at: end_of(&session)? };
        let client = principal.client().ok_or(Error::SignatureNeeded)?.id.clone();
        let actor = principal.actor();
        self.commit(move |tx| {
            Box::pin(async move {
                sql::insert_session(tx.conn(), &session, &client, &hash).await?;
                record(tx, "session.opened", actor, &session.id, json!({})).await
            })
        })
        .await?;
        Ok(opened)
    }

    /// Who holds this token.
    pub async fn authenticate_session(&self, token: &str) -> Result<Principal, Error> {
        let now = self.0.clock.now();
        let hash = Token::hash(CLIENT_TOKEN, token)?;
        let found = sql::session_by_token(&mut *self.0.store.read().await?, &hash).await?;
        let (session, client) = found.ok_or(Error::SessionOver)?;
        rules::is_open(&session, now)?;
        rules::admitted(&client)?;
        if rules::is_touch_due(&session, now) {
            // A store that accepts no writes must not lock readers out: the session then
            // ends after 15 minutes, which is the safe side.
            let id = session.id.clone();
            let _ = self
                .commit(move |tx| {
                    Box::pin(async move { sql::touch_session(tx.conn(), &id, now).await })
                })
                .await;
        }
        Ok(Principal::new(Who::Client(client), Via::Session(session)))
    }

    /// Gives the session another token; the old one is worth nothing from now on. The
    /// end of the session stays where it was.
    pub async fn rotate_session(&self, token: &str) -> Result<OpenedSession, Error> {
        let principal = self.authenticate_session(token).await?;
        let Via::Session(session) = principal.via() else {
            return Err(Error::SessionOver);
        };
        let (fresh, new_hash) = self.new_token()?;
        let old_hash = Token::hash(CLIENT_TOKEN, token)?;
        let now = self.0.clock.now();
        let rotated = self
            .commit(move |tx| {
                Box::pin(
                    async move { sql::rotate_session(tx.conn(), &old_hash, &new_hash, now).await },
                )
            })
            .await?;
        if !rotated {
            return Err(Error::SessionOver);
        }
        Ok(OpenedSession { token: fresh, id: session.id.clone(), expires_at: end_of(session)? })
    }

    /// Ends the session of a token.
    pub async fn end_session(&self, token: &str) -> Result<(), Error> {
        let principal = self.authenticate_session(token).await?;
        let Via::Session(session) = principal.via().clone() else {
            return Err(Error::SessionOver);
        };
        let actor = principal.actor();
        self.commit(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                if sql::end_session(tx.conn(), &session.id, now).await? {
                    record(tx, "session.ended", actor, &session.id, json!({})).await?;
                }
                Ok(())
            })
        })
        .await
    }

    fn new_token(&self) -> Result<(Token, String), Error> {
        let token = Token::from_random(CLIENT_TOKEN, &self.random()?);
        let hash = Token::hash(CLIENT_TOKEN, token.as_str())?;
        Ok((token, hash))
    }
}

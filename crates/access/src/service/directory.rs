//! Signing in to the directory (LDAP simple bind): by the name of an API client and a secret that the
//! program drew for it. Failures are counted as those of people are; nothing tells whether a name exists.

use super::{Access, record, same, whole_seconds};
use crate::signin::{Seen, settle};
use crate::{Action, Client, ClientId, ClientName, Error, Permit, Source, rules, sql};
use serde_json::json;
use store::{Actor, Tx};
use zeroize::Zeroizing;

/// Octets of a secret: nobody guesses 192 bits, so no stretching is needed.
const OCTETS: usize = 24;
/// Of the sign-ins of one client the journal tells one in so many seconds.
const HOUR: i64 = 3600;
const USE: &str = "directory-secret";

impl Access {
    /// Draws a secret for a client, in place of the one before. It is told once and kept nowhere.
    ///
    /// # Errors
    /// When there is no such client, or it is disabled.
    pub async fn draw_directory_secret(
        &self,
        permit: &Permit,
        id: ClientId,
    ) -> Result<Zeroizing<String>, Error> {
        permit.covers(Action::ManageClients)?;
        let secret = Zeroizing::new(hex::encode(self.random::<OCTETS>()?));
        let (verifier, actor) = (self.mac(USE, secret.as_bytes())?, permit.actor());
        self.commit(move |tx| {
            Box::pin(async move {
                let client = existing(tx, &id).await?;
                rules::admitted(&client)?;
                let now = whole_seconds(tx.now())?;
                sql::put_directory_secret(tx.conn(), &id, (&verifier, now)).await?;
                record(tx, "client.directory-secret-drawn", actor, id.as_str(), json!({})).await
            })
        })
        .await?;
        Ok(secret)
    }

    /// Takes the secret of a client away. Doing it twice changes nothing.
    ///
    /// # Errors
    /// When there is no such client.
    pub async fn remove_directory_secret(
        &self,
        permit: &Permit,
        id: ClientId,
    ) -> Result<(), Error> {
        permit.covers(Action::ManageClients)?;
        let actor = permit.actor();
        self.commit(move |tx| {
            Box::pin(async move {
                existing(tx, &id).await?;
                if sql::remove_directory_secret(tx.conn(), &id).await? {
                    let kind = "client.directory-secret-removed";
                    record(tx, kind, actor, id.as_str(), json!({})).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The client of this name and secret. A name that nobody has, a client without a secret and a wrong
    /// secret are told alike, take the same work, and count the same. The right secret counts as nothing,
    /// however often it comes at once.
    ///
    /// # Errors
    /// [`Error::SignIn`], or [`Error::Locked`] after too many failures.
    pub async fn bind_directory(
        &self,
        name: &str,
        secret: &[u8],
        source: Source,
    ) -> Result<Client, Error> {
        // Names of clients and logins of people are counted apart.
        let seen = Seen::login(self, &format!("ldap {name}"), source)?;
        self.may_attempt(&seen).await?;
        let (given, name) = (self.mac(USE, secret)?, name.parse::<ClientName>().ok());
        let found = self.commit(move |tx| {
            Box::pin(async move {
                let known = match &name {
                    Some(name) => sql::client_with_secret(tx.conn(), name).await?,
                    None => None,
                };
                let kept = known.as_ref().map_or("", |(_, verifier)| verifier.as_str());
                let is_right = same(given.as_bytes(), kept.as_bytes());
                let client = known.filter(|_| is_right).map(|(client, _)| client);
                settle(tx, seen, client.is_some(), source).await?;
                match client {
                    Some(client) => bound(tx, client, source).await.map(Some),
                    // The failure stays counted.
                    None => Ok(None),
                }
            })
        });
        found.await?.ok_or(Error::SignIn)
    }
}

/// The journal tells of a client's sign-ins, once an hour.
async fn bound(tx: &mut Tx, client: Client, source: Source) -> Result<Client, Error> {
    let now = tx.now().as_second();
    if sql::is_first_bind(tx.conn(), &client.id, (now, now - HOUR)).await? {
        let (id, body) = (client.id.as_str(), json!({ "source": source.network() }));
        record(tx, "client.directory-bound", Actor::client(id), id, body).await?;
    }
    Ok(client)
}

async fn existing(tx: &mut Tx, id: &ClientId) -> Result<Client, Error> {
    let client = sql::client_by_id(tx.conn(), id).await?;
    client.ok_or_else(|| Error::UnknownClient(id.to_string()))
}

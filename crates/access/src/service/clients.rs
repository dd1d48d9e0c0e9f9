//! Creating, changing and disabling clients.

use super::{Access, record, whole_seconds};
use crate::{Action, Client, ClientId, Error, NewClient, Permit, Roles, rules, sql};
use serde_json::json;
use store::{Actor, Tx};

impl Access {
    /// Creates the first client, in the name of the ceremony: only while there is none.
    pub async fn create_first_client(&self, new: NewClient) -> Result<Client, Error> {
        let client = self.client_of(new)?;
        self.commit(move |tx| {
            Box::pin(async move {
                if !sql::clients(tx.conn()).await?.is_empty() {
                    return Err(Error::NotFirst);
                }
                insert(tx, Actor::system(), client).await
            })
        })
        .await
    }

    /// The client that holds a key, if any does: for a founding that was cut off and is run again.
    pub async fn client_by_key(&self, key: &gm::PublicKey) -> Result<Option<Client>, Error> {
        sql::client_by_key(&mut *self.0.store.read().await?, key).await
    }

    /// Creates a client.
    pub async fn create_client(&self, permit: &Permit, new: NewClient) -> Result<Client, Error> {
        permit.covers(Action::ManageClients)?;
        let client = self.client_of(new)?;
        let actor = permit.actor();
        self.commit(move |tx| Box::pin(insert(tx, actor, client))).await
    }

    /// Disables a client for good and ends its sessions. Doing it twice changes nothing.
    pub async fn disable_client(&self, permit: &Permit, id: ClientId) -> Result<Client, Error> {
        permit.covers(Action::ManageClients)?;
        let actor = permit.actor();
        self.commit(move |tx| {
            Box::pin(async move {
                let mut client = existing(tx, &id).await?;
                if client.disabled_at.is_some() {
                    return Ok(client);
                }
                rules::keeps_an_admin(&sql::clients(tx.conn()).await?, &client)?;
                let now = whole_seconds(tx.now())?;
                client.disabled_at = Some(now);
                sql::update_client(tx.conn(), &client).await?;
                let sessions = sql::end_sessions_of(tx.conn(), &id, now).await?;
                record(
                    tx,
                    "client.disabled",
                    actor,
                    id.as_str(),
                    json!({ "sessions_ended": sessions }),
                )
                .await?;
                Ok(client)
            })
        })
        .await
    }

    /// Gives a client other roles. Its sessions act by them from the next request on.
    pub async fn change_roles(
        &self,
        permit: &Permit,
        id: ClientId,
        roles: Roles,
    ) -> Result<Client, Error> {
        permit.covers(Action::ManageClients)?;
        roles.of_clients()?;
        let actor = permit.actor();
        self.commit(move |tx| {
            Box::pin(async move {
                let mut client = existing(tx, &id).await?;
                rules::admitted(&client)?;
                if !roles.contains(crate::Role::Admin) {
                    rules::keeps_an_admin(&sql::clients(tx.conn()).await?, &client)?;
                }
                let body = json!({ "from": client.roles.to_string(), "to": roles.to_string() });
                client.roles = roles;
                sql::update_client(tx.conn(), &client).await?;
                record(tx, "client.roles_changed", actor, id.as_str(), body).await?;
                Ok(client)
            })
        })
        .await
    }

    /// Whether a client of this identifier is let in, and is an application.
    pub async fn is_application(&self, id: &str) -> Result<bool, Error> {
        let Ok(id) = id.parse::<ClientId>() else { return Ok(false) };
        let found = sql::client_by_id(&mut *self.0.store.read().await?, &id).await?;
        let is_one = |client: Client| {
            client.disabled_at.is_none() && client.roles.contains(crate::Role::Application)
        };
        Ok(found.is_some_and(is_one))
    }

    /// All clients, oldest first.
    pub async fn clients(&self, permit: &Permit) -> Result<Vec<Client>, Error> {
        permit.covers(Action::ReadClients)?;
        sql::clients(&mut *self.0.store.read().await?).await
    }

    fn client_of(&self, new: NewClient) -> Result<Client, Error> {
        let NewClient { name, public_key, roles } = new;
        roles.of_clients()?;
        let id = ClientId::from_random(self.random()?);
        let created_at = whole_seconds(self.0.clock.now())?;
        Ok(Client { id, name, public_key, roles, created_at, disabled_at: None })
    }
}

async fn insert(tx: &mut Tx, actor: Actor, client: Client) -> Result<Client, Error> {
    if !sql::insert_client(tx.conn(), &client).await? {
        return Err(Error::Taken);
    }
    let body = json!({
        "name": client.name.as_str(),
        "public_key": hex::encode(client.public_key.to_sec1()),
        "roles": client.roles.to_string(),
    });
    record(tx, "client.created", actor, client.id.as_str(), body).await?;
    Ok(client)
}

async fn existing(tx: &mut Tx, id: &ClientId) -> Result<Client, Error> {
    let client = sql::client_by_id(tx.conn(), id).await?;
    client.ok_or_else(|| Error::UnknownClient(id.to_string()))
}

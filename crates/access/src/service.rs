//! Operations: look up, decide, store, journal.

use crate::model::CLIENT_TOKEN;
use crate::replay::Window;
use crate::signature::{Claim, Incoming};
use crate::{
    Action, Client, ClientId, Error, NewClient, Permissions, Permit, Principal, Roles, Session,
    Token, Via, Who, rules, sql,
};
use gm::{Device, DeviceError, KeyKind, KeyLabel, RefusedReason};
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{Actor, Clock, Record, Store, Tx};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

/// The device key under which this crate makes form tokens, challenges and verifiers of
/// passphrases (HMAC-SM3), each for its own use.
const MAC_KEY: &str = "access-mac";
/// Passphrases that are stretched at a time.
const HASHING: usize = 2;

/// Nonces remembered in memory: five minutes at 1,600 signed requests a second.
const WINDOW_CAPACITY: usize = 500_000;
/// Expired nonces are deleted this often.
const FORGET_SECONDS: i64 = 60;

/// The gate. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    store: Store,
    device: Arc<dyn Device>,
    clock: Arc<dyn Clock>,
    permissions: Permissions,
    window: Window,
    forgotten_at: AtomicI64,
    mac_key: KeyLabel,
    hashing: Semaphore,
}

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
    /// Over the institution's store; tokens and identifiers are drawn from the device.
    pub fn new(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let permissions = Permissions::embedded()?;
        let window = Window::new(WINDOW_CAPACITY);
        let forgotten_at = AtomicI64::new(0);
        let mac_key = mac_key(&*device)?;
        let hashing = Semaphore::new(HASHING);
        Ok(Self(Arc::new(Inner {
            store,
            device,
            clock,
            permissions,
            window,
            forgotten_at,
            mac_key,
            hashing,
        })))
    }

    /// Asks the permission table.
    pub fn permit(&self, principal: &Principal, action: Action) -> Result<Permit, Error> {
        self.0.permissions.permit(principal, action)
    }

    /// Who signed this request. The nonce is used up.
    pub async fn authenticate(&self, request: &Incoming<'_>) -> Result<Principal, Error> {
        let now = self.0.clock.now();
        let claim = Claim::read(request, now)?;
        let client = self.known(&claim.client().clone()).await?;
        let proven = claim.verify(&client.public_key)?;
        rules::admitted(&client)?;
        self.0.window.burn(client.id.as_str(), &proven.nonce, proven.until, now.as_second())?;
        if !request.is_safe() {
            self.burn(client.id.clone(), proven.nonce, proven.until).await?;
        }
        Ok(Principal::new(Who::Client(client), Via::Signature))
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

    /// All clients, oldest first.
    pub async fn clients(&self, permit: &Permit) -> Result<Vec<Client>, Error> {
        permit.covers(Action::ReadClients)?;
        sql::clients(&mut *self.0.store.read().await?).await
    }

    async fn known(&self, id: &ClientId) -> Result<Client, Error> {
        let client = sql::client_by_id(&mut *self.0.store.read().await?, id).await?;
        client.ok_or_else(|| Error::UnknownClient(id.to_string()))
    }

    async fn burn(&self, client: ClientId, nonce: String, until: i64) -> Result<(), Error> {
        let now = self.0.clock.now();
        let forget = self.is_forgetting_due(now.as_second());
        let fresh = self
            .commit(move |tx| {
                Box::pin(async move {
                    if forget {
                        sql::forget_nonces(tx.conn(), now).await?;
                    }
                    sql::burn_nonce(tx.conn(), &client, &nonce, until).await
                })
            })
            .await?;
        if fresh { Ok(()) } else { Err(Error::Replayed) }
    }

    fn is_forgetting_due(&self, now: i64) -> bool {
        let last = self.0.forgotten_at.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= FORGET_SECONDS;
        let swap = |next| {
            self.0.forgotten_at.compare_exchange(last, next, Ordering::Relaxed, Ordering::Relaxed)
        };
        due && swap(now).is_ok()
    }

    fn client_of(&self, new: NewClient) -> Result<Client, Error> {
        let NewClient { name, public_key, roles } = new;
        roles.of_clients()?;
        let id = ClientId::from_random(self.random()?);
        let created_at = whole_seconds(self.0.clock.now())?;
        Ok(Client { id, name, public_key, roles, created_at, disabled_at: None })
    }

    fn new_token(&self) -> Result<(Token, String), Error> {
        let token = Token::from_random(CLIENT_TOKEN, &self.random()?);
        let hash = Token::hash(CLIENT_TOKEN, token.as_str())?;
        Ok((token, hash))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn hashing(&self) -> &Semaphore {
        &self.0.hashing
    }

    /// HMAC-SM3 by the device, as hexadecimal. What one use yields is nothing for another.
    pub(crate) fn mac(&self, used_for: &str, octets: &[u8]) -> Result<String, Error> {
        let text = [b"yinxin-access/1\n", used_for.as_bytes(), b"\n", octets].concat();
        Ok(self.0.device.session()?.hmac(&self.0.mac_key, &text)?.to_hex())
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut octets = [0; N];
        self.0.device.session()?.fill(&mut octets)?;
        Ok(octets)
    }

    pub(crate) async fn commit<T, F>(&self, unit: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> futures_util::future::BoxFuture<'t, Result<T, Error>>
            + Send
            + 'static,
    {
        self.0.store.commit(unit).await
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

/// `subject` is an identifier; its kind is the first word of the record's kind.
pub(crate) async fn record(
    tx: &mut Tx,
    kind: &'static str,
    actor: Actor,
    subject: &str,
    body: serde_json::Value,
) -> Result<(), Error> {
    let family = kind.split('.').next().unwrap_or(kind);
    tx.append(Record::new(kind, actor, format!("{family}:{subject}"), body)).await?;
    Ok(())
}

pub(crate) fn end_of(session: &Session) -> Result<Timestamp, Error> {
    let end = session.created_at.as_second().saturating_add(rules::ABSOLUTE_SECONDS);
    Timestamp::from_second(end).map_err(|_| Error::Stored("会话时间"))
}

pub(crate) fn whole_seconds(instant: Timestamp) -> Result<Timestamp, Error> {
    Timestamp::from_second(instant.as_second()).map_err(|_| Error::Stored("时间"))
}

/// Whether two texts are the same, without telling by the time where they differ.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Finds the key, or makes it; another node may be quicker.
fn mac_key(device: &dyn Device) -> Result<KeyLabel, Error> {
    let label = KeyLabel::new(MAC_KEY).map_err(|_| Error::Stored("密钥标签"))?;
    let mut session = device.session()?;
    let found = match session.key(&label) {
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => {
            match session.generate(&label, KeyKind::Hmac) {
                Err(DeviceError::Refused(RefusedReason::LabelTaken)) => session.key(&label)?,
                made => made?,
            }
        }
        found => found?,
    };
    if found.kind != KeyKind::Hmac {
        return Err(DeviceError::Refused(RefusedReason::WrongKind).into());
    }
    Ok(label)
}

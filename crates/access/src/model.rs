//! Clients, their roles, their sessions, and who stands behind a request.

use crate::Error;
use gm::PublicKey;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use store::Actor;
use zeroize::Zeroizing;

/// 128 random bits in lower-case hexadecimal; the `keyid` of signatures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    pub(crate) fn from_random(octets: [u8; 16]) -> Self {
        Self(hex::encode(octets))
    }

    /// The 32 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digit = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(digit) {
            Ok(Self(text.into()))
        } else {
            Err(Error::Id)
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What people call a client: 1 to 64 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientName(String);

impl ClientName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let fits = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.into())) } else { Err(Error::Name) }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a client is allowed as; see `permissions.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// 业务管理员.
    Admin,
    /// 业务操作员.
    Operator,
    /// 审计员.
    Auditor,
    /// 只读.
    Reader,
}

impl Role {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Operator, Self::Auditor, Self::Reader];

    /// The name in tables and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Reader => "reader",
        }
    }

    /// The name for people.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Admin => "业务管理员",
            Self::Operator => "业务操作员",
            Self::Auditor => "审计员",
            Self::Reader => "只读",
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let role = Self::ALL.into_iter().find(|role| role.name() == text);
        role.ok_or(Error::Roles("可用的角色是 admin、operator、auditor、reader"))
    }
}

/// The roles of a client: at least one, and auditors are nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Joins roles; who audits does not act (GM/T 0034 §6.1).
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Result<Self, Error> {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        if roles.is_empty() {
            return Err(Error::Roles("至少要有一个角色"));
        }
        if roles.contains(&Role::Auditor) && roles.len() > 1 {
            return Err(Error::Roles("审计员不得兼任其他角色"));
        }
        Ok(Self(roles))
    }

    /// Whether this is one of them.
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// In the order of [`Role::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Role::name).collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Roles {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let roles: Result<Vec<Role>, Error> =
            text.split(',').map(|name| name.trim().parse()).collect();
        Self::new(roles?)
    }
}

/// A program that may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its `keyid`.
    pub id: ClientId,
    /// What people call it.
    pub name: ClientName,
    /// Its requests verify under this key, with the default user ID.
    pub public_key: PublicKey,
    /// What it is allowed as.
    pub roles: Roles,
    /// Whole seconds.
    pub created_at: Timestamp,
    /// Since when it is not let in any more.
    pub disabled_at: Option<Timestamp>,
}

/// What is needed to create a client.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// What people call it; unique.
    pub name: ClientName,
    /// Its key; unique, also among disabled clients.
    pub public_key: PublicKey,
    /// What it is allowed as.
    pub roles: Roles,
}

/// A session as stored: its token is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names the session in records; not the token.
    pub id: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
}

/// A bearer token: `yxs_` and 256 random bits in base64url. Zeroized when dropped.
pub struct Token(Zeroizing<String>);

impl Token {
    const PREFIX: &'static str = "yxs_";

    pub(crate) fn from_random(octets: &[u8; 32]) -> Self {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets);
        Self(Zeroizing::new(format!("{}{text}", Self::PREFIX)))
    }

    /// What the client sends after `Bearer `.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database keeps of a token that was sent.
    pub(crate) fn hash(text: &str) -> Result<String, Error> {
        let length = Self::PREFIX.len() + 43;
        if text.len() != length || !text.starts_with(Self::PREFIX) {
            return Err(Error::SessionOver);
        }
        Ok(gm::sm3::hash(text.as_bytes()).to_hex())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How a principal showed who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// By the signature of this request.
    Signature,
    /// By the token of a session.
    Session(Session),
}

/// Who stands behind a request. Made only by [`crate::Access`] after a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    client: Client,
    via: Via,
}

impl Principal {
    pub(crate) fn new(client: Client, via: Via) -> Self {
        Self { client, via }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How it showed who it is.
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// Its name in the journal.
    pub fn actor(&self) -> Actor {
        Actor::client(self.client.id.as_str())
    }
}

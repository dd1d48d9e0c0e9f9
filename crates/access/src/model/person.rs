//! People of the institution and of its registration offices.

use super::{PersonId, Role, Roles};
use crate::Error;
use crate::people::rules;
use gm::PublicKey;
use jiff::Timestamp;
use pki::name::is_line;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;
use store::Actor;

/// What a person types to sign in: 3 to 32 of `a-z 0-9 . _ -`, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Login(String);

impl Login {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let letter = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        let fits = (3..=32).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(letter);
        if fits { Ok(Self(text.into())) } else { Err(Error::Login) }
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a person: 1 to 64 characters, all of which people can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was kept: names from before a rule came stay what they are.
    pub(crate) const fn kept(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for PersonName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if is_line(text, 1..=64) { Ok(Self(text.into())) } else { Err(Error::PersonName) }
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Never used again.
    pub id: PersonId,
    /// Unique, also among leavers.
    pub login: Login,
    /// As on the badge.
    pub name: PersonName,
    /// What the person is allowed as.
    pub roles: Roles,
    /// The registration office (注册机构) where the person works; `None` is the institution itself.
    pub office: Option<String>,
    /// Whole seconds.
    pub created_at: Timestamp,
    /// Since when the person is not let in any more.
    pub disabled_at: Option<Timestamp>,
}

impl Person {
    /// The roles that this person may give and take (GM/T 0034 §6).
    pub fn appoints(&self) -> Vec<Role> {
        rules::appointable(self)
    }

    /// Fails if these are not all roles that this person may give and take.
    pub fn may_appoint(&self, roles: &Roles) -> Result<(), Error> {
        rules::may_appoint(self, roles)
    }

    /// The name in the journal.
    pub fn actor(&self) -> Actor {
        Actor::new(format!("person:{}", self.id))
    }
}

/// What is needed to create a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// Unique, also among leavers.
    pub login: Login,
    /// As on the badge.
    pub name: PersonName,
    /// What the person is allowed as.
    pub roles: Roles,
    /// The registration office; `None` is the institution itself.
    pub office: Option<String>,
    /// The public key of the person's certificate, if there is one already. Who has none gets
    /// an invitation.
    pub key: Option<PublicKey>,
}

impl NewPerson {
    /// As the payload of a signed act.
    pub fn to_json(&self) -> Value {
        json!({
            "login": self.login.as_str(),
            "name": self.name.as_str(),
            "roles": self.roles.to_string(),
            "office": self.office,
            "key": self.key.map(|key| hex::encode(key.to_sec1())),
        })
    }

    /// From the payload of a signed act.
    pub fn from_json(value: &Value) -> Result<Self, Error> {
        let text = |name: &'static str| {
            value.get(name).and_then(Value::as_str).ok_or(Error::ActPayload(name))
        };
        let optional = |name| value.get(name).and_then(Value::as_str);
        let key = optional("key").map(|digits| {
            let octets = hex::decode(digits).map_err(|_| Error::ActPayload("key"))?;
            PublicKey::from_sec1(&octets).map_err(|_| Error::ActPayload("key"))
        });
        Ok(Self {
            login: text("login")?.parse()?,
            name: text("name")?.parse()?,
            roles: text("roles")?.parse()?,
            office: optional("office").map(str::to_owned),
            key: key.transpose()?,
        })
    }
}

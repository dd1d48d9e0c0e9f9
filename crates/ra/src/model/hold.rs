//! Holds (暂停). A certificate is suspended as long as one stands; each has its own source and its own way of
//! being lifted (Measures Art. 18; ADR 6).

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Source};
use crate::error::Error;

/// The name of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HoldId(String);

impl HoldId {
    /// The hold that comes of `origin` as the `number`th of a certificate: asked again, the same name.
    pub(crate) fn of(serial: &str, origin: &str, number: u64) -> Self {
        let hash = gm::sm3::hash(format!("{serial}\n{origin}\n{number}").as_bytes()).to_hex();
        Self(hash.chars().take(32).collect())
    }

    /// Its letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HoldId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits =
            |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        match (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::Unknown { what: "暂停", name: text.chars().take(64).collect() }),
        }
    }
}

impl TryFrom<String> for HoldId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<HoldId> for String {
    fn from(id: HoldId) -> Self {
        id.0
    }
}

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hold that is to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// The signing certificate of the pair.
    pub serial: String,
    /// On whose word.
    pub source: Source,
    /// The ground; none where a program of the institution gave none.
    pub ground: Option<String>,
    /// What it comes of: `application:…`, `revocation:…`, `act:…`, `client:…`.
    pub origin: String,
}

/// A hold that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub id: HoldId,
    /// The signing certificate of the pair.
    pub serial: String,
    /// On whose word.
    pub source: Source,
    /// The ground, where it is known.
    pub ground: Option<String>,
    /// What it comes of.
    pub origin: String,
    /// Who acted, as the journal names it.
    pub set_by: String,
    /// Since when.
    pub since: Timestamp,
}

impl Hold {
    /// Whether a program of the institution set it, not a person: an API client or the system itself. What
    /// a stranger's proof set is not for programs to lift.
    #[must_use]
    pub fn is_of_program(&self) -> bool {
        let is_program = self.set_by == "system" || self.set_by.starts_with("client:");
        self.source == Source::Institution && is_program
    }

    /// Why, in words that say no more than the kind of case.
    #[must_use]
    pub fn title(&self, catalogue: Option<&Catalogue>) -> String {
        let ground = self.ground.as_deref().and_then(|name| catalogue?.ground(name).ok());
        match ground {
            Some(ground) => ground.told(),
            None if self.source == Source::Holder => "持有人申请暂停".to_owned(),
            None => format!("{}要求暂停", self.source.chinese()),
        }
    }

    /// Who can lift it, and whom to ask.
    #[must_use]
    pub fn lifted_by(&self) -> &'static str {
        match self.is_of_program() {
            true => "由本机构查明后解除；请与本机构联系",
            false => self.source.lifted_by(),
        }
    }
}

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldEnd {
    /// By whoever has power over it.
    Lifted,
    /// Its call was not confirmed.
    Rejected,
    /// Nobody decided on its call in time.
    Lapsed,
    /// Its holder resumed the certificate, and the call ended with that.
    Closed,
    /// The certificate was revoked.
    Revoked,
}

impl HoldEnd {
    /// The word in the database and in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lifted => "lifted",
            Self::Rejected => "rejected",
            Self::Lapsed => "lapsed",
            Self::Closed => "closed",
            Self::Revoked => "revoked",
        }
    }
}

/// On what somebody lifts holds: each basis reaches its own holds alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Power {
    /// The holder's application, proofed and approved.
    Holder,
    /// A unit's letter; whether the unit is itself the holder's side of the agreement.
    Unit {
        /// It is.
        is_party: bool,
    },
    /// A document of a court or another authority, entered by one person and reviewed by another.
    Authority,
    /// The same of the cryptography administration.
    Regulator,
    /// The institution, by a person: as the journal names who signs.
    Institution {
        /// `person:…`.
        by: String,
    },
    /// A program of the institution.
    Program,
    /// The end of the call that made it: `revocation:…`.
    Call {
        /// The call.
        origin: String,
    },
}

/// Which holds are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Every one that the basis reaches.
    Reached,
    /// These.
    These(Vec<HoldId>),
}

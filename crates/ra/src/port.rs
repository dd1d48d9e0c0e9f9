//! What others have to answer: whether a key is certified, and what a public database says.

use futures_util::future::BoxFuture;
use gm::PublicKey;
use pki::{Serial, SubjectInput};
use store::Tx;

use crate::model::{Delivery, Element};

/// Whether a key has a certificate of this institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certified {
    /// It never had one.
    Never,
    /// It has: this is the serial of the signing certificate.
    InForce(Serial),
    /// It had.
    Ended,
}

/// A certificate that an application is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Serial of the signing certificate of the pair, whichever of the two was named.
    pub serial: Serial,
    /// Its kind: `person`, `unit`, …
    pub kind: String,
    /// Whose it is, as it says.
    pub subject: SubjectInput,
    /// How it stands.
    pub standing: Standing,
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Good,
    /// 已暂停.
    Suspended,
    /// 已撤销.
    Revoked,
    /// Its time is over.
    Over,
}

impl Standing {
    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Good => "有效",
            Self::Suspended => "已暂停",
            Self::Revoked => "已撤销",
            Self::Over => "已过期",
        }
    }
}

/// The register of certificates and their keys. `app` implements it over the CA.
pub trait KeyRegister: Send + Sync {
    /// Whether this key is or was certified. An error is a fault, never a no.
    fn certified<'a>(&'a self, key: &'a PublicKey) -> BoxFuture<'a, Result<Certified, String>>;

    /// The certificate of this serial, if there is one for subscribers.
    fn certificate<'a>(&'a self, serial: &'a Serial)
    -> BoxFuture<'a, Result<Option<Held>, String>>;

    /// The same for many, in their order: a list of ten thousand is no ten thousand questions.
    fn certificates<'a>(
        &'a self,
        serials: &'a [Serial],
    ) -> BoxFuture<'a, Result<Vec<Option<Held>>, String>>;
}

/// Takes what is to be told along into the unit that is its cause, so that neither is without the other.
pub trait Post: Send + Sync {
    /// Writes and seals the messages of a delivery; what comes back puts them into the unit.
    fn seal<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Result<Enclosed, String>>;
}

/// Messages on their way into a unit.
pub type Enclosed =
    Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), store::Error>> + Send>;

/// What a public database says about one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It agrees.
    Matched,
    /// It does not.
    Mismatched,
    /// Nobody answered: this proves nothing (Invariant 11).
    Unavailable,
}

impl Answer {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Mismatched => "mismatched",
            Self::Unavailable => "unavailable",
        }
    }

    /// The answer of a word in the database.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::Matched, Self::Mismatched, Self::Unavailable];
        all.into_iter().find(|answer| answer.word() == word)
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Matched => "一致",
            Self::Mismatched => "不一致",
            Self::Unavailable => "没有答复",
        }
    }
}

/// A lawfully opened public database.
pub trait PublicData: Send + Sync {
    /// What it is called; stands in the record of each answer.
    fn source(&self) -> &str;

    /// Asks about one element, with the others that identify whose it is.
    fn ask<'a>(&'a self, element: &'a Element, with: &'a [Element]) -> BoxFuture<'a, Answer>;
}

/// No public database is connected: nothing is answered, so nothing passes by it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl PublicData for Offline {
    fn source(&self) -> &str {
        "未接入公共数据接口"
    }

    fn ask<'a>(&'a self, _: &'a Element, _: &'a [Element]) -> BoxFuture<'a, Answer> {
        Box::pin(std::future::ready(Answer::Unavailable))
    }
}

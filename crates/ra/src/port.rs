//! What others have to answer: whether a key is certified, and what a public database says.

use futures_util::future::BoxFuture;
use gm::PublicKey;
use pki::Serial;

use crate::model::Element;

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

/// The register of certified keys. `app` implements it over the CA.
pub trait KeyRegister: Send + Sync {
    /// Whether this key is or was certified. An error is a fault, never a no.
    fn certified<'a>(&'a self, key: &'a PublicKey) -> BoxFuture<'a, Result<Certified, String>>;
}

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

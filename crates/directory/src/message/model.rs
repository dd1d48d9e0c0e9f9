//! What messages say.

use zeroize::Zeroizing;

use crate::model::{AttributeType, Filter};

use super::code::ResultCode;

/// Control of pages (RFC 2696).
pub const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// Extended operation StartTLS (RFC 4511 §4.14).
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// Extended operation "Who am I?" (RFC 4532).
pub const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number; answers have the same.
    pub id: u32,
    /// What is wanted.
    pub operation: Operation,
    /// What goes with it.
    pub controls: Vec<Control>,
}

/// A control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Which.
    pub oid: String,
    /// Whether the operation must not be done without it.
    pub is_critical: bool,
    /// Its value.
    pub value: Option<Vec<u8>>,
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// To sign in.
    Bind {
        /// Of the protocol; 3.
        version: u32,
        /// As whom.
        name: Vec<u8>,
        /// How.
        authentication: Authentication,
    },
    /// To end.
    Unbind,
    /// To find.
    Search(Box<SearchRequest>),
    /// To know whether a value is there.
    Compare {
        /// Of which entry.
        dn: Vec<u8>,
        /// Of which attribute.
        attribute: Vec<u8>,
        /// Which value.
        value: Vec<u8>,
    },
    /// To let go of an earlier operation.
    Abandon,
    /// Something beyond the protocol.
    Extended {
        /// What.
        oid: String,
        /// With what.
        value: Option<Vec<u8>>,
    },
    /// To change something.
    Write(Write),
}

/// How a client signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// By a password, which may be empty.
    Simple(Passphrase),
    /// By SASL.
    Sasl,
}

/// What a client says to show that it is the one; never printed, wiped when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(pub(super) Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// An operation that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// modify.
    Modify,
    /// add.
    Add,
    /// delete.
    Delete,
    /// modify the name.
    Rename,
}

/// What is searched from a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// It alone.
    Base,
    /// What is right below it.
    One,
    /// It and all below it.
    Subtree,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// From where.
    pub base: Vec<u8>,
    /// How deep.
    pub scope: Scope,
    /// Most entries; 0: as many as the server gives.
    pub size_limit: u32,
    /// Most seconds; 0: as many as the server takes.
    pub time_limit: u32,
    /// Whether values are left out.
    pub types_only: bool,
    /// Which entries.
    pub filter: Filter,
    /// Which attributes.
    pub attributes: Vec<Vec<u8>>,
    /// SM3 of the request: names the search between its pages.
    pub digest: [u8; 32],
}

impl SearchRequest {
    /// A search below `base` by a filter, without limits of its own.
    #[must_use]
    pub fn subtree(base: &str, filter: Filter) -> Self {
        Self {
            base: base.into(),
            scope: Scope::Subtree,
            size_limit: 0,
            time_limit: 0,
            types_only: false,
            filter,
            attributes: Vec::new(),
            digest: [0; 32],
        }
    }

    /// A search that reads one entry.
    #[must_use]
    pub fn entry(base: &str) -> Self {
        let filter = Filter::Present(Some(AttributeType::ObjectClass));
        Self { scope: Scope::Base, ..Self::subtree(base, filter) }
    }
}

/// What a client wants of pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// Entries of a page; 0: none, the search is given up.
    pub size: u32,
    /// The mark of the page before; empty for the first.
    pub cookie: Vec<u8>,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The result.
    pub code: ResultCode,
    /// The part of a name that is there, where not all is.
    pub matched: String,
    /// For people.
    pub diagnostic: String,
}

impl Outcome {
    /// Done.
    #[must_use]
    pub const fn success() -> Self {
        Self { code: ResultCode::Success, matched: String::new(), diagnostic: String::new() }
    }

    /// Ended otherwise.
    #[must_use]
    pub fn new(code: ResultCode, diagnostic: &str) -> Self {
        Self { code, matched: String::new(), diagnostic: diagnostic.to_owned() }
    }
}

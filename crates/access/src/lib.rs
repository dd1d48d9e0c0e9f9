//! Who may ask: API clients, signed requests, sessions, and the permission table.
//!
//! A request is signed with the client's SM2 key in the form of RFC 9421 ([`signature`]),
//! or bears the token of a session that a signed request opened. Either way it yields a
//! [`Principal`]; [`Access::permit`] asks the permission table (`permissions.toml`) and
//! yields a [`Permit`], that nobody else can make and without which nothing here changes.
//! Denied is what is not allowed; auditors and readers change nothing.
//!
//! Acts with legal meaning (a client is created, disabled, given other roles; a session is
//! opened or ended) are journal records in the transaction of the change.
//!
//! Not here: people, their offices and their sign-in; HTTP itself: [`Incoming`] is what a
//! door hands in, [`Error`] says with [`Error::is_authentication`] which answer fits.
//!
//! Standards: RFC 9421 (HTTP message signatures), RFC 9530 (content digest), RFC 6750 (bearer
//! tokens), GM/T 0034 §6 (separated roles of the institution's people).

mod act;
mod error;
mod model;
mod permission;
mod replay;
mod rules;
mod service;
pub mod signature;
mod sql;

pub use act::{ActKind, PendingAct, SignedAct};
pub use error::Error;
pub use model::{
    Client, ClientId, ClientName, Login, NewClient, NewPerson, Person, PersonId, PersonName,
    Principal, Role, Roles, Session, Source, Token, Via, Way, Who,
};
pub use permission::{Action, Limit, Object, Permissions, Permit, Scope};
pub use service::{Access, OpenedSession};
pub use signature::{Incoming, Outgoing, SignedHeaders};

//! Who may ask: people and API clients, how they show who they are, and the permission table.
//!
//! A program signs its requests with its SM2 key in the form of RFC 9421 ([`signature`]), or
//! bears the token of a session that a signed request opened. A person signs in with a certificate,
//! or with passphrase and one-time code, and has a cookie; an applicant has one for a single
//! application. Either way it yields a [`Principal`]; [`Access::permit`] asks the permission
//! table (`permissions.toml`) and yields a [`Permit`], that nobody else can make and without
//! which nothing here changes. Denied is what is not allowed; a permit may reach only the objects
//! of one office or of one applicant; auditors and readers change nothing.
//!
//! What administrators and operators do they sign with their own keys: [`SignedAct`].
//!
//! Acts with legal meaning (somebody is created, disabled, given other roles; a session is opened
//! or ended; personal data is unmasked) are journal records in the transaction of the change.
//!
//! Not here: HTTP itself, cookies and pages: [`Incoming`] is what a door hands in,
//! [`Error`] says with [`Error::is_authentication`] which answer fits.
//!
//! Standards: RFC 9421 (HTTP message signatures), RFC 9530 (content digest), RFC 6750 (bearer
//! tokens), RFC 6238 (one-time codes), RFC 9106 (Argon2), GM/T 0034 §6 (separated roles of the
//! institution's people).

mod act;
mod error;
mod model;
mod people;
mod permission;
mod replay;
mod rules;
mod service;
mod session;
pub mod signature;
mod signin;
mod sql;
mod unmask;

pub use act::{ActKind, PendingAct, SignedAct};
pub use error::Error;
pub use model::{
    Client, ClientId, ClientName, Login, NewClient, NewPerson, Person, PersonId, PersonName,
    Principal, Role, Roles, Session, Source, Token, Via, Way, Who,
};
pub use people::{
    Confirmation, Created, Credentials, Custodians, Enrolment, Invitation, Invited, Key, KeyLabel,
    NewKey, NewPassphrase, NewSecret, PeoplePage, PeopleQuery, PersonChange, SignInRecord,
};
pub use permission::{Action, Limit, Object, Permissions, Permit, Scope};
pub use service::{Access, MAC_KEY, OpenedSession};
pub use session::OpenSession;
pub use signature::{Incoming, Outgoing, SignedHeaders};
pub use signin::{Arrival, Challenge, KeyProof, PassphraseProof, SignedIn};
pub use unmask::Unmasked;

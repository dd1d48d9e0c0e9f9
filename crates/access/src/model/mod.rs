//! Who there is: clients, people, their roles, their sessions, and who stands behind a request.

mod client;
mod id;
mod person;
mod principal;
mod role;
mod session;

pub use client::{Client, ClientName, NewClient};
pub use id::{ClientId, PersonId};
pub use person::{Login, NewPerson, Person, PersonName};
pub use principal::{Principal, Who};
pub use role::{Role, Roles};
pub(crate) use session::{CLIENT_TOKEN, COOKIE_TOKEN};
pub use session::{Session, Source, Token, Via, Way};

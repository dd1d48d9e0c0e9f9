//! Sessions of browsers: opened by signing in, used by a cookie, over in time.
//!
//! A session ends after 15 minutes without use, after 8 hours however much it is used, when its
//! holder signs out or ends all, and when a person leaves or gets other roles. The token changes
//! at every sign-in, and whatever cookie the browser brought ends with it.

mod csrf;
mod service;

use crate::{PersonId, Session, Way};

pub use service::OpenSession;

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    Person(PersonId),
    Applicant(String),
}

/// A session of a browser, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) session: Session,
    pub(crate) holder: Holder,
    pub(crate) way: Way,
    pub(crate) source: String,
}

impl Holder {
    /// The name in the journal.
    pub(crate) fn actor(&self) -> store::Actor {
        match self {
            Self::Person(id) => store::Actor::new(format!("person:{id}")),
            Self::Applicant(application) => store::Actor::new(format!("applicant:{application}")),
        }
    }
}

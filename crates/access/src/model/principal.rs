//! Who stands behind a request.

use super::{Client, Person, Role, Session, Via};
use store::Actor;

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A program.
    Client(Client),
    /// Somebody of the institution or of one of its registration offices.
    Person(Person),
    /// The holder of one application, by its number and check code.
    Applicant {
        /// The identifier of the application.
        application: String,
    },
}

impl Who {
    /// The roles it acts as.
    pub fn roles(&self) -> Vec<Role> {
        match self {
            Self::Client(client) => client.roles.iter().collect(),
            Self::Person(person) => person.roles.iter().collect(),
            Self::Applicant { .. } => vec![Role::Subscriber],
        }
    }

    /// Its name in the journal: `client:…`, `person:…`, `applicant:…`.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Client(client) => Actor::client(client.id.as_str()),
            Self::Person(person) => person.actor(),
            Self::Applicant { application } => Actor::new(format!("applicant:{application}")),
        }
    }
}

/// Who stands behind a request. Made only by [`crate::Access`] after a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    who: Who,
    via: Via,
}

impl Principal {
    pub(crate) fn new(who: Who, via: Via) -> Self {
        Self { who, via }
    }

    /// Who it is.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// How it showed who it is.
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// The client, if it is one.
    pub fn client(&self) -> Option<&Client> {
        if let Who::Client(client) = &self.who { Some(client) } else { None }
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<&Person> {
        if let Who::Person(person) = &self.who { Some(person) } else { None }
    }

    /// The application, if it is its holder.
    pub fn application(&self) -> Option<&str> {
        if let Who::Applicant { application } = &self.who { Some(application) } else { None }
    }

    /// The session, unless it signed this request.
    pub fn session(&self) -> Option<&Session> {
        match &self.via {
            Via::Signature => None,
            Via::Session(session) | Via::Cookie(session, _) => Some(session),
        }
    }

    /// Its name in the journal.
    pub fn actor(&self) -> Actor {
        self.who.actor()
    }
}

//! Permits: what the table said yes to.

use super::{Action, Limit, Object};
use crate::{Client, Error, Person, Who};
use store::Actor;

/// That somebody may do one thing, once asked for, to the objects within its limit. Only
/// [`super::Permissions::permit`] makes it.
#[derive(Debug, Clone)]
pub struct Permit {
    action: Action,
    who: Who,
    limit: Limit,
}

impl Permit {
    pub(super) fn new(action: Action, who: Who, limit: Limit) -> Self {
        Self { action, who, limit }
    }

    /// What is permitted.
    pub fn action(&self) -> Action {
        self.action
    }

    /// To whom.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// The client, if it is one.
    pub fn client(&self) -> Option<&Client> {
        if let Who::Client(client) = &self.who { Some(client) } else { None }
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<&Person> {
        if let Who::Person(person) = &self.who { Some(person) } else { None }
    }

    /// Its name in the journal.
    pub fn actor(&self) -> Actor {
        self.who.actor()
    }

    /// How far it reaches: what a list may show.
    pub fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Fails if the object is outside of its limit.
    pub fn reach(&self, object: &Object) -> Result<(), Error> {
        if self.limit.reaches(object) { Ok(()) } else { Err(Error::OutOfReach(self.action)) }
    }

    /// Fails if the permit is for something else, or reaches only some objects: the check of
    /// an act that has no object.
    pub fn covers(&self, action: Action) -> Result<(), Error> {
        self.is_for(action)?;
        if self.limit == Limit::Any { Ok(()) } else { Err(Error::OutOfReach(action)) }
    }

    /// Fails if the permit is for something else or does not reach the object: the check of an
    /// act on an object.
    pub fn covers_object(&self, action: Action, object: &Object) -> Result<(), Error> {
        self.is_for(action)?;
        self.reach(object)
    }

    /// Fails if the permit is for something else: the check of a list, that then shows what is
    /// within [`Permit::limit`].
    pub fn is_for(&self, action: Action) -> Result<(), Error> {
        if self.action == action { Ok(()) } else { Err(Error::WrongPermit(self.action)) }
    }
}

//! Who there is, for whoever may see it.

use super::Key;
use crate::{Access, Action, Error, Permit, Person, PersonId, sql};

impl Access {
    /// Everybody, the oldest first, leavers too.
    pub async fn people(&self, permit: &Permit) -> Result<Vec<Person>, Error> {
        permit.covers(Action::ReadPeople)?;
        sql::people(&mut *self.store().read().await?).await
    }

    /// One person.
    pub async fn person(&self, permit: &Permit, id: &PersonId) -> Result<Person, Error> {
        permit.covers(Action::ReadPeople)?;
        let found = sql::person_by_id(&mut *self.store().read().await?, id).await?;
        found.ok_or_else(|| Error::UnknownPerson(id.to_string()))
    }

    /// The keys of a person, the oldest first, ended ones too.
    pub async fn keys(&self, permit: &Permit, id: &PersonId) -> Result<Vec<Key>, Error> {
        permit.covers(Action::ReadPeople)?;
        sql::keys_of(&mut *self.store().read().await?, id).await
    }
}

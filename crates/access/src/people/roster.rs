//! Who there is, for whoever may see it.

use super::{Credentials, Key};
use crate::{Access, Action, Error, Permit, Person, PersonId, Principal, Way, sql};
use jiff::Timestamp;
use store::{Filter, Page};

/// One sign-in, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRecord {
    /// When.
    pub at: Timestamp,
    /// How.
    pub way: Option<Way>,
    /// From which network.
    pub source: String,
}

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

    /// What a person can sign in with.
    pub async fn credentials(&self, permit: &Permit, id: &PersonId) -> Result<Credentials, Error> {
        permit.covers(Action::ReadPeople)?;
        self.credentials_of(id).await
    }

    /// What the person who asks can sign in with.
    pub async fn own_credentials(&self, principal: &Principal) -> Result<Credentials, Error> {
        let person = principal.person().ok_or(Error::PersonNeeded)?;
        self.credentials_of(&person.id).await
    }

    async fn credentials_of(&self, id: &PersonId) -> Result<Credentials, Error> {
        let now = self.now();
        let mut reader = self.store().read().await?;
        let invitation = sql::invitation(&mut reader, id).await?;
        Ok(Credentials {
            keys: sql::keys_of(&mut reader, id).await?,
            has_passphrase: sql::passphrase_set_at(&mut reader, id).await?.is_some(),
            invited_until: invitation.map(|(_, end)| end).filter(|end| now < *end),
        })
    }

    /// When and how a person signed in, the newest first.
    pub async fn sign_ins(
        &self,
        permit: &Permit,
        id: &PersonId,
        limit: u32,
    ) -> Result<Vec<SignInRecord>, Error> {
        permit.covers(Action::ReadPeople)?;
        let filter = Filter {
            kind: Some("session.opened".into()),
            actor: Some(format!("person:{id}")),
            ..Filter::default()
        };
        let page = Page { limit, newest_first: true, ..Page::default() };
        let records = self.store().records(&filter, page).await?;
        let text = |record: &store::Stored, name: &str| {
            record.body.get(name).and_then(|value| value.as_str()).map(str::to_owned)
        };
        let sign_in = |record: &store::Stored| SignInRecord {
            at: record.at,
            way: text(record, "way").as_deref().and_then(Way::from_name),
            source: text(record, "source").unwrap_or_default(),
        };
        Ok(records.iter().map(sign_in).collect())
    }
}

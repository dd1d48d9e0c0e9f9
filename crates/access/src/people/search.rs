//! Finding people: by login or name, role, office, and whether they left.

use crate::{Access, Action, Error, Login, Permit, Person, Role, sql};

/// Most people of one page.
const MOST: u32 = 500;

/// Whom to find. Everything that is given must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeopleQuery {
    /// A part of login or name; empty is everybody.
    pub text: String,
    /// One of the roles.
    pub role: Option<Role>,
    /// The registration office; an empty text is the institution itself.
    pub office: Option<String>,
    /// Whether they left.
    pub disabled: Option<bool>,
    /// Only behind this login.
    pub after: String,
    /// So many fewer of the first.
    pub skip: u32,
    /// At most so many, and never more than 500.
    pub limit: u32,
}

/// Some of the people, by login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeoplePage {
    /// Who.
    pub people: Vec<Person>,
    /// How many a query means, on all its pages.
    pub total: u64,
    /// [`PeopleQuery::after`] of the next page, if there is one.
    pub next: Option<String>,
}

impl Access {
    /// The people of a query, a page at a time.
    pub async fn find_people(
        &self,
        permit: &Permit,
        query: &PeopleQuery,
    ) -> Result<PeoplePage, Error> {
        permit.covers(Action::ReadPeople)?;
        let limit = query.limit.clamp(1, MOST);
        let more = PeopleQuery { limit: limit.saturating_add(1), ..query.clone() };
        let mut reader = self.store().read().await?;
        let mut people = sql::find_people(&mut reader, &more).await?;
        let total = sql::count_people(&mut reader, query).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_more = people.len() > limit;
        people.truncate(limit);
        let next = people.last().filter(|_| is_more).map(|last| last.login.to_string());
        Ok(PeoplePage { people, total, next })
    }

    /// Whether a login is somebody's, also a leaver's.
    pub async fn is_login_taken(&self, permit: &Permit, login: &Login) -> Result<bool, Error> {
        permit.covers(Action::ReadPeople)?;
        let found = sql::person_by_login(&mut *self.store().read().await?, login).await?;
        Ok(found.is_some())
    }
}

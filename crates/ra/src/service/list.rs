//! Queues with their clocks, search by blind index, counts.

use access::{Action, Limit, Permit};
use law::CivilDate;

use super::Ra;
use crate::catalogue::SearchField;
use crate::error::Error;
use crate::model::{
    Application, ApplicationId, ApplicationPage, DayCount, OfficeId, ReviewClock, Selection,
};
use crate::rules;
use crate::sql;
use crate::sql::list::Listed;

impl Ra {
    /// A page of applications, the longest waiting first, within the limit of the permit.
    pub async fn list(
        &self,
        permit: &Permit,
        selection: &Selection,
    ) -> Result<ApplicationPage, Error> {
        let selection = limited(permit, selection)?;
        let (is_back, is_on) = (selection.before.is_some(), selection.after.is_some());
        let most = sql::list::limit_of(&selection);
        // One more than shown tells whether there are more in the direction of reading.
        let selection = Selection { limit: most + 1, ..selection };
        let mut page = sql::list::page(&mut *self.store().read().await?, &selection).await?;
        let has_more = page.len() > usize::try_from(most).unwrap_or(usize::MAX);
        match (has_more, is_back) {
            (true, true) => drop(page.remove(0)),
            (true, false) => drop(page.pop()),
            (false, _) => {}
        }
        // What was come from is always there to go back to.
        let next = page.iter().rev().find_map(Listed::mark).filter(|_| has_more || is_back);
        let previous = page.iter().find_map(Listed::mark);
        let previous = previous.filter(|_| if is_back { has_more } else { is_on });
        let (mut applications, mut unreadable) = (Vec::new(), Vec::new());
        for one in page {
            match self.clocked(one) {
                Ok(clocked) => applications.push(clocked),
                // Named, and the others are shown all the same.
                Err((number, error)) => {
                    self.tell_once(&number, &error);
                    unreadable.push(number);
                }
            }
        }
        Ok(ApplicationPage { applications, unreadable, next, previous })
    }

    /// An application with its clock, or the number of one that can't be read.
    fn clocked(&self, one: Listed) -> Result<(Application, Option<ReviewClock>), (String, Error)> {
        let application = one.found?;
        // A service or a kind that there is not is a damaged row too.
        match self.kind_of(&application).and_then(|_| self.clock(&application)) {
            Ok(clock) => Ok((application, clock)),
            Err(error) => Err((application.number.to_string(), error)),
        }
    }

    /// How many a selection has, for the number beside a queue.
    pub async fn total(&self, permit: &Permit, selection: &Selection) -> Result<u64, Error> {
        let selection = Selection { after: None, before: None, ..limited(permit, selection)? };
        sql::list::total(&mut *self.store().read().await?, &selection).await
    }

    /// The clock of the review, while it runs.
    pub fn clock(&self, application: &Application) -> Result<Option<ReviewClock>, Error> {
        let service = self.service_of(application)?;
        Ok(rules::clock::review(&self.config().calendar, service, application, self.now()))
    }

    /// The applications of whoever has this name, number or code, exactly; the newest first, at most
    /// 200 of them.
    pub async fn search(
        &self,
        permit: &Permit,
        value: (SearchField, &str),
    ) -> Result<Vec<Application>, Error> {
        Ok(self.search_page(permit, value, (0, sql::list::MOST_ROWS)).await?.0)
    }

    /// A page of them, of at most 200 rows, and how many there are.
    pub async fn search_page(
        &self,
        permit: &Permit,
        (field, value): (SearchField, &str),
        (page, rows): (u32, u32),
    ) -> Result<(Vec<Application>, u64), Error> {
        let office = limited(permit, &Selection::default())?.office;
        let index = self.search_index(field, value)?;
        let (value, office) = ((field, index.as_str()), office.as_ref());
        let place = (u64::from(page).saturating_mul(u64::from(rows)), rows);
        let mut reader = self.store().read().await?;
        let total = sql::list::found_total(&mut reader, value, office).await?;
        Ok((sql::list::found(&mut reader, value, office, place).await?, total))
    }

    /// The next of them behind one, for a file: at most 200, none behind the last.
    pub async fn search_behind(
        &self,
        permit: &Permit,
        (field, value): (SearchField, &str),
        behind: Option<&Application>,
    ) -> Result<Vec<Application>, Error> {
        let office = limited(permit, &Selection::default())?.office;
        let index = self.search_index(field, value)?;
        let place = (behind, sql::list::MOST_ROWS);
        let mut reader = self.store().read().await?;
        sql::list::found_behind(&mut reader, (field, &index), office.as_ref(), place).await
    }

    /// The application of this number.
    pub async fn by_number(
        &self,
        permit: &Permit,
        number: &str,
    ) -> Result<Option<Application>, Error> {
        let number = number.parse()?;
        let mut reader = self.store().read().await?;
        let found = sql::application::by_number(&mut reader, &number).await?;
        Ok(found.filter(|application| {
            permit.covers_object(Action::ReadApplication, &application.object()).is_ok()
        }))
    }

    /// The application that led to a certificate.
    pub async fn by_serial(
        &self,
        permit: &Permit,
        serial: &str,
    ) -> Result<Option<ApplicationId>, Error> {
        let mut reader = self.store().read().await?;
        let Some(id) = sql::application::by_serial(&mut reader, serial).await? else {
            return Ok(None);
        };
        let application = sql::application::load(&mut reader, &id).await?;
        permit.covers_object(Action::ReadApplication, &application.object())?;
        Ok(Some(id))
    }

    /// How many applications are in which state since which day, by kind, from one day to another
    /// (both counted).
    pub async fn counts(
        &self,
        permit: &Permit,
        (from, to): (CivilDate, CivilDate),
    ) -> Result<Vec<DayCount>, Error> {
        permit.covers(Action::ReadStatistics)?;
        sql::list::by_day(&mut *self.store().read().await?, (from.begin(), to.end())).await
    }
}

/// A selection within the limit of the permit: a clerk of an office sees that office's only.
pub(super) fn limited(permit: &Permit, selection: &Selection) -> Result<Selection, Error> {
    permit.is_for(Action::ListApplications)?;
    let mut selection = selection.clone();
    match permit.limit() {
        Limit::Any => {}
        Limit::Office(office) => {
            let own: Option<OfficeId> = office
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| Error::Stored("office"))?;
            selection.office = Some(own);
        }
        Limit::Own(_) => permit.covers(Action::ListApplications)?,
    }
    Ok(selection)
}

//! Figures for those who look after the service and for the clerks themselves. They name nobody.

use std::collections::BTreeMap;

use access::{Action, Permit};
use jiff::Timestamp;
use law::CivilDate;

use super::Ra;
use super::list::limited;
use crate::error::Error;
use crate::model::{Figures, RefusalStage, ReviewTimes, Selection, State, Today};
use crate::rules;
use crate::sql;

impl Ra {
    /// The figures of a period, both days counted.
    pub async fn figures(
        &self,
        permit: &Permit,
        (from, to): (CivilDate, CivilDate),
    ) -> Result<Figures, Error> {
        permit.covers(Action::ReadStatistics)?;
        let period = (from.begin(), to.end());
        let mut reader = self.store().read().await?;
        let tallies = sql::statistics::tallies(&mut reader, period).await?;
        let refused = sql::statistics::refused(&mut reader, period).await?;
        drop(reader);
        let reviews = self.decided(period).await?;
        Ok(Figures { tallies, reviews, refusals: by_basis(&refused)? })
    }

    /// How long the reviews of a period took, for whoever watches over the service.
    pub async fn review_times(
        &self,
        permit: &Permit,
        (from, to): (CivilDate, CivilDate),
    ) -> Result<ReviewTimes, Error> {
        permit.covers(Action::ReadMetrics)?;
        self.decided((from.begin(), to.end())).await
    }

    /// How many applications are in which state, for whoever watches over the service.
    pub async fn by_state(&self, permit: &Permit) -> Result<Vec<(String, u64)>, Error> {
        permit.covers(Action::ReadMetrics)?;
        sql::statistics::by_state(&mut *self.store().read().await?).await
    }

    /// What is before the clerks today, within the limit of the permit.
    pub async fn today_of(&self, permit: &Permit) -> Result<Today, Error> {
        let office = limited(permit, &Selection::default())?.office;
        let office = office.as_ref().map(Option::as_ref);
        let (midnight, now) = (self.today().begin(), self.now());
        let mut reader = self.store().read().await?;
        let mut today = Today {
            begun: sql::statistics::begun_since(&mut reader, midnight, office).await?,
            decided: sql::statistics::decided_since(&mut reader, midnight, office).await?,
            ..Today::default()
        };
        for service in &self.catalogue().services().list {
            let promised = service.promised_working_days;
            let late = rules::statistics::late_before(&self.config().calendar, promised, now);
            // An instant that lies ahead of every clock: all that wait.
            let all = (&*service.name, Timestamp::MAX);
            today.waiting +=
                sql::statistics::waiting_since_before(&mut reader, all, office).await?;
            let late = (&*service.name, late);
            today.late += sql::statistics::waiting_since_before(&mut reader, late, office).await?;
        }
        Ok(today)
    }

    async fn decided(&self, period: (Timestamp, Timestamp)) -> Result<ReviewTimes, Error> {
        let decided = sql::statistics::decided(&mut *self.store().read().await?, period).await?;
        let calendar = &self.config().calendar;
        let (mut times, mut by_days) = (ReviewTimes::default(), BTreeMap::new());
        for one in decided {
            let days = rules::statistics::working_days(calendar, one.from, one.on);
            *by_days.entry(days).or_insert(0) += one.count;
            let promised = self.catalogue().service(&one.service)?.promised_working_days;
            match rules::statistics::in_time(calendar, (one.from, one.on), promised) {
                true => times.in_time += one.count,
                false => times.late += one.count,
            }
        }
        times.by_days = by_days.into_iter().collect();
        Ok(times)
    }
}

/// Refusals by stage and basis, the most frequent first.
fn by_basis(states: &[String]) -> Result<Vec<(RefusalStage, String, u64)>, Error> {
    let mut found: BTreeMap<(&'static str, String), (RefusalStage, u64)> = BTreeMap::new();
    for state in states {
        let state: State = serde_json::from_str(state).map_err(|_| Error::Stored("state_data"))?;
        if let State::Refused { stage, basis, .. } = state {
            found.entry((stage.word(), basis)).or_insert((stage, 0)).1 += 1;
        }
    }
    let found = found.into_iter().map(|((_, basis), (stage, count))| (stage, basis, count));
    let mut found: Vec<_> = found.collect();
    found.sort_by(|(.., a), (.., b)| b.cmp(a));
    Ok(found)
}

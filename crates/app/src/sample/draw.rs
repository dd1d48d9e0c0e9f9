//! The draw over the journal: where a week begins and ends in it, and which records of issue are drawn.

use jiff::Timestamp;
use store::{Filter, Page, Seq, Stored};

use super::model::JournalState;
use super::rules::{self, Drawn, Urn};
use super::sql;
use super::week::Week;
use crate::error::Error;
use crate::institution::Institution;

/// Kind of the records that are drawn from.
const ISSUED: &str = "certificate.issued";
/// Records read at once.
const PAGE: u32 = 1_000;

/// A week of the journal, and what was drawn of it.
pub(super) struct Draw {
    pub journal: JournalState,
    pub seed: [u8; 32],
    pub population: u64,
    /// Certificates that the tables have of the week: as many, or one was taken out of the draw.
    pub certificates: u64,
    pub drawn: Vec<Drawn>,
}

impl Institution {
    /// Draws the sample of a week that is over.
    pub(super) async fn draw_sample(&self, week: Week) -> Result<Draw, Error> {
        let first = self.journal_size_at(week.begin()).await?;
        let size = self.journal_size_at(week.end()).await?;
        let last = Seq(size.checked_sub(1).ok_or(Error::Stored("日志"))?);
        let root = self.store().root_through(last).await?.to_string();
        let origin = &*self.settings().institution.origin;
        let seed = rules::seed((origin, &week.to_string()), (size, &root));
        let settings = self.settings().sample;
        let mut urn = Urn::new(settings);
        let filter = Filter {
            kind: Some(ISSUED.to_owned()),
            first: Some(Seq(first)),
            last: Some(last),
            ..Filter::default()
        };
        let mut page = Page { after: None, limit: PAGE, newest_first: false };
        loop {
            let records = self.store().records(&filter, page).await?;
            let Some(last) = records.last() else { break };
            page.after = Some(last.seq);
            for record in &records {
                let score = rules::score(&seed, &record.leaf_hash.0);
                urn.put(Drawn { score, seq: record.seq.0 });
            }
        }
        let (population, drawn) = urn.drawn(settings);
        let certificates =
            sql::certificates(&mut *self.store().read().await?, (first, size)).await?;
        Ok(Draw { journal: JournalState { size, root }, seed, population, certificates, drawn })
    }

    /// How many records there are before an instant. None is older than the one before it, so the place is found by
    /// halving.
    async fn journal_size_at(&self, instant: Timestamp) -> Result<u64, Error> {
        let (mut low, mut high) = (0, self.store().size().await?);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.record_at(middle).await?.at < instant {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low)
    }

    /// The record of a place.
    pub(super) async fn record_at(&self, place: u64) -> Result<Stored, Error> {
        let (first, last) = (Some(Seq(place)), Some(Seq(place)));
        let filter = Filter { first, last, ..Filter::default() };
        let found = self.store().records(&filter, Page::default()).await?;
        found.into_iter().next().ok_or(Error::Stored("日志记录缺失"))
    }
}

//! Reports found and listed, for who may read them.

use access::{Action, Permit};

use super::file::SignedReport;
use super::model::{Report, SampleSummary};
use super::sql;
use super::week::Week;
use crate::error::Error;
use crate::institution::Institution;
use crate::registration::find_seal_key;

/// Which reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SampleFilter {
    /// Only that of this week.
    pub week: Option<Week>,
    /// Only those in which something is wrong or could not be judged.
    pub wrong: bool,
    /// Only those that nobody went through (`Some(false)`), or that somebody did.
    pub looked: Option<bool>,
}

impl SampleFilter {
    pub(super) fn word(self) -> String {
        self.week.map(|week| week.to_string()).unwrap_or_default()
    }

    /// 0: whether somebody went through it or not; 1: nobody did; 2: somebody did.
    pub(super) const fn looked_word(self) -> i64 {
        match self.looked {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        }
    }
}

impl Institution {
    /// A page of reports, the newest first, and how many there are.
    pub async fn sample_reports(
        &self,
        permit: &Permit,
        filter: SampleFilter,
        (page, rows): (u32, u32),
    ) -> Result<(Vec<SampleSummary>, u64), Error> {
        permit.covers(Action::ReadSamples)?;
        let place = (u64::from(page).saturating_mul(u64::from(rows)), rows);
        let mut reader = self.store().read().await?;
        let total = sql::total(&mut reader, filter).await?;
        Ok((sql::page(&mut reader, filter, place).await?, total))
    }

    /// Some more behind a week, for a file; none behind the last.
    pub async fn sample_reports_behind(
        &self,
        permit: &Permit,
        filter: SampleFilter,
        (week, rows): (Option<Week>, u32),
    ) -> Result<Vec<SampleSummary>, Error> {
        permit.covers(Action::ReadSamples)?;
        sql::behind(&mut *self.store().read().await?, filter, (week, rows)).await
    }

    /// The report of a week as it was signed: the file that is downloaded.
    pub async fn sample_file(&self, permit: &Permit, week: Week) -> Result<Option<Vec<u8>>, Error> {
        permit.covers(Action::ReadSamples)?;
        let found = sql::find(&mut *self.store().read().await?, week).await?;
        let Some((_, blob)) = found else { return Ok(None) };
        Ok(Some(self.store().open_blob(&blob).await?.to_vec()))
    }

    /// What a report says, with its row, and whether the signature and the record are about this very text.
    pub async fn sample_report(
        &self,
        permit: &Permit,
        week: Week,
    ) -> Result<Option<(SampleSummary, Report, bool)>, Error> {
        permit.covers(Action::ReadSamples)?;
        self.read_sample(week).await
    }

    /// The same, for who goes through it.
    pub(super) async fn read_sample(
        &self,
        week: Week,
    ) -> Result<Option<(SampleSummary, Report, bool)>, Error> {
        let found = sql::find(&mut *self.store().read().await?, week).await?;
        let Some((summary, blob)) = found else { return Ok(None) };
        let file = SignedReport::from_file(&self.store().open_blob(&blob).await?)?;
        let digest = gm::sm3::hash(file.signed.as_bytes()).to_hex();
        // Looking makes no key: on a node whose device has none, nothing can be said for the signature.
        let is_genuine = find_seal_key(self.device())?.is_some_and(|key| file.is_signed_by(&key))
            && digest == summary.digest
            && self.is_recorded_sample(&summary).await?;
        Ok(Some((summary, file.report()?, is_genuine)))
    }
}

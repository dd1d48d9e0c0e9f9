//! Figures about the running institution, for plots. They name nobody.

use std::collections::BTreeMap;

use jiff::Timestamp;
use law::CivilDate;
use store::Filter;

use crate::error::Error;
use crate::institution::Institution;

/// Days of Asia/Shanghai begin so many seconds before those of UTC.
const SHANGHAI_SECONDS: u32 = 28_800;
const DAY_SECONDS: i64 = 86_400;

impl Institution {
    /// Records of a kind, or of all, on each of the last `days` days, days without any too.
    pub async fn records_by_day(
        &self,
        kind: Option<&str>,
        days: u16,
    ) -> Result<Vec<(CivilDate, u64)>, Error> {
        let today = CivilDate::of(self.clock().now());
        let mut first = today;
        for _ in 1..days {
            first = first.yesterday();
        }
        let filter = Filter {
            from: Some(first.begin()),
            kind: kind.map(str::to_owned),
            ..Filter::default()
        };
        let totals = self.store().count_by_day(&filter, SHANGHAI_SECONDS).await?;
        let mut by_day: BTreeMap<CivilDate, u64> = BTreeMap::new();
        for one in totals {
            let noon = Timestamp::from_second(one.day.saturating_mul(DAY_SECONDS));
            by_day.insert(CivilDate::of(noon.map_err(|_| Error::Stored("日期"))?), one.total);
        }
        let mut day = first;
        let mut all = Vec::new();
        while day <= today {
            all.push((day, by_day.get(&day).copied().unwrap_or(0)));
            day = day.tomorrow();
        }
        Ok(all)
    }

    /// Free and whole octets of the disk of the data folder; `None` where it does not say.
    #[must_use]
    pub fn disk(&self) -> Option<(u64, u64)> {
        let root = self.layout().root();
        Some((fs4::available_space(root).ok()?, fs4::total_space(root).ok()?))
    }
}

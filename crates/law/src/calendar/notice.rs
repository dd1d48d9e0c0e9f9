//! One yearly notice, as it stands in `law/calendar/YYYY.toml`.

use crate::{CivilDate, Error};
use serde::Deserialize;

/// A notice of the State Council on the holidays of one year.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notice {
    pub year: i16,
    /// Where the notice was published.
    source: String,
    /// Its number, where it is known for certain.
    #[serde(default)]
    #[allow(dead_code, reason = "read by people; here so that a misspelt field is an error")]
    number: Option<String>,
    pub holiday: Vec<Holiday>,
}

/// One holiday: the days off, and the weekend days that are worked for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Holiday {
    pub name: String,
    pub from: CivilDate,
    pub to: CivilDate,
    #[serde(default)]
    pub working: Vec<CivilDate>,
}

impl Notice {
    /// Reads a notice and checks that it does not contradict itself.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let notice: Self =
            toml::from_str(text).map_err(|error| Error::Notice(error.to_string()))?;
        notice.check()?;
        Ok(notice)
    }

    fn check(&self) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::Notice(format!("{}年：{why}", self.year)));
        if self.source.is_empty() || self.holiday.is_empty() {
            return refuse("没有出处或没有节日".into());
        }
        for holiday in &self.holiday {
            let Holiday { name, from, to, working } = holiday;
            if from > to || to.plus_days(-30) > *from {
                return refuse(format!("{name}的起止日期不对"));
            }
            let mut days = [*from, *to].into_iter().chain(working.iter().copied());
            if let Some(stray) = days.find(|day| !self.may_name(*day)) {
                return refuse(format!("{name}：{stray}不属于本年度通知"));
            }
            if let Some(wrong) = working.iter().find(|day| !day.is_weekend() || self.is_off(**day))
            {
                return refuse(format!("{name}：{wrong}不能是调休上班日"));
            }
        }
        Ok(())
    }

    /// The days of its year, and those of the December before.
    fn may_name(&self, day: CivilDate) -> bool {
        day.year() == self.year || (day.year() == self.year - 1 && day.month() == 12)
    }

    fn is_off(&self, day: CivilDate) -> bool {
        self.holiday.iter().any(|holiday| (holiday.from..=holiday.to).contains(&day))
    }
}

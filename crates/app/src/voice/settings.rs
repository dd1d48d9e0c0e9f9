//! `[voice]` of `yinxin.toml`: how long what came with complaints and reports is kept.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Personal data are kept for the shortest time that their purpose needs, unless a law says otherwise (PIPL Art. 19), and
/// are erased when it is achieved (Art. 47). These are the terms of what led to no change of status. What did is
/// information on certification, and kept as long as the law asks, whatever is set here (ESL Art. 24, Measures Art. 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoiceSettings {
    /// So many days after a report was closed its evidence is erased.
    pub evidence_days: u16,
    /// So many days after a complaint or a report was closed what was written in it, and answered, is erased.
    pub complaint_days: u16,
}

impl Default for VoiceSettings {
    /// Claims lapse after three years (Civil Code §188).
    fn default() -> Self {
        Self { evidence_days: 90, complaint_days: 1_095 }
    }
}

impl VoiceSettings {
    /// At least a day: nothing goes before the clock of a report is over. Evidence goes before what was written about it,
    /// or with it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_fit = (1..=3_650).contains(&self.evidence_days)
            && (self.evidence_days..=3_650).contains(&self.complaint_days);
        match is_fit {
            true => Ok(()),
            false => Err(Error::Setup(
                "配置项 [voice] 有误：evidence_days 应为 1 至 3650（天），complaint_days 应不小于 \
                 evidence_days、不大于 3650；请改正 yinxin.toml 后重新启动"
                    .to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_kept_for_a_day_at_least_and_goes_before_what_was_written() {
        let of =
            |evidence_days, complaint_days| VoiceSettings { evidence_days, complaint_days }.check();
        assert!(VoiceSettings::default().check().is_ok());
        assert!(of(1, 1).is_ok() && of(3_650, 3_650).is_ok());
        for wrong in [(0, 90), (3_651, 3_651), (90, 89), (90, 3_651)] {
            let error = of(wrong.0, wrong.1).unwrap_err().to_string();
            assert!(error.contains("evidence_days"), "{error}");
        }
    }
}

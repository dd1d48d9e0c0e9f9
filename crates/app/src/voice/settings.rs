//! `[voice]` of `yinxin.toml`: how long what came with reports is kept.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Personal data are kept for the shortest time that their purpose needs (PIPL Art. 19), and are erased when it is
/// achieved (Art. 47). The purpose of evidence is the look into a report; for a while after the answer the reporter, the
/// holder or the administration may still object, and then it is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoiceSettings {
    /// So many days after a report was closed its evidence is erased.
    pub evidence_days: u16,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self { evidence_days: 90 }
    }
}

impl VoiceSettings {
    /// At least a day: nothing goes before the clock of a report is over. At most three years, after which claims lapse
    /// (Civil Code §188).
    pub(crate) fn check(&self) -> Result<(), Error> {
        match (1..=1_095).contains(&self.evidence_days) {
            true => Ok(()),
            false => Err(Error::Setup(
                "配置项 [voice] evidence_days 应为 1 至 1095（天）；请改正 yinxin.toml 后重新启动"
                    .to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_kept_for_a_day_at_least_and_for_three_years_at_most() {
        let of = |evidence_days| VoiceSettings { evidence_days }.check();
        assert!(VoiceSettings::default().check().is_ok() && of(1).is_ok() && of(1_095).is_ok());
        for wrong in [0, 1_096] {
            let error = of(wrong).unwrap_err().to_string();
            assert!(error.contains("evidence_days"), "{error}");
        }
    }
}

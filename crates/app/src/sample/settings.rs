//! `[sample]` of `yinxin.toml`: how many certificates of a week are drawn.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How many are drawn: `per_mille` of the week's certificates, at least `least`, at most `most`; all where there are
/// fewer. An operator may look at more than is usual, and not at fewer than the least of the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleSettings {
    /// At least so many.
    pub least: u64,
    /// Of a thousand so many.
    pub per_mille: u64,
    /// At most so many.
    pub most: u64,
}

impl Default for SampleSettings {
    fn default() -> Self {
        Self { least: 20, per_mille: 10, most: 1_000 }
    }
}

impl SampleSettings {
    /// Refuses a sample that says nothing, and one that no page could show.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_fit = (20..=5_000).contains(&self.least)
            && (10..=1_000).contains(&self.per_mille)
            && (1_000..=5_000).contains(&self.most)
            && self.least <= self.most;
        match is_fit {
            true => Ok(()),
            false => Err(Error::Setup(
                "配置项 [sample] 有误：least 应为 20 至 5000，per_mille 应为 10 至 1000，most 应为 \
                 1000 至 5000 且不小于 least；请改正 yinxin.toml 后重新启动"
                    .to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_may_be_larger_than_usual_and_never_smaller() {
        let usual = SampleSettings::default();
        assert!(usual.check().is_ok());
        assert!(SampleSettings { least: 5_000, per_mille: 1_000, most: 5_000 }.check().is_ok());
        for wrong in [
            SampleSettings { least: 19, ..usual },
            SampleSettings { per_mille: 9, ..usual },
            SampleSettings { most: 999, ..usual },
            SampleSettings { most: 5_001, ..usual },
            SampleSettings { least: 1_001, ..usual },
            SampleSettings { per_mille: 1_001, ..usual },
        ] {
            let error = wrong.check().unwrap_err();
            assert!(error.to_string().contains("[sample]"), "{wrong:?}");
        }
    }
}

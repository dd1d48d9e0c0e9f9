//! `[verification.follow]` of `yinxin.toml`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The shortest interval of fetches, in seconds: others' servers are not ours to burden.
const LEAST_SECONDS: u32 = 60;
/// The longest time that a fetch may take, in seconds.
const MOST_PATIENCE: u32 = 300;
/// The longest time that an answer of a responder may take, in seconds: somebody waits for the report.
const MOST_ASKING: u32 = 10;
/// The longest time for which an answer may be kept, in seconds.
const MOST_KEPT: u32 = 86_400;
/// The largest list that may be allowed, in octets.
const MOST_OCTETS: u32 = 256 << 20;

/// Lists of other institutions, followed. Off unless an operator switches it on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FollowSettings {
    /// Whether lists are fetched at all: those that `trust/sources.toml` names.
    pub enabled: bool,
    /// Seconds between two fetches of a list; it is fetched earlier when it ends earlier.
    pub every_seconds: u32,
    /// Seconds that a fetch may take in all.
    pub timeout_seconds: u32,
    /// Largest list, in octets.
    pub most_octets: u32,
    /// Whether OCSP responders that `trust/sources.toml` names are asked where no list decides.
    pub ask_responders: bool,
    /// Seconds that an answer of a responder may take.
    pub ask_timeout_seconds: u32,
    /// Seconds for which an answer is kept at most; it is never kept beyond its own end.
    pub ask_keep_seconds: u32,
}

impl Default for FollowSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            every_seconds: 3_600,
            timeout_seconds: 30,
            most_octets: 32 << 20,
            ask_responders: false,
            ask_timeout_seconds: 3,
            ask_keep_seconds: 3_600,
        }
    }
}

impl FollowSettings {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    pub(super) fn ask_timeout(&self) -> Duration {
        Duration::from_secs(self.ask_timeout_seconds.into())
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |name: &str, least: u32, most: u32| {
            Err(Error::Setup(format!(
                "配置项 [verification.follow] {name} 应在 {least} 至 {most} 之间；请改正 yinxin.toml 后重新启动"
            )))
        };
        match self {
            Self { every_seconds, .. } if !(LEAST_SECONDS..=86_400).contains(every_seconds) => {
                wrong("every_seconds", LEAST_SECONDS, 86_400)
            }
            Self { timeout_seconds, .. } if !(1..=MOST_PATIENCE).contains(timeout_seconds) => {
                wrong("timeout_seconds", 1, MOST_PATIENCE)
            }
            Self { most_octets, .. } if !(1_024..=MOST_OCTETS).contains(most_octets) => {
                wrong("most_octets", 1_024, MOST_OCTETS)
            }
            Self { ask_timeout_seconds, .. } if !(1..=MOST_ASKING).contains(ask_timeout_seconds) => {
                wrong("ask_timeout_seconds", 1, MOST_ASKING)
            }
            Self { ask_keep_seconds, .. } if *ask_keep_seconds > MOST_KEPT => {
                wrong("ask_keep_seconds", 0, MOST_KEPT)
            }
            Self { enabled: false, ask_responders: true, .. } => Err(Error::Setup(
                "配置项 [verification.follow] ask_responders 要与 enabled 一起设为 true；请改正 yinxin.toml 后重新启动".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_followed_unless_switched_on_and_limits_have_limits() {
        let plain = FollowSettings::default();
        assert!(!plain.enabled && !plain.ask_responders && plain.check().is_ok());
        for wrong in [
            FollowSettings { every_seconds: 1, ..plain.clone() },
            FollowSettings { timeout_seconds: 0, ..plain.clone() },
            FollowSettings { ask_timeout_seconds: 11, ..plain.clone() },
            FollowSettings { ask_keep_seconds: 86_401, ..plain.clone() },
            FollowSettings { ask_responders: true, ..plain.clone() },
            FollowSettings { most_octets: u32::MAX, ..plain },
        ] {
            assert_eq!(wrong.check().unwrap_err().code(), "app.setup");
        }
    }
}

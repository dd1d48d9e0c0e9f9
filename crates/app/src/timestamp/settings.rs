//! `[timestamp]` of `yinxin.toml`.

use std::time::Duration;

use jiff::SignedDuration;
use pki::Oid;
use serde::{Deserialize, Serialize};
use status::timestamp::{ClockPolicy, TimestampConfig};

use crate::error::Error;

/// The policy until an institution puts its own in: of the documentation arc (RFC 5612).
const PLACEHOLDER: &str = "1.3.6.1.4.1.32473.1.8.1";
/// Most digits of a second that are worth anything.
const MOST_DIGITS: u8 = 6;

/// The timestamp service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimestampSettings {
    /// Whether it is open. The key and its certificate are made when it first is.
    pub enabled: bool,
    /// The institution's own timestamp policies, the usual one first; empty: a placeholder.
    pub policies: Vec<String>,
    /// Where true time comes from: `none`, `ntp` or `chrony`.
    pub source: SourceKind,
    /// Milliseconds that timestamps claim to be exact to. Needs a source; with `none` it is 0,
    /// and timestamps claim nothing.
    pub accuracy: u32,
    /// Time servers for `ntp`, each `host` or `host:port`; three or more, so that one that is
    /// wrong is outvoted.
    pub servers: Vec<String>,
    /// The program that tells how chrony is, for `chrony`.
    pub chronyc: String,
    /// Seconds between two comparisons with the source.
    pub compare_every: u32,
    /// Seconds that a comparison counts; then no timestamps are issued.
    pub compare_term: u32,
    /// Milliseconds by which the clock may be set before that counts as a step.
    pub step: u32,
    /// Digits of a second in timestamps, 0 to 6.
    pub digits: u8,
    /// Whether timestamps name their certificate by SHA-1 too, for old clients.
    pub sha1_name: bool,
}

/// Where true time comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// From nowhere: the system's clock is taken as it is.
    #[default]
    None,
    /// From time servers that are asked directly (RFC 5905).
    Ntp,
    /// From chrony, which keeps the system's clock.
    Chrony,
}

impl Default for TimestampSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            policies: Vec::new(),
            source: SourceKind::None,
            accuracy: 0,
            servers: Vec::new(),
            chronyc: "/usr/bin/chronyc".to_owned(),
            compare_every: 64,
            compare_term: 900,
            step: 200,
            digits: 3,
            sha1_name: true,
        }
    }
}

impl TimestampSettings {
    /// The configuration of the service.
    pub(crate) fn config(&self) -> Result<TimestampConfig, Error> {
        self.check_source()?;
        if self.digits > MOST_DIGITS {
            return Err(wrong("digits 应为 0 至 6"));
        }
        let millis = |n: u32| SignedDuration::from_millis(n.into());
        let mut config = TimestampConfig::new(self.oids()?);
        config.clock = ClockPolicy {
            accuracy: (self.source != SourceKind::None).then(|| millis(self.accuracy)),
            term: SignedDuration::from_secs(self.compare_term.into()),
            step: millis(self.step),
            ..ClockPolicy::default()
        };
        config.compare_every = Duration::from_secs(self.compare_every.max(8).into());
        config.digits = self.digits;
        config.is_named_by_sha1 = self.sha1_name;
        Ok(config)
    }

    /// An accuracy without a source would be a claim that nobody can stand for.
    fn check_source(&self) -> Result<(), Error> {
        match (self.source, self.accuracy) {
            (SourceKind::None, 0) => Ok(()),
            (SourceKind::None, _) => {
                Err(wrong("没有时间源（source = \"none\"）时 accuracy 应为 0"))
            }
            (_, 0) => Err(wrong("设置了时间源时，accuracy 应大于 0（毫秒）")),
            (SourceKind::Ntp, _) if self.servers.is_empty() => {
                Err(wrong("source = \"ntp\" 时应在 servers 中列出时间服务器，宜三个以上"))
            }
            _ => Ok(()),
        }
    }

    fn oids(&self) -> Result<Vec<Oid>, Error> {
        let usual = [PLACEHOLDER.to_owned()];
        let texts = match self.policies.as_slice() {
            [] => usual.as_slice(),
            own => own,
        };
        let read = |text: &String| {
            Oid::parse(text).ok_or_else(|| wrong(&format!("policies 中的“{text}”不是对象标识符")))
        };
        texts.iter().map(read).collect()
    }
}

fn wrong(what: &str) -> Error {
    Error::Setup(format!("配置项 [timestamp] 有误：{what}；请改正 yinxin.toml 后重新启动"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<TimestampConfig, Error> {
        toml::from_str::<TimestampSettings>(text).unwrap().config()
    }

    #[test]
    fn without_a_source_nothing_is_claimed_and_with_one_something_is() {
        assert_eq!(config("").unwrap().clock.accuracy, None);
        let text = "source = \"chrony\"\naccuracy = 1000";
        assert_eq!(config(text).unwrap().clock.accuracy, Some(SignedDuration::from_secs(1)));
        for wrong in [
            "accuracy = 1000",
            "source = \"chrony\"",
            "source = \"ntp\"\naccuracy = 1000",
            "digits = 7",
            "policies = [\"1.2.156.x\"]",
        ] {
            let error = config(wrong).unwrap_err();
            assert_eq!(error.code(), "app.setup", "{wrong}");
            assert!(error.to_string().contains("[timestamp]"), "{error}");
        }
    }

    #[test]
    fn a_placeholder_stands_where_no_policy_is_set() {
        assert!(config("").unwrap().policies[0].is_example());
        let own = config("policies = [\"1.2.156.99.1\", \"1.2.156.99.2\"]").unwrap().policies;
        assert_eq!(
            own.iter().map(Oid::to_string).collect::<Vec<_>>(),
            ["1.2.156.99.1", "1.2.156.99.2"]
        );
    }
}

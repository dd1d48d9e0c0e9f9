//! `[ocsp]` of `yinxin.toml`.

use gm::KeyLabel;
use jiff::SignedDuration;
use pki::ocsp::{HashAlgorithm, MAX_CERTIFICATES};
use serde::{Deserialize, Serialize};
use status::{StatusConfig, Unissued};

use crate::error::Error;

/// Years after its end for which records of a certificate are kept at least (ESL Art. 24). An
/// operator may promise more, never less.
const LEAST_YEARS: u32 = 5;
/// Hours of a year, leap days spread.
const YEAR_HOURS: i64 = 8_766;

/// Status answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OcspSettings {
    /// Seconds from thisUpdate to nextUpdate.
    pub window: u32,
    /// Most answers without nonce that are kept ready; half of them may be made ahead of time.
    pub cached: usize,
    /// The digests (`sha1`, `sha256`, `sm3`) under which answers are made ahead of time for every
    /// certificate in force; answers under others are made when asked.
    pub prepare: Vec<String>,
    /// Seconds for which HTTP caches on the way may keep an answer; never beyond nextUpdate.
    pub cache_seconds: u32,
    /// Most certificates of one question.
    pub max_certificates: usize,
    /// What is said of a certificate that was never issued.
    pub unissued: UnissuedAnswer,
    /// Years after its end for which the status of a certificate is kept.
    pub archive_years: u32,
    /// Days that a responder certificate lasts. The next one is made when a third is left.
    pub certificate_days: u32,
}

/// What is said of a certificate that was never issued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnissuedAnswer {
    /// "unknown".
    #[default]
    Unknown,
    /// "revoked" in the extended meaning of RFC 6960 §2.2.
    Revoked,
}

impl Default for OcspSettings {
    fn default() -> Self {
        Self {
            window: 3_600,
            cached: 400_000,
            prepare: vec!["sha1".to_owned()],
            cache_seconds: 300,
            max_certificates: 32,
            unissued: UnissuedAnswer::Unknown,
            archive_years: LEAST_YEARS,
            certificate_days: 30,
        }
    }
}

impl OcspSettings {
    /// How long the status of a certificate is answered for after its end.
    pub(crate) fn retention(&self) -> SignedDuration {
        SignedDuration::from_hours(YEAR_HOURS.saturating_mul(self.archive_years.into()))
    }

    /// The configuration of the responder whose first key has this label.
    pub(crate) fn config(&self, label: KeyLabel) -> Result<StatusConfig, Error> {
        self.check()?;
        let mut config = StatusConfig::new(label);
        config.window = SignedDuration::from_secs(self.window.into());
        config.max_age = SignedDuration::from_secs(self.cache_seconds.into());
        config.cached_answers = self.cached;
        config.prepared = self.prepare.iter().map(digest).collect::<Result<_, _>>()?;
        config.certificates = self.max_certificates;
        config.retention = Some(self.retention());
        config.unissued = match self.unissued {
            UnissuedAnswer::Unknown => Unissued::Unknown,
            UnissuedAnswer::Revoked => Unissued::Revoked,
        };
        Ok(config)
    }

    fn check(&self) -> Result<(), Error> {
        let limits = [
            ("window", u64::from(self.window), 60, 604_800),
            ("max_certificates", self.max_certificates as u64, 1, MAX_CERTIFICATES as u64),
            ("archive_years", self.archive_years.into(), LEAST_YEARS.into(), 100),
            ("certificate_days", self.certificate_days.into(), 7, 90),
        ];
        let is_beyond =
            |(_, value, least, most): &&(_, u64, u64, u64)| !(least..=most).contains(&value);
        match limits.iter().find(is_beyond) {
            Some((name, _, least, most)) => Err(wrong(&format!("{name} 应为 {least} 至 {most}"))),
            None => Ok(()),
        }
    }
}

fn digest(name: &String) -> Result<HashAlgorithm, Error> {
    match name.as_str() {
        "sha1" => Ok(HashAlgorithm::Sha1),
        "sha256" => Ok(HashAlgorithm::Sha256),
        "sm3" => Ok(HashAlgorithm::Sm3),
        _ => Err(wrong(&format!("prepare 中的“{name}”应为 sha1、sha256 或 sm3"))),
    }
}

fn wrong(what: &str) -> Error {
    Error::Setup(format!("配置项 [ocsp] 有误：{what}；请改正 yinxin.toml 后重新启动"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<StatusConfig, Error> {
        let label = KeyLabel::new("ocsp").unwrap();
        toml::from_str::<OcspSettings>(text).unwrap().config(label)
    }

    #[test]
    fn what_is_written_is_what_the_responder_works_by() {
        let usual = config("").unwrap();
        assert_eq!(
            (usual.prepared, usual.unissued),
            (vec![HashAlgorithm::Sha1], Unissued::Unknown)
        );
        let own = config(
            "prepare = [\"sm3\", \"sha256\"]\nunissued = \"revoked\"\nmax_certificates = 100\n\
             cache_seconds = 3600\narchive_years = 10",
        );
        let own = own.unwrap();
        assert_eq!(own.prepared, [HashAlgorithm::Sm3, HashAlgorithm::Sha256]);
        assert_eq!((own.unissued, own.certificates), (Unissued::Revoked, 100));
        assert_eq!(own.max_age, SignedDuration::from_hours(1));
        assert_eq!(own.retention, Some(SignedDuration::from_hours(87_660)));
    }

    /// ESL Art. 24: five years are the least.
    #[test]
    fn what_is_beyond_the_limits_stops_the_start_and_is_named() {
        for (text, named) in [
            ("window = 59", "window"),
            ("max_certificates = 0", "max_certificates"),
            ("max_certificates = 101", "max_certificates"),
            ("archive_years = 4", "archive_years"),
            ("certificate_days = 6", "certificate_days"),
            ("certificate_days = 91", "certificate_days"),
            ("prepare = [\"md5\"]", "md5"),
        ] {
            let error = config(text).unwrap_err();
            assert_eq!(error.code(), "app.setup", "{text}");
            let text = error.to_string();
            assert!(text.contains("[ocsp]") && text.contains(named), "{text}");
        }
    }
}

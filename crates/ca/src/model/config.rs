//! What an operator configures. Limits of law and of the standards are not among it.

use gm::{KeyLabel, UserId};
use jiff::SignedDuration;
use pki::Urls;
use serde::Deserialize;

use crate::error::Invalid;

/// The label of a signing key of the CA.
pub type SignerLabel = KeyLabel;

/// Stands for the name of a generation in addresses.
pub const GENERATION: &str = "{issuer}";

/// Configuration of one issuing CA.
#[derive(Debug, Clone)]
pub struct CaConfig {
    /// The name of the issuer's row: `issuing` out of a ceremony.
    pub issuer: String,
    /// Addresses that certificates carry. `{issuer}` stands for the name of the generation
    /// (`issuing`, `issuing2`), whose certificate and lists have names of their own; `{shard}` in the
    /// CRL address stands for the shard number and is required when the issuer has shards.
    pub urls: Urls,
    /// SM2 user ID of the CA's signatures; the default ID of GM/T 0009 §10.
    pub user_id: UserId,
    /// How far the clock may be behind the journal before issuing stops.
    pub skew: SignedDuration,
    /// Profiles whose renewals may keep their key; by default every renewal needs a new one.
    pub renewals_keep_key: Vec<String>,
    /// How old an intent may be to be finished after a crash; older ones are given up.
    pub intent_age: SignedDuration,
    /// How long the status of a certificate is kept for questions after its end: until then its
    /// generation signs lists and certificates of responders (电子签名法第二十四条: five years at least).
    pub status_kept: SignedDuration,
    /// When CRLs are made.
    pub crl: CrlPolicy,
}

impl CaConfig {
    /// A configuration with the usual limits.
    #[must_use]
    pub fn new(issuer: impl Into<String>, urls: Urls) -> Self {
        Self {
            issuer: issuer.into(),
            urls,
            user_id: UserId::default(),
            skew: SignedDuration::from_secs(300),
            renewals_keep_key: Vec::new(),
            intent_age: SignedDuration::from_hours(24),
            status_kept: SignedDuration::from_hours(5 * 366 * 24),
            crl: CrlPolicy::default(),
        }
    }

    /// The same for one generation of the authority.
    #[must_use]
    pub(crate) fn of_generation(mut self, name: &str) -> Self {
        let named = |url: &mut String| *url = url.replace(GENERATION, name);
        let urls = &mut self.urls;
        let lists = [&mut urls.crl, &mut urls.freshest_crl, &mut urls.ocsp, &mut urls.ca_issuers];
        lists.into_iter().flatten().for_each(named);
        self.issuer = name.to_owned();
        self
    }
}

/// Longest time that a list may count, seconds: 416 days, over which no policy goes (a root's list: thirteen months). The
/// database refuses rows of longer ones (migration 956).
const LONGEST_WINDOW: i64 = 36_000_000;

/// When CRLs are made and how long they count. In configuration files all durations are
/// whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrlPolicy {
    /// Interval of full CRLs (and of shards).
    #[serde(deserialize_with = "seconds")]
    pub full_every: SignedDuration,
    /// thisUpdate to nextUpdate of a full CRL.
    #[serde(deserialize_with = "seconds")]
    pub full_window: SignedDuration,
    /// Interval of delta CRLs; zero: none.
    #[serde(deserialize_with = "seconds")]
    pub delta_every: SignedDuration,
    /// thisUpdate to nextUpdate of a delta CRL.
    #[serde(deserialize_with = "seconds")]
    pub delta_window: SignedDuration,
    /// thisUpdate to nextUpdate of the spare kept for device outages; zero: no spare.
    #[serde(deserialize_with = "seconds")]
    pub spare_window: SignedDuration,
    /// Publish as soon as a status changes.
    pub on_change: bool,
    /// Shortest time between two CRLs made because of changes.
    #[serde(deserialize_with = "seconds")]
    pub min_gap: SignedDuration,
    /// How many superseded CRLs are kept for inspection.
    pub keep: u32,
}

impl Default for CrlPolicy {
    /// Daily, valid for two days, at once after a change, spare for seven days.
    fn default() -> Self {
        Self {
            full_every: SignedDuration::from_hours(24),
            full_window: SignedDuration::from_hours(48),
            delta_every: SignedDuration::ZERO,
            delta_window: SignedDuration::from_hours(4),
            spare_window: SignedDuration::from_hours(7 * 24),
            on_change: true,
            min_gap: SignedDuration::from_secs(10),
            keep: 16,
        }
    }
}

impl CrlPolicy {
    /// Whether delta CRLs are made.
    #[must_use]
    pub fn has_delta(&self) -> bool {
        self.delta_every > SignedDuration::ZERO
    }

    /// Whether a spare is signed.
    #[must_use]
    pub fn has_spare(&self) -> bool {
        self.spare_window > SignedDuration::ZERO
    }

    /// Refuses policies under which a CRL would run out before the next one is made, or that nobody could store.
    pub fn check(&self) -> Result<(), Invalid> {
        let wrong = |text: &str| Err(Invalid::Config(text.to_owned()));
        let windows = [
            ("full_window", self.full_window),
            ("delta_window", self.delta_window),
            ("spare_window", self.spare_window),
        ];
        let is_too_long = |window: &SignedDuration| window.as_secs() > LONGEST_WINDOW;
        if let Some((name, _)) = windows.iter().find(|(_, window)| is_too_long(window)) {
            return wrong(&format!(
                "撤销列表的有效期不能超过 416 天，[crl] {name} 至多 {LONGEST_WINDOW} 秒"
            ));
        }
        if self.full_every <= SignedDuration::ZERO || self.full_window < self.full_every {
            return wrong("完整撤销列表的有效期应不短于发布间隔，且间隔应大于零");
        }
        if self.has_delta() && self.delta_window < self.delta_every {
            return wrong("增量撤销列表的有效期应不短于发布间隔");
        }
        if self.has_spare() && self.spare_window <= self.full_window {
            return wrong("备用撤销列表的有效期应长于完整撤销列表");
        }
        Ok(())
    }
}

/// Whole seconds, as configuration files write durations.
fn seconds<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SignedDuration, D::Error> {
    u32::deserialize(from).map(|seconds| SignedDuration::from_secs(i64::from(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_policy_holds_and_a_gap_between_crls_is_refused() {
        assert_eq!(CrlPolicy::default().check(), Ok(()));
        let window = SignedDuration::from_hours(23);
        assert!(CrlPolicy { full_window: window, ..CrlPolicy::default() }.check().is_err());
        let spare_window = SignedDuration::from_hours(48);
        assert!(CrlPolicy { spare_window, ..CrlPolicy::default() }.check().is_err());
    }

    #[test]
    fn a_window_that_the_database_refuses_is_refused_at_once_and_named() {
        let long = |seconds| SignedDuration::from_secs(LONGEST_WINDOW + seconds);
        let usual = CrlPolicy::default;
        let with = |seconds| {
            [
                CrlPolicy { full_window: long(seconds), spare_window: long(seconds), ..usual() },
                CrlPolicy { delta_window: long(seconds), ..usual() },
                CrlPolicy { spare_window: long(seconds), ..usual() },
            ]
        };
        for (policy, name) in with(1).iter().zip(["full_window", "delta_window", "spare_window"]) {
            let said = policy.check().unwrap_err().to_string();
            assert!(said.contains(name) && said.contains("416 天"), "{said}");
        }
        let [_, delta, spare] = with(0);
        assert_eq!((delta.check(), spare.check()), (Ok(()), Ok(())));
    }
}

//! The root's revocation list, which says whether the issuing CA still counts (an authority
//! revocation list). The root's key is with five custodians, so its list is made by hand once a year:
//! it counts for thirteen months, and the doctor reminds people two months before its end. Each key of the
//! root that stands has a list of its own, and all of them list the same (ADR 15).

use std::sync::Arc;

use ca::ceremony::ROOT;
use ca::{Ca, CaConfig, CertificateRecord, CrlKind, CrlPolicy, GENERATION, PublishedCrl};
use jiff::{SignedDuration, Timestamp};
use pki::Urls;
use pki::profile::ProfileSet;
use status::{ListKind, ListName};
use store::Store;

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::{Institution, Parts};
use crate::settings::Settings;

/// How long a list of the root counts: a year, and a month for the day to be found.
const WINDOW_DAYS: i64 = 396;
/// Days before its end when the doctor begins to remind.
const REMIND_DAYS: i64 = 60;

/// Addresses and lists of the root.
pub(crate) fn config(settings: &Settings) -> CaConfig {
    let mut config = CaConfig::new(ROOT, urls(settings));
    config.crl = CrlPolicy {
        full_every: days(WINDOW_DAYS),
        full_window: days(WINDOW_DAYS),
        // Nobody could publish it while the key is away.
        spare_window: SignedDuration::ZERO,
        ..CrlPolicy::default()
    };
    config
}

/// Addresses that certificates by the root carry: each of its generations has files of its own.
fn urls(settings: &Settings) -> Urls {
    let base = settings.server.public_url.trim_end_matches('/');
    Urls {
        crl: vec![format!("{base}/crl/{GENERATION}.crl")],
        freshest_crl: Vec::new(),
        ocsp: vec![format!("{base}/ocsp")],
        ca_issuers: vec![format!("{base}/ca/{GENERATION}.cer")],
        cps: None,
    }
}

/// What came of making the lists of the root.
#[derive(Debug, Default)]
pub struct RootLists {
    /// The lists that were made.
    pub published: Vec<PublishedCrl>,
    /// Names of the generations that must tell the same and whose keys are away.
    pub owed: Vec<String>,
}

/// Makes and publishes the next list of each root key that was brought back (`ceremony restore-root`);
/// nothing else may have the store open.
pub async fn publish_root_list(parts: &Parts, store: &Store) -> Result<RootLists, Error> {
    let profiles = Arc::new(parts.settings.profiles()?);
    let roots = open(parts, store, &profiles).await?;
    let (mut lists, mut away) = (RootLists::default(), None);
    for one in standing(&roots)? {
        match one.check_key() {
            Ok(()) => lists.published.push(one.publish_crl(CrlKind::Full).await?),
            Err(error) => {
                lists.owed.push(one.name().to_owned());
                away = Some(error);
            }
        }
    }
    match away {
        Some(error) if lists.published.is_empty() => Err(error.into()),
        _ => Ok(lists),
    }
}

/// What the root revoked and lists of it in force do not tell.
#[derive(Debug, Default)]
pub(crate) struct Untold {
    /// The certificates.
    pub(crate) records: Vec<CertificateRecord>,
    /// Files of the lists that are owed: each generation's is made by its own custodians.
    pub(crate) lists: Vec<String>,
}

impl Untold {
    async fn by(roots: &Ca) -> Result<Self, Error> {
        let publishing = standing(roots)?;
        let records = roots.untold(&publishing).await?;
        let mut lists = Vec::new();
        if !records.is_empty() {
            for one in &publishing {
                if !roots.untold(std::slice::from_ref(one)).await?.is_empty() {
                    lists.push(format!("{}.crl", one.name()));
                }
            }
        }
        Ok(Self { records, lists })
    }
}

/// Files of the root's lists that do not tell yet what was revoked; nothing else may have the store open.
pub async fn owed_lists(parts: &Parts, store: &Store) -> Result<Vec<String>, Error> {
    let profiles = Arc::new(parts.settings.profiles()?);
    Ok(Untold::by(&open(parts, store, &profiles).await?).await?.lists)
}

/// The root with its generations.
pub(crate) async fn open(
    parts: &Parts,
    store: &Store,
    profiles: &Arc<ProfileSet>,
) -> Result<Ca, Error> {
    let (device, clock) = (parts.device.clone(), parts.clock.clone());
    let config = config(&parts.settings);
    Ok(Ca::open(store.clone(), device, clock, profiles.clone(), config).await?)
}

/// The generations of the root that publish lists: appointed, not over, and within their own validity.
pub(crate) fn standing(roots: &Ca) -> Result<Vec<Ca>, Error> {
    let mut standing = Vec::new();
    for one in roots.signing_generations() {
        if !one.generation()?.is_waiting {
            standing.push(one);
        }
    }
    Ok(standing)
}

impl Institution {
    /// Whether relying parties can tell that the issuing CA still counts (T-11), by each key of the root.
    pub(crate) async fn check_root_list(&self) -> Check {
        let (mut worst, mut said) = (Level::Good, Vec::new());
        match standing(self.roots()) {
            Ok(all) => {
                for one in &all {
                    let (level, detail) = self.judge_list(one.name()).await;
                    worst = worst.worse(level);
                    let name = if all.len() > 1 { one.name() } else { "" };
                    said.push(format!("{name}{detail}"));
                }
            }
            Err(error) => (worst, said) = (Level::Unknown, vec![error.to_string()]),
        }
        match self.untold_by_root().await {
            Ok(untold) => {
                let lists = untold.lists.join("、");
                // Cross-certificates have a check of their own.
                for one in untold.records.iter().filter(|one| one.profile != "cross") {
                    worst = worst.worse(Level::Failed);
                    let (serial, subject) = (one.serial.to_hex(), &one.subject);
                    said.push(format!(
                        "{subject} 的证书（序列号 {serial}）已撤销，还没有列入 {lists}；{HOW}"
                    ));
                }
            }
            Err(error) => {
                worst = worst.worse(Level::Unknown);
                said.push(error.to_string());
            }
        }
        Check {
            name: "root_list", title: "根的撤销列表", level: worst, detail: said.join("；")
        }
    }

    /// What the root revoked and some list of it in force does not tell.
    pub(crate) async fn untold_by_root(&self) -> Result<Untold, Error> {
        Untold::by(self.roots()).await
    }

    async fn judge_list(&self, issuer: &str) -> (Level, String) {
        let name = ListName { issuer: issuer.to_owned(), kind: ListKind::Full };
        match self.lists().current(&name).await {
            Ok(list) => judge(list.map(|list| list.next_update), self.clock().now()),
            Err(error) => (Level::Unknown, error.to_string()),
        }
    }
}

const HOW: &str = "请召集三名保管人（持这一代根密钥的分量；还欠哪几代的列表，就召集哪几代的），停止服务后依次运行 yinxin ceremony restore-root、publish-root-list、\
                   destroy-root";

fn judge(end: Option<Timestamp>, now: Timestamp) -> (Level, String) {
    match end {
        None => (Level::Failed, format!("尚未发布；{HOW}")),
        Some(end) if end <= now => (Level::Failed, format!("已于 {end} 到期；{HOW}")),
        Some(end) if end.duration_since(now) <= days(REMIND_DAYS) => {
            (Level::Warning, format!("有效至 {end}；{HOW}"))
        }
        Some(end) => (Level::Good, format!("有效至 {end}")),
    }
}

const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_reminded_two_months_before_the_list_of_the_root_ends() {
        let day = |count: i64| Timestamp::from_second(1_800_000_000 + count * 86_400).unwrap();
        let level = |now| judge(Some(day(396)), day(now)).0;
        assert_eq!((level(335), level(336)), (Level::Good, Level::Warning));
        assert_eq!((level(395), level(396)), (Level::Warning, Level::Failed));
        assert_eq!(judge(None, day(0)).0, Level::Failed);
    }

    #[test]
    fn the_policy_of_the_root_holds() {
        let settings = Settings::new("测试中心", "ca.example.cn/journal");
        assert_eq!(config(&settings).crl.check(), Ok(()));
    }
}

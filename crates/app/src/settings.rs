//! The settings of an institution: what an operator decides. Limits of law and of the standards
//! are not among them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use ca::CrlPolicy;
use jiff::SignedDuration;
use pki::profile::{Policies, ProfileSet};
use serde::{Deserialize, Serialize};

use crate::disclosure::DisclosureSettings;
use crate::ends::AlarmSettings;
use crate::error::Error;
use crate::kinds::{Kind, Kinds};
use crate::letters::LettersSettings;
pub use crate::limits::LimitSettings;
use crate::notify::MailSettings;
use crate::publication::DirectorySettings;
use crate::responder::OcspSettings;
use crate::sample::SampleSettings;
use crate::timestamp::TimestampSettings;
use crate::verification::VerificationSettings;
use crate::voice::VoiceSettings;

/// `yinxin.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Who runs it.
    pub institution: InstitutionSettings,
    /// Where it listens and under which address others reach it.
    #[serde(default)]
    pub server: ServerSettings,
    /// How much one source may ask.
    #[serde(default)]
    pub limits: LimitSettings,
    /// How people reach it; shown on every page.
    #[serde(default)]
    pub contact: ContactSettings,
    /// Where it keeps things.
    #[serde(default)]
    pub storage: StorageSettings,
    /// The key management centre.
    #[serde(default)]
    pub kmc: KmcSettings,
    /// What the CA lets pass.
    #[serde(default)]
    pub ca: CaSettings,
    /// When CRLs are made; seconds.
    #[serde(default)]
    pub crl: CrlSettings,
    /// Status answers.
    #[serde(default)]
    pub ocsp: OcspSettings,
    /// Timestamps.
    #[serde(default)]
    pub timestamp: TimestampSettings,
    /// The certificate directory (LDAP).
    #[serde(default)]
    pub directory: DirectorySettings,
    /// Mail to applicants.
    #[serde(default)]
    pub mail: MailSettings,
    /// Letters and their PDFs.
    #[serde(default)]
    pub letters: LettersSettings,
    /// What the law wants public.
    #[serde(default)]
    pub disclosure: DisclosureSettings,
    /// The verification service.
    #[serde(default)]
    pub verification: VerificationSettings,
    /// How long before the end of certificates to warn.
    #[serde(default)]
    pub alarms: AlarmSettings,
    /// How many certificates the weekly report draws.
    #[serde(default)]
    pub sample: SampleSettings,
    /// How long what came with reports is kept.
    #[serde(default)]
    pub voice: VoiceSettings,
    /// The institution's own certificate policies: dotted identifiers by kind (`person`: both
    /// certificates of the pair) or by profile (`person-sign`).
    #[serde(default)]
    pub policy: BTreeMap<String, Vec<String>>,
}

/// The certification institution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstitutionSettings {
    /// Its full name, as in the certificates it issues (Measures Art. 19 (1)).
    pub name: String,
    /// Its unified social credit code (GB 32100). Empty: registration stays closed, since agreements
    /// must name their party (Measures Art. 27).
    #[serde(default)]
    pub credit_code: String,
    /// Name of its journal in checkpoints: unique, without scheme, e.g. `ca.example.cn/journal`.
    pub origin: String,
}

/// How people reach the institution. What is empty is not shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContactSettings {
    /// Telephone.
    pub phone: String,
    /// When the telephone is answered and the counters are open.
    pub hours: String,
    /// E-mail.
    pub email: String,
    /// Postal address.
    pub address: String,
    /// The filing mark that a public site shows at its foot (ICP 备案号 and the like).
    pub filing: String,
}

/// Listening.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address of the pages, the REST door, OCSP and CRLs. Loopback unless set otherwise.
    pub listen: SocketAddr,
    /// Under which address relying parties reach it; goes into certificates.
    pub public_url: String,
    /// Requests worked on at the same time; more are answered 503 with Retry-After.
    pub max_in_flight: usize,
    /// Reverse proxies in front: their `X-Forwarded-For` is believed, nobody else's.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Forms that one source may send in a minute without having signed in.
    pub forms_per_minute: u32,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8440)),
            public_url: "http://127.0.0.1:8440".to_owned(),
            max_in_flight: 512,
            trusted_proxies: Vec::new(),
            forms_per_minute: 60,
        }
    }
}

/// Storage.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageSettings {
    /// `postgres://…`; empty: the embedded SQLite file of the data folder.
    pub url: String,
    /// Folder of the journal's anchor; empty: inside the data folder. Best on another disk.
    pub anchor: String,
    /// Seconds between signed checkpoints of a growing journal.
    pub checkpoint_seconds: u64,
}

impl Default for StorageSettings {
    fn default() -> Self {
        Self { url: String::new(), anchor: String::new(), checkpoint_seconds: 10 }
    }
}

/// The key management centre.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KmcSettings {
    /// Address of a centre in another process (`http://…/kmc/v1/gmt0014`); empty: embedded.
    pub remote: String,
    /// PEM file with the certificate or public key of the remote centre's signing key; a relative
    /// path counts from the data folder.
    pub remote_key: String,
    /// Database of the centre; empty: its own SQLite file.
    pub url: String,
    /// Where `yinxin kmc serve` listens.
    pub listen: SocketAddr,
    /// Pairs kept ready in the standby store.
    pub standby: u32,
}

impl Default for KmcSettings {
    fn default() -> Self {
        Self {
            remote: String::new(),
            remote_key: String::new(),
            url: String::new(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8441)),
            standby: 200,
        }
    }
}

/// What the CA lets pass.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaSettings {
    /// Kinds of certificates whose renewal may keep the signing key; every other renewal needs a
    /// new one (T-31).
    pub renewals_keep_key: Vec<String>,
}

impl CaSettings {
    /// The profiles of the signing certificates of these kinds.
    pub(crate) fn profiles_that_keep_keys(&self) -> Vec<String> {
        self.renewals_keep_key.iter().map(|kind| format!("{kind}-sign")).collect()
    }
}

/// CRL policy, whole seconds; the words of `ca::CrlPolicy`, which refuses windows of more than 416 days.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrlSettings {
    /// Interval of full CRLs.
    pub full_every: u32,
    /// thisUpdate to nextUpdate of a full CRL.
    pub full_window: u32,
    /// Interval of delta CRLs; 0: none.
    pub delta_every: u32,
    /// thisUpdate to nextUpdate of a delta CRL.
    pub delta_window: u32,
    /// thisUpdate to nextUpdate of the spare; 0: none.
    pub spare_window: u32,
    /// Publish as soon as a status changes.
    pub on_change: bool,
    /// Shortest time between two CRLs made because of changes.
    pub min_gap: u32,
    /// Superseded CRLs kept for inspection.
    pub keep: u32,
    /// Shards of the issuing CA; fixed in the ceremony. 0: none.
    pub shards: u16,
}

impl Default for CrlSettings {
    fn default() -> Self {
        Self {
            full_every: 86_400,
            full_window: 172_800,
            delta_every: 3_600,
            delta_window: 14_400,
            spare_window: 604_800,
            on_change: true,
            min_gap: 1,
            keep: 16,
            shards: 0,
        }
    }
}

impl CrlSettings {
    /// The policy of the CA.
    #[must_use]
    pub fn policy(&self) -> CrlPolicy {
        let seconds = |n: u32| SignedDuration::from_secs(n.into());
        CrlPolicy {
            full_every: seconds(self.full_every),
            full_window: seconds(self.full_window),
            delta_every: seconds(self.delta_every),
            delta_window: seconds(self.delta_window),
            spare_window: seconds(self.spare_window),
            on_change: self.on_change,
            min_gap: seconds(self.min_gap),
            keep: self.keep,
        }
    }

    /// Where the CRL of a certificate is found; `{shard}` stands for its shard.
    pub(crate) fn full(&self, base: &str, issuer: &str) -> String {
        let shard = if self.shards > 0 { "-{shard}" } else { "" };
        format!("{base}/crl/{issuer}{shard}.crl")
    }

    /// Where delta CRLs are found, if there are any.
    pub(crate) fn freshest(&self, base: &str, issuer: &str) -> Vec<String> {
        let address = || format!("{base}/crl/{issuer}-delta.crl");
        (self.delta_every > 0).then(address).into_iter().collect()
    }
}

impl Settings {
    /// Settings with every default, for `name`.
    #[must_use]
    pub fn new(name: &str, origin: &str) -> Self {
        Self {
            institution: InstitutionSettings {
                name: name.to_owned(),
                credit_code: String::new(),
                origin: origin.to_owned(),
            },
            server: ServerSettings::default(),
            limits: LimitSettings::default(),
            contact: ContactSettings::default(),
            storage: StorageSettings::default(),
            kmc: KmcSettings::default(),
            ca: CaSettings::default(),
            crl: CrlSettings::default(),
            ocsp: OcspSettings::default(),
            timestamp: TimestampSettings::default(),
            directory: DirectorySettings::default(),
            mail: MailSettings::default(),
            letters: LettersSettings::default(),
            disclosure: DisclosureSettings::default(),
            verification: VerificationSettings::default(),
            alarms: AlarmSettings::default(),
            sample: SampleSettings::default(),
            voice: VoiceSettings::default(),
            policy: BTreeMap::new(),
        }
    }

    /// The profiles to issue by, with the institution's own policies.
    pub fn profiles(&self) -> Result<ProfileSet, Error> {
        let policies = Policies::new(self.policy.clone());
        ProfileSet::embedded_with(&policies).map_err(|error| match error {
            pki::Error::Profile { profile, problem, .. } if !self.policy.is_empty() => {
                let text = format!("配置项 [policy] 中的“{profile}”有误：{problem}");
                Error::Setup(format!("{text}；请改正 yinxin.toml 后重新启动"))
            }
            other => other.into(),
        })
    }

    /// Refuses names of kinds that there are not, alarms that would never sound, or always, samples that are too
    /// small, and times for which nothing may be kept.
    pub(crate) fn check_kinds(&self, kinds: &Kinds) -> Result<(), Error> {
        self.alarms.check()?;
        self.sample.check()?;
        self.voice.check()?;
        let stranger = self.ca.renewals_keep_key.iter().find(|name| kinds.find(name).is_err());
        let Some(name) = stranger else {
            return Ok(());
        };
        let known: Vec<_> = kinds.iter().map(Kind::name).collect();
        Err(Error::Setup(format!(
            "配置项 [ca] renewals_keep_key 中的“{name}”不是证书种类；可用种类：{}；请改正 yinxin.toml \
             后重新启动",
            known.join("、")
        )))
    }

    /// Reads the file; an unknown or missing field is an error that names it.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::Setup(format!(
                "无法读取配置文件 {}：{e}；请确认数据目录，或先运行 yinxin ceremony init",
                path.display()
            ))
        })?;
        toml::from_str(&text)
            .map_err(|e| Error::Setup(format!("配置文件 {} 有误：{e}", path.display())))
    }

    /// Writes the file.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let text = toml::to_string_pretty(self).map_err(|e| Error::Setup(e.to_string()))?;
        std::fs::write(path, text)
            .map_err(|e| Error::Setup(format!("无法写入配置文件 {}：{e}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_file_and_unknown_fields_are_named() {
        let settings = Settings::new("测试中心", "ca.example.cn/journal");
        let text = toml::to_string_pretty(&settings).unwrap();
        let again: Settings = toml::from_str(&text).unwrap();
        assert_eq!(again.institution.name, "测试中心");
        let wrong = format!("{text}\n[crls]\nfull = 1\n");
        let error = toml::from_str::<Settings>(&wrong).unwrap_err().to_string();
        assert!(error.contains("crls"), "{error}");
    }

    fn with(text: &str) -> Settings {
        let plain = Settings::new("测试中心", "ca.example.cn/journal");
        let all = toml::to_string_pretty(&plain).unwrap();
        let all = all.replace("[ca]\nrenewals_keep_key = []\n", "").replace("[policy]\n", "");
        toml::from_str(&format!("{all}\n{text}\n")).unwrap()
    }

    #[test]
    fn kinds_whose_renewals_keep_their_key_are_known_ones() {
        let kept = |text: &str| {
            let settings = with(text);
            settings.check_kinds(&Kinds::of(&settings.profiles().unwrap()))?;
            Ok::<_, Error>(settings.ca.profiles_that_keep_keys())
        };
        assert_eq!(kept("").unwrap(), Vec::<String>::new());
        let two = kept("[ca]\nrenewals_keep_key = [\"device\", \"unit\"]").unwrap();
        assert_eq!(two, ["device-sign", "unit-sign"]);
        for wrong in ["persons", "person-sign", "root", ""] {
            let error = kept(&format!("[ca]\nrenewals_keep_key = [\"{wrong}\"]")).unwrap_err();
            assert_eq!(error.code(), "app.setup");
            let text = error.to_string();
            assert!(text.contains(&format!("“{wrong}”")) && text.contains("person、"), "{text}");
        }
    }

    #[test]
    fn policies_of_the_settings_stand_in_the_profiles_and_wrong_ones_are_named() {
        let set = with("[policy]\nperson = [\"1.2.156.99.1\"]").profiles().unwrap();
        let rules = &set.by_name("person-enc").unwrap().document().policy;
        assert_eq!(
            rules.iter().map(|rule| rule.oid.as_str()).collect::<Vec<_>>(),
            ["1.2.156.99.1"]
        );
        for (wrong, named) in [
            ("persons = [\"1.2.156.99.1\"]", "persons"),
            ("root = [\"1.2.156.99.1\"]", "root"),
            ("person = [\"1.2.156.99.x\"]", "person-"),
            ("person = [\"1.2.3.4\"]", "person-"),
            ("person = []", "person-"),
        ] {
            let error = with(&format!("[policy]\n{wrong}")).profiles().unwrap_err();
            let text = error.to_string();
            assert!(text.contains("[policy]") && text.contains(named), "{text}");
        }
    }

    #[test]
    fn nothing_listens_beyond_loopback_unless_configured() {
        let settings = Settings::new("测试中心", "ca.example.cn/journal");
        assert!(settings.server.listen.ip().is_loopback());
        assert!(settings.kmc.listen.ip().is_loopback());
    }
}

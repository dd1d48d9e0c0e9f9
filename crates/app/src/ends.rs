//! Certificates that come near their end, told far ahead: those of the institution itself, of its services,
//! and of transport. Some are followed by another without anybody's doing; what is told of these is that
//! it did not succeed. For others people must meet, and need to know in time.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, pem};
use serde::{Deserialize, Serialize};
use status::rules::delegation;

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;

/// Largest PEM file that is read for its certificates.
const MOST_OCTETS: u64 = 1 << 20;

/// `[alarms]` of `yinxin.toml`: how long before the end of a certificate the doctor begins to warn.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmSettings {
    /// PEM files with further certificates to be looked at, such as that of the reverse proxy before the
    /// pages (HTTPS). A relative path counts from the data folder.
    pub watched: Vec<String>,
    /// Of the root's certificate.
    pub root: Threshold,
    /// Of the issuing CA's.
    pub issuing: Threshold,
    /// Of cross-certificates with other institutions.
    pub cross: Threshold,
    /// Of the responder's (OCSP), which renews itself.
    pub responder: Threshold,
    /// Of the timestamp authority's, which renews itself.
    pub timestamp: Threshold,
    /// Of transport certificates: that of the directory, and those of `watched`.
    pub transport: Threshold,
}

/// When to warn: so many days before the end, but not earlier than with this share of life left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Days.
    pub days: u32,
    /// Percent of the whole life.
    pub percent: u32,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        let of = |days, percent| Threshold { days, percent };
        Self {
            watched: Vec::new(),
            // The one after it must be in the trust lists of all relying parties by then.
            root: of(1_826, 25),
            // No certificate outlives it, and the longest last five years.
            issuing: of(1_826, 25),
            // Custodians meet, and the other institution's papers take their time.
            cross: of(180, 25),
            // Renewed with a third left; a sixth is half of the time for that.
            responder: of(15, 17),
            // Renewed a year before the end.
            timestamp: of(275, 19),
            transport: of(30, 25),
        }
    }
}

impl AlarmSettings {
    /// Refuses what would never warn, or always.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let all = [
            ("root", self.root),
            ("issuing", self.issuing),
            ("cross", self.cross),
            ("responder", self.responder),
            ("timestamp", self.timestamp),
            ("transport", self.transport),
        ];
        let is_wrong = |(_, one): &&(&str, Threshold)| {
            !(1..=7_305).contains(&one.days) || !(1..=90).contains(&one.percent)
        };
        match all.iter().find(is_wrong) {
            None => Ok(()),
            Some((name, _)) => Err(Error::Setup(format!(
                "配置项 [alarms.{name}] 有误：days 应为 1 至 7305，percent 应为 1 至 90；请改正 \
                 yinxin.toml 后重新启动"
            ))),
        }
    }
}

impl Threshold {
    /// How a certificate of this period stands.
    fn level(self, (begin, end): (Timestamp, Timestamp), now: Timestamp) -> Level {
        let share = end.duration_since(begin).as_secs() / 100 * i64::from(self.percent);
        let days = SignedDuration::from_hours(24 * i64::from(self.days)).as_secs();
        match end.duration_since(now).as_secs() {
            // The last second belongs to it (RFC 5280 §4.1.2.5).
            left if left < 0 => Level::Failed,
            left if left <= days.min(share) => Level::Warning,
            _ => Level::Good,
        }
    }
}

/// A certificate that is looked at.
struct Watched {
    name: String,
    period: (Timestamp, Timestamp),
    threshold: Threshold,
    /// What to do when it comes near its end.
    advice: &'static str,
}

impl Watched {
    fn new(
        name: impl Into<String>,
        certificate: &Certificate,
        (threshold, advice): (Threshold, &'static str),
    ) -> Self {
        let period = (certificate.not_before(), certificate.not_after());
        Self { name: name.into(), period, threshold, advice }
    }
}

const ROOT: &str = "请着手根密钥换代（运行手册“根密钥换代”）：举行密钥仪式，向依赖方发布新根证书，并报请列入\
                    信任列表；新根应在旧根到期前几年即可使用";
const ISSUING: &str =
    "请安排签发机构换代的密钥仪式；新签发的证书不会晚于它到期，越迟换代，用户证书的期限越短";
const CROSS: &str = "继续互认的，请与对方约定：本机构签发的，举行交叉认证仪式（yinxin ceremony cross-certify）；对方签发的，\
                     请对方重新签发后登记（yinxin ceremony cross-take-in）";
const ITSELF: &str =
    "它由系统自动换发，到现在还没有成功；请检查密码设备、CA 证书的有效期和运行日志";
const TRANSPORT: &str = "请申请新的传输证书，替换文件后重新启动服务";

/// The transport certificate of the directory that this process loaded; none in a process that does not serve it.
#[derive(Default)]
pub(crate) struct Served(Mutex<Option<Vec<Certificate>>>);

impl Institution {
    /// The directory's listener has loaded this chain (DER): what is served is judged, not what lies in the file since.
    ///
    /// # Errors
    /// When a certificate of it can't be read.
    pub fn note_directory_chain(&self, chain: &[Vec<u8>]) -> Result<(), Error> {
        let read: Result<_, _> = chain.iter().map(|der| Certificate::from_der(der)).collect();
        *self.served().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(read?);
        Ok(())
    }

    /// Whether a certificate comes near its end.
    pub(crate) async fn check_ends(&self) -> Check {
        let (name, title) = ("ends", "证书到期预警");
        let (level, detail) = match self.watched().await {
            Ok((watched, unread)) => judge(&watched, &unread, self.clock().now()),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name, title, level, detail }
    }

    /// The certificates that are looked at, and the files that could not be.
    async fn watched(&self) -> Result<(Vec<Watched>, Vec<String>), Error> {
        let alarms = &self.settings().alarms;
        let mut all = Vec::new();
        // The root that is followed by another is what people were reminded of.
        let roots = crate::root_list::standing(self.roots())?;
        if let Some(last) = roots.iter().max_by_key(|one| one.certificate().not_after()) {
            all.push(Watched::new("根证书", last.certificate(), (alarms.root, ROOT)));
        }
        // A successor that is certified is what people were reminded of.
        let signing = self.ca().signing_generations();
        if let Some(last) = signing.iter().max_by_key(|one| one.certificate().not_after()) {
            let how = (alarms.issuing, ISSUING);
            all.push(Watched::new("签发机构（CA）证书", last.certificate(), how));
        }
        for (name, certificate) in self.cross_ends().await? {
            all.push(Watched::new(name, &certificate, (alarms.cross, CROSS)));
        }
        let ca_end = self.ca().certificate().not_after();
        let responders = self.responder().delegations(self.ca().name()).into_iter();
        let newest = responders
            .filter(|one| delegation::is_for_responses(&one.certificate))
            .max_by_key(|one| one.period());
        if let Some(newest) = newest.filter(|one| one.certificate.not_after() < ca_end) {
            let how = (alarms.responder, ITSELF);
            all.push(Watched::new("状态应答（OCSP）证书", &newest.certificate, how));
        }
        let stamps = self.timestamp().and_then(|authority| authority.certificate());
        if let Some(stamps) = stamps.filter(|one| one.not_after() < ca_end) {
            all.push(Watched::new("时间戳证书", &stamps, (alarms.timestamp, ITSELF)));
        }
        let unread = self.transports(&mut all);
        Ok((all, unread))
    }

    fn transports(&self, all: &mut Vec<Watched>) -> Vec<String> {
        let (alarms, directory) = (&self.settings().alarms, &self.settings().directory);
        let how = (alarms.transport, TRANSPORT);
        let served = self.served().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for one in served.iter().flatten() {
            all.push(Watched::new("证书目录正在使用的传输证书（LDAPS）", one, how));
        }
        // Another process than the one that serves sees the file alone.
        let own = (directory.has_tls() && served.is_none())
            .then_some(("证书目录的传输证书文件（LDAPS）", &directory.certificate));
        let files = own.into_iter().chain(alarms.watched.iter().map(|file| ("传输证书", file)));
        let mut unread = Vec::new();
        for (what, file) in files {
            match certificates(&self.layout().root().join(file)) {
                Ok(found) => all.extend(
                    found.iter().map(|one| Watched::new(format!("{what} {file}"), one, how)),
                ),
                Err(why) => unread.push(format!("{what} {file} 的到期时间未能读出（{why}）")),
            }
        }
        unread
    }
}

/// Every certificate of a PEM file: a chain is as good as the first of it to end.
fn certificates(path: &std::path::Path) -> Result<Vec<Certificate>, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut octets = Vec::new();
    file.take(MOST_OCTETS + 1).read_to_end(&mut octets).map_err(|error| error.to_string())?;
    if octets.len() as u64 > MOST_OCTETS {
        return Err("文件超过 1 MiB".to_owned());
    }
    let blocks = pem::blocks(&octets, pem::CERTIFICATE).map_err(|error| error.to_string())?;
    if blocks.is_empty() {
        return Err("文件中没有证书".to_owned());
    }
    let read = |der: &Vec<u8>| Certificate::from_der(der).map_err(|error| error.to_string());
    blocks.iter().map(read).collect()
}

fn judge(watched: &[Watched], unread: &[String], now: Timestamp) -> (Level, String) {
    let mut worst = if unread.is_empty() { Level::Good } else { Level::Unknown };
    let mut told = unread.to_vec();
    for one in watched {
        let (level, end) = (one.threshold.level(one.period, now), one.period.1);
        let days = end.duration_since(now).as_hours() / 24;
        match level {
            Level::Failed => told.push(format!("{}已于 {end} 到期；{}", one.name, one.advice)),
            Level::Warning => {
                told.push(format!("{}将于 {end} 到期，还有 {days} 天；{}", one.name, one.advice));
            }
            Level::Good | Level::Unknown => continue,
        }
        worst = if level.rank() > worst.rank() { level } else { worst };
    }
    let first = watched.iter().min_by_key(|one| one.period.1);
    match (told.is_empty(), first) {
        (false, _) => (worst, told.join("。")),
        (true, Some(first)) => {
            (Level::Good, format!("最早到期的是{}，有效至 {}", first.name, first.period.1))
        }
        (true, None) => (Level::Unknown, "没有读到证书".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(count: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + count * 86_400).unwrap()
    }

    fn level(threshold: Threshold, life: i64, left: i64) -> Level {
        threshold.level((day(0), day(life)), day(life - left))
    }

    #[test]
    fn long_lives_are_told_by_days_and_short_ones_by_their_share() {
        let transport = AlarmSettings::default().transport;
        // A certificate for ten years: thirty days. One for twelve weeks: three. One for eight days: two.
        for (life, lead) in [(3_650, 30), (84, 21), (8, 2)] {
            assert_eq!(level(transport, life, lead + 1), Level::Good, "{life}");
            assert_eq!(level(transport, life, lead), Level::Warning, "{life}");
            assert_eq!(level(transport, life, 0), Level::Warning, "{life}: its last second");
            let over = day(life) + SignedDuration::from_secs(1);
            assert_eq!(transport.level((day(0), day(life)), over), Level::Failed, "{life}");
        }
    }

    #[test]
    fn what_people_must_meet_for_is_told_years_ahead_and_what_renews_itself_when_it_did_not() {
        let alarms = AlarmSettings::default();
        assert_eq!(level(alarms.root, 10_957, 1_827), Level::Good);
        assert_eq!(level(alarms.root, 10_957, 1_826), Level::Warning);
        assert_eq!(level(alarms.issuing, 7_305, 1_826), Level::Warning);
        // The responder: thirty days, due with ten left.
        assert_eq!(
            (level(alarms.responder, 30, 10), level(alarms.responder, 30, 5)),
            (Level::Good, Level::Warning)
        );
        assert_eq!(
            (level(alarms.timestamp, 1_826, 365), level(alarms.timestamp, 1_826, 275)),
            (Level::Good, Level::Warning)
        );
    }

    #[test]
    fn thresholds_that_never_warn_or_always_stop_the_start_and_are_named() {
        assert!(AlarmSettings::default().check().is_ok());
        for (text, named) in [
            ("[root]\ndays = 0\npercent = 10", "[alarms.root]"),
            ("[transport]\ndays = 30\npercent = 91", "[alarms.transport]"),
            ("[issuing]\ndays = 9000\npercent = 20", "[alarms.issuing]"),
        ] {
            let settings: AlarmSettings = toml::from_str(text).unwrap();
            let error = settings.check().unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn each_that_is_near_is_named_with_what_to_do_and_the_worst_decides() {
        let certificate = |name: &str, end: i64, advice| Watched {
            name: name.to_owned(),
            period: (day(0), day(end)),
            threshold: Threshold { days: 30, percent: 25 },
            advice,
        };
        let all = [
            certificate("甲证书", 400, TRANSPORT),
            certificate("乙证书", 370, ITSELF),
            certificate("丙证书", 1_000, ROOT),
        ];
        let (level, text) = judge(&all, &[], day(300));
        assert_eq!((level, text.contains("乙证书")), (Level::Good, true), "{text}");
        let (level, text) = judge(&all, &[], day(341));
        assert_eq!(level, Level::Warning);
        assert!(
            text.contains("乙证书") && text.contains("29 天") && text.contains(ITSELF),
            "{text}"
        );
        assert!(!text.contains("丙"), "{text}");
        let (level, text) = judge(&all, &["丁未能读出".to_owned()], day(371));
        assert_eq!(level, Level::Failed, "{text}");
        assert!(
            text.contains("甲证书") && text.contains(TRANSPORT) && text.contains("丁"),
            "{text}"
        );
        assert_eq!(judge(&all, &["丁未能读出".to_owned()], day(0)).0, Level::Unknown);
        let near = judge(&all, &["丁未能读出".to_owned()], day(341));
        assert_eq!(near.0, Level::Unknown, "what is near makes nobody know more: {}", near.1);
    }
}

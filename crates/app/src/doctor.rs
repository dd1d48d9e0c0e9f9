//! Is everything as it should be: configuration, clock, device, journal, lists, keys, disk.

use ca::rules::account::unused;
use ca::{CrlHealth, CrlKind, Freshness};
use pki::profile::ProfileSet;
use serde::Serialize;
use store::{Filter, Page, Standing};

use crate::institution::Institution;
use crate::kinds::title_of;

/// Free octets below which the doctor warns.
const WARN_DISK: u64 = 2 << 30;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Needs attention soon.
    Warning,
    /// Does not work.
    Failed,
    /// Could not be determined (never shown as good).
    Unknown,
}

impl Level {
    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Good => "正常",
            Self::Warning => "注意",
            Self::Failed => "异常",
            Self::Unknown => "未能确定",
        }
    }

    /// The higher, the worse: what doesn't work, what nobody knows, what needs attention.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Failed => 3,
        }
    }

    /// The worse of two.
    pub(crate) fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Stable name.
    pub name: &'static str,
    /// What was looked at, in Chinese.
    pub title: &'static str,
    /// How it came out.
    pub level: Level,
    /// What was found and what to do, in Chinese.
    pub detail: String,
}

fn check(
    name: &'static str,
    title: &'static str,
    level: Level,
    detail: impl Into<String>,
) -> Check {
    Check { name, title, level, detail: detail.into() }
}

/// The name of a generation in a sentence; of the first none is needed.
fn issuer(name: &str) -> String {
    let generation = name.strip_prefix(crate::ISSUER).map(str::parse::<u32>);
    match generation {
        _ if name == crate::ISSUER => String::new(),
        Some(Ok(generation)) => format!("第 {generation} 代签发机构的"),
        _ => format!("{name} 的"),
    }
}

/// Beside other nodes none of them knows whether the other is about to sign: only one that starts alone settles (ADR 17).
fn left_over(label: &gm::KeyLabel, left: u64) -> String {
    format!(
        "签发密钥“{label}”有 {left} 次签名，许可了一小时以上而没有用掉（节点被强行终止、密码设备出错时留下）；有人绕过系统签名同样多次，不会报警。\
         请先办结“未完成的申请”，再停止全部节点，只启动一个，它可以签发以后再启动其余的（只有一个节点的，重新启动即可）。\
         证书已全部到期的一代，销毁它的密钥"
    )
}

fn describe(list: &CrlHealth) -> String {
    let which = match list.kind {
        CrlKind::Full => "完整列表".to_owned(),
        CrlKind::Delta => "增量列表".to_owned(),
        CrlKind::Shard(shard) => format!("第 {shard} 分片"),
    };
    let name = issuer(&list.issuer);
    match list.next_update {
        Some(end) => format!("{name}{which}有效至 {end}"),
        None => format!("{name}{which}尚未发布"),
    }
}

/// Which kinds are still issued under a policy that is only an example: by their names, and what they are called in the
/// settings.
fn example_policies(profiles: &ProfileSet) -> Option<String> {
    let profiles = profiles.iter().filter(|profile| profile.has_placeholder_policy());
    let kinds: Vec<_> = profiles.map(|one| (title_of(one), one.kind().name())).collect();
    let (titles, names) = titles_and_names(&kinds);
    let example = names.first()?;
    Some(format!(
        "{} 仍在使用示例标识（1.3.6.1.4.1.32473，RFC 5612）；正式签发前请在 yinxin.toml 的 [policy] \
         中写入本机构注册的标识，例如 {example} = [\"1.2.156.…\"]，然后重新启动。各类在配置中的名称：{}",
        titles.join("、"),
        names.join(", ")
    ))
}

/// What kinds are called, and their names in the settings: each once, in the order in which they come. One name may have
/// several titles.
fn titles_and_names<'k>(kinds: &'k [(String, &'k str)]) -> (Vec<&'k str>, Vec<&'k str>) {
    let (mut titles, mut names) = (Vec::new(), Vec::new());
    for (title, name) in kinds {
        if !titles.contains(&title.as_str()) {
            titles.push(title.as_str());
        }
        if !names.contains(name) {
            names.push(*name);
        }
    }
    (titles, names)
}

impl Institution {
    /// Runs every check. `full` also reads the whole journal again, and holds the tables against it.
    pub async fn examine(&self, full: bool) -> Vec<Check> {
        let mut checks = vec![
            self.check_journal(),
            self.check_clock().await,
            self.check_device(),
            self.check_product(),
            self.check_policies(),
            self.check_account().await,
        ];
        checks.extend(self.check_generations().await);
        checks.extend(self.check_lists().await);
        checks.push(self.check_root_list().await);
        checks.extend(self.check_roots().await);
        checks.push(self.check_root_keys());
        checks.push(self.check_ends().await);
        checks.push(self.check_responder());
        checks.extend(self.check_timestamp());
        checks.extend(self.check_signing_keys().await);
        checks.extend(self.check_replica().await);
        checks.push(self.check_centre().await);
        checks.push(self.check_open_orders().await);
        checks.extend(self.check_approved_lists().await);
        checks.push(self.check_letters().await);
        checks.push(self.check_samples().await);
        checks.push(self.check_disclosure().await);
        checks.push(self.check_problems().await);
        checks.push(self.check_compromised_keys().await);
        checks.push(self.check_evidence().await);
        checks.push(self.check_trust().await);
        checks.extend(self.check_cross().await);
        checks.extend(self.check_foreign().await);
        checks.push(self.check_breakdowns().await);
        checks.push(self.check_refusals().await);
        checks.push(self.check_disk());
        if full {
            checks.push(self.check_whole_journal().await);
            checks.push(self.check_tables().await);
            checks.extend(self.check_registration().await);
            checks.extend(self.check_tokens().await);
        }
        checks
    }

    fn check_journal(&self) -> Check {
        const TITLE: &str = "日志与锚点";
        match self.store().standing() {
            Standing::Sound => check("journal", TITLE, Level::Good, "日志与数据库外的锚点一致"),
            Standing::Halted { reason } => {
                check("journal", TITLE, Level::Failed, reason.to_string())
            }
        }
    }

    async fn check_whole_journal(&self) -> Check {
        const TITLE: &str = "日志全量校验";
        match self.store().verify_journal(store::Scope::Full).await {
            Ok(report) if report.is_sound() => {
                let detail = format!("{} 条记录逐条校验通过", report.checked);
                check("journal_full", TITLE, Level::Good, detail)
            }
            Ok(report) => {
                let findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
                check("journal_full", TITLE, Level::Failed, findings.join("；"))
            }
            Err(error) => check("journal_full", TITLE, Level::Unknown, error.to_string()),
        }
    }

    /// Certificates and changes of status against their records.
    async fn check_tables(&self) -> Check {
        const TITLE: &str = "证书与状态核对";
        match self.ca().compare_with_journal().await {
            Ok(found) if found.is_sound() => {
                let (certificates, changes) = (found.certificates, found.changes);
                let detail = format!("{certificates} 张证书、{changes} 次状态变更均与日志记录相符");
                check("tables", TITLE, Level::Good, detail)
            }
            Ok(found) => {
                let findings: Vec<_> = found.findings.iter().map(ToString::to_string).collect();
                check("tables", TITLE, Level::Failed, findings.join("；"))
            }
            Err(error) => check("tables", TITLE, Level::Unknown, error.to_string()),
        }
    }

    /// Holds, registrations and applications against their records.
    async fn check_registration(&self) -> Option<Check> {
        const TITLE: &str = "受理数据核对";
        Some(match self.compare_registration(true).await {
            Ok(None) => return None,
            Ok(Some(found)) if found.is_sound() => {
                let detail = format!(
                    "{} 项暂停、{} 件撤销和解除登记、{} 件申请均与日志记录相符",
                    found.holds, found.registrations, found.applications
                );
                check("registration", TITLE, Level::Good, detail)
            }
            Ok(Some(found)) => {
                let findings: Vec<_> = found.findings.iter().map(ToString::to_string).collect();
                check("registration", TITLE, Level::Failed, findings.join("；"))
            }
            Err(error) => check("registration", TITLE, Level::Unknown, error.to_string()),
        })
    }

    /// Measures Art. 19: a certificate names the policy it was issued under; an example is nobody's (check
    /// C19-6).
    fn check_policies(&self) -> Check {
        const TITLE: &str = "证书策略标识";
        match example_policies(self.ca().profiles()) {
            None => check("policies", TITLE, Level::Good, "均为本机构设置的标识"),
            Some(detail) => check("policies", TITLE, Level::Warning, detail),
        }
    }

    async fn check_clock(&self) -> Check {
        const TITLE: &str = "系统时钟";
        let now = self.clock().now();
        let floor = self.ca().certificate().not_before();
        if now < floor {
            return check(
                "clock",
                TITLE,
                Level::Failed,
                "系统时钟早于CA证书的起始时间，请校准时钟",
            );
        }
        let newest = Page { limit: 1, newest_first: true, ..Page::default() };
        let last = self.store().records(&Filter::default(), newest).await;
        match last.map(|records| records.first().map(|record| record.at)) {
            Ok(Some(last)) if last > now => {
                let detail = format!("系统时钟早于日志最后一条记录（{last}），请校准时钟");
                check("clock", TITLE, Level::Failed, detail)
            }
            Ok(_) => check("clock", TITLE, Level::Good, "不早于日志中已记录的时间"),
            Err(error) => check("clock", TITLE, Level::Unknown, error.to_string()),
        }
    }

    fn check_device(&self) -> Check {
        const TITLE: &str = "密码设备";
        let signing = self.ca().signing_generations();
        if signing.iter().any(ca::Ca::is_quarantined) {
            let detail = "设备曾返回错误的签名，签发密钥已停用；请检查设备后由管理员恢复";
            return check("device", TITLE, Level::Failed, detail);
        }
        match signing.iter().try_for_each(ca::Ca::check_key) {
            Ok(()) => {
                let info = self.device().info();
                let kind = if info.is_certified() {
                    "经检测认证"
                } else {
                    "软件设备，仅供试用和测试"
                };
                check("device", TITLE, Level::Good, format!("{}（{kind}）", info.name))
            }
            Err(error) => check("device", TITLE, Level::Failed, error.to_string()),
        }
    }

    async fn check_account(&self) -> Check {
        const TITLE: &str = "签名次数核对";
        let (mut worst, mut said) = (Level::Good, Vec::new());
        // Also of a key that should sign no more, until it is destroyed (T-06).
        for one in self.ca().keyed_generations() {
            let (level, detail) = match one.reconcile().await {
                Ok(account) if account.balance.is_alarm() => (
                    Level::Failed,
                    format!(
                        "签发密钥“{}”的签名次数与记录不符（{:?}）：可能有人绕过系统使用了密钥，请立即停用并调查",
                        account.label, account.balance
                    ),
                ),
                Ok(account) => match unused(&account.account) {
                    0 => continue,
                    left => (Level::Warning, left_over(&account.label, left)),
                },
                Err(error) => {
                    let label = one.key_label();
                    (Level::Unknown, format!("签发密钥“{label}”的签名次数未能核对（{error}）"))
                }
            };
            worst = worst.worse(level);
            said.push(detail);
        }
        match said.is_empty() {
            true => check("signatures", TITLE, Level::Good, "每一次签名都有记录"),
            false => check("signatures", TITLE, worst, said.join("；")),
        }
    }

    async fn check_lists(&self) -> Vec<Check> {
        const TITLE: &str = "证书撤销列表";
        match self.ca().crl_health().await {
            Ok(lists) => lists
                .iter()
                .map(|list| {
                    let level = match list.freshness {
                        Freshness::Fresh => Level::Good,
                        Freshness::HalfSpent => Level::Warning,
                        Freshness::Expired => Level::Failed,
                    };
                    check("crl", TITLE, level, describe(list))
                })
                .collect(),
            Err(error) => vec![check("crl", TITLE, Level::Unknown, error.to_string())],
        }
    }

    async fn check_centre(&self) -> Check {
        const TITLE: &str = "密钥管理中心";
        let Some(kmc) = self.kmc() else {
            let detail = "密钥管理中心在另一进程，请在该处检查";
            return check("kmc", TITLE, Level::Unknown, detail);
        };
        match kmc.statistics().await {
            Ok(counts) if !counts.conserved() => {
                check("kmc", TITLE, Level::Failed, "三库数量不守恒，请停机核对")
            }
            Ok(counts) => {
                let detail = format!(
                    "备用 {}，在用 {}，历史 {}",
                    counts.standby,
                    counts.in_use(),
                    counts.history()
                );
                let level = if counts.standby == 0 { Level::Warning } else { Level::Good };
                check("kmc", TITLE, level, detail)
            }
            Err(error) => check("kmc", TITLE, Level::Unknown, error.to_string()),
        }
    }

    /// Letters are made after the steps they tell of; here is seen that none was lost (Art. 21).
    async fn check_letters(&self) -> Check {
        const TITLE: &str = "文书";
        match self.owed_letters().await {
            Ok(owed) if owed.is_empty() && self.typesetter().is_some() => {
                check("letters", TITLE, Level::Good, "没有欠发的文书，排版程序已安装")
            }
            Ok(owed) if owed.is_empty() => {
                let detail = "没有安装排版程序 yinxin-typeset，文书只能从页面打印，不能下载 PDF";
                check("letters", TITLE, Level::Warning, detail)
            }
            Ok(owed) => {
                let why: Vec<_> = owed.iter().map(|(_, why)| why.as_str()).collect();
                let detail = format!("{} 件申请的文书未能生成：{}", owed.len(), why.join("、"));
                check("letters", TITLE, Level::Warning, detail)
            }
            Err(error) => check("letters", TITLE, Level::Unknown, error.to_string()),
        }
    }

    /// What the law wants public and nobody has set (Measures Art. 13, 17, 29; C13-2).
    async fn check_disclosure(&self) -> Check {
        const TITLE: &str = "信息公开";
        let items = self.disclosed_items();
        let missing = items.iter().filter(|item| item.value.is_none());
        let mut missing: Vec<String> =
            missing.map(|item| format!("{}（{}）", item.title, item.setting)).collect();
        match self.practice_documents().await {
            Ok(documents) if documents.iter().any(|one| one.is_current) => {}
            Ok(_) => missing.push("现行业务规则（[disclosure] documents）".to_owned()),
            Err(error) => return check("disclosure", TITLE, Level::Unknown, error.to_string()),
        }
        match missing.is_empty() {
            true => check("disclosure", TITLE, Level::Good, "应当公布的内容都已设置"),
            false => {
                let detail =
                    format!("尚未公布：{}；请在 yinxin.toml 中补充后重新启动", missing.join("、"));
                check("disclosure", TITLE, Level::Warning, detail)
            }
        }
    }

    /// Whether there is room for what anybody may send. Where that isn't known, the bounds of who asks have to do.
    pub(crate) fn has_disk(&self) -> bool {
        fs4::available_space(self.layout().root()).ok().is_none_or(|free| free >= WARN_DISK)
    }

    fn check_disk(&self) -> Check {
        const TITLE: &str = "磁盘空间";
        match fs4::available_space(self.layout().root()) {
            Ok(free) => {
                let level = if free < WARN_DISK { Level::Warning } else { Level::Good };
                check("disk", TITLE, level, format!("数据目录所在磁盘剩余 {} MiB", free >> 20))
            }
            Err(error) => check("disk", TITLE, Level::Unknown, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind has a name, and a sentence says that one; what the settings call it stands behind it.
    #[test]
    fn kinds_are_called_by_their_names_in_what_the_doctor_says() {
        let profiles = ProfileSet::embedded().unwrap();
        let text = example_policies(&profiles).unwrap();
        let (sentence, names) = text.split_once("各类在配置中的名称：").unwrap();
        let names: Vec<&str> = names.split(", ").collect();
        let told = sentence.split(" 仍在使用").next().unwrap();
        assert!(!told.chars().any(|sign| sign.is_ascii_lowercase()), "{told}");
        let mut placeholders = 0;
        for profile in profiles.iter() {
            let title = title_of(profile);
            assert!(title.ends_with("证书") && !title.contains(profile.kind().name()), "{title}");
            if profile.has_placeholder_policy() {
                placeholders += 1;
                assert!(told.contains(&title), "{title}: {told}");
                assert!(names.contains(&profile.kind().name()), "{names:?}");
            }
        }
        assert!(placeholders > 0);
        let kinds = crate::kinds::Kinds::of(&profiles);
        let often = |title: &str| told.split('、').filter(|one| *one == title).count();
        assert!(kinds.iter().all(|kind| often(kind.title()) == 1), "each once: {told}");
    }

    #[test]
    fn titles_and_names_are_told_once_wherever_they_stand() {
        let kinds = [("个人签名证书", "person"), ("单位证书", "unit"), ("个人加密证书", "person")];
        let kinds = kinds.map(|(title, name)| (title.to_owned(), name));
        let (titles, names) = titles_and_names(&kinds);
        assert_eq!(titles, ["个人签名证书", "单位证书", "个人加密证书"]);
        assert_eq!(names, ["person", "unit"]);
    }

    #[test]
    fn a_later_generation_is_named_by_its_number() {
        assert_eq!(
            (issuer("issuing"), issuer("issuing2")),
            (String::new(), "第 2 代签发机构的".into())
        );
        assert_eq!(issuer("other"), "other 的");
    }
}

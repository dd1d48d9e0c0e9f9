//! `yinxin ceremony abandon`: a ceremony that its people can't bring to its end is given up, so that the next can be held.

use std::path::Path;

use app::abandonment::{Abandonment, abandon};
use app::owed_lists;
use ca::ceremony::AbandonReport;
use serde::Deserialize;

use super::people::{self, HolderRow, PersonRow, holders, with_parts};
use super::root::tell_owed;
use crate::args::DataArgs;
use crate::out::{self, Outcome};

/// A sample to fill in.
pub const SAMPLE: &str = r#"# 放弃仪式的方案：换代仪式或交叉认证仪式中断，又不能由原来的人用原方案续办时使用
# 填写后运行：yinxin ceremony abandon --plan 本文件（服务停止时）
name = "2051-root-2-abandoned"        # 本次仪式的名称，只用字母、数字和 . _ - ；中断后用同一方案再次运行即可继续
gives_up = "2051-root-2"              # 所放弃的仪式的名称（它的方案中的 name）
reason = "第三名保管人离职，未交出分量，原仪式无法续办"   # 发生了什么、为什么不能续办，6 至 500 个字

[leader]
id = "L001"
name = "主持人姓名"
office = "安全管理负责人"

[[witnesses]]
id = "W001"
name = "见证人姓名"
office = "审计管理员"

# 到场的保管人，三至五名，持现在签发下级机构证书的那一代根密钥的分量；不必是原仪式到场的人
[[custodians]]
id = "K001"
name = "保管人一"
office = "综合部"
share = "share-1.json"
passphrase_file = "k1.txt"

[[custodians]]
id = "K002"
name = "保管人二"
office = "财务部"
share = "share-2.json"
passphrase_file = "k2.txt"

[[custodians]]
id = "K004"
name = "保管人四"
office = "人事部"
share = "share-4.json"
passphrase_file = "k4.txt"

# 系统中担任其他角色的人员，用于核对保管人没有兼任
[[officers]]
id = "S001"
name = "超级管理员姓名"
office = "超级管理员"
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    name: String,
    gives_up: String,
    reason: String,
    leader: PersonRow,
    witnesses: Vec<PersonRow>,
    custodians: Vec<HolderRow>,
    #[serde(default)]
    officers: Vec<PersonRow>,
}

impl Plan {
    fn abandonment(self) -> anyhow::Result<Abandonment> {
        let (custodians, shares) = holders(self.custodians)?;
        Ok(Abandonment {
            participants: people::participants(
                &self.leader,
                &self.witnesses,
                custodians,
                &self.officers,
            ),
            ceremony: self.name,
            gives_up: self.gives_up,
            reason: self.reason,
            shares,
        })
    }
}

/// Holds the ceremony.
pub fn hold(data: &DataArgs, plan: &Path) -> anyhow::Result<Outcome> {
    let plan: Plan = people::read(plan, "放弃仪式的方案")?;
    let (gives_up, abandonment) = (plan.gives_up.clone(), plan.abandonment()?);
    let held = with_parts(data, async |parts, store| {
        let done = abandon(parts, store, abandonment).await;
        let owed = if done.is_ok() { owed_lists(parts, store).await? } else { Vec::new() };
        Ok(done.map(|report| (report, owed)))
    })?;
    match held {
        Ok((report, owed)) => Ok(tell(&gives_up, &report, &owed)),
        Err(error) => {
            out::note(
                "仪式没有完成。排除原因后用同一方案再次运行即可继续；到场的人也不能再来的，另起名称重新举行即可。在此以前根密钥可能还在密码设备中，请派人看守",
            );
            Err(error.into())
        }
    }
}

fn tell(gives_up: &str, report: &AbandonReport, owed: &[String]) -> Outcome {
    out::line(format!("已放弃：{}“{gives_up}”，不能再续办", report.what));
    for serial in &report.revoked {
        out::line(format!("已撤销它签发的证书：序列号 {serial}"));
    }
    if let Some(name) = &report.generation {
        out::line(format!("{name} 从未启用，此后不能启用；下一次换代用下一个代数"));
    }
    if let Some(serial) = &report.stands {
        out::line(format!(
            "它已签发的交叉证书（序列号 {serial}）仍然有效；不再认可的，请用 yinxin ceremony cross-withdraw 撤销"
        ));
    }
    if report.is_stray {
        out::line(
            "密码设备中存放在该仪式的密钥名称下的密钥不是该仪式生成的那一把，也没有任何仪式的记录，已销毁；请报告安全管理人员，查明来历",
        );
    } else if report.destroyed {
        out::line("未启用的密钥已从密码设备中销毁");
    }
    if !report.shares_out.is_empty() {
        let numbers: Vec<_> = report.shares_out.iter().map(ToString::to_string).collect();
        let whose = if report.is_stray { "该仪式生成的密钥" } else { "它" };
        out::line(format!(
            "{whose}的第 {} 份分量不在写出的位置：请向保管人收回，当场销毁；程序不再接受",
            numbers.join("、")
        ));
    }
    if report.is_alarm {
        out::line(
            "未启用的密钥销毁以前的签名次数与记录不符，已记入日志（signer.alarm）：可能有人绕过程序使用过它，请报告安全管理人员并调查",
        );
    }
    out::line(format!("仪式记录：{}", report.protocol.text.display()));
    tell_owed(owed);
    out::line(
        "根密钥已从密码设备中销毁。下一步：启动服务，运行 yinxin doctor；需要换代的，另起名称重新举行",
    );
    match report.is_alarm || report.is_stray || !owed.is_empty() {
        true => Outcome::Finding,
        false => Outcome::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_plan_for_any_three_who_hold() {
        let plan: Plan = toml::from_str(SAMPLE).unwrap();
        assert_eq!((plan.custodians.len(), plan.gives_up.as_str()), (3, "2051-root-2"));
    }
}

//! `yinxin ceremony succeed`, `appoint-now`, `destroy-issuing-key`: the next key of the issuing CA, at once where the
//! one in office is revoked, and the end of the one before it.

use std::path::Path;

use app::succession::{GenerationView, Succession, succeed};
use ca::ceremony::SuccessionReport;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use serde::Deserialize;
use store::Warrant;

use super::people::{self, HolderRow, PersonRow, holders, with_parts};
use crate::args::DataArgs;
use crate::operate::warrant::WarrantArgs;
use crate::operate::{open, runtime};
use crate::out::{self, Outcome, Unusable};

/// A sample to fill in.
pub const SAMPLE: &str = r#"# 签发密钥换代方案。填写后运行：yinxin ceremony succeed --plan 本文件（服务停止时）
name = "2036-issuing-2"               # 仪式名称，只用字母、数字和 . _ - ；中断后用同一方案再次运行即可继续
# common_name = "某某中心SM2 CA G2"    # 新一代签发机构的名称，不得与以前各代相同；不填写为机构全称加“SM2 CA G”和代数
# from = "2036-12-01"                 # 启用日期（北京时间零时），或 2036-12-01T09:00:00+08:00；不填写则仪式完成即启用

[leader]
id = "L001"
name = "主持人姓名"
office = "安全管理负责人"

[[witnesses]]
id = "W001"
name = "见证人姓名"
office = "审计管理员"

# 到场的保管人，三至五名，各带自己的密钥分量文件和只有本人知道的口令文件
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
id = "K003"
name = "保管人三"
office = "法务部"
share = "share-3.json"
passphrase_file = "k3.txt"

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
    common_name: Option<String>,
    from: Option<String>,
    leader: PersonRow,
    witnesses: Vec<PersonRow>,
    custodians: Vec<HolderRow>,
    #[serde(default)]
    officers: Vec<PersonRow>,
}

impl Plan {
    fn succession(self) -> anyhow::Result<Succession> {
        let (custodians, shares) = holders(self.custodians)?;
        Ok(Succession {
            ceremony: self.name,
            common_name: self.common_name,
            from: self.from.as_deref().map(instant).transpose()?,
            participants: people::participants(
                &self.leader,
                &self.witnesses,
                custodians,
                &self.officers,
            ),
            shares,
        })
    }
}

/// A day of Beijing, from its first second, or an instant.
fn instant(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let beijing = TimeZone::fixed(offset(8));
    let day = text.parse::<Date>().ok().and_then(|day| day.to_zoned(beijing).ok());
    let wrong =
        || Unusable::error(format!("from“{text}”应写作 2036-12-01 或 2036-12-01T09:00:00+08:00"));
    Ok(day.ok_or_else(wrong)?.timestamp())
}

/// Holds the ceremony.
pub fn hold(data: &DataArgs, plan: &Path) -> anyhow::Result<Outcome> {
    let plan: Plan = people::read(plan, "换代方案")?;
    let succession = plan.succession()?;
    let held = with_parts(data, async |parts, store| Ok(succeed(parts, store, succession).await))?;
    match held {
        Ok(report) => {
            tell(&report);
            Ok(Outcome::Fine)
        }
        Err(error) => {
            out::note(
                "仪式没有完成。排除原因后用同一方案再次运行即可继续；不能继续的，请用 yinxin ceremony abandon 放弃，以免根密钥留在密码设备中",
            );
            Err(error.into())
        }
    }
}

fn tell(report: &SuccessionReport) {
    out::line(format!("新一代签发机构证书：{}", report.issuing.subject()));
    out::line(format!("证书和撤销列表的文件名：{0}.cer、{0}.crl", report.name));
    out::line(format!("启用时刻：{}", report.from));
    out::line(format!("上一代：{}，此后只签撤销列表和状态应答者证书", report.before.subject()));
    out::line(format!("仪式记录：{}", report.protocol.text.display()));
    out::line(
        "根密钥已从密码设备中销毁。下一步：启动服务，运行 yinxin doctor，并在网站上公告新一代证书及其指纹",
    );
}

/// Has a generation that waits for its day issue at once.
pub fn appoint_now(
    data: &DataArgs,
    generation: &str,
    args: &WarrantArgs,
) -> anyhow::Result<Outcome> {
    let warrant: Warrant = args.warrant()?;
    runtime()?.block_on(async {
        let institution = open(data).await?;
        let done = appoint_in(&institution, generation, (args, &warrant)).await;
        institution.close().await;
        done
    })
}

async fn appoint_in(
    institution: &app::Institution,
    name: &str,
    (args, warrant): (&WarrantArgs, &Warrant),
) -> anyhow::Result<Outcome> {
    let views = institution.generations().await?;
    let generation = &named(&views, name)?.generation;
    let issuing = views.iter().map(|view| &view.generation).find(|one| one.is_issuing);
    let waits = generation.active_from.filter(|_| generation.over_at.is_none());
    let found = waits.zip(issuing).filter(|(_, before)| generation.number > before.number);
    let Some((from, before)) = found else {
        return Ok(unchanged("这一代没有在等待启用时刻"));
    };
    if generation.revoked_at.is_some() {
        return Ok(unchanged("这一代的证书已撤销，不能启用；请再举行一次签发密钥换代"));
    }
    if before.revoked_at.is_none() {
        return Ok(unchanged(&format!(
            "现在签发的一代证书有效，不能提前启用；到启用时刻 {from} 自动启用"
        )));
    }
    out::line(format!(
        "将立即启用第 {} 代签发密钥（{}），不再等到 {from}；启用以后不能改回。现在签发的第 {} 代证书已撤销，已停止签发。",
        generation.number,
        generation.certificate.subject(),
        before.number
    ));
    if !args.is_confirmed(&format!("立即启用 {name}")) {
        return Ok(Outcome::Finding);
    }
    let appointed = institution.appoint_now(name, warrant).await?;
    let from = appointed.active_from.unwrap_or(from);
    out::line(format!("已启用，启用时刻改为 {from}，记入日志（issuer.appointed）"));
    out::line("下一步：启动服务，运行 yinxin doctor，并在网站上公告新一代证书及其指纹");
    Ok(Outcome::Fine)
}

fn unchanged(why: &str) -> Outcome {
    out::line(format!("{why}；未作任何更改"));
    Outcome::Finding
}

fn named<'v>(views: &'v [GenerationView], name: &str) -> anyhow::Result<&'v GenerationView> {
    views.iter().find(|view| view.generation.name == name).ok_or_else(|| {
        let names: Vec<_> = views.iter().map(|view| view.generation.name.as_str()).collect();
        Unusable::error(format!("没有名为“{name}”的一代；现有 {}", names.join("、")))
    })
}

/// Destroys the key of a generation that is over.
pub fn destroy(data: &DataArgs, generation: &str, args: &WarrantArgs) -> anyhow::Result<Outcome> {
    let warrant: Warrant = args.warrant()?;
    runtime()?.block_on(async {
        let institution = open(data).await?;
        let done = destroy_in(&institution, generation, (args, &warrant)).await;
        institution.close().await;
        done
    })
}

async fn destroy_in(
    institution: &app::Institution,
    name: &str,
    (args, warrant): (&WarrantArgs, &Warrant),
) -> anyhow::Result<Outcome> {
    institution.note_generations_over().await?;
    let views = institution.generations().await?;
    let view = named(&views, name)?;
    let generation = &view.generation;
    if generation.destroyed_at.is_some() {
        out::line("这一代签发密钥已经销毁；未作任何更改");
        return Ok(Outcome::Finding);
    }
    if generation.over_at.is_none() {
        let end = view.last_end.map(|end| format!("，最后一张 {end} 到期")).unwrap_or_default();
        out::line(format!(
            "这一代签发密钥还不能销毁：它签发的证书没有全部到期{end}，或者到期后还没有发布过撤销列表；未作任何更改"
        ));
        return Ok(Outcome::Finding);
    }
    out::line(format!(
        "将从密码设备中销毁密钥“{}”（{}），不可恢复。它签发的证书已全部到期，最后的撤销列表仍供下载。",
        generation.key_label,
        generation.certificate.subject()
    ));
    if !args.is_confirmed(&format!("销毁签发密钥 {name}")) {
        return Ok(Outcome::Finding);
    }
    institution.destroy_issuing_key(name, warrant).await?;
    out::line("签发密钥已销毁，记入日志（issuer.key-destroyed）");
    Ok(Outcome::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_plan_and_days_begin_in_beijing() {
        let plan: Plan = toml::from_str(SAMPLE).unwrap();
        assert_eq!(plan.custodians.len(), 3);
        let at = |text: &str| instant(text).unwrap().to_string();
        assert_eq!(at("2036-12-01"), "2036-11-30T16:00:00Z");
        assert_eq!(at("2036-12-01T09:00:00+08:00"), "2036-12-01T01:00:00Z");
        assert!(instant("明天").is_err());
    }
}

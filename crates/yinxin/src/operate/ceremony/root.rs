//! `yinxin ceremony root-succeed`, `destroy-root-shares`: the next key of the root, and the end of the one before it.

use std::path::Path;

use anyhow::Context;
use app::Parts;
use app::roots::{RootSuccession, succeed_root};
use ca::ceremony::{Participants, RootSuccessionReport};
use gm::passphrase::Stretch;
use serde::Deserialize;
use store::Warrant;

use super::plan::{CustodianRow, PersonRow};
use super::succession::{HolderRow, holders};
use crate::args::DataArgs;
use crate::operate::warrant::WarrantArgs;
use crate::operate::{open, runtime, secrets};
use crate::out::{self, Outcome, Unusable};

/// A sample to fill in.
pub const SAMPLE: &str = r#"# 根密钥换代方案。填写后运行：yinxin ceremony root-succeed --plan 本文件（服务停止时）
# 新根证书的名称与旧根证书相同（RFC 4210 第 4.4 节），不用填写；两者以公钥和指纹区分
name = "2051-root-2"                  # 仪式名称，只用字母、数字和 . _ - ；中断后用同一方案再次运行即可继续

[leader]
id = "L001"
name = "主持人姓名"
office = "安全管理负责人"

[[witnesses]]
id = "W001"
name = "见证人姓名"
office = "审计管理员"

# 到场的旧根密钥分量保管人，三至五名，各带自己的分量文件和口令文件
[[holders]]
id = "K001"
name = "保管人一"
office = "综合部"
share = "share-1.json"
passphrase_file = "k1.txt"

[[holders]]
id = "K002"
name = "保管人二"
office = "财务部"
share = "share-2.json"
passphrase_file = "k2.txt"

[[holders]]
id = "K003"
name = "保管人三"
office = "法务部"
share = "share-3.json"
passphrase_file = "k3.txt"

# 新根密钥分量的五名保管人，可以是原来的保管人；口令另外设置，只有本人知道
[[custodians]]
id = "K001"
name = "保管人一"
office = "综合部"
passphrase_file = "new-k1.txt"

[[custodians]]
id = "K002"
name = "保管人二"
office = "财务部"
passphrase_file = "new-k2.txt"

[[custodians]]
id = "K003"
name = "保管人三"
office = "法务部"
passphrase_file = "new-k3.txt"

[[custodians]]
id = "K004"
name = "保管人四"
office = "人事部"
passphrase_file = "new-k4.txt"

[[custodians]]
id = "K005"
name = "保管人五"
office = "市场部"
passphrase_file = "new-k5.txt"

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
    leader: PersonRow,
    witnesses: Vec<PersonRow>,
    holders: Vec<HolderRow>,
    custodians: Vec<CustodianRow>,
    #[serde(default)]
    officers: Vec<PersonRow>,
}

impl Plan {
    fn succession(self) -> anyhow::Result<RootSuccession> {
        let (old, shares) = holders(self.holders)?;
        let new = self.custodians.iter().map(CustodianRow::custodian);
        let with = |custodians| Participants {
            leader: self.leader.person(),
            witnesses: self.witnesses.iter().map(PersonRow::person).collect(),
            custodians,
            officers: self.officers.iter().map(PersonRow::person).collect(),
        };
        Ok(RootSuccession {
            participants: with(new.collect::<Result<_, _>>()?),
            holders: with(old),
            shares,
            stretch: Stretch::STRONG,
            ceremony: self.name,
        })
    }
}

/// Holds the ceremony.
pub fn hold(data: &DataArgs, plan: &Path) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(plan)
        .with_context(|| format!("无法读取换代方案 {}", plan.display()))?;
    let plan: Plan =
        toml::from_str(&text).map_err(|e| Unusable::error(format!("换代方案有误：{e}")))?;
    let succession = plan.succession()?;
    let (layout, secrets) = secrets(data)?;
    let held = runtime()?.block_on(async {
        let parts = Parts::of(layout, &secrets)?;
        let store = parts.open_store().await?;
        let done = succeed_root(&parts, &store, succession).await;
        store.close().await;
        anyhow::Ok(done)
    })?;
    match held {
        Ok(report) => {
            tell(&report);
            Ok(Outcome::Fine)
        }
        Err(error) => {
            out::note(
                "仪式没有完成。排除原因后用同一方案再次运行即可继续；在继续以前，新旧根密钥可能还在密码设备中，请派人看守",
            );
            Err(error.into())
        }
    }
}

fn tell(report: &RootSuccessionReport) {
    let name = &report.name;
    out::line(format!("新一代根证书：{}", report.root.subject()));
    out::line(format!("SM3 指纹：{}", report.root.fingerprint()));
    out::line(format!("证书和撤销列表的文件名：{name}.cer、{name}.crl"));
    out::line(format!("链接证书：新根由旧根签发的有效至 {}", report.new_with_old.not_after()));
    out::line(format!("          旧根由新根签发的有效至 {}", report.old_with_new.not_after()));
    for share in &report.shares {
        out::line(format!("新根密钥分量：{}（请交保管人离线保存，并从本机移走）", share.display()));
    }
    out::line(format!("仪式记录：{}", report.protocol.text.display()));
    out::line(
        "新旧根密钥均已从密码设备中销毁。旧密钥的分量继续保存，每年仍须用它发布旧根的撤销列表，到登记销毁为止",
    );
    out::line(
        "下一步：启动服务，运行 yinxin doctor；在网站上公告新根证书的指纹，报请列入信任列表；再安排签发密钥换代",
    );
}

/// Notes that the shares of a root key that is over were destroyed.
pub fn destroy(
    data: &DataArgs,
    (generation, shares): (&str, &[u8]),
    args: &WarrantArgs,
) -> anyhow::Result<Outcome> {
    let warrant: Warrant = args.warrant()?;
    runtime()?.block_on(async {
        let institution = open(data).await?;
        let done = destroy_in(&institution, (generation, shares), (args, &warrant)).await;
        institution.close().await;
        done
    })
}

async fn destroy_in(
    institution: &app::Institution,
    (name, shares): (&str, &[u8]),
    (args, warrant): (&WarrantArgs, &Warrant),
) -> anyhow::Result<Outcome> {
    institution.note_generations_over().await?;
    let views = institution.root_generations().await?;
    let Some(view) = views.iter().find(|view| view.generation.name == name) else {
        let names: Vec<_> = views.iter().map(|view| view.generation.name.as_str()).collect();
        let names = names.join("、");
        return Err(Unusable::error(format!("没有名为“{name}”的一代根密钥；现有 {names}")));
    };
    let generation = &view.generation;
    if generation.destroyed_at.is_some() {
        out::line("这一代根密钥的分量已经登记销毁；未作任何更改");
        return Ok(Outcome::Finding);
    }
    if generation.over_at.is_none() {
        let end = generation.certificate.not_after();
        out::line(format!(
            "这一代根密钥的分量还不能销毁：它的证书有效至 {end}，它签发的证书没有全部到期，其中有需要撤销的，只有它能发布\
             撤销列表；未作任何更改"
        ));
        return Ok(Outcome::Finding);
    }
    let numbers = shares.iter().map(ToString::to_string).collect::<Vec<_>>().join("、");
    out::line(format!(
        "将登记：{} 的根密钥（公钥指纹 {}）的第 {numbers} 份分量已当场销毁，从此不能恢复。它最后的撤销列表和证书仍供下载。",
        generation.certificate.subject(),
        generation.certificate.public_key()?.fingerprint(),
    ));
    if !args.is_confirmed(&format!("销毁根密钥分量 {name}")) {
        return Ok(Outcome::Finding);
    }
    institution.destroy_root_key(name, (shares, warrant)).await?;
    out::line("根密钥分量的销毁已记入日志（issuer.key-destroyed）");
    Ok(Outcome::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_plan_for_three_who_hold_and_five_who_will() {
        let plan: Plan = toml::from_str(SAMPLE).unwrap();
        assert_eq!((plan.holders.len(), plan.custodians.len()), (3, 5));
    }
}

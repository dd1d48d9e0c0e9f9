//! `yinxin ceremony root-succeed`, `destroy-root-shares`: the next key of the root, and the end of the one before it.

use std::path::Path;

use app::owed_lists;
use app::roots::{RootSuccession, close_root_accounts, revoke_authority, succeed_root};
use ca::RevocationReason;
use ca::ceremony::{RootSuccessionReport, RootsDestroyed};
use gm::passphrase::Stretch;
use pki::Serial;
use serde::Deserialize;
use store::Warrant;

use super::people::{self, CustodianRow, HolderRow, PersonRow, holders, with_parts};
use crate::args::DataArgs;
use crate::operate::warrant::WarrantArgs;
use crate::operate::{open, runtime};
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
        let with = |custodians| {
            people::participants(&self.leader, &self.witnesses, custodians, &self.officers)
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
    let plan: Plan = people::read(plan, "换代方案")?;
    let succession = plan.succession()?;
    let held =
        with_parts(data, async |parts, store| Ok(succeed_root(parts, store, succession).await))?;
    match held {
        Ok(report) => {
            tell(&report);
            Ok(Outcome::Fine)
        }
        Err(error) => {
            out::note(
                "仪式没有完成。排除原因后用同一方案再次运行即可继续，不能继续的，请用 yinxin ceremony abandon 放弃；在此以前，新旧根密钥可能还在密码设备中，请派人看守",
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

/// Says what came of destroying the root keys on the device.
pub fn tell_destroyed(done: &RootsDestroyed) -> Outcome {
    for found in &done.alarms {
        out::line(format!(
            "根密钥“{}”销毁以前的签名次数与记录不符（{:?}），已记入日志（signer.alarm）：可能有人绕过程序使用过它，请报告安全管理人员并调查",
            found.label, found.balance
        ));
    }
    match done.left.is_empty() {
        true => out::line("密码设备中的根密钥已销毁"),
        false => out::line(format!(
            "已启用各代的根密钥已从密码设备中销毁；{} 属于没有完成的根密钥换代仪式，仍在设备中：请用原方案续办，不能续办的用 yinxin ceremony abandon 放弃，在此以前派人看守",
            done.left.join("、")
        )),
    }
    match done.left.is_empty() && done.alarms.is_empty() {
        true => Outcome::Fine,
        false => Outcome::Finding,
    }
}

/// Revokes a link or the certificate of an issuing CA.
pub fn revoke(
    data: &DataArgs,
    (serial, code): (&str, &str),
    args: &WarrantArgs,
) -> anyhow::Result<Outcome> {
    let warrant = args.warrant()?;
    let reason = RevocationReason::from_name(code).map_err(|e| Unusable::error(e.to_string()))?;
    let plain: String = serial.split_whitespace().collect();
    let serial =
        Serial::from_hex(&plain.to_lowercase()).map_err(|e| Unusable::error(e.to_string()))?;
    let hex = serial.to_hex();
    out::line(format!(
        "将撤销根签发的序列号为 {hex} 的证书，不可恢复。撤销链接证书，只安装了一代根证书的依赖方不能再由它验证另一代；撤销签发机构证书，它签发的全部证书\
         不再有效，本机构随即停止签发（撤销列表和状态应答照常），直到签发密钥换代，并须通知用户换领证书；原因为密钥泄露（cACompromise、keyCompromise）的，该密钥永久停用。本机构的验证服务立即知道，其他依赖方要到根的下一份撤销列表发布后才知道。"
    ));
    if !args.is_confirmed(&format!("撤销 {hex}")) {
        return Ok(Outcome::Finding);
    }
    let (revoked, owed) = with_parts(data, async |parts, store| {
        let revoked = revoke_authority(parts, store, (&serial, reason), &warrant).await?;
        Ok((revoked, owed_lists(parts, store).await?))
    })?;
    out::line(format!("已撤销：{}，记入日志", revoked.subject));
    tell_owed(&owed);
    Ok(Outcome::Fine)
}

/// Says whose custodians must meet, so that lists tell of what was revoked.
pub(super) fn tell_owed(owed: &[String]) {
    if !owed.is_empty() {
        out::line(format!(
            "还没有列明的撤销列表：{}。请尽快召集这几代根密钥的保管人（每代三名，各带分量），依次运行 yinxin ceremony restore-root、publish-root-list、destroy-root",
            owed.join("、")
        ));
    }
}

/// Closes the accounts of the root keys on the device.
pub fn close_account(data: &DataArgs, args: &WarrantArgs) -> anyhow::Result<Outcome> {
    let warrant = args.warrant()?;
    out::line(
        "设备中各把根密钥的签名次数将重新起算，此前的不符不再提示；日志保留不符的记录（signer.alarm）和两人的决定。",
    );
    if !args.is_confirmed("根密钥的签名次数重新起算") {
        return Ok(Outcome::Finding);
    }
    let closed = with_parts(data, async |parts, store| {
        Ok(close_root_accounts(parts, store, &warrant).await?)
    })?;
    for one in &closed {
        out::line(format!("密钥“{}”的签名次数已重新起算，此前情况：{:?}", one.label, one.balance));
    }
    if closed.is_empty() {
        out::line("密码设备中没有可以核对的根密钥；未作任何更改");
        return Ok(Outcome::Finding);
    }
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

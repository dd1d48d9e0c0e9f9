//! The plan of a ceremony as people write it: who is there, and what the institution is called.

use std::path::{Path, PathBuf};

use access::{NewClient, Role, Roles};
use anyhow::Context;
use ca::ceremony::Participants;
use serde::Deserialize;

use super::people::{self, CustodianRow, PersonRow};
use crate::out::Unusable;

/// A sample to fill in.
pub const SAMPLE: &str = r#"# 密钥仪式方案。填写后运行：yinxin ceremony init --plan 本文件
name = "2026-11-22"                   # 仪式名称；中断后用同一名称再次运行即可继续
institution = "某某电子认证服务中心"    # 机构全称，写入证书
origin = "ca.example.cn/journal"      # 日志名称，全国唯一，不带协议前缀
public_url = "http://127.0.0.1:8440"  # 依赖方访问本机构的地址，写入证书
shards = 16                           # 撤销列表分片数，今后不能改；预计证书不超过十万张的可填 0
# 使用 PostgreSQL 时填写数据库地址；不填写则用内置数据库
# database = "postgres://yinxin@127.0.0.1/yinxin"

[leader]
id = "L001"
name = "主持人姓名"
office = "安全管理负责人"

[[witnesses]]
id = "W001"
name = "见证人姓名"
office = "审计管理员"

# 五名保管人，不得担任系统的任何其他角色；各自的口令文件只有本人知道
[[custodians]]
id = "K001"
name = "保管人一"
office = "综合部"
passphrase_file = "k1.txt"

[[custodians]]
id = "K002"
name = "保管人二"
office = "财务部"
passphrase_file = "k2.txt"

[[custodians]]
id = "K003"
name = "保管人三"
office = "法务部"
passphrase_file = "k3.txt"

[[custodians]]
id = "K004"
name = "保管人四"
office = "人事部"
passphrase_file = "k4.txt"

[[custodians]]
id = "K005"
name = "保管人五"
office = "市场部"
passphrase_file = "k5.txt"

# 使用独立的密钥管理中心时填写（先由密钥管理中心运行 yinxin kmc init）；不填写则内置
# [key_centre]
# url = "http://127.0.0.1:8441/kmc/v1/gmt0014"
# public_key = "kmc.pub.pem"

# 系统中担任其他角色的人员（管理员、操作员、审计员、维护人员），用于核对保管人没有兼任
[[officers]]
id = "S001"
name = "超级管理员姓名"
office = "超级管理员"
"#;

/// The plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Names the ceremony.
    pub name: String,
    /// The institution's full name.
    pub institution: String,
    /// Name of its journal.
    pub origin: String,
    /// Where relying parties reach it.
    pub public_url: Option<String>,
    /// Shards of the CRL.
    #[serde(default)]
    pub shards: u16,
    /// Its database on a PostgreSQL server; absent: embedded.
    pub database: Option<String>,
    /// A key centre in another process; absent: embedded.
    pub key_centre: Option<KeyCentreRow>,
    leader: PersonRow,
    witnesses: Vec<PersonRow>,
    custodians: Vec<CustodianRow>,
    #[serde(default)]
    officers: Vec<PersonRow>,
}

/// Where the key centre is, and the key by which it signs its answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCentreRow {
    /// Its address.
    pub url: String,
    /// PEM file with its public key or certificate.
    pub public_key: PathBuf,
}

impl Plan {
    /// Reads a plan.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).map_err(|e| Unusable::error(format!("仪式方案有误：{e}")))
    }

    /// Who is there, with the custodians' passphrases read from their files.
    pub fn participants(&self) -> anyhow::Result<Participants> {
        let custodians = self.custodians.iter().map(CustodianRow::custodian);
        let custodians = custodians.collect::<Result<_, _>>()?;
        Ok(people::participants(&self.leader, &self.witnesses, custodians, &self.officers))
    }
}

/// The first client: an administrator that creates the others.
pub fn first_client(path: &Path) -> anyhow::Result<NewClient> {
    let pem =
        std::fs::read(path).with_context(|| format!("无法读取公钥文件 {}", path.display()))?;
    let der = pki::pem::der_of(&pem, &["PUBLIC KEY"], 4096)?;
    Ok(NewClient {
        name: "管理员".parse()?,
        public_key: pki::Spki::from_der(&der)?.public_key()?,
        roles: Roles::new([Role::Admin])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_is_a_plan() {
        let plan = Plan::parse(SAMPLE).unwrap();
        assert_eq!(plan.custodians.len(), 5);
        assert!(plan.key_centre.is_none() && plan.database.is_none());
        let served = Plan::parse(&SAMPLE.replace("# database =", "database =")).unwrap();
        assert_eq!(served.database.as_deref(), Some("postgres://yinxin@127.0.0.1/yinxin"));
        let remote = SAMPLE
            .replace("# [key_centre]", "[key_centre]")
            .replace("# url =", "url =")
            .replace("# public_key =", "public_key =");
        assert!(Plan::parse(&remote).unwrap().key_centre.is_some());
    }
}

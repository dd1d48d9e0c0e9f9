//! `yinxin person first`: the first two people of an institution, right after the ceremony and while
//! the service is stopped. Everybody else is appointed by people, in signed acts.

use std::path::{Path, PathBuf};

use access::{NewPerson, Roles};
use anyhow::Context;
use clap::Subcommand;

use super::{open, runtime};
use crate::args::DataArgs;
use crate::out::{self, Outcome, Unusable};

/// Commands about people.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 同时任命首任超级管理员和审计管理员（服务停止时；仅在尚无人员时可用）
    First {
        #[command(flatten)]
        data: DataArgs,
        /// 超级管理员的登录名
        #[arg(long, value_name = "登录名")]
        super_login: String,
        /// 超级管理员的姓名
        #[arg(long, value_name = "姓名")]
        super_name: String,
        /// 超级管理员的签名公钥（PEM）
        #[arg(long, value_name = "文件")]
        super_key: PathBuf,
        /// 审计管理员的登录名
        #[arg(long, value_name = "登录名")]
        audit_login: String,
        /// 审计管理员的姓名
        #[arg(long, value_name = "姓名")]
        audit_name: String,
        /// 审计管理员的签名公钥（PEM）
        #[arg(long, value_name = "文件")]
        audit_key: PathBuf,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let Command::First {
        data,
        super_login,
        super_name,
        super_key,
        audit_login,
        audit_name,
        audit_key,
    } = command;
    let first = person((&super_login, &super_name), "super_admin", &super_key)?;
    let peer = person((&audit_login, &audit_name), "audit_admin", &audit_key)?;
    runtime()?.block_on(async {
        let institution = open(&data).await?;
        let appointed = institution.appoint_first_people(first, peer).await;
        institution.close().await;
        for created in appointed? {
            let roles: Vec<_> = created.person.roles.iter().map(access::Role::chinese).collect();
            out::line(format!("已任命{}：{}", roles.join("、"), created.person.name));
        }
        out::line("其他人员由他们登录管理台后任命，任命须用本人密钥签名");
        Ok(Outcome::Fine)
    })
}

fn person((login, name): (&str, &str), role: &str, key: &Path) -> anyhow::Result<NewPerson> {
    let roles: Roles = role.parse()?;
    Ok(NewPerson {
        login: login.parse().map_err(|e: access::Error| Unusable::error(e.to_string()))?,
        name: name.parse().map_err(|e: access::Error| Unusable::error(e.to_string()))?,
        roles,
        office: None,
        key: Some(public_key(key)?),
    })
}

fn public_key(path: &Path) -> anyhow::Result<gm::PublicKey> {
    let text =
        std::fs::read(path).with_context(|| format!("无法读取公钥文件 {}", path.display()))?;
    let key = pki::pem::der_of(&text, &["PUBLIC KEY"], 4096)
        .and_then(|der| pki::Spki::from_der(&der))
        .and_then(|spki| spki.public_key());
    key.map_err(|error| {
        Unusable::error(format!("{} 不是 SM2 公钥（PEM）：{error}", path.display()))
    })
}

//! `yinxin client …`: API clients.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::{Value, json};

use super::{Door, DoorArgs, field};
use crate::out::{self, Outcome};
use crate::subscriber;

/// Commands about clients.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 生成客户端密钥对，写出私钥和公钥文件
    Key {
        /// 私钥文件（新建，仅本人可读）
        #[arg(long, value_name = "文件")]
        key: PathBuf,
        /// 用此文件中的口令加密私钥
        #[arg(long, value_name = "文件")]
        passphrase_file: Option<PathBuf>,
        /// 公钥文件
        #[arg(long, value_name = "文件")]
        public_key: PathBuf,
    },
    /// 登记客户端
    Create {
        #[command(flatten)]
        door: DoorArgs,
        /// 名称
        #[arg(long, value_name = "名称")]
        name: String,
        /// 公钥文件（PEM）
        #[arg(long, value_name = "文件")]
        public_key: PathBuf,
        /// 角色，用逗号分隔：admin、operator、auditor、reader、application
        #[arg(long, value_name = "角色")]
        roles: String,
    },
    /// 已登记的客户端
    List {
        #[command(flatten)]
        door: DoorArgs,
    },
    /// 生成客户端登录证书目录（LDAP）的口令，写入新文件；原有口令随即失效
    DirectorySecret {
        #[command(flatten)]
        door: DoorArgs,
        /// 客户端编号
        id: String,
        /// 口令文件（新建，仅本人可读）
        #[arg(long, value_name = "文件")]
        out: PathBuf,
    },
    /// 停用客户端（不可恢复）
    Disable {
        #[command(flatten)]
        door: DoorArgs,
        /// 客户端编号
        id: String,
    },
}

/// The public half of a key as PEM.
pub fn public_pem(key: &PrivateKey) -> anyhow::Result<String> {
    Ok(pki::pem::encode("PUBLIC KEY", pki::Spki::of(key.public_key()).der())?)
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Key { key, passphrase_file, public_key } => {
            let private = PrivateKey::generate(&mut OsRandom)?;
            subscriber::save(&key, &private, passphrase_file.as_deref())?;
            std::fs::write(&public_key, public_pem(&private)?)
                .with_context(|| format!("无法写入 {}", public_key.display()))?;
            out::note(format!("私钥 {}，公钥 {}", key.display(), public_key.display()));
        }
        Command::Create { door, name, public_key, roles } => {
            let pem = std::fs::read_to_string(&public_key)
                .with_context(|| format!("无法读取 {}", public_key.display()))?;
            let body = json!({ "name": name, "public_key": pem, "roles": roles });
            out::json(&Door::open(&door)?.post("/api/v1/clients", &body)?)?;
        }
        Command::List { door } => {
            let page = Door::open(&door)?.get("/api/v1/clients")?;
            out::json(field(&page, "items"))?;
        }
        Command::DirectorySecret { door, id, out: file } => {
            let path = format!("/api/v1/clients/{id}/directory-secret");
            let drawn = Door::open(&door)?.post(&path, &Value::Null)?;
            let secret = field(&drawn, "secret").as_str().unwrap_or_default();
            crate::secret::write_private(&file, format!("{secret}\n").as_bytes())?;
            out::note(format!("口令已写入 {}；系统不保存口令，遗失后请重新生成", file.display()));
        }
        Command::Disable { door, id } => {
            let path = format!("/api/v1/clients/{id}/disable");
            out::json(&Door::open(&door)?.post(&path, &Value::Null)?)?;
        }
    }
    Ok(Outcome::Fine)
}

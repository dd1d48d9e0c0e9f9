//! `yinxin crl …`

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;

use super::{Door, DoorArgs, field};
use crate::offline;
use crate::out::{self, Outcome};

/// Commands about revocation lists.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 已发布的列表
    List {
        #[command(flatten)]
        door: DoorArgs,
    },
    /// 立即发布
    Publish {
        #[command(flatten)]
        door: DoorArgs,
        /// 种类：full、delta、shard
        #[arg(long, default_value = "full", value_name = "种类")]
        kind: String,
        /// 分片号
        #[arg(long, value_name = "号")]
        shard: Option<u16>,
    },
    /// 查看列表文件（离线，PEM 或 DER）
    Show {
        /// 列表文件
        file: PathBuf,
        /// 签发者证书；给出则验证签名
        #[arg(long, value_name = "文件")]
        issuer: Option<PathBuf>,
        /// 查询这个序列号
        #[arg(long, value_name = "序列号")]
        serial: Option<String>,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::List { door } => {
            let page = Door::open(&door)?.get("/api/v1/crls")?;
            out::json(field(&page, "items"))?;
            Ok(Outcome::Fine)
        }
        Command::Publish { door, kind, shard } => {
            let body = json!({ "kind": kind, "shard": shard });
            let published = Door::open(&door)?.post("/api/v1/crls", &body)?;
            out::line(format!(
                "已发布第 {} 号列表，含 {} 张证书",
                field(&published, "number"),
                field(&published, "entries")
            ));
            Ok(Outcome::Fine)
        }
        Command::Show { file, issuer, serial } => {
            let input =
                std::fs::read(&file).with_context(|| format!("无法读取文件 {}", file.display()))?;
            offline::crl::show(&input, issuer.as_deref(), serial.as_deref())
        }
    }
}

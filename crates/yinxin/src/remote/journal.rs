//! `yinxin journal list|prove|export|checkpoint` over the REST door.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use serde_json::Value;

use super::cert::query;
use super::{Door, DoorArgs, text};
use crate::out::{self, Outcome};

/// Commands about the journal of a running institution.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 查询日志记录
    List {
        #[command(flatten)]
        door: DoorArgs,
        /// 记录种类
        #[arg(long, value_name = "种类")]
        kind: Option<String>,
        /// 操作者
        #[arg(long, value_name = "操作者")]
        actor: Option<String>,
        /// 对象
        #[arg(long, value_name = "对象")]
        subject: Option<String>,
        /// 起始时间（RFC 3339）
        #[arg(long, value_name = "时间")]
        from: Option<String>,
        /// 截止时间（RFC 3339）
        #[arg(long, value_name = "时间")]
        until: Option<String>,
        /// 条数
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// 上一页给出的分页标记
        #[arg(long, value_name = "标记")]
        after: Option<String>,
    },
    /// 证明一条记录在日志中
    Prove {
        #[command(flatten)]
        door: DoorArgs,
        /// 记录序号
        seq: u64,
    },
    /// 签署检查点
    Checkpoint {
        #[command(flatten)]
        door: DoorArgs,
    },
    /// 导出全部日志（可用 journal verify 离线校验）
    Export {
        #[command(flatten)]
        door: DoorArgs,
        /// 写入的文件
        #[arg(long, value_name = "文件")]
        out: PathBuf,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::List { door, kind, actor, subject, from, until, limit, after } => {
            let query = query(&[
                ("kind", kind),
                ("actor", actor),
                ("subject", subject),
                ("from", from),
                ("until", until),
                ("after", after),
            ]);
            out::json(&Door::open(&door)?.get(&format!("/api/v1/journal?limit={limit}{query}"))?)?;
        }
        Command::Prove { door, seq } => {
            out::json(&Door::open(&door)?.get(&format!("/api/v1/journal/{seq}/proof"))?)?;
        }
        Command::Checkpoint { door } => {
            let signed = Door::open(&door)?.post("/api/v1/journal/checkpoint", &Value::Null)?;
            out::bytes(text(&signed, "note").as_bytes());
        }
        Command::Export { door, out } => {
            let lines = Door::open(&door)?.download("/api/v1/export/journal.jsonl")?;
            std::fs::write(&out, lines).with_context(|| format!("无法写入 {}", out.display()))?;
            out::note(format!("日志已写入 {}", out.display()));
        }
    }
    Ok(Outcome::Fine)
}

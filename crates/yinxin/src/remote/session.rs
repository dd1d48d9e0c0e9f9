//! `yinxin session …`: a token for programs that cannot sign each request themselves.

use clap::Subcommand;
use serde_json::Value;

use super::{Door, DoorArgs, text};
use crate::out::{self, Outcome};

/// Commands about sessions of API clients.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 打开会话，打印令牌（15 分钟不用即失效；请勿写入脚本或日志）
    Open {
        #[command(flatten)]
        door: DoorArgs,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let Command::Open { door } = command;
    let session = Door::open(&door)?.post("/api/v1/session", &Value::Null)?;
    out::note(format!("有效期至 {}", text(&session, "expires_at")));
    out::line(text(&session, "token"));
    Ok(Outcome::Fine)
}

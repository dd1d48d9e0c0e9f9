//! `yinxin doctor`: is everything as it should be?

use app::doctor::Level;

use super::{open, runtime};
use crate::args::DataArgs;
use crate::out::{self, Outcome};

/// `yinxin doctor`
#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    data: DataArgs,
    /// 同时逐条校验全部日志
    #[arg(long)]
    full: bool,
    /// 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Runs every check. The data folder must not be in use: a running service answers the same
/// under `/api/v1/doctor`.
pub fn run(command: Doctor) -> anyhow::Result<Outcome> {
    let checks = runtime()?.block_on(async {
        let institution = open(&command.data).await?;
        let checks = institution.examine(command.full).await;
        institution.close().await;
        anyhow::Ok(checks)
    })?;
    if command.json {
        out::json(&checks)?;
    } else {
        for check in &checks {
            out::line(format!("[{}] {}：{}", check.level.chinese(), check.title, check.detail));
        }
    }
    let wrong = checks.iter().any(|check| check.level == Level::Failed);
    Ok(if wrong { Outcome::Finding } else { Outcome::Fine })
}

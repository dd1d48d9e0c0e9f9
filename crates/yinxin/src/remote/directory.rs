//! `yinxin directory …`: the other LDAP server into which the directory is published.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Door, DoorArgs, field};
use crate::out::{self, Outcome};

const PLACE: &str = "/api/v1/directory/replica";
/// How often is asked how far a comparison is.
const PATIENCE: Duration = Duration::from_millis(500);

/// Commands about the other directory.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 查看从目录的发布情况：有无等待发布的变更、延迟、上一次核对的结果
    Status {
        #[command(flatten)]
        door: DoorArgs,
        /// 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// 逐条核对从目录与主目录，只报告，不修改
    Check {
        #[command(flatten)]
        door: DoorArgs,
        /// 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// 逐条核对并修复：补上缺少的、改正不一致的、删除多余的条目
    Repair {
        #[command(flatten)]
        door: DoorArgs,
        /// 输出 JSON
        #[arg(long)]
        json: bool,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Status { door, json } => status(&Door::open(&door)?, json),
        Command::Check { door, json } => compare(&Door::open(&door)?, false, json),
        Command::Repair { door, json } => compare(&Door::open(&door)?, true, json),
    }
}

fn status(door: &Door, json: bool) -> anyhow::Result<Outcome> {
    let view = door.get(PLACE)?;
    let text = |name: &str| view.get(name).and_then(Value::as_str);
    let count = |name: &str| view.get(name).and_then(Value::as_u64).unwrap_or_default();
    if json {
        out::json(&view)?;
    } else {
        out::line(format!("从目录：{}", field(&view, "target").as_str().unwrap_or_default()));
        out::line(match text("waiting_since") {
            Some(since) => {
                format!("有变更等待发布：自 {since} 起，已 {} 秒", count("delay_seconds"))
            }
            None => "没有等待发布的变更".to_owned(),
        });
        text("trouble")
            .into_iter()
            .for_each(|why| out::line(format!("最近一次发布没有成功：{why}")));
        if count("refused") > 0 {
            out::line(format!("被从目录拒绝的条目：{} 个（原因见运行日志）", count("refused")));
        }
        match (text("checked_at"), view.get("checked")) {
            (Some(at), Some(report)) => {
                out::line(format!("上一次核对：{at}"));
                tell(report);
            }
            _ => out::line("尚未核对"),
        }
    }
    let left = view.get("checked").and_then(|one| one.get("unrepaired")?.as_u64());
    let fine = text("trouble").is_none() && count("refused") == 0 && left.unwrap_or_default() == 0;
    Ok(if fine { Outcome::Fine } else { Outcome::Finding })
}

fn compare(door: &Door, repair: bool, json: bool) -> anyhow::Result<Outcome> {
    let begun = door.post(&format!("{PLACE}/comparisons"), &json!({ "repair": repair }))?;
    let number = field(&begun, "number").as_u64().unwrap_or_default();
    let mut told = 0;
    loop {
        let view = door.get(PLACE)?;
        let walk = field(&view, "walk");
        let of = walk.get("number").and_then(Value::as_u64).unwrap_or_default();
        match walk.get("state").and_then(Value::as_str) {
            Some("ended") if of >= number => {
                let report = field(walk, "report");
                return ended(report, repair, json);
            }
            Some("failed") if of >= number => {
                let why = walk.get("reason").and_then(Value::as_str).unwrap_or_default();
                anyhow::bail!("核对没有完成：{why}；请排除后重试");
            }
            _ => {}
        }
        let compared = walk.get("compared").and_then(Value::as_u64).unwrap_or_default();
        if compared >= told + 1_000 {
            out::note(format!("已核对 {compared} 条……"));
            told = compared;
        }
        std::thread::sleep(PATIENCE);
    }
}

fn ended(report: &Value, repair: bool, json: bool) -> anyhow::Result<Outcome> {
    let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
    if json {
        out::json(report)?;
    } else {
        tell(report);
        if count("unrepaired") > 0 && !repair {
            out::line("请执行 yinxin directory repair 修复");
        }
    }
    let left = count("unrepaired") > 0;
    Ok(if left { Outcome::Finding } else { Outcome::Fine })
}

/// A report in words.
fn tell(report: &Value) {
    let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
    let found = count("missing") + count("surplus") + count("different");
    if found == 0 {
        out::line(format!("共 {} 条，全部一致", count("compared")));
        return;
    }
    out::line(format!(
        "共 {} 条：缺少 {}，多余 {}，不一致 {}；已修复 {}，未修复 {}",
        count("compared"),
        count("missing"),
        count("surplus"),
        count("different"),
        count("repaired"),
        count("unrepaired"),
    ));
    for finding in report.get("findings").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = match text("kind") {
            "missing" => "缺少",
            "surplus" => "多余",
            _ => "不一致",
        };
        out::line(format!("    {kind}　{}　{}", text("dn"), text("detail")).trim_end());
    }
}

//! `yinxin batch show`: how far the batches are, for the people of the machine. Counts only.

use clap::Subcommand;

use super::{open, runtime};
use crate::args::DataArgs;
use crate::out::{self, Outcome};

/// Commands about batches.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 显示各批次的进度（服务停止时；服务运行时请看业务工作台的“批量办理”）
    Show {
        #[command(flatten)]
        data: DataArgs,
        /// 只看这个编号的批次
        #[arg(value_name = "批次编号")]
        number: Option<String>,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let Command::Show { data, number } = command;
    let found = runtime()?.block_on(async {
        let institution = open(&data).await?;
        let all = match institution.registration() {
            Ok(ra) => ra.batch_summaries().await.map_err(anyhow::Error::from),
            Err(error) => Err(error.into()),
        };
        institution.close().await;
        all
    })?;
    let wanted = |batch: &ra::Batch| number.as_ref().is_none_or(|number| *number == batch.number);
    let mut shown = 0;
    for (batch, counts) in found.into_iter().filter(|(batch, _)| wanted(batch)) {
        shown += 1;
        out::line(format!("{}　{}　共 {} 件", batch.number, batch.state.chinese(), counts.total()));
        for (word, count) in &counts.states {
            out::line(format!("    {}：{count}", ra::State::chinese_of(word)));
        }
        if counts.problems > 0 {
            out::line(format!("    其中未能签发：{}（原因见结果表）", counts.problems));
        }
    }
    if shown == 0 {
        out::line("没有这样的批次");
        return Ok(Outcome::Finding);
    }
    Ok(Outcome::Fine)
}

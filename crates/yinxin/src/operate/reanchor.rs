//! `yinxin journal reanchor`: a restored backup or a lost anchor, for which two people answer.

use std::path::{Path, PathBuf};

use app::restore::{Fate, Orders, Publisher, Seen, Shelf, Which};
use app::{Layout, Settings};
use ca::rules::account::Balance;
use pki::crl::Crl;
use store::Store;

use super::runtime;
use super::warrant::WarrantArgs;
use crate::args::DataArgs;
use crate::offline;
use crate::out::{self, Outcome, Unusable};
use crate::secret;

/// `yinxin journal reanchor`
#[derive(Debug, clap::Args)]
pub struct Reanchor {
    #[command(flatten)]
    data: DataArgs,
    /// 哪一方的日志：institution（认证机构）或 kmc（密钥管理中心）
    #[arg(long, value_name = "一方", default_value = "institution")]
    journal: String,
    /// 依赖方手中最后一份完整撤销列表；恢复备份后必须给出，编号才不会重复。签发密钥和根的各代各给一份
    #[arg(long, value_name = "文件")]
    last_crl: Vec<PathBuf>,
    /// 确实从未发布过撤销列表，或数据库没有回退
    #[arg(long, conflicts_with = "last_crl")]
    no_crl: bool,
    /// 备份以后确实没有发布过根的撤销列表
    #[arg(long)]
    no_root_crl: bool,
    /// 有签名次数报警也重新起算的密钥：两人已查明报警的原因。有几把的，逐一给出
    #[arg(long, value_name = "密钥")]
    close_alarm: Vec<String>,
    #[command(flatten)]
    warrant: WarrantArgs,
}

/// Looks, tells, and on the right phrase gives the journal a new anchor. Exit 1 when nothing was
/// changed, or something was left.
pub fn run(command: &Reanchor) -> anyhow::Result<Outcome> {
    let which = match command.journal.as_str() {
        "institution" => Which::Institution,
        "kmc" => Which::KeyCentre,
        _ => return Err(Unusable::error("--journal 应为 institution 或 kmc")),
    };
    let warrant = command.warrant.warrant()?;
    let lists =
        command.last_crl.iter().map(|path| list(path)).collect::<anyhow::Result<Vec<_>>>()?;
    if which == Which::Institution && lists.is_empty() && !command.no_crl {
        let text = "请用 --last-crl 给出依赖方手中最后一份撤销列表；\
                    确实没有发布过列表或数据库没有回退时，用 --no-crl";
        return Err(Unusable::error(text));
    }
    if which == Which::KeyCentre && !command.close_alarm.is_empty() {
        return Err(Unusable::error("--close-alarm 只用于认证机构的日志"));
    }
    let shelf = shelf(&command.data, which)?;
    let orders = Orders { lists: &lists, alarms: &command.close_alarm, warrant: &warrant };
    runtime()?.block_on(async {
        let seen = shelf.look(orders.alarms).await?;
        check_alarms(&seen, orders.alarms)?;
        let Some(reason) = &seen.halted else {
            return again(&shelf, which, (command, &seen), orders).await;
        };
        if which == Which::Institution && !lists.is_empty() {
            check(&seen.publishers, &lists, command.no_root_crl)?;
        }
        tell(reason, &seen);
        let phrase = format!("重建锚点 {} {}", shelf.origin(), seen.size);
        if !command.warrant.is_confirmed(&with_alarms(phrase, orders.alarms)) {
            return Ok(Outcome::Finding);
        }
        carry_out(&shelf, which, orders).await
    })
}

/// Only keys that are there have an account.
fn check_alarms(seen: &Seen, alarms: &[String]) -> anyhow::Result<()> {
    let is_unknown = |label: &&String| !seen.accounts.iter().any(|(known, _)| known == *label);
    let Some(label) = alarms.iter().find(is_unknown) else { return Ok(()) };
    let known: Vec<_> = seen.accounts.iter().map(|(known, _)| known.as_str()).collect();
    let text = format!("没有签发密钥“{label}”；--close-alarm 可用的名称：{}", known.join("、"));
    Err(Unusable::error(text))
}

/// Whoever closes an alarm says so in the phrase.
fn with_alarms(phrase: String, alarms: &[String]) -> String {
    match alarms.is_empty() {
        true => phrase,
        false => format!("{phrase} 结清报警 {}", alarms.join(" ")),
    }
}

/// The journal is sound: what a run before left behind the new anchor is done now.
async fn again(
    shelf: &Shelf,
    which: Which,
    (command, seen): (&Reanchor, &Seen),
    orders: Orders<'_>,
) -> anyhow::Result<Outcome> {
    let is_nothing_asked = orders.lists.is_empty() && orders.alarms.is_empty();
    if which == Which::KeyCentre || is_nothing_asked || !seen.was_reanchored {
        out::line("日志与锚点一致，不需要重建锚点；未作任何更改");
        return Ok(Outcome::Finding);
    }
    let mut phrase = format!("续办 {}", shelf.origin());
    if !orders.lists.is_empty() {
        check(&seen.publishers, orders.lists, command.no_root_crl)?;
        phrase = format!("接续撤销列表 {}", shelf.origin());
    }
    out::line(
        "日志与锚点一致，不需要重建锚点。以前重建锚点以后的步骤没有全部完成的，可以续办：让撤销列表编号接着所给的列表往下编，把没有报警的签名次数重新起算，\
         列出须重新撤销的证书。已经完成的，再办一次没有害处；签名次数的报警不会因此消除。",
    );
    tell_accounts(&seen.accounts, "将");
    if !command.warrant.is_confirmed(&with_alarms(phrase, orders.alarms)) {
        return Ok(Outcome::Finding);
    }
    let store = shelf.sound().await?;
    finish(shelf, which, store, orders).await
}

/// Whether the lists are ours and complete; asked before anything is changed.
fn check(publishers: &[Publisher], lists: &[Crl], no_root: bool) -> anyhow::Result<()> {
    let is_foreign = |list: &&Crl| !publishers.iter().any(|one| one.made(list));
    if let Some(list) = lists.iter().find(is_foreign) {
        let issuer = list.issuer();
        let text = match publishers.iter().any(|one| one.is_named_in(list)) {
            true => format!(
                "{issuer} 的一份撤销列表不是由数据库中的密钥签名的：备份可能早于密钥换代，请找更新的备份"
            ),
            false => format!(
                "撤销列表（颁发者 {issuer}）不是数据库中各代的：请核对文件；备份早于密钥换代的，请找更新的备份"
            ),
        };
        return Err(Unusable::error(text));
    }
    let is_missing = |one: &&Publisher| {
        one.is_needed && !(one.is_root && no_root) && !lists.iter().any(|list| one.made(list))
    };
    let Some(one) = publishers.iter().find(is_missing) else { return Ok(()) };
    let name = &one.name;
    let or = match one.is_root {
        true => "；备份以后确实没有发布过根的撤销列表的，加上 --no-root-crl",
        false => "",
    };
    let text = format!("还须用 --last-crl 给出 {name} 的最后一份撤销列表（{name}.crl）{or}");
    Err(Unusable::error(text))
}

async fn carry_out(shelf: &Shelf, which: Which, orders: Orders<'_>) -> anyhow::Result<Outcome> {
    let store = shelf.reanchor(orders.warrant.clone()).await?;
    out::line("已逐条校验全部日志并重建锚点，记入日志（journal.reanchored）");
    finish(shelf, which, store, orders).await
}

/// What is left to do behind the anchor.
async fn finish(
    shelf: &Shelf,
    which: Which,
    store: Store,
    orders: Orders<'_>,
) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Fine;
    if which == Which::Institution {
        let done = shelf.catch_up(&store, orders).await;
        let caught_up = match done {
            Ok(done) => done,
            Err(error) => {
                store.close().await;
                out::note("锚点以后的步骤没有全部完成；排除原因后用同一命令再次运行即可续办");
                return Err(error.into());
            }
        };
        tell_accounts(&caught_up.accounts, "已");
        for serial in &caught_up.missing {
            out::line(format!("须重新撤销：{serial}（在最后的撤销列表中，数据库中却未撤销）"));
        }
        if caught_up.accounts.iter().any(|(_, fate)| fate.is_left()) {
            outcome = Outcome::Finding;
        }
    }
    store.close().await;
    out::line("下一步：启动服务，运行 yinxin doctor --full，并通知受影响的申请人");
    Ok(outcome)
}

/// What becomes of each account of signatures: `when` is 将 before it is done, and 已 after.
fn tell_accounts(accounts: &[(String, Fate)], when: &str) {
    for (label, fate) in accounts {
        let anew = format!("{when}重新起算");
        let said = match fate {
            Fate::Sound(balance) => format!("{}；{anew}", in_words(balance)),
            Fate::OfLoss(balance) => {
                format!("{}，不多于所失去的日志，按随日志失去的签名处理；{anew}", in_words(balance))
            }
            Fate::Ordered(balance) => {
                format!("{}；按负责人和见证人的决定，{anew}，报警结清", in_words(balance))
            }
            Fate::Left(balance) => format!(
                "{}，所失去的日志不能解释；没有重新起算，报警保留。请先查明是谁、用什么办法签的名；查明以后，由两人在同一命令后加上 \
                 --close-alarm {label}",
                in_words(balance)
            ),
            Fate::Unread(why) => {
                format!("未能核对（{why}）；没有重新起算。请检查密码设备后重新运行本命令")
            }
        };
        out::line(format!("密钥“{label}”的签名次数：{said}"));
    }
}

fn in_words(balance: &Balance) -> String {
    match balance {
        Balance::Exact => "与记录相符".to_owned(),
        Balance::Explained { extra } => {
            format!("有 {extra} 次签名没有留下证书或列表，都有许可的记录")
        }
        Balance::Unrecorded { unexplained } => format!("有 {unexplained} 次签名没有记录（报警）"),
        Balance::Missing { missing } => {
            format!("密码设备比记录少 {missing} 次（报警）：设备换过，或者恢复过旧的设备备份")
        }
    }
}

fn tell(reason: &str, seen: &Seen) {
    out::line(format!("停止写入的原因：{reason}"));
    out::line(format!("数据库中的日志：{} 条", seen.size));
    match (seen.anchored, seen.lost()) {
        (Some(anchored), Some(lost)) => {
            out::line(format!("锚点记载的日志：{anchored} 条"));
            out::line(format!("将永久失去 {lost} 条记录：其中签发的证书将被答为“未知”"));
        }
        _ => {
            out::line("锚点缺失或不可信，无法得知失去多少记录（未知）；请与机构外保存的检查点核对")
        }
    }
    tell_accounts(&seen.accounts, "将");
}

fn shelf(data: &DataArgs, which: Which) -> anyhow::Result<Shelf> {
    let layout = Layout::new(&data.data);
    Settings::load(&layout.settings())?;
    let phrase = match which {
        Which::Institution => {
            let file = data.passphrase_file.as_deref();
            secret::passphrase(file, secret::DEVICE_FILE, "机构密码设备")?
        }
        Which::KeyCentre => {
            let file = data.kmc_passphrase_file.as_deref();
            secret::passphrase(file, secret::KMC_DEVICE_FILE, "密钥管理中心密码设备")?
        }
    };
    Ok(Shelf::of(&layout, which, &phrase)?)
}

fn list(path: &Path) -> anyhow::Result<Crl> {
    offline::list(&offline::read(path)?)
        .map_err(|e| Unusable::error(format!("{}：{e}", path.display())))
}

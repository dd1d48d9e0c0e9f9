//! `yinxin journal reanchor`: a restored backup or a lost anchor, for which two people answer.

use std::path::{Path, PathBuf};

use app::restore::{Publisher, Seen, Shelf, Which};
use app::{Layout, Settings};
use pki::crl::Crl;
use store::{Store, Warrant};

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
    #[command(flatten)]
    warrant: WarrantArgs,
}

/// Looks, tells, and on the right phrase gives the journal a new anchor. Exit 1 when nothing was
/// changed.
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
    let shelf = shelf(&command.data, which)?;
    runtime()?.block_on(async {
        let seen = shelf.look().await?;
        let Some(reason) = &seen.halted else {
            return again(&shelf, which, (command, &seen), (&lists, &warrant)).await;
        };
        if which == Which::Institution && !lists.is_empty() {
            check(&seen.publishers, &lists, command.no_root_crl)?;
        }
        tell(reason, &seen);
        let phrase = format!("重建锚点 {} {}", shelf.origin(), seen.size);
        if !command.warrant.is_confirmed(&phrase) {
            return Ok(Outcome::Finding);
        }
        carry_out(&shelf, which, (&lists, &warrant)).await
    })
}

/// The journal is sound: what a run before left behind the new anchor is done now.
async fn again(
    shelf: &Shelf,
    which: Which,
    (command, seen): (&Reanchor, &Seen),
    (lists, warrant): (&[Crl], &Warrant),
) -> anyhow::Result<Outcome> {
    if which == Which::KeyCentre || lists.is_empty() || !seen.was_reanchored {
        out::line("日志与锚点一致，不需要重建锚点；未作任何更改");
        return Ok(Outcome::Finding);
    }
    check(&seen.publishers, lists, command.no_root_crl)?;
    out::line(
        "日志与锚点一致，不需要重建锚点。以前重建锚点以后的步骤没有全部完成的，可以续办：让撤销列表编号接着所给的列表往下编，把签名次数重新起算，\
         列出须重新撤销的证书。已经完成的，再办一次没有害处。",
    );
    if !command.warrant.is_confirmed(&format!("接续撤销列表 {}", shelf.origin())) {
        return Ok(Outcome::Finding);
    }
    let store = shelf.sound().await?;
    finish(shelf, which, store, (lists, warrant)).await
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

async fn carry_out(
    shelf: &Shelf,
    which: Which,
    (lists, warrant): (&[Crl], &Warrant),
) -> anyhow::Result<Outcome> {
    let store = shelf.reanchor(warrant.clone()).await?;
    out::line("已逐条校验全部日志并重建锚点，记入日志（journal.reanchored）");
    finish(shelf, which, store, (lists, warrant)).await
}

/// What is left to do behind the anchor.
async fn finish(
    shelf: &Shelf,
    which: Which,
    store: Store,
    (lists, warrant): (&[Crl], &Warrant),
) -> anyhow::Result<Outcome> {
    if which == Which::Institution {
        let done = shelf.catch_up(&store, (lists, warrant)).await;
        let caught_up = match done {
            Ok(done) => done,
            Err(error) => {
                store.close().await;
                out::note("锚点以后的步骤没有全部完成；排除原因后用同一命令再次运行即可续办");
                return Err(error.into());
            }
        };
        for account in &caught_up.accounts {
            out::line(format!(
                "密钥“{}”的签名次数已重新起算，此前情况：{:?}",
                account.label, account.balance
            ));
        }
        for (label, why) in &caught_up.unclosed {
            out::line(format!(
                "密钥“{label}”的签名次数未能重新起算（{why}）；请检查密码设备后重新运行本命令"
            ));
        }
        for serial in &caught_up.missing {
            out::line(format!("须重新撤销：{serial}（在最后的撤销列表中，数据库中却未撤销）"));
        }
    }
    store.close().await;
    out::line("下一步：启动服务，运行 yinxin doctor --full，并通知受影响的申请人");
    Ok(Outcome::Fine)
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

//! `yinxin journal verify`: the journal of a data folder, or an export, record by record.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use app::Parts;
use gm::{PublicKey, Signature, UserId};
use store::Scope;
use tlog::Checkpoint;
use tlog::export::{Entry, Head, Walk};
use tlog::note::{NoteKey, SignedNote};

use crate::args::DataArgs;
use crate::operate::{runtime, secrets};
use crate::out::{self, Outcome, Unusable};

/// `yinxin journal verify`
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    data: DataArgs,
    /// 校验导出的日志文件（不需要数据库和密码设备）
    #[arg(long, value_name = "文件")]
    export: Option<PathBuf>,
    /// 日志签名公钥文件（PEM），用于核对导出文件中检查点的签名
    #[arg(long, value_name = "文件")]
    journal_key: Option<PathBuf>,
}

/// Verifies; exit 1 when anything is not as it was recorded.
pub fn run(command: &Verify) -> anyhow::Result<Outcome> {
    match &command.export {
        Some(file) => export(file, command.journal_key.as_deref()),
        None => folder(command),
    }
}

/// Every record against the checkpoint of the export; with the journal's key, the checkpoint too.
fn export(file: &Path, key: Option<&Path>) -> anyhow::Result<Outcome> {
    let opened = std::fs::File::open(file)
        .map_err(|e| Unusable::error(format!("无法读取文件 {}：{e}", file.display())))?;
    let key = key.map(journal_key).transpose()?;
    match exported(BufReader::new(opened), key) {
        Ok(records) => {
            out::line(format!("{records} 条记录逐条校验通过，均在检查点所签的日志树中"));
            if key.is_none() {
                out::line("注意：没有给出 --journal-key，检查点的签名未核对（未知）");
            }
            Ok(Outcome::Fine)
        }
        Err(error) => {
            out::line(format!("校验不通过：{error}"));
            Ok(Outcome::Finding)
        }
    }
}

fn journal_key(path: &Path) -> anyhow::Result<PublicKey> {
    let pem = std::fs::read(path)
        .map_err(|e| Unusable::error(format!("无法读取公钥文件 {}：{e}", path.display())))?;
    let der = pki::pem::der_of(&pem, &["PUBLIC KEY"], 4096)?;
    Ok(pki::Spki::from_der(&der)?.public_key()?)
}

/// The first line carries the checkpoint, each further one a record and its proof.
fn exported(input: impl BufRead, key: Option<PublicKey>) -> anyhow::Result<u64> {
    let mut lines = input.lines();
    let head = Head::parse(&lines.next().context("文件是空的")??)?;
    let mut walk = Walk::new(checkpoint(&head, key)?);
    for line in lines {
        let entry = Entry::parse(&line?)?;
        walk.take(&entry).map_err(|e| anyhow!("第 {} 号记录：{e}", entry.seq))?;
    }
    Ok(walk.entries())
}

fn checkpoint(head: &Head, key: Option<PublicKey>) -> anyhow::Result<Checkpoint> {
    let unverified = head.unverified()?;
    let Some(key) = key else {
        return Ok(unverified);
    };
    let name = NoteKey::new(&unverified.origin, &key.to_sec1())?;
    SignedNote::parse(&head.note)?
        .verify(&name, |body, raw| {
            Signature::from_raw(raw)
                .is_ok_and(|s| gm::sm2::verify(&key, &UserId::default(), body, &s).is_ok())
        })
        .context("检查点的签名验证不通过")?;
    Ok(unverified)
}

fn folder(command: &Verify) -> anyhow::Result<Outcome> {
    let (layout, secrets) = secrets(&command.data)?;
    let report = runtime()?.block_on(async {
        let store = Parts::of(layout, &secrets)?.open_store().await?;
        let bar = indicatif::ProgressBar::new(store.size().await?);
        let report = store
            .verify_journal_with(Scope::Full, &mut |progress| bar.set_position(progress.done))
            .await;
        bar.finish_and_clear();
        store.close().await;
        anyhow::Ok(report?)
    })?;
    for finding in &report.findings {
        out::line(format!("[异常] {finding}"));
    }
    out::line(format!("共 {} 条记录，逐条校验 {} 条", report.size, report.checked));
    Ok(if report.is_sound() { Outcome::Fine } else { Outcome::Finding })
}

//! `yinxin cert verify`: a chain, its validity and its status, from files alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use gm::UserId;
use jiff::Timestamp;
use pki::crl::Crl;
use pki::path::{self, Options, Outcome as Checked, Request, Revocation, Validity, Verdict};

use super::{certificates, list, read};
use crate::out::{self, Outcome, Unusable};

/// `yinxin cert verify`
#[derive(Debug, clap::Args)]
#[command(after_help = "退出码：0 有效；1 无效，或有未能确定的项目；2 命令或文件无法使用")]
pub struct Verify {
    /// 信任的根证书文件（可多次给出）
    #[arg(long, value_name = "文件", required = true, num_args = 1..)]
    anchor: Vec<PathBuf>,
    /// 中间证书文件（可多次给出）
    #[arg(long, value_name = "文件", num_args = 1..)]
    untrusted: Vec<PathBuf>,
    /// 证书撤销列表文件（可多次给出）；不给出则不核对撤销状态
    #[arg(long, value_name = "文件", num_args = 1..)]
    crl: Vec<PathBuf>,
    /// 在此时刻验证（RFC 3339）；不给出则为现在
    #[arg(long, value_name = "时间")]
    at: Option<Timestamp>,
    /// SM2 签名者标识；不给出则为 1234567812345678
    #[arg(long, value_name = "标识")]
    sm2_id: Option<String>,
    /// 输出 JSON
    #[arg(long)]
    json: bool,
    /// 要验证的证书文件（PEM 或 DER）
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Verify {
    /// The file in question, and the lists without it: an option of several files has taken
    /// it along when it stands right behind them, as in `--anchor A.pem FILE`.
    fn settle(&mut self, arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
        if self.file.is_some() {
            return self.file.take();
        }
        let taken = last_of_several(arguments)?;
        let lists = [&mut self.anchor, &mut self.untrusted, &mut self.crl];
        let list = lists.into_iter().find(|list| list.len() > 1 && list.contains(&taken))?;
        let at = list.iter().rposition(|path| *path == taken)?;
        Some(list.remove(at))
    }
}

/// The last value of the last option of several files that got more than one.
fn last_of_several(arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let (mut count, mut found) = (0, None);
    for argument in arguments {
        let text = argument.to_string_lossy();
        if ["--anchor", "--untrusted", "--crl"].contains(&text.as_ref()) {
            count = 1;
        } else if text.starts_with('-') {
            count = 0;
        } else if count > 0 {
            count += 1;
            if count > 2 {
                found = Some(PathBuf::from(argument));
            }
        }
    }
    found
}

/// Verifies; exit 0 only for a certificate that is valid in every respect.
pub fn run(mut command: Verify) -> anyhow::Result<Outcome> {
    let file = command.settle(std::env::args_os());
    let file = file.ok_or_else(|| Unusable::error("请在最后给出要验证的证书文件"))?;
    let mut own = certificates(&file)?;
    if own.is_empty() {
        return Err(Unusable::error(format!("{} 中没有证书", file.display())));
    }
    let leaf = own.remove(0);
    let all = |files: &[PathBuf]| {
        files.iter().map(|f| certificates(f)).collect::<anyhow::Result<Vec<_>>>()
    };
    let mut untrusted = all(&command.untrusted)?.concat();
    untrusted.extend(own);
    let anchors = all(&command.anchor)?.concat();
    let crls = command.crl.iter().map(|path| crl(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let options = Options {
        user_id: user_id(command.sm2_id.as_deref())?,
        revocation: if crls.is_empty() { Revocation::NotAsked } else { Revocation::Required },
        ..Options::default()
    };
    let verdict = path::validate(&Request {
        leaf: &leaf,
        untrusted: &untrusted,
        anchors: &anchors,
        crls: &crls,
        at: command.at.unwrap_or_else(Timestamp::now),
        options: &options,
    });
    if command.json {
        out::json(&verdict)?;
    } else {
        print(&verdict);
    }
    Ok(if verdict.valid == Validity::Valid { Outcome::Fine } else { Outcome::Finding })
}

fn crl(path: &Path) -> anyhow::Result<Crl> {
    list(&read(path)?).map_err(|e| Unusable::error(format!("{}：{e}", path.display())))
}

fn user_id(text: Option<&str>) -> anyhow::Result<UserId> {
    match text {
        None => Ok(UserId::default()),
        Some(text) => UserId::new(text.as_bytes())
            .map_err(|e| Unusable::error(format!("SM2 签名者标识无效：{e}"))),
    }
}

fn print(verdict: &Verdict) {
    let all = match verdict.valid {
        Validity::Valid => "有效",
        Validity::Invalid => "无效",
        Validity::Unknown => "未能确定",
    };
    out::line(format!("结论：{all}"));
    for entry in &verdict.path {
        let anchor = if entry.anchor { "（信任根）" } else { "" };
        out::line(format!("  {} {}{anchor}", entry.serial, entry.subject));
    }
    for check in &verdict.checks {
        let mark = match check.outcome {
            Checked::Passed => "通过",
            Checked::Failed => "不通过",
            Checked::Unknown => "未知",
        };
        out::line(format!("[{mark}] {}：{}", check.title, check.reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        verify: Verify,
    }

    /// File, anchors, untrusted and lists, as a command line gives them.
    fn read(line: &str) -> Option<(String, [usize; 3])> {
        let arguments = || line.split(' ').map(OsString::from);
        let mut command = Line::try_parse_from(arguments()).ok()?.verify;
        let file = command.settle(arguments())?;
        let counts = [&command.anchor, &command.untrusted, &command.crl].map(Vec::len);
        Some((file.display().to_string(), counts))
    }

    #[test]
    fn the_file_may_follow_an_option_of_several_files() {
        let file = |counts| Some(("f".to_owned(), counts));
        assert_eq!(read("verify --anchor a f"), file([1, 0, 0]));
        assert_eq!(read("verify --anchor a b f"), file([2, 0, 0]));
        assert_eq!(read("verify f --anchor a"), file([1, 0, 0]));
        assert_eq!(read("verify --anchor a f --json"), file([1, 0, 0]));
        assert_eq!(read("verify --anchor a --json f"), file([1, 0, 0]));
        assert_eq!(read("verify --anchor a b --untrusted u --crl c d f"), file([2, 1, 2]));
        assert_eq!(read("verify --anchor a --anchor b --crl c --sm2-id x f"), file([2, 0, 1]));
        assert_eq!(read("verify --anchor a --crl c"), None);
        assert_eq!(read("verify f"), None);
    }
}

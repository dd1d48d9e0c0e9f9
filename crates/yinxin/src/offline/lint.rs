//! `yinxin cert lint FILE…`: anyone's certificates against the standards.

use std::path::{Path, PathBuf};

use pki::lint::{self, Context, Report, Severity};
use serde_json::json;

use super::read;
use crate::out::{self, Outcome, Unusable};

/// `yinxin cert lint`
#[derive(Debug, clap::Args)]
#[command(
    after_help = "退出码：0 没有错误和警告（“提示”只供参考，不影响退出码）；1 有错误或警告；2 命令或文件无法使用"
)]
pub struct Lint {
    /// 输出 JSON
    #[arg(long)]
    json: bool,
    /// 证书文件（PEM 或 DER；PEM 可含多张）
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Lints every certificate of every file; exit 1 when something at warning or above was found.
/// A notice informs: what it says is permitted, and a batch job must not stop at it.
pub fn run(command: &Lint) -> anyhow::Result<Outcome> {
    let mut reports = Vec::new();
    for file in &command.files {
        let ders = encoded(file)?;
        for (at, der) in ders.iter().enumerate() {
            let report = lint::run_der(der, &Context::for_der(der));
            reports.push((format!("{}#{}", file.display(), at + 1), report));
        }
    }
    let wrong = reports.iter().any(|(_, report)| is_wrong(report));
    if command.json {
        let views: Vec<_> = reports
            .iter()
            .map(|(name, report)| {
                json!({
                    "certificate": name,
                    "findings": report.findings,
                    "undetermined": report.undetermined,
                })
            })
            .collect();
        out::json(&views)?;
    } else {
        reports.iter().for_each(|(name, report)| print(name, report));
    }
    Ok(if wrong { Outcome::Finding } else { Outcome::Fine })
}

fn is_wrong(report: &Report) -> bool {
    report.findings.iter().any(|finding| finding.severity != Severity::Notice)
}

/// The certificates of a file as they are, well-formed or not.
fn encoded(file: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let input = read(file)?;
    if input.starts_with(b"\x30") {
        return Ok(vec![input]);
    }
    let wrong = |e: pki::Error| Unusable::error(format!("{}：{e}", file.display()));
    let blocks = pki::pem::blocks(&input, "CERTIFICATE").map_err(wrong)?;
    match blocks.is_empty() {
        true => Err(Unusable::error(format!("{} 中没有证书", file.display()))),
        false => Ok(blocks),
    }
}

fn print(name: &str, report: &Report) {
    if report.findings.is_empty() {
        out::line(format!("{name}：没有发现问题"));
    }
    for finding in &report.findings {
        let severity = finding.severity.label();
        out::line(format!(
            "{name}：[{severity}] {}（{}，{}）",
            finding.detail, finding.lint, finding.citation
        ));
    }
    // What could not be determined is never shown as passed (Invariant 11).
    for open in &report.undetermined {
        out::line(format!("{name}：[未知] {}（{}）", open.reason, open.lint));
    }
}

//! Runs the benchmarks and writes docs/benchmarks.md.
//!
//! Two kinds meet in one page: micro benchmarks by criterion, read from its
//! `estimates.json`; and loads (issuance, OCSP, CRL of a million entries), that
//! write their own figures as `target/yinxin-bench/*.json`.
//! What stands below the line [`KEEP`] in the page is written by hand and kept.

mod criterion;
mod load;
mod page;

use crate::metadata::{Metadata, root};
use crate::run::{cargo, finish};
use anyhow::Context;

const PAGE: &str = "docs/benchmarks.md";
/// All after this line belongs to the person who explains the figures.
const KEEP: &str = "<!-- below this line: written by hand, kept by `cargo xtask bench` -->";

/// Criterion's times, shorter than its own: the whole page in a few minutes. Load benches have
/// times of their own.
const TIMES: [&str; 5] = ["--", "--warm-up-time", "1", "--measurement-time", "3"];

/// One measured figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub group: String,
    pub name: String,
    pub value: f64,
    pub unit: String,
    pub note: String,
}

/// `bench [NAME…]`: runs the named bench targets (all without a name), then writes
/// the page. `bench --page` only writes it from what was measured before.
pub fn command(arguments: &[String]) -> anyhow::Result<()> {
    let metadata = Metadata::of_workspace()?;
    if arguments.is_empty() {
        // A page of all benchmarks holds nothing of an earlier run.
        for folder in ["criterion", "yinxin-bench"] {
            let folder = metadata.target_directory.join(folder);
            if folder.exists() {
                std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
            }
        }
    }
    if !arguments.iter().any(|argument| argument == "--page") {
        run_targets(&metadata, arguments)?;
    }
    let mut figures = criterion::figures(&metadata.target_directory.join("criterion"))?;
    figures.extend(load::figures(&metadata.target_directory.join("yinxin-bench"))?);
    let path = root().join(PAGE);
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::write(&path, page::page(&figures, &page::Machine::ask(), &before)).context(PAGE)?;
    println!("{PAGE}: {} figures", figures.len());
    Ok(())
}

fn run_targets(metadata: &Metadata, names: &[String]) -> anyhow::Result<()> {
    for package in &metadata.packages {
        let benches =
            package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "bench"));
        for bench in benches.filter(|bench| names.is_empty() || names.contains(&bench.name)) {
            println!("▶ {} {}", package.name, bench.name);
            let output = metadata.target_directory.join("yinxin-bench");
            std::fs::create_dir_all(&output)?;
            let mut command = cargo(&["bench", "--package", &package.name, "--bench", &bench.name]);
            finish(command.args(TIMES).env("YINXIN_BENCH_OUT", output))?;
        }
    }
    Ok(())
}

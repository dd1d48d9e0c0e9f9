//! Chores that only start something else.

use crate::metadata::root;
use anyhow::{Context, ensure};
use std::process::Command;

/// `cargo run` of the demo institution; further arguments go to `demo up`.
pub fn dev(arguments: &[String]) -> anyhow::Result<()> {
    let mut command = cargo(&["run", "--package", "yinxin", "--", "demo", "up", "--data", "data"]);
    command.args(arguments);
    finish(&mut command)
}

/// `./check`, with the steps that were named.
pub fn check(steps: &[String]) -> anyhow::Result<()> {
    finish(Command::new(root().join("check")).args(steps).current_dir(root()))
}

/// Runs every test whose name says `golden` with `YINXIN_GOLDEN=write`, so that it
/// writes its file instead of comparing with it.
pub fn golden(packages: &[String]) -> anyhow::Result<()> {
    let mut command = cargo(&["test", "--no-fail-fast"]);
    for package in packages {
        command.args(["--package", package]);
    }
    if packages.is_empty() {
        command.arg("--workspace");
    }
    command.arg("golden").env("YINXIN_GOLDEN", "write").env("INSTA_UPDATE", "always");
    finish(&mut command)?;
    crate::trace::command(&[])?;
    finish(Command::new("git").args(["status", "--short"]).current_dir(root()))
}

/// Cargo in the folder of the workspace.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    unnamed(&mut command);
    command
}

/// Takes away what cargo tells this program about this program: build scripts look at it, and would
/// have half of the world compiled again when it comes and goes.
pub fn unnamed(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let is_ours =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(name);
        }
    }
}

/// Runs to the end; an exit code other than 0 is an error.
pub fn finish(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?} did not start"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

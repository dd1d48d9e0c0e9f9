//! What `cargo metadata` says, cut down to what the checks read.

use anyhow::{Context, ensure};
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;

/// The answer of `cargo metadata --format-version 1`.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    pub target_directory: PathBuf,
    /// What is really built upon what; only where everything was asked for.
    pub resolve: Option<Resolve>,
}

/// The graph of what is built upon what.
#[derive(Debug, Default, Deserialize)]
pub struct Resolve {
    pub nodes: Vec<Node>,
}

/// A package in the graph.
#[derive(Debug, Deserialize)]
pub struct Node {
    pub id: String,
    /// Identifiers of the packages that it uses.
    pub dependencies: Vec<String>,
}

/// One package: ours (no `source`) or from a registry.
#[derive(Debug, Deserialize)]
pub struct Package {
    #[serde(default)]
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub version: String,
    pub license: Option<String>,
    /// `None` for the members of the workspace.
    pub source: Option<String>,
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// One line of a `Cargo.toml`.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None`: normal; else `dev` or `build`.
    pub kind: Option<String>,
    /// Set for the crates of the workspace.
    pub path: Option<PathBuf>,
}

/// A library, program, test or benchmark of a package.
#[derive(Debug, Deserialize)]
pub struct Target {
    pub name: String,
    pub kind: Vec<String>,
}

impl Metadata {
    /// The members of the workspace only; quick, and needs no registry.
    pub fn of_workspace() -> anyhow::Result<Self> {
        Self::ask(&["--no-deps"])
    }

    /// Every package that is built on the platform we ship for.
    pub fn of_everything() -> anyhow::Result<Self> {
        Self::ask(&["--filter-platform", "x86_64-unknown-linux-gnu"])
    }

    fn ask(arguments: &[&str]) -> anyhow::Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let answer = Command::new(cargo)
            .current_dir(root())
            .args(["metadata", "--format-version", "1", "--quiet"])
            .args(arguments)
            .output()
            .context("cargo metadata did not start")?;
        let message = String::from_utf8_lossy(&answer.stderr).into_owned();
        ensure!(answer.status.success(), "cargo metadata failed: {message}");
        serde_json::from_slice(&answer.stdout).context("cargo metadata: unexpected form")
    }
}

/// The folder of the workspace: where cargo runs this now, which is another one than where it was
/// compiled if two clones share their target folder.
pub fn root() -> PathBuf {
    let compiled = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(compiled, PathBuf::from);
    here.parent().map_or(here.clone(), PathBuf::from)
}

//! Holds the sources to the rules of CONTRIBUTING.md that no compiler knows.
//!
//! One file, one family of rules. A rule is a function from what it reads to its
//! offences, so that each is tried on made-up sources in its own tests.

mod form;
mod manifest;
mod purity;
mod rooms;
mod templates;

use crate::metadata::root;
use crate::source::Source;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// A rule about one Rust file.
type Rule = fn(&Source) -> Vec<Offence>;

const RULES: &[Rule] = &[
    form::opens_with_a_module_page,
    form::is_short_enough,
    form::functions_are_short_enough,
    form::leaves_nothing_undone,
    form::names_say_what_things_are,
    purity::rules_are_pure,
    purity::sql_lives_in_its_room,
];

/// Where a rule is broken, and how to mend it.
#[derive(Debug, PartialEq, Eq)]
pub struct Offence {
    pub path: String,
    /// 0: the whole file.
    pub line: usize,
    pub message: String,
}

impl Offence {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

/// Runs all rules on the working tree.
pub fn command(_: &[String]) -> anyhow::Result<()> {
    let sources = rust_sources()?;
    let mut offences: Vec<Offence> =
        sources.iter().flat_map(|source| RULES.iter().flat_map(move |rule| rule(source))).collect();
    offences.extend(templates::no_foreign_assets(&files("crates", &["html", "css", "svg", "js"])?));
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    offences.extend(manifest::dependencies_have_reasons(&manifest));
    offences.extend(rooms::subjects_have_the_same_rooms(&sources));
    offences.extend(crate::glossary::offences()?);
    report(&offences, sources.len())
}

fn report(offences: &[Offence], files: usize) -> anyhow::Result<()> {
    for offence in offences {
        println!("{}:{}: {}", offence.path, offence.line, offence.message);
    }
    if offences.is_empty() {
        println!("tidy: {files} files in order");
        return Ok(());
    }
    bail!("{} offence(s)", offences.len());
}

/// Every Rust file of the workspace.
pub fn rust_sources() -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    for folder in ["crates", "xtask", "fuzz"] {
        found.extend(files(folder, &["rs"])?);
    }
    Ok(found.iter().map(|(path, text)| Source::new(path, text)).collect())
}

/// Path (relative to the root) and text of every file below `folder` that ends so.
pub fn files(folder: &str, endings: &[&str]) -> anyhow::Result<Vec<(String, String)>> {
    let mut paths = Vec::new();
    walk(&root().join(folder), endings, &mut paths)?;
    paths.sort();
    paths.iter().map(|path| Ok((relative(path), read(path)?))).collect()
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

fn walk(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            walk(&path, endings, found)?;
        } else if path.is_file() && endings.contains(&ending.as_str()) {
            found.push(path);
        }
    }
    Ok(())
}

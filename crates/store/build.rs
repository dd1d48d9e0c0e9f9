//! Collects `migrations/<schema>/NNNN_subject.sql` in name order into constants, so that adding a table is adding a
//! file. How to write one: `migrations/README.md`.

// Cargo is told what to watch through standard output.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut code = String::new();
    for (constant, folder) in [("INSTITUTION", "institution"), ("KMC", "kmc")] {
        write_list(&mut code, constant, &format!("../../migrations/{folder}"))?;
    }
    fs::write(PathBuf::from(variable("OUT_DIR")?).join("migrations.rs"), code)
}

/// All paths are relative to this crate: working trees share one target folder, and what one of
/// them has built must not hold another to the files of the first.
fn write_list(code: &mut String, constant: &str, folder: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={folder}");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "sql"));
    files.sort();
    let _ = writeln!(code, "pub(crate) const {constant}: &[(i64, &str, &str)] = &[");
    for path in files {
        println!("cargo::rerun-if-changed={}", path.display());
        let (number, subject) = split_name(&path)?;
        let here = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{}\")", path.display());
        let _ = writeln!(code, "    ({number}, {subject:?}, include_str!({here})),");
    }
    code.push_str("];\n");
    Ok(())
}

/// `0050_journal.sql` is number 50, subject `journal`.
fn split_name(path: &Path) -> io::Result<(i64, String)> {
    let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let (number, subject) = name.split_once('_').unwrap_or_default();
    let number = number
        .parse()
        .map_err(|_| io::Error::other(format!("{}: expected NNNN_subject.sql", path.display())))?;
    Ok((number, subject.to_owned()))
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

//! Writes docs/trace.md: from the article to the code to the test.
//!
//! Comments cite what they carry out: `Measures Art. 19`, `GM/T 0043 §6`,
//! `RFC 5280 §4.1.2.2`, a check of the law `C21-3`, an incident `T-07`, an invariant
//! `Invariant 3`. This collects the citations and names the items that bear them. Lines are not named,
//! so that the page changes only when the meaning does.

mod citation;
mod items;

use crate::metadata::root;
use crate::tidy::{files, rust_sources};
use anyhow::{Context, ensure};
use citation::Citation;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const PAGE: &str = "docs/trace.md";

/// Who cites an article.
#[derive(Debug, Default)]
struct Bearers {
    code: BTreeSet<String>,
    tests: BTreeSet<String>,
}

type Trace = BTreeMap<Citation, Bearers>;

/// Writes the page; with `--check` only compares.
pub fn command(arguments: &[String]) -> anyhow::Result<()> {
    let page = page(&collect()?);
    let path = root().join(PAGE);
    if arguments.iter().any(|argument| argument == "--check") {
        let stored = std::fs::read_to_string(&path).context(PAGE)?;
        ensure!(stored == page, "{PAGE} is out of date: run `cargo xtask trace` and commit it");
        println!("trace: up to date");
        return Ok(());
    }
    std::fs::write(&path, page).context(PAGE)
}

fn collect() -> anyhow::Result<Trace> {
    let mut trace = Trace::new();
    for source in rust_sources()?.iter().filter(|source| !source.path.starts_with("xtask/")) {
        for (citation, bearer) in items::citations(source) {
            let bearers = trace.entry(citation).or_default();
            let list = if bearer.is_test { &mut bearers.tests } else { &mut bearers.code };
            list.insert(bearer.name);
        }
    }
    for folder in ["profiles", "law", "migrations"] {
        for (path, text) in files(folder, &["toml", "sql"])? {
            for citation in citation::find(&text) {
                trace.entry(citation).or_default().code.insert(path.clone());
            }
        }
    }
    Ok(trace)
}

fn page(trace: &Trace) -> String {
    let mut page = String::from(
        "# From the article to the code to the test\n\n\
         Written by `cargo xtask trace` from the citations in comments; do not edit.\n",
    );
    let mut group = String::new();
    for (citation, bearers) in trace {
        // Writing into a `String` cannot fail.
        if citation.group() != group {
            group = citation.group();
            let _ =
                write!(page, "\n## {group}\n\n| clause | code | tests |\n| --- | --- | --- |\n");
        }
        let list = |names: &BTreeSet<String>| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            if names.is_empty() { "–".to_owned() } else { names.join("<br>") }
        };
        let _ =
            writeln!(page, "| {citation} | {} | {} |", list(&bearers.code), list(&bearers.tests));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn the_page_sorts_by_clause_and_tells_code_from_test() {
        let code = "/// Measures Art. 19\npub fn plan() {}\n/// Measures Art. 9\npub fn early() {}";
        let test = "/// T-07, Measures Art. 19\n#[test]\nfn never_good() {}";
        let mut trace = Trace::new();
        for source in
            [Source::new("crates/ca/src/rules.rs", code), Source::new("crates/ca/tests/a.rs", test)]
        {
            for (citation, bearer) in items::citations(&source) {
                let bearers = trace.entry(citation).or_default();
                let list = if bearer.is_test { &mut bearers.tests } else { &mut bearers.code };
                list.insert(bearer.name);
            }
        }
        let page = page(&trace);
        let row = "| Measures Art. 19 | `ca/src/rules.rs: plan` | `ca/tests/a.rs: never_good` |";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("| T-07 | – | `ca/tests/a.rs: never_good` |"));
        assert!(page.find("Art. 9 ") < page.find("Art. 19 "));
    }
}

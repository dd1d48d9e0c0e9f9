//! Licences and bans over the whole dependency tree, as the platform builds it.
//!
//! `deny.toml` holds the lists in the form of cargo-deny, so that who has that tool
//! may run it; this check needs no long build and no network.

use crate::metadata::{Metadata, Package, Resolve, root};
use anyhow::{Context, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Deny {
    licenses: Licences,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
    /// Who may use it all the same, directly.
    #[serde(default)]
    wrappers: Vec<String>,
}

/// Holds every package of `cargo metadata` against `deny.toml`.
pub fn command(_: &[String]) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
    let deny: Deny = toml::from_str(&text).context("deny.toml")?;
    let metadata = Metadata::of_everything()?;
    let graph = metadata.resolve.as_ref().context("cargo metadata gave no graph")?;
    let offences = offences(&deny, &metadata.packages, graph);
    if offences.is_empty() {
        println!("licences: {} packages, all allowed", metadata.packages.len());
        return Ok(());
    }
    bail!("{} offence(s)\n  {}", offences.len(), offences.join("\n  "));
}

fn offences(deny: &Deny, packages: &[Package], graph: &Resolve) -> Vec<String> {
    let mut offences = Vec::new();
    for package in packages {
        let name = format!("{} {}", package.name, package.version);
        if let Some(ban) = deny.bans.deny.iter().find(|ban| ban.name == package.name) {
            offences.extend(banned(ban, package, (packages, graph)));
        }
        let licence = package.license.as_deref().unwrap_or_default();
        if !is_allowed(licence, &deny.licenses.allow) {
            offences.push(format!("{name}: licence `{licence}` is not on the list of deny.toml"));
        }
    }
    offences
}

/// A banned package is an offence of everybody who uses it directly and is not among its wrappers;
/// without wrappers its being there is one.
fn banned(ban: &Ban, package: &Package, (packages, graph): (&[Package], &Resolve)) -> Vec<String> {
    let name = format!("{} {}", package.name, package.version);
    if ban.wrappers.is_empty() {
        return vec![format!("{name}: banned, {}", ban.reason)];
    }
    let users = graph.nodes.iter().filter(|node| node.dependencies.contains(&package.id));
    let named = users.filter_map(|node| packages.iter().find(|package| package.id == node.id));
    let strangers = named.filter(|user| !ban.wrappers.contains(&user.name));
    strangers.map(|user| format!("{name}: banned below {}, {}", user.name, ban.reason)).collect()
}

/// Evaluates an SPDX expression: `A OR B`, `A AND B`, brackets, the old `A/B`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, at: 0, allowed };
    let verdict = reader.either();
    verdict && reader.at == words.len() && !words.is_empty()
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
    allowed: &'a [String],
}

impl Reader<'_> {
    fn accept(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> bool {
        let mut verdict = self.both();
        while self.accept("OR") {
            verdict |= self.both();
        }
        verdict
    }

    fn both(&mut self) -> bool {
        let mut verdict = self.one();
        while self.accept("AND") {
            verdict &= self.one();
        }
        verdict
    }

    fn one(&mut self) -> bool {
        if self.accept("(") {
            let verdict = self.either();
            return self.accept(")") && verdict;
        }
        let Some(name) = self.words.get(self.at) else {
            return false;
        };
        self.at += 1;
        let exception = if self.accept("WITH") { self.words.get(self.at).copied() } else { None };
        self.at += usize::from(exception.is_some());
        let whole =
            exception.map_or_else(|| (*name).to_owned(), |with| format!("{name} WITH {with}"));
        self.allowed.iter().any(|licence| *licence == whole || licence == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(expression: &str) -> bool {
        is_allowed(expression, &["MIT".into(), "Apache-2.0".into(), "Unicode-3.0".into()])
    }

    #[test]
    fn expressions_are_evaluated() {
        assert!(
            allowed("MIT OR GPL-3.0") && allowed("GPL-2.0/MIT") && allowed("MIT AND Apache-2.0")
        );
        assert!(
            allowed("(MIT OR GPL-3.0) AND Unicode-3.0")
                && allowed("Apache-2.0 WITH LLVM-exception")
        );
        assert!(!allowed("MIT AND GPL-3.0") && !allowed("GPL-3.0") && !allowed(""));
        assert!(!allowed("(MIT") && !allowed("MIT Apache-2.0"));
    }

    #[test]
    fn a_banned_crate_is_named_with_the_reason() {
        let deny: Deny = toml::from_str(
            "[licenses]\nallow = ['MIT']\n[bans]\ndeny = [{ crate = 'openssl-sys', reason = 'C' }]",
        )
        .unwrap();
        let package: Package =
            serde_json::from_str(r#"{"name":"openssl-sys","version":"0.9","license":"MIT"}"#)
                .unwrap();
        let none = Resolve::default();
        assert_eq!(offences(&deny, &[package], &none), ["openssl-sys 0.9: banned, C"]);
    }

    #[test]
    fn a_banned_crate_may_stand_below_its_wrappers_and_below_nobody_else() {
        let deny: Deny = toml::from_str(
            "[licenses]\nallow = ['MIT']\n[bans]\n\
             deny = [{ crate = 'time', reason = 'jiff', wrappers = ['typst-library'] }]",
        )
        .unwrap();
        let package = |name: &str| -> Package {
            serde_json::from_value(
                serde_json::json!({ "id": name, "name": name, "version": "1", "license": "MIT" }),
            )
            .unwrap()
        };
        let packages = ["time", "typst-library", "web"].map(package);
        let graph = |users: &[&str]| -> Resolve {
            let node = |name: &&str| serde_json::json!({ "id": name, "dependencies": ["time"] });
            let nodes: Vec<_> = users.iter().map(node).collect();
            serde_json::from_value(serde_json::json!({ "nodes": nodes })).unwrap()
        };
        assert!(offences(&deny, &packages, &graph(&["typst-library"])).is_empty());
        let both = offences(&deny, &packages, &graph(&["typst-library", "web"]));
        assert_eq!(both, ["time 1: banned below web, jiff"]);
    }
}

//! A term of the law has one identifier and one Chinese name: docs/glossary.toml.

use crate::metadata::root;
use crate::source::Source;
use crate::tidy::{Offence, rust_sources};
use anyhow::Context;
use serde::Deserialize;
use std::collections::BTreeSet;

const PATH: &str = "docs/glossary.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Glossary {
    term: Vec<Term>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    /// As in the code, in snake case: a verb or a noun.
    identifier: String,
    chinese: String,
    /// `Measures Art. 19`, `GM/T 0034 §7`, …
    article: String,
    /// The crate where the identifier lives; left out while no code uses the term.
    #[serde(rename = "crate")]
    home: Option<String>,
}

/// Reads the glossary and holds it to its form and to the code.
pub fn offences() -> anyhow::Result<Vec<Offence>> {
    let text = std::fs::read_to_string(root().join(PATH)).context(PATH)?;
    let glossary: Glossary = toml::from_str(&text).context(PATH)?;
    let mut offences = offences_of_form(&glossary);
    offences.extend(offences_against_code(&glossary, &rust_sources()?));
    Ok(offences)
}

fn offence(term: &Term, why: &str) -> Offence {
    Offence { path: PATH.into(), line: 0, message: format!("`{}`: {why}", term.identifier) }
}

fn offences_of_form(glossary: &Glossary) -> Vec<Offence> {
    let mut identifiers = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut offences = Vec::new();
    for term in &glossary.term {
        let snake = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        if term.identifier.is_empty() || !term.identifier.chars().all(snake) {
            offences.push(offence(term, "is not in snake case"));
        }
        if term.chinese.is_empty() || term.chinese.is_ascii() {
            offences.push(offence(term, "has no Chinese name"));
        }
        if !is_article(&term.article) {
            offences.push(offence(
                term,
                "article: want `Measures Art. 19`, `ESL Art. 24` or `GM/T 0034 §7`",
            ));
        }
        if !identifiers.insert(&term.identifier) {
            offences.push(offence(term, "stands twice"));
        }
        if !names.insert(&term.chinese) {
            offences
                .push(offence(term, &format!("its Chinese name {} stands twice", term.chinese)));
        }
    }
    offences
}

/// A law and its article, or a standard and its clause.
fn is_article(text: &str) -> bool {
    let starts_with_digit = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_digit());
    if let Some((law, article)) = text.split_once(" Art. ") {
        return !law.is_empty() && starts_with_digit(article);
    }
    let standard = ["GM/T ", "GB/T ", "RFC "].iter().find_map(|start| text.strip_prefix(start));
    match (text.strip_prefix("Civil Code §"), standard.and_then(|rest| rest.split_once(" §"))) {
        (Some(clause), _) => starts_with_digit(clause),
        (None, Some((number, clause))) => starts_with_digit(number) && !clause.is_empty(),
        (None, None) => false,
    }
}

fn offences_against_code(glossary: &Glossary, sources: &[Source]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for term in &glossary.term {
        let Some(home) = &term.home else { continue };
        let start = format!("crates/{home}/src/");
        let mut files = sources.iter().filter(|source| source.path.starts_with(&start)).peekable();
        if files.peek().is_none() {
            offences.push(offence(term, &format!("there is no crate `{home}`")));
        } else if !files.any(|source| uses(&source.code, &term.identifier)) {
            offences.push(offence(term, &format!("crate `{home}` has no such identifier")));
        }
    }
    offences
}

/// Whether the code has the identifier, as a function, a type or a constant, whole or as a part.
fn uses(code: &str, identifier: &str) -> bool {
    let camel: String = identifier.split('_').map(capitalised).collect();
    code.contains(identifier)
        || code.contains(&camel)
        || code.contains(&identifier.to_ascii_uppercase())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary(text: &str) -> Glossary {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_glossary_of_the_repository_is_in_form() {
        let text = std::fs::read_to_string(root().join(PATH)).unwrap();
        assert_eq!(offences_of_form(&glossary(&text)), []);
    }

    #[test]
    fn doubled_terms_and_bad_articles_are_found() {
        let term = "[[term]]\nidentifier = \"suspend\"\nchinese = \"暂停\"\narticle = \"19\"\n";
        let found = offences_of_form(&glossary(&term.repeat(2)));
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn articles_have_a_form() {
        assert!(
            is_article("Measures Art. 19")
                && is_article("GM/T 0034 §7.1")
                && is_article("ESL Art. 24")
        );
        assert!(!is_article("Art. 19") && !is_article("GM/T 0034") && !is_article(""));
    }

    #[test]
    fn a_term_with_a_home_must_be_there() {
        let text = "[[term]]\nidentifier = \"key_pair\"\nchinese = \"密钥对\"\narticle = \"GM/T 0034 §7\"\ncrate = \"kmc\"\n";
        let home = Source::new("crates/kmc/src/lib.rs", "struct KeyPair;");
        assert_eq!(offences_against_code(&glossary(text), &[home]), []);
        let empty = Source::new("crates/kmc/src/lib.rs", "struct Other;");
        assert_eq!(offences_against_code(&glossary(text), &[empty]).len(), 1);
        assert_eq!(offences_against_code(&glossary(text), &[]).len(), 1);
    }
}

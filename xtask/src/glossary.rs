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
    /// Names that people mix up with `chinese`. Each may be used only by the crate at home in the
    /// term that has it as its own name.
    #[serde(default)]
    never: Vec<String>,
}

/// Reads the glossary and holds it to its form and to the code.
pub fn offences() -> anyhow::Result<Vec<Offence>> {
    let text = std::fs::read_to_string(root().join(PATH)).context(PATH)?;
    let glossary: Glossary = toml::from_str(&text).context(PATH)?;
    let mut offences = offences_of_form(&glossary);
    let sources = rust_sources()?;
    offences.extend(offences_against_code(&glossary, &sources));
    offences.extend(mixed_up(&glossary, &sources));
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

/// Texts that call a term by the name of another one.
fn mixed_up(glossary: &Glossary, sources: &[Source]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (term, wrong) in
        glossary.term.iter().flat_map(|term| term.never.iter().map(move |w| (term, w)))
    {
        let owners = glossary.term.iter().filter(|other| other.chinese == *wrong);
        let homes: Vec<_> =
            owners.filter_map(|owner| Some(format!("crates/{}/", owner.home.as_ref()?))).collect();
        let foreign = |source: &&Source| {
            source.path.starts_with("crates/")
                && !homes.iter().any(|home| source.path.starts_with(home))
        };
        for source in sources.iter().filter(foreign) {
            for (at, line) in source.literals.lines().enumerate() {
                if line.contains(wrong.as_str()) {
                    let message = format!("{wrong}: the glossary has {} here", term.chinese);
                    offences.push(Offence { path: source.path.clone(), line: at + 1, message });
                }
            }
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

    #[test]
    fn a_name_of_another_term_is_found_unless_it_is_at_home() {
        let term = |name: &str, rest: &str| {
            format!("[[term]]\nidentifier = \"a\"\nchinese = \"{name}\"\narticle = \"\"\n{rest}\n")
        };
        let text = term("撤销", "never = [\"吊销\"]") + &term("吊销", "crate = \"oversight\"");
        let sources = ["crates/pki/src/a.rs", "crates/oversight/src/a.rs"]
            .map(|path| Source::new(path, "// 吊销\nconst A: &str = \"证书已吊销\";"));
        let found = mixed_up(&glossary(&text), &sources);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].path.as_str(), found[0].line), ("crates/pki/src/a.rs", 2));
    }
}

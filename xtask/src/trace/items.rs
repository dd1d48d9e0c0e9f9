//! Which item of a file a comment belongs to.

use super::citation::{self, Citation};
use crate::source::{Function, Source, function_name};

/// The item that bears a citation.
#[derive(Debug, PartialEq, Eq)]
pub struct Bearer {
    /// `crate/src/file.rs: item`, or the file alone for a module page.
    pub name: String,
    pub is_test: bool,
}

/// A run of comment lines: its text, and the line (from 0) after it.
struct Block {
    text: String,
    end: usize,
}

/// Every citation of a file with its bearer.
pub fn citations(source: &Source) -> Vec<(Citation, Bearer)> {
    let lines: Vec<&str> = source.code.lines().collect();
    let functions = source.functions();
    let mut found = Vec::new();
    for block in blocks(source) {
        for citation in citation::find(&block.text) {
            found.push((citation, bearer(source, &lines, &functions, &block)));
        }
    }
    found.extend(rules(source));
    found
}

/// Rules that carry their citation as a value (`citation: "…"`): the lints.
fn rules(source: &Source) -> Vec<(Citation, Bearer)> {
    let lines = source.code.lines().zip(source.literals.lines());
    let cited = lines.filter(|(code, _)| code.contains("citation:"));
    cited
        .flat_map(|(_, literals)| citation::find(literals))
        .map(|citation| {
            let name = source.path.trim_start_matches("crates/").to_owned();
            (citation, Bearer { name, is_test: false })
        })
        .collect()
}

fn blocks(source: &Source) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut text = String::new();
    for (at, line) in source.comments.lines().enumerate() {
        if line.trim().is_empty() {
            if !text.is_empty() {
                blocks.push(Block { text: std::mem::take(&mut text), end: at });
            }
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    if !text.is_empty() {
        blocks.push(Block { text, end: source.comments.lines().count() });
    }
    blocks
}

fn bearer(source: &Source, lines: &[&str], functions: &[Function], block: &Block) -> Bearer {
    let path = source.path.trim_start_matches("crates/");
    let is_test = source.path.contains("/tests/") || block.end >= source.tests_from();
    let is_page = block.text.trim_start().starts_with("//!");
    let item = if is_page { None } else { item(lines, functions, block) };
    let name = item.map_or_else(|| path.to_owned(), |item| format!("{path}: {item}"));
    Bearer { name, is_test }
}

/// The function around the comment; else the first item declared after it.
fn item(lines: &[&str], functions: &[Function], block: &Block) -> Option<String> {
    let around = functions.iter().rev().find(|function| {
        let first = function.line - 1;
        first < block.end && block.end < first + function.lines
    });
    if let Some(function) = around {
        return Some(function.name.clone());
    }
    lines.iter().skip(block.end.saturating_sub(1)).take(12).find_map(|line| declared(line))
}

fn declared(line: &str) -> Option<String> {
    if let Some(name) = function_name(line) {
        return Some(name.into());
    }
    let line = line.trim_start();
    let line =
        line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
    let words =
        ["struct ", "enum ", "trait ", "type ", "const ", "static ", "mod ", "macro_rules! "];
    let rest = words.iter().find_map(|word| line.strip_prefix(word))?;
    let end =
        rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    rest.get(..end).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(path: &str, text: &str) -> Bearer {
        let mut found = citations(&Source::new(path, text));
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0).1
    }

    #[test]
    fn a_doc_comment_belongs_to_the_item_below_it() {
        let bearer =
            only("crates/a/src/b.rs", "fn x() {}\n\n/// T-01\n#[must_use]\npub struct Serial(u8);");
        assert_eq!(bearer, Bearer { name: "a/src/b.rs: Serial".into(), is_test: false });
    }

    #[test]
    fn a_comment_inside_belongs_to_the_function_around_it() {
        let bearer = only("crates/a/src/b.rs", "fn x() {\n  y();\n  // T-01\n  z();\n}\nfn w() {}");
        assert_eq!(bearer.name, "a/src/b.rs: x");
    }

    #[test]
    fn a_module_page_belongs_to_the_file() {
        assert_eq!(only("crates/a/src/b.rs", "//! T-01\nuse c;\nfn d() {}").name, "a/src/b.rs");
    }

    #[test]
    fn a_rule_that_carries_its_citation_is_found() {
        let rule = "fn x() -> R {\n  R {\n    citation: \"Measures Art. 19\",\n    text: \"T-01\",\n  }\n}";
        assert_eq!(only("crates/a/src/b.rs", rule).name, "a/src/b.rs");
    }

    #[test]
    fn unit_tests_and_test_files_are_tests() {
        assert!(only("crates/a/tests/b.rs", "/// T-01\n#[test]\nfn x() {}").is_test);
        let unit = "fn a() {}\n#[cfg(test)]\nmod tests {\n  // T-01\n  #[test]\n  fn x() {}\n}";
        assert_eq!(
            only("crates/a/src/b.rs", unit),
            Bearer { name: "a/src/b.rs: x".into(), is_test: true }
        );
    }
}

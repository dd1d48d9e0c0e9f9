//! The outer form of a file: its head, its length, its names.

use super::Offence;
use crate::source::Source;

const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 70;

/// Names that say nothing about the thing.
const EMPTY_NAMES: [&str; 6] = ["Manager", "Helper", "Helpers", "Util", "Utils", "Handler"];
const EMPTY_FILES: [&str; 6] =
    ["manager.rs", "helper.rs", "helpers.rs", "util.rs", "utils.rs", "common.rs"];

/// A reader learns from the first line what the file is.
pub fn opens_with_a_module_page(source: &Source) -> Vec<Offence> {
    if source.text.trim_start().starts_with("//!") || source.path.starts_with("fuzz/") {
        return Vec::new();
    }
    vec![Offence::new(&source.path, 1, "opens without `//!`: say what this file is and is not")]
}

/// A file that passes 500 lines becomes a folder.
pub fn is_short_enough(source: &Source) -> Vec<Offence> {
    let lines = source.text.lines().count();
    if lines <= LONGEST_FILE {
        return Vec::new();
    }
    let message = format!("{lines} lines: over {LONGEST_FILE}, make it a folder");
    vec![Offence::new(&source.path, 0, message)]
}

/// A function is read at one look.
pub fn functions_are_short_enough(source: &Source) -> Vec<Offence> {
    let long = source.functions().into_iter().filter(|function| function.lines > LONGEST_FUNCTION);
    long.map(|function| {
        let message =
            format!("fn {}: {} lines, over {LONGEST_FUNCTION}", function.name, function.lines);
        Offence::new(&source.path, function.line, message)
    })
    .collect()
}

/// What is in the repository is done; what is not done is an issue, not a comment.
pub fn leaves_nothing_undone(source: &Source) -> Vec<Offence> {
    let code = ["todo!", "unimplemented!", "dbg!"];
    let comments = ["TODO", "FIXME", "XXX", "HACK"];
    let mut offences = find(&source.path, &source.code, &code, "is left in the code");
    offences.extend(find(
        &source.path,
        &source.comments,
        &comments,
        "is no comment: do it, or file it",
    ));
    offences
}

/// No `Manager`, no `util.rs`, no `get_`.
pub fn names_say_what_things_are(source: &Source) -> Vec<Offence> {
    let mut offences = Vec::new();
    if EMPTY_FILES.contains(&source.file_name()) {
        offences.push(Offence::new(
            &source.path,
            0,
            "the file name says nothing about the content",
        ));
    }
    for (at, line) in source.code.lines().enumerate() {
        if let Some(name) = declared_type(line)
            && EMPTY_NAMES.iter().any(|empty| name.ends_with(empty))
        {
            offences.push(Offence::new(
                &source.path,
                at + 1,
                format!("`{name}`: name the thing, not its role"),
            ));
        }
        if let Some(name) = crate::source::function_name(line)
            && name.starts_with("get_")
        {
            offences.push(Offence::new(&source.path, at + 1, format!("`{name}`: drop the `get_`")));
        }
    }
    offences
}

fn declared_type(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
    let rest = ["struct ", "enum ", "trait "].iter().find_map(|word| line.strip_prefix(word))?;
    rest.split(|letter: char| !letter.is_alphanumeric()).next()
}

/// Every line of `view` that holds one of `words` as a word of its own.
pub fn find(path: &str, view: &str, words: &[&str], why: &str) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (at, line) in view.lines().enumerate() {
        for word in words.iter().filter(|word| holds(line, word)) {
            offences.push(Offence::new(path, at + 1, format!("`{word}` {why}")));
        }
    }
    offences
}

/// Whether `word` stands in `line`, not as the end or start of a longer word.
pub fn holds(line: &str, word: &str) -> bool {
    let part_of_a_word =
        |letter: Option<char>| letter.is_some_and(|l| l.is_alphanumeric() || l == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        let open_end = word.ends_with(|letter: char| !letter.is_alphanumeric());
        !part_of_a_word(before) && (open_end || !part_of_a_word(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("crates/x/src/a.rs", text)
    }

    #[test]
    fn a_file_without_a_page_is_an_offence() {
        assert_eq!(opens_with_a_module_page(&source("use a;")).len(), 1);
        assert_eq!(opens_with_a_module_page(&source("//! A page.")), []);
    }

    #[test]
    fn the_limits_of_length_hold_to_the_line() {
        assert_eq!(is_short_enough(&source(&"\n".repeat(500))), []);
        assert_eq!(is_short_enough(&source(&"\n".repeat(501))).len(), 1);
        let function = |inner: usize| source(&format!("fn a() {{\n{}}}\n", "b;\n".repeat(inner)));
        assert_eq!(functions_are_short_enough(&function(68)), []);
        assert_eq!(functions_are_short_enough(&function(69)).len(), 1);
    }

    #[test]
    fn undone_work_is_found_in_code_and_comments_but_not_in_texts() {
        assert_eq!(leaves_nothing_undone(&source("fn a() { todo!() }")).len(), 1);
        assert_eq!(leaves_nothing_undone(&source("// TODO later")).len(), 1);
        assert_eq!(leaves_nothing_undone(&source("let a = \"TODO todo!\";")), []);
    }

    #[test]
    fn empty_names_are_found() {
        assert_eq!(names_say_what_things_are(&source("pub struct KeyManager;")).len(), 1);
        assert_eq!(names_say_what_things_are(&source("    pub fn get_key() {}")).len(), 1);
        assert_eq!(names_say_what_things_are(&Source::new("crates/x/src/util.rs", "//!")).len(), 1);
        assert_eq!(names_say_what_things_are(&source("struct Utility; fn getter() {}")), []);
    }

    #[test]
    fn words_are_whole_words() {
        assert!(
            holds("a rand::x", "rand") && !holds("operand", "rand") && !holds("random", "rand")
        );
        assert!(holds("std::fs::read", "std::fs") && holds("sqlx::query(", "sqlx"));
    }
}

//! A Rust file in three views: its code, its comments, its text literals.
//!
//! Not a parser. It knows just enough of the lexical grammar to tell the three
//! apart, so that the word "todo" in a sentence is not taken for code. In each view
//! all else is blanked by spaces; lines and columns stay where they were.

/// A file of the workspace.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Relative to the root of the workspace, with `/`.
    pub path: String,
    pub text: String,
    pub code: String,
    pub comments: String,
    pub literals: String,
}

#[derive(Clone, Copy, PartialEq)]
enum View {
    Code,
    Comment,
    Literal,
}

impl Source {
    /// Splits `text` into its views.
    pub fn new(path: &str, text: &str) -> Self {
        let mut source = Self { path: path.into(), text: text.into(), ..Self::default() };
        let letters: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < letters.len() {
            let (view, length) = token(&letters, at);
            for letter in letters.iter().skip(at).take(length) {
                source.push(*letter, view);
            }
            at += length;
        }
        source
    }

    fn push(&mut self, letter: char, view: View) {
        let blank = if letter == '\n' { '\n' } else { ' ' };
        let shown = |wanted: View| if view == wanted { letter } else { blank };
        self.code.push(shown(View::Code));
        self.comments.push(shown(View::Comment));
        self.literals.push(shown(View::Literal));
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether this is product code, not a test, benchmark, example or fuzz target.
    pub fn ships(&self) -> bool {
        self.path.starts_with("crates/")
            && self.path.contains("/src/")
            && !self.path.starts_with("crates/testkit/")
    }

    /// The line (from 1) where the unit tests at the end of the file begin.
    pub fn tests_from(&self) -> usize {
        let mut lines = self.code.lines();
        lines
            .position(|line| line.trim_start().starts_with("#[cfg(test)]"))
            .map_or(usize::MAX, |index| index + 1)
    }

    /// Every function with a body: its name, first line and number of lines.
    pub fn functions(&self) -> Vec<Function> {
        let lines: Vec<&str> = self.code.lines().collect();
        let starts =
            lines.iter().enumerate().filter_map(|(at, line)| Some((at, function_name(line)?)));
        starts
            .filter_map(|(at, name)| {
                let end = end_of_body(&lines, at)?;
                Some(Function { name: name.into(), line: at + 1, lines: end - at + 1 })
            })
            .collect()
    }
}

/// A function as found in the code view.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Counted from 1.
    pub line: usize,
    pub lines: usize,
}

/// The name if this line begins a function.
pub fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    loop {
        let (word, after) = rest.split_once(' ')?;
        match word {
            "fn" => break rest = after,
            "pub" | "const" | "async" | "unsafe" | "default" | "extern" => {
                rest = after.trim_start()
            }
            _ if word.starts_with("pub(") => rest = after.trim_start(),
            _ => return None,
        }
    }
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    rest.get(..end).filter(|name| !name.is_empty())
}

/// The line of the brace that closes the first brace opened at or after `from`.
fn end_of_body(lines: &[&str], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut round = 0_usize;
    for (at, line) in lines.iter().enumerate().skip(from) {
        for letter in line.chars() {
            match letter {
                '(' | '[' => round += 1,
                ')' | ']' => round = round.saturating_sub(1),
                ';' if depth == 0 && round == 0 => return None,
                '{' => depth += 1,
                '}' if depth == 1 => return Some(at),
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    None
}

/// What starts at `at`, and how long it is.
fn token(letters: &[char], at: usize) -> (View, usize) {
    let here = |offset: usize| letters.get(at + offset).copied().unwrap_or('\0');
    match (here(0), here(1)) {
        ('/', '/') => (View::Comment, until_line_end(letters, at)),
        ('/', '*') => (View::Comment, block_comment(letters, at)),
        ('"', _) => (View::Literal, quoted(letters, at)),
        ('r', '"' | '#') if !inside_word(letters, at) => {
            raw(letters, at).unwrap_or((View::Code, 1))
        }
        ('\'', _) => (View::Literal, character(letters, at)).min_code(),
        _ => (View::Code, 1),
    }
}

trait MinCode {
    fn min_code(self) -> (View, usize);
}

impl MinCode for (View, usize) {
    /// A lone apostrophe is a lifetime, hence code.
    fn min_code(self) -> (View, usize) {
        if self.1 == 1 { (View::Code, 1) } else { self }
    }
}

fn until_line_end(letters: &[char], at: usize) -> usize {
    letters.iter().skip(at).take_while(|letter| **letter != '\n').count()
}

fn block_comment(letters: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut length = 0;
    while let Some(first) = letters.get(at + length) {
        match (first, letters.get(at + length + 1)) {
            ('/', Some('*')) => (depth, length) = (depth + 1, length + 2),
            ('*', Some('/')) => (depth, length) = (depth.saturating_sub(1), length + 2),
            _ => length += 1,
        }
        if depth == 0 {
            break;
        }
    }
    length
}

fn quoted(letters: &[char], at: usize) -> usize {
    let mut length = 1;
    while let Some(letter) = letters.get(at + length) {
        match letter {
            '\\' => length += 2,
            '"' => return length + 1,
            _ => length += 1,
        }
    }
    length
}

/// `r"…"`, `r#"…"#` and so on; a raw identifier (`r#type`) is none.
fn raw(letters: &[char], at: usize) -> Option<(View, usize)> {
    let hashes = letters.iter().skip(at + 1).take_while(|letter| **letter == '#').count();
    if letters.get(at + 1 + hashes) != Some(&'"') {
        return None;
    }
    let mut length = hashes + 2;
    while let Some(letter) = letters.get(at + length) {
        let closing = letters.iter().skip(at + length + 1).take(hashes);
        if *letter == '"' && closing.filter(|next| **next == '#').count() == hashes {
            return Some((View::Literal, length + 1 + hashes));
        }
        length += 1;
    }
    Some((View::Literal, length))
}

/// The length of a character literal, or 1 when it is the mark of a lifetime.
fn character(letters: &[char], at: usize) -> usize {
    if letters.get(at + 1) == Some(&'\\') {
        let rest = letters.iter().skip(at + 3).take_while(|letter| **letter != '\'').count();
        return rest + 4;
    }
    if letters.get(at + 2) == Some(&'\'') { 3 } else { 1 }
}

/// Whether the letter before is part of the same word (`for"` never is, `br"` is text).
fn inside_word(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|index| letters.get(index));
    before.is_some_and(|letter| letter.is_alphanumeric() && *letter != 'b' || *letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_literals_are_told_apart() {
        let source = Source::new(
            "a.rs",
            "let a = \"// no {\"; // yes \"\nlet b = '\"'; /* x /* y */ z */ c",
        );
        assert_eq!(source.comments.trim_start().lines().next(), Some("// yes \""));
        assert!(source.literals.contains("// no {") && !source.code.contains("no"));
        assert!(source.code.contains("let b =") && source.code.ends_with(" c"));
        assert!(source.comments.contains("/* x /* y */ z */"));
    }

    #[test]
    fn raw_text_and_lifetimes_do_not_confuse() {
        let source =
            Source::new("a.rs", "fn f<'a>(x: &'a str) { r#\"a \" // b\"# } let r#type = br\"q\";");
        assert!(source.literals.contains("a \" // b"));
        assert!(source.code.contains("fn f<'a>(x: &'a str) {") && source.code.contains("r#type"));
        assert_eq!(source.comments.trim(), "");
    }

    #[test]
    fn functions_have_names_and_lengths() {
        let text = "pub(crate) async fn one(\n  a: [u8; 2],\n) {\n  if a {\n  }\n}\ntrait T { \n fn none(&self);\n}\n";
        let functions = Source::new("a.rs", text).functions();
        assert_eq!(functions, [Function { name: "one".into(), line: 1, lines: 6 }]);
    }

    #[test]
    fn unit_tests_are_found() {
        assert_eq!(Source::new("a.rs", "a\n#[cfg(test)]\nmod tests {}").tests_from(), 2);
        assert_eq!(Source::new("a.rs", "// #[cfg(test)]").tests_from(), usize::MAX);
    }
}

//! What is typed that should not run, and how an answer is judged that may show it.

use std::collections::{BTreeMap, BTreeSet};

use crate::door::Answer;
use crate::fill::text;
use crate::markup;

/// Typed into each field, one after another.
pub const HOSTILE: [&str; 5] = [
    "\"><img src=x onerror=alert('yx-mark')>",
    "<script>alert('yx-mark')</script>",
    "javascript:alert('yx-mark')",
    "=cmd()|'yx-mark'!A1",
    "甲\u{202e}乙\u{0}丙\u{2066}\u{7}丁",
];

/// What was tried and found.
#[derive(Default)]
pub struct Tally {
    pub seen: BTreeSet<String>,
    pub tried: usize,
    /// Fields in which more was written than they take.
    pub too_long: usize,
    /// Fields in which something hostile was taken and kept.
    pub taken: BTreeMap<String, usize>,
    pub wrong: Vec<String>,
    pub fresh: u32,
    /// Applications that were tried.
    pub applications: Vec<String>,
}

impl Tally {
    /// Looks at an answer as a browser would.
    pub fn judge(&mut self, what: &str, answer: &Answer) {
        if answer.status.is_server_error() {
            self.wrong.push(format!("{what}: {}", answer.status));
        }
        let kind = answer.field("content-type");
        if kind.starts_with("text/html") {
            let found = markup::live(&text(answer));
            if !found.is_empty() {
                self.wrong.push(format!("{what}: {found:?}"));
            }
            if !answer.field("content-security-policy").starts_with("default-src 'none'") {
                self.wrong.push(format!("{what}: no policy"));
            }
        } else if kind.starts_with("text/csv") {
            let lines = text(answer);
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(lines.as_bytes());
            for cell in reader
                .records()
                .flatten()
                .flat_map(|r| r.iter().map(str::to_owned).collect::<Vec<_>>())
            {
                if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                    self.wrong.push(format!("{what}: the cell {cell:?} would run"));
                }
            }
        }
        let is_file = !kind.is_empty() && !kind.starts_with("text/html");
        if is_file && answer.field("x-content-type-options") != "nosniff" {
            self.wrong.push(format!("{what}: {kind} may be guessed at"));
        }
    }

    /// Keeps the name of an application, to look at what became of it.
    pub fn note(&mut self, is_application: bool, id: &str) {
        if is_application {
            self.applications.push(id.to_owned());
        }
    }
}

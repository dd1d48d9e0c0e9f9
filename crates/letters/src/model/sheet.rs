//! What stands on a letter, block by block. Page and PDF are made from this and from nothing else.

use serde::{Deserialize, Serialize};

/// One letter as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Its title, centred.
    pub title: String,
    /// Its number: `受〔2026〕000001号`.
    pub number: String,
    /// To whom; none where the text names its parties.
    pub addressee: Option<String>,
    /// The body, from top to bottom.
    pub blocks: Vec<Block>,
    /// The signature block, line by line, at the right.
    pub signature: Vec<String>,
    /// The verification code in groups.
    pub code: String,
    /// Where it is verified.
    pub address: String,
}

/// A part of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    /// A paragraph.
    Paragraph {
        /// Its text.
        text: String,
    },
    /// A heading.
    Heading {
        /// Its text.
        text: String,
    },
    /// A numbered list.
    List {
        /// Its items.
        items: Vec<String>,
    },
    /// Labels and values.
    Rows {
        /// The rows.
        rows: Vec<Row>,
    },
    /// A table.
    Table {
        /// Titles of the columns.
        head: Vec<String>,
        /// Its rows, each as long as the head.
        rows: Vec<Vec<String>>,
    },
}

/// A label and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The label.
    pub label: String,
    /// The value.
    pub value: String,
}

impl Row {
    /// A row.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

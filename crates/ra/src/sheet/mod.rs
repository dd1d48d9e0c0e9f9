//! Sheets: tables that people fill in with a spreadsheet program, as XLSX or as CSV in UTF-8.
//!
//! A sheet comes from outside and is not believed: it is known by its content, its size is bounded
//! before and after unpacking, formulas are never evaluated, and what a spreadsheet program has made
//! of a number is told instead of guessed. What a cell means is not known here.

mod csv;
mod inflate;
mod package;
mod write;
mod xlsx;

pub(crate) use inflate::inflate;
pub(crate) use write::{Column, write};

use crate::error::Error;

/// The largest file.
pub const MOST_SHEET_OCTETS: usize = 16 * 1024 * 1024;
/// The most rows with content.
pub const MOST_ROWS: usize = 10_000;
/// The most columns.
const MOST_COLUMNS: usize = 64;
/// The longest text of one cell, in octets.
const MOST_CELL: usize = 16 * 1024;
/// What the first cell of a row begins with that explains the columns and is not imported.
pub(crate) const EXPLANATION: &str = "【说明】";

/// How a sheet is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetFormat {
    /// Office Open XML (ECMA-376).
    Xlsx,
    /// RFC 4180 in UTF-8.
    Csv,
}

impl SheetFormat {
    /// The ending of file names, and the word in the database.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// The format of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Xlsx, Self::Csv].into_iter().find(|format| format.ending() == word)
    }
}

/// A sheet as it was read.
#[derive(Debug)]
pub(crate) struct Table {
    pub format: SheetFormat,
    pub headings: Vec<String>,
    pub lines: Vec<Line>,
}

/// A row with content. Its number is the one that the spreadsheet program shows.
#[derive(Debug)]
pub(crate) struct Line {
    pub number: u32,
    pub cells: Vec<Cell>,
}

/// The text of a cell, or what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Wrong { shown: String, why: &'static str },
}

impl Cell {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// As it is given back to be corrected.
    pub fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Wrong { shown: text, .. } => text,
        }
    }
}

/// Reads a sheet. Whatever is wrong with it as a whole is an error; what is wrong with one cell is
/// told in that cell.
pub(crate) fn read(content: &[u8]) -> Result<Table, Error> {
    if content.len() > MOST_SHEET_OCTETS {
        return Err(refused("文件超过 16 MB，请分成几个文件导入"));
    }
    let (format, rows) = match content.starts_with(b"PK") {
        true => (SheetFormat::Xlsx, xlsx::rows(content)?),
        false if content.starts_with(b"\xd0\xcf\x11\xe0") => {
            return Err(refused("这是旧格式（.xls）文件，请另存为“Excel 工作簿（.xlsx）”后导入"));
        }
        false => (SheetFormat::Csv, csv::rows(content)?),
    };
    let mut rows = rows.into_iter().filter(|line| line.cells.iter().any(|cell| !cell.is_empty()));
    let Some(head) = rows.next() else {
        return Err(refused("文件里没有内容，请从下载的模板填写"));
    };
    let headings = head.cells.iter().map(|cell| cell.shown().trim().to_owned()).collect();
    let explains = |line: &Line| {
        line.cells.first().is_some_and(|cell| cell.shown().trim_start().starts_with(EXPLANATION))
    };
    let lines: Vec<Line> = rows.filter(|line| !explains(line)).collect();
    if lines.len() > MOST_ROWS {
        return Err(too_many());
    }
    Ok(Table { format, headings, lines })
}

fn refused(why: &str) -> Error {
    Error::Sheet(why.to_owned())
}

fn too_many() -> Error {
    refused("超过 10000 行，请分成几批导入")
}

/// The text of a cell, without what could not have been typed.
fn text_cell(text: &str) -> Cell {
    if text.len() > MOST_CELL {
        let shown = text.chars().take(64).collect();
        return Cell::Wrong { shown, why: "内容过长" };
    }
    Cell::Text(text.trim().to_owned())
}

#[cfg(test)]
mod tests;

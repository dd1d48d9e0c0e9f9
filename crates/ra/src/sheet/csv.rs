//! CSV in UTF-8, with or without a byte order mark.

use super::{Cell, Line, MOST_COLUMNS, MOST_ROWS, refused, text_cell, too_many};
use crate::error::Error;

/// The rows, blank ones included.
pub(super) fn rows(content: &[u8]) -> Result<Vec<Line>, Error> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let text = std::str::from_utf8(content).map_err(|_| {
        refused(
            "CSV 文件不是 UTF-8 编码，请在表格软件中另存为“CSV UTF-8（逗号分隔）”或 Excel 工作簿后导入",
        )
    })?;
    if text.contains('\0') {
        return Err(refused("不是表格文件，请使用下载的模板"));
    }
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let (mut record, mut number) = (::csv::StringRecord::new(), 0);
    while reader
        .read_record(&mut record)
        .map_err(|_| refused("CSV 的写法不对，请从下载的模板填写"))?
    {
        number += 1;
        // Heading, explanation, and one more to be counted as too many.
        if rows.len() > MOST_ROWS + 2 {
            return Err(too_many());
        }
        if record.len() > MOST_COLUMNS {
            return Err(refused("列数过多，请从下载的模板填写"));
        }
        let cells: Vec<Cell> = record.iter().map(|cell| text_cell(unguarded(cell))).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push(Line { number, cells });
        }
    }
    Ok(rows)
}

/// The apostrophe that we put before what a spreadsheet program would run is not part of the value.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(is_formula_sign)).unwrap_or(cell)
}

/// What a spreadsheet program takes for the beginning of a formula.
pub(super) fn is_formula_sign(sign: char) -> bool {
    matches!(sign, '=' | '+' | '-' | '@' | '\t' | '\r')
}

/// A text that no spreadsheet program runs.
pub(super) fn guarded(cell: &str) -> String {
    if cell.starts_with(is_formula_sign) { format!("'{cell}") } else { cell.to_owned() }
}

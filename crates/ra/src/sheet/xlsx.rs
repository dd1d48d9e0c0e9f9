//! XLSX, cell by cell. No formula is evaluated and no cached result of one is believed.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx};

use super::{Cell, Line, MOST_COLUMNS, MOST_ROWS, package, refused, text_cell, too_many};
use crate::error::Error;

/// Whole numbers up to here are the same in a spreadsheet program and in decimal digits.
const EXACT: f64 = 1e15;

/// The rows of the first sheet that hold something.
pub(super) fn rows(content: &[u8]) -> Result<Vec<Line>, Error> {
    package::check(content)?;
    let broken = |_| refused("不是有效的 XLSX 文件，请从下载的模板填写");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(content)).map_err(broken)?;
    let name = book.sheet_names().first().cloned();
    let name = name.ok_or_else(|| refused("文件里没有工作表，请从下载的模板填写"))?;
    if !book.merge_cells_by_sheet_name(&name).map_err(broken)?.is_empty() {
        return Err(refused("表中有合并的单元格，请取消合并，每行填写完整后导入"));
    }
    let mut reader = book.worksheet_cells_reader(&name).map_err(broken)?;
    let mut rows: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    while let Some(record) = reader.next_cell_with_formula_metadata().map_err(broken)? {
        let cell = cell(&record.value, record.formula.is_some());
        if cell.is_empty() {
            continue;
        }
        let (row, column) = record.pos;
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MOST_COLUMNS {
            return Err(refused("列数过多，请从下载的模板填写"));
        }
        let cells = rows.entry(row).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Text(String::new()));
        }
        if let Some(place) = cells.get_mut(column) {
            *place = cell;
        }
        if rows.len() > MOST_ROWS + 2 {
            return Err(too_many());
        }
    }
    Ok(rows.into_iter().map(|(row, cells)| Line { number: row + 1, cells }).collect())
}

fn cell(value: &DataRef<'_>, is_formula: bool) -> Cell {
    let wrong = |why| Cell::Wrong { shown: shown(value), why };
    if is_formula {
        return Cell::Wrong {
            shown: String::new(), why: "公式不计算，请粘贴为数值或文字"
        };
    }
    match value {
        DataRef::Empty => Cell::Text(String::new()),
        DataRef::String(text) => text_cell(text),
        DataRef::SharedString(text) => text_cell(text),
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) if number.abs() < EXACT => Cell::Text(shown(value)),
        DataRef::Float(_) => {
            wrong("长号码被表格软件改成了数字，末几位可能已经丢失；请把此格设为文本格式后重新填写")
        }
        DataRef::Bool(_) => wrong("应为文字，请把此格设为文本格式后重新填写"),
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => {
            wrong("被表格软件改成了日期，请把此格设为文本格式后重新填写")
        }
        DataRef::Error(_) => wrong("单元格显示错误，请改为文字"),
    }
}

fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Float(number) => format!("{number}"),
        DataRef::Bool(yes) => (if *yes { "TRUE" } else { "FALSE" }).to_owned(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        _ => String::new(),
    }
}

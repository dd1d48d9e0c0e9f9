//! Sheets for people to fill in or to correct: every cell is text, so that no spreadsheet program makes a
//! number of a long code, and none begins a formula.

use rust_xlsxwriter::{DataValidation, Format, Workbook, XlsxError};

use super::{MOST_ROWS, SheetFormat, csv};
use crate::error::Error;

/// A column with its heading.
pub(crate) struct Column {
    pub heading: String,
    /// The texts to choose from; empty: free.
    pub choices: Vec<String>,
    /// In characters.
    pub width: u16,
}

/// Writes a sheet: headings, then rows.
pub(crate) fn write(
    format: SheetFormat,
    columns: &[Column],
    rows: &[Vec<String>],
) -> Result<Vec<u8>, Error> {
    match format {
        SheetFormat::Xlsx => xlsx(columns, rows).map_err(|_| Error::Stored("sheet")),
        SheetFormat::Csv => comma_separated(columns, rows).ok_or(Error::Stored("sheet")),
    }
}

fn xlsx(columns: &[Column], rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let text = Format::new().set_num_format("@").set_text_wrap();
    let head = Format::new().set_num_format("@").set_bold();
    sheet.set_name("申请表")?;
    sheet.set_freeze_panes(1, 0)?;
    let last = u32::try_from(MOST_ROWS).unwrap_or(u32::MAX) + 1;
    for (column, at) in columns.iter().zip(0_u16..) {
        sheet.set_column_width(at, column.width)?;
        sheet.set_column_format(at, &text)?;
        sheet.write_string_with_format(0, at, &column.heading, &head)?;
        if !column.choices.is_empty() {
            let rule = DataValidation::new().allow_list_strings(&column.choices)?;
            sheet.add_data_validation(1, at, last, at, &rule)?;
        }
    }
    for (line, row) in rows.iter().zip(1_u32..) {
        for (cell, at) in line.iter().zip(0_u16..).filter(|(cell, _)| !cell.is_empty()) {
            sheet.write_string_with_format(row, at, cell, &text)?;
        }
    }
    book.save_to_buffer()
}

fn comma_separated(columns: &[Column], rows: &[Vec<String>]) -> Option<Vec<u8>> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .flexible(true)
        .from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(columns.iter().map(|column| csv::guarded(&column.heading))).ok()?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| csv::guarded(cell))).ok()?;
    }
    writer.into_inner().ok()
}

//! Sheets that people and others send.

use rust_xlsxwriter::{Format, Formula, Workbook};

use super::*;

fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn texts(line: &Line) -> Vec<&str> {
    line.cells.iter().map(Cell::shown).collect()
}

fn why(cell: &Cell) -> &'static str {
    match cell {
        Cell::Wrong { why, .. } => why,
        Cell::Text(_) => "",
    }
}

fn refusal(content: &[u8]) -> String {
    read(content).unwrap_err().to_string()
}

fn columns() -> Vec<Column> {
    let column = |heading: &str, choices: &[&str]| Column {
        heading: heading.into(),
        choices: choices.iter().map(|one| (*one).to_owned()).collect(),
        width: 20,
    };
    vec![column("姓名", &[]), column("是否", &["是", "否"]), column("号码", &[])]
}

#[test]
fn what_was_written_is_read_again_in_both_formats() {
    let rows = vec![
        vec![format!("{EXPLANATION}与证件一致"), "选一个".into(), "18 位".into()],
        vec!["甄有印".into(), "是".into(), "110101190001010014".into()],
        vec!["=1+1".into(), String::new(), "a,\"b\"\nc".into()],
    ];
    for format in [SheetFormat::Xlsx, SheetFormat::Csv] {
        let table = read(&write(format, &columns(), &rows).unwrap()).unwrap();
        assert_eq!(table.format, format);
        assert_eq!(table.headings, ["姓名", "是否", "号码"]);
        assert_eq!(table.lines.len(), 2, "the explanation is no row");
        assert_eq!(texts(&table.lines[0]), ["甄有印", "是", "110101190001010014"]);
        assert_eq!(texts(&table.lines[1]), ["=1+1", "", "a,\"b\"\nc"]);
        assert_eq!(table.lines[0].number, 3, "as the spreadsheet program counts");
    }
}

#[test]
fn no_cell_of_a_csv_begins_a_formula() {
    let rows: Vec<Vec<String>> =
        ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "好"].map(|cell| vec![cell.to_owned()]).into();
    let text = String::from_utf8(write(SheetFormat::Csv, &columns(), &rows).unwrap()).unwrap();
    assert!(text.starts_with("\u{feff}姓名,是否,号码\r\n"), "{text}");
    assert_eq!(text.matches('\'').count(), 6, "{text}");
}

#[test]
fn formulas_numbers_dates_and_errors_are_told_and_never_guessed() {
    let content = book(|sheet| {
        for (at, heading) in (0..).zip(["a", "b", "c", "d", "e", "f"]) {
            sheet.write_string(0, at, heading).unwrap();
        }
        let formula = Formula::new("=HYPERLINK(\"http://x\")").set_result("13000000000");
        sheet.write_formula(1, 0, formula).unwrap();
        sheet.write_number(1, 1, 13_000_000_000.0).unwrap();
        sheet.write_number(1, 2, 110_101_190_001_010_014.0).unwrap();
        sheet.write_boolean(1, 3, true).unwrap();
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_number_with_format(1, 4, 46_000.0, &date).unwrap();
        sheet.write_number(1, 5, 0.5).unwrap();
    });
    let table = read(&content).unwrap();
    let cells = &table.lines[0].cells;
    assert!(why(&cells[0]).contains("公式不计算"), "{cells:?}");
    assert_eq!(cells[0].shown(), "", "the cached result of a formula is not believed");
    assert_eq!(cells[1], Cell::Text("13000000000".into()), "a telephone number is whole");
    assert!(why(&cells[2]).contains("末几位可能已经丢失"), "{cells:?}");
    assert!(why(&cells[3]).contains("文本格式") && why(&cells[4]).contains("日期"), "{cells:?}");
    assert_eq!(cells[5], Cell::Text("0.5".into()));
}

#[test]
fn merged_cells_are_refused_in_words() {
    let content = book(|sheet| {
        sheet.write_string(0, 0, "姓名").unwrap();
        sheet.merge_range(1, 0, 3, 0, "甄有印", &Format::new()).unwrap();
    });
    assert!(refusal(&content).contains("取消合并"), "{}", refusal(&content));
}

#[test]
fn ten_thousand_rows_are_taken_and_one_more_is_not() {
    for (rows, taken) in [(MOST_ROWS, true), (MOST_ROWS + 1, false)] {
        let mut csv = "姓名\n".to_owned();
        (0..rows).for_each(|_| csv.push_str("甲\n"));
        assert_eq!(read(csv.as_bytes()).is_ok(), taken, "{rows}");
        let content = book(|sheet| {
            sheet.write_string(0, 0, "姓名").unwrap();
            for row in 1..=u32::try_from(rows).unwrap() {
                sheet.write_string(row, 0, "甲").unwrap();
            }
        });
        assert_eq!(read(&content).is_ok(), taken, "{rows}");
    }
}

#[test]
fn a_cell_far_away_costs_no_memory_and_too_many_columns_are_refused() {
    let content = book(|sheet| {
        sheet.write_string(0, 0, "姓名").unwrap();
        sheet.write_string(1_048_575, 1, "远").unwrap();
    });
    let table = read(&content).unwrap();
    assert_eq!((table.lines.len(), table.lines[0].number), (1, 1_048_576));
    let wide = book(|sheet| {
        sheet.write_string(0, 16_383, "远").unwrap();
    });
    assert!(refusal(&wide).contains("列数过多"));
}

#[test]
fn what_is_no_sheet_is_refused_in_words() {
    for (content, words) in [
        (&b""[..], "没有内容"),
        (b"\xef\xbb\xbf\n\n", "没有内容"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"),
        ("姓名".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().leak(), "UTF-8"),
        (b"\xd0\xd5\xc3\xfb,a\n", "UTF-8"),
        (b"a\0b", "不是表格文件"),
        (b"PK\x03\x04", "已损坏"),
    ] {
        assert!(refusal(content).contains(words), "{}", refusal(content));
    }
    assert!(refusal(&vec![b'a'; MOST_SHEET_OCTETS + 1]).contains("16 MB"));
}

/// A package with one entry, whose directory may say anything of its size.
fn package_of(name: &str, packed: &[u8], size: u32, copies: u16) -> Vec<u8> {
    let length = u16::try_from(name.len()).unwrap().to_le_bytes();
    let sizes = [u32::try_from(packed.len()).unwrap().to_le_bytes(), size.to_le_bytes()].concat();
    let mut zip = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
    zip.extend([&sizes[..], &length, b"\0\0", name.as_bytes(), packed].concat());
    let start = zip.len();
    for copy in 0..copies {
        let mut name = name.as_bytes().to_vec();
        name[0] = b'a' + u8::try_from(copy).unwrap();
        zip.extend(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
        zip.extend([&sizes[..], &length, &[0; 12], &0_u32.to_le_bytes(), &name].concat());
    }
    let (size, start) = (u32::try_from(zip.len() - start).unwrap(), u32::try_from(start).unwrap());
    let count = copies.to_le_bytes();
    let place = [size.to_le_bytes(), start.to_le_bytes()].concat();
    zip.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &place, b"\0\0"].concat());
    zip
}

/// DEFLATE of zero octets, as many as 1 + 258 × `times`.
fn zeros(times: usize) -> Vec<u8> {
    let mut bits: Vec<u8> = vec![1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0];
    (0..times).for_each(|_| bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]));
    bits.extend([0; 7]);
    let octet = |eight: &[u8]| eight.iter().enumerate().fold(0, |all, (at, bit)| all | bit << at);
    bits.chunks(8).map(octet).collect()
}

#[test]
fn bombs_do_not_go_off_whatever_they_say_of_themselves() {
    let fine = zeros(1000);
    let size = |times: u32| 1 + 258 * times;
    assert!(package::check(&package_of("x.xml", &fine, size(1000), 1)).is_ok());
    // More than is allowed, honestly.
    let large = zeros(400_000);
    let honest = package_of("x.xml", &large, size(400_000), 1);
    assert!(honest.len() < 1 << 20 && refusal(&honest).contains("解压后过大"));
    // The directory says less than there is, or more.
    for lie in [10, size(1000) - 1, size(1000) + 1] {
        assert!(package::check(&package_of("x.xml", &fine, lie, 1)).is_err(), "{lie}");
    }
    // The same octets under many names.
    let twenty = zeros(20_000);
    assert!(package::check(&package_of("x.xml", &twenty, size(20_000), 1)).is_ok());
    assert!(package::check(&package_of("x.xml", &twenty, size(20_000), 25)).is_err());
    // Shared strings have a bound of their own.
    let strings = zeros(150_000);
    assert!(package::check(&package_of("x.xml", &strings, size(150_000), 1)).is_ok());
    assert!(
        package::check(&package_of("xl/sharedStrings.xml", &strings, size(150_000), 1)).is_err()
    );
}

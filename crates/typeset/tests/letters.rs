//! Letters as PDF: what comes out again when `pdftotext` reads them. Tests that need it or the fonts
//! say so and pass where they are not installed (`scripts/needs poppler-utils fonts-noto-cjk`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail loudly")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use letters::{Block, Row, Sheet};

fn sheet(blocks: Vec<Block>) -> Sheet {
    Sheet {
        title: "证书业务受理回执".into(),
        number: "受〔2026〕000001号".into(),
        addressee: Some("甄有印".into()),
        blocks,
        signature: vec!["示例电子认证服务有限公司".into(), "2026年11月29日".into()],
        code: "01AB-CDEF-GHJK-MNPQ-RSTV".into(),
        address: "https://ca.example.cn/letters/verify".into(),
    }
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph { text: text.into() }
}

/// Runs the worker as the main program does: one letter in, one PDF out, no environment.
fn worker(input: &[u8], arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_yinxin-typeset"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The worker may end before it has read everything.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// Without a judge there is no verdict; `./check` installs them all, so there none may be missing.
fn skipped<T>(judge: &str) -> Option<T> {
    assert!(std::env::var_os("YINXIN_JUDGES_PYTHON").is_none(), "{judge} is missing");
    eprintln!("skipped: no {judge} here");
    None
}

fn typeset(sheet: &Sheet) -> Option<Vec<u8>> {
    if !Path::new("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc").exists() {
        return skipped("fonts-noto-cjk");
    }
    let output = worker(&serde_json::to_vec(sheet).unwrap(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.starts_with(b"%PDF-"));
    Some(output.stdout)
}

/// The text of a letter without white space, as `pdftotext` reads it.
fn text_of(sheet: &Sheet) -> Option<String> {
    let pdf = typeset(sheet)?;
    let mut child = match Command::new("pdftotext")
        .args(["-enc", "UTF-8", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
    {
        Ok(child) => child,
        Err(_) => return skipped("pdftotext"),
    };
    let mut stdin = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(&pdf));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.chars().filter(|c| !c.is_whitespace()).collect())
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn everything_on_a_letter_is_read_again_in_its_order() {
    let sheet = sheet(vec![
        paragraph("您提交的证书业务申请已经收到。"),
        Block::Rows {
            rows: vec![Row::new("申请编号", "202611290000017"), Row::new("业务", "证书申请")],
        },
        Block::Heading { text: "收到的材料".into() },
        Block::Table {
            head: vec!["材料".into(), "收到时间".into()],
            rows: vec![vec!["身份证件".into(), "2026年11月29日".into()]],
        },
        Block::List { items: vec!["第一件事。".into(), "第二件事。".into()] },
    ]);
    let Some(text) = text_of(&sheet) else { return };
    let mut rest = text.as_str();
    for part in [
        "证书业务受理回执",
        "受〔2026〕000001号",
        "甄有印：",
        "您提交的证书业务申请已经收到。",
        "申请编号",
        "202611290000017",
        "收到的材料",
        "身份证件",
        "1.第一件事。",
        "2.第二件事。",
        "示例电子认证服务有限公司",
        "01AB-CDEF-GHJK-MNPQ-RSTV",
        "https://ca.example.cn/letters/verify",
        "第1页共1页",
    ] {
        let at = rest.find(part).unwrap_or_else(|| panic!("“{part}” is not in its place: {text}"));
        rest = rest.get(at..).unwrap();
    }
}

#[test]
fn hostile_text_comes_out_as_the_plain_text_that_it_is() {
    let hostile = [
        "#panic(\"x\") #read(\"/etc/passwd\") #import \"@preview/x:1.0.0\"",
        "$ sum_(i=0)^n $ *bold* _it_ `raw` = Heading",
        "\\ \\u{41} // comment /* more */ <label> @ref ~ -- --- [x] {y}",
        "\"; #let sheet = 1",
        "<script>alert(1)</script> & &amp;",
    ];
    for text in hostile {
        let mut sheet =
            sheet(vec![paragraph(text), Block::Rows { rows: vec![Row::new(text, text)] }]);
        sheet.addressee = Some(text.into());
        let Some(found) = text_of(&sheet) else { return };
        assert!(found.contains(&bare(text)), "{text} became {found}");
    }
}

#[test]
fn rare_characters_and_other_scripts_are_kept() {
    for text in ["䶮", "㛃", "𬀩", "𠮷"] {
        let Some(found) = text_of(&sheet(vec![paragraph(&format!("姓名{text}某"))])) else {
            return;
        };
        assert!(found.contains(&format!("姓名{text}某")), "{text} became {found}");
    }
    // Without a font for them, signs may not be seen; the letter is made, and what stands around
    // them is there.
    for text in ["😀🏛️", "שלום", "مرحبا", "\u{202e}txt.exe\u{202c}"] {
        let Some(found) = text_of(&sheet(vec![paragraph(&format!("前{text}后"))])) else {
            return;
        };
        assert!(found.contains('前') && found.contains('后'), "{text} became {found}");
    }
}

#[test]
fn ten_thousand_characters_without_a_space_fill_pages_and_lose_nothing() {
    let long: String = "0123456789abcdef".chars().cycle().take(10_000).collect();
    let Some(found) = text_of(&sheet(vec![paragraph(&long)])) else { return };
    // The feet of pages stand between; each sign is still there.
    let digits = found.matches("0123456789abcdef").count();
    assert!(digits >= 600, "{digits} of 625 runs are whole");
    assert!(found.contains("第2页"), "{}", found.len());
}

#[test]
fn the_same_letter_becomes_the_same_file() {
    let sheet = sheet(vec![paragraph("同一份文书。")]);
    let (Some(first), Some(second)) = (typeset(&sheet), typeset(&sheet)) else { return };
    assert!(first == second);
}

#[test]
fn without_fonts_the_worker_says_which_package_to_install() {
    let empty = std::env::temp_dir().join(format!("yinxin-no-fonts-{}", std::process::id()));
    std::fs::create_dir_all(&empty).unwrap();
    let input = serde_json::to_vec(&sheet(vec![])).unwrap();
    let output = worker(&input, &["--fonts", empty.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(said.contains("fonts-noto-cjk"), "{said}");
    std::fs::remove_dir(&empty).unwrap();
}

#[test]
fn what_is_no_letter_or_too_large_is_refused() {
    for input in [b"".to_vec(), b"{}".to_vec(), b"\x00\xff".to_vec(), vec![b' '; 3 << 20]] {
        let output = worker(&input, &[]);
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

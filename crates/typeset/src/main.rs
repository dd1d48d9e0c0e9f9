//! `yinxin-typeset`: makes a PDF of one letter. Reads a [`letters::Sheet`] as JSON on standard input,
//! writes the PDF to standard output, and ends.
//!
//! A program of its own, because a typesetter is large, takes long to build, and reads what people
//! typed: it gets one letter, no files but fonts, no network, an empty environment and little time.
//! Whatever stands in a letter is data to the text of `letter.typ` and is never read as markup.

mod fonts;
mod world;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use letters::Sheet;

/// Largest letter, as JSON.
const MOST_OCTETS: u64 = 2 << 20;
/// Where Debian and others keep fonts.
const FONTS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let folders = folders(std::env::args().skip(1))?;
    let mut text = Vec::new();
    std::io::stdin().take(MOST_OCTETS + 1).read_to_end(&mut text).context("无法读取文书内容")?;
    if text.len() as u64 > MOST_OCTETS {
        bail!("文书内容过大，不能排版");
    }
    let sheet: Sheet = serde_json::from_slice(&text).context("标准输入中不是文书内容（JSON）")?;
    let pdf = world::pdf(&sheet, fonts::load(&folders)?)?;
    std::io::stdout().write_all(&pdf).context("无法写出 PDF")
}

/// `--fonts FOLDER`, once or more, in place of the usual folders.
fn folders(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--fonts", Some(folder)) => folders.push(folder.into()),
            _ => bail!(
                "用法：yinxin-typeset [--fonts 字体目录] < 文书.json > 文书.pdf（由主程序调用）"
            ),
        }
    }
    if folders.is_empty() {
        folders.extend(FONTS.map(PathBuf::from));
    }
    Ok(folders)
}

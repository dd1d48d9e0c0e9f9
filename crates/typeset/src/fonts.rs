//! The fonts of a letter: 思源宋体 and 思源黑体 as Debian brings them, and others for what those lack.

use std::path::{Path, PathBuf};

use anyhow::bail;
use typst::foundations::Bytes;
use typst::text::Font;

/// Files that are looked for, by the beginnings of their names; the needed ones must be there.
const NEEDED: [&str; 2] = ["NotoSerifCJK-Regular", "NotoSerifCJK-Bold"];
/// For headings, rare characters, and scripts of others.
const WELCOME: [&str; 4] = ["NotoSansCJK-Bold", "HanaMinA", "HanaMinB", "DejaVuSans."];
/// Folders below folders, no deeper: a link in a circle ends here.
const DEPTH: u32 = 6;

/// The faces, Chinese ones in their form for the mainland.
pub fn load(folders: &[PathBuf]) -> anyhow::Result<Vec<Font>> {
    let mut files = Vec::new();
    for folder in folders {
        gather(folder, DEPTH, &mut files);
    }
    files.sort();
    let find = |stem: &str| files.iter().find(|file| is_called(file, stem));
    if let Some(missing) = NEEDED.iter().find(|stem| find(stem).is_none()) {
        bail!(
            "缺少字体 {missing}，不能排版文书；请安装字体后重试，Debian 上为：apt-get install fonts-noto-cjk（生僻字另装 fonts-hanazono）"
        );
    }
    let mut faces = Vec::new();
    for file in NEEDED.iter().chain(&WELCOME).filter_map(|stem| find(stem)) {
        // A font that cannot be read is as good as none; what is needed is seen below.
        let Ok(octets) = std::fs::read(file) else { continue };
        let all = Font::iter(Bytes::new(octets));
        faces.extend(all.filter(|face| is_mainland(&face.info().family)));
    }
    if faces.is_empty() {
        bail!("字体文件已损坏，不能排版文书；请重新安装 fonts-noto-cjk")
    }
    Ok(faces)
}

/// The collections hold a face for each region; letters are set in the mainland's.
fn is_mainland(family: &str) -> bool {
    !family.contains(" CJK ") || family.ends_with(" CJK SC")
}

fn is_called(file: &Path, stem: &str) -> bool {
    file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(stem))
}

fn gather(folder: &Path, depth: u32, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        match path.is_dir() {
            true if depth > 0 => gather(&path, depth - 1, files),
            true => {}
            false => files.push(path),
        }
    }
}

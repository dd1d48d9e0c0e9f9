//! Which files are taken: by their octets, their size and their number, never by their name.

use super::intact;
use crate::catalogue::Kind;
use crate::error::{Error, FieldError};
use crate::model::{Material, Media};

/// The largest file.
pub const MOST_OCTETS: usize = 10 * 1024 * 1024;
/// The most files of one application.
pub const MOST_FILES: usize = 20;

const MOST_NAME: usize = 60;

/// What a file is that is whole and holds nothing that runs.
pub(crate) fn media(content: &[u8]) -> Result<Media, Error> {
    let media = known(content)?;
    intact::check(media, content)?;
    Ok(media)
}

/// What a file is by its first octets: enough for what was taken once.
pub(crate) fn known(content: &[u8]) -> Result<Media, Error> {
    if content.len() > MOST_OCTETS {
        return Err(Error::Material("单个文件不能超过 10 MB，请压缩后重新上传"));
    }
    let begins = |with: &[u8]| content.starts_with(with);
    if begins(b"%PDF-") {
        Ok(Media::Pdf)
    } else if begins(b"\x89PNG\r\n\x1a\n") {
        Ok(Media::Png)
    } else if begins(b"\xff\xd8\xff") {
        Ok(Media::Jpeg)
    } else if is_ofd(content) {
        Ok(Media::Ofd)
    } else {
        Err(Error::Material("只接收 PDF、PNG、JPEG 和 OFD 文件，请转换格式后重新上传"))
    }
}

/// GB/T 33190 §7.2: a ZIP whose entries include `OFD.xml`. Nothing is unpacked: its directory is
/// looked for by name, so that no bomb can go off here.
fn is_ofd(content: &[u8]) -> bool {
    let entries = content.windows(4).enumerate().filter(|(_, mark)| *mark == b"PK\x01\x02");
    content.starts_with(b"PK\x03\x04")
        && entries.into_iter().any(|(at, _)| entry_name(content, at) == Some(b"OFD.xml"))
}

/// The name in an entry of a ZIP's central directory.
fn entry_name(content: &[u8], at: usize) -> Option<&[u8]> {
    let length = content.get(at + 28..at + 30)?.try_into().ok()?;
    content.get(at + 46..at + 46 + usize::from(u16::from_le_bytes(length)))
}

/// A file name without anything that a path, a page or a header could take for its own.
pub(crate) fn harmless_name(name: &str, media: Media) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let kept: String = stem
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '（' | '）') { c } else { '_' })
        .take(MOST_NAME)
        .collect();
    let kept = kept.trim_matches('_');
    let stem = if kept.is_empty() { "材料" } else { kept };
    format!("{stem}.{}", media.ending())
}

/// Required materials that are not there.
pub(crate) fn missing(kind: &Kind, materials: &[Material]) -> Vec<FieldError> {
    let there = |name: &str| materials.iter().any(|material| material.name == name);
    kind.materials
        .iter()
        .filter(|rule| rule.required && !there(&rule.name))
        .map(|rule| FieldError {
            field: format!("material:{}", rule.name),
            label: rule.title.clone(),
            code: "ra.form.material",
            text: "请上传此项材料".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ofd() -> Vec<u8> {
        let mut zip = b"PK\x03\x04".to_vec();
        zip.extend([0; 30]);
        let mut entry = b"PK\x01\x02".to_vec();
        entry.resize(46, 0);
        entry[28] = 7;
        zip.extend(entry);
        zip.extend(b"OFD.xml");
        zip
    }

    #[test]
    fn files_are_known_by_their_first_octets() {
        assert_eq!(known(b"%PDF-1.7 ...").unwrap(), Media::Pdf);
        assert_eq!(known(b"\x89PNG\r\n\x1a\n...").unwrap(), Media::Png);
        assert_eq!(known(b"\xff\xd8\xff\xe0...").unwrap(), Media::Jpeg);
        assert_eq!(media(&ofd()).unwrap(), Media::Ofd);
        let mut zip = ofd();
        let at = zip.len() - 7;
        zip[at..].copy_from_slice(b"a.thtml");
        for wrong in [&b"MZ\x90"[..], b"<html>", b"", b"PK\x03\x04", b"GIF89a", &zip] {
            assert_eq!(known(wrong).unwrap_err().code(), "ra.material");
        }
        // What begins like something and is not that is not taken.
        for wrong in [&b"%PDF-1.7 ..."[..], b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff\xe0..."] {
            assert_eq!(media(wrong).unwrap_err().code(), "ra.material");
        }
    }

    #[test]
    fn a_file_over_ten_megabytes_is_refused() {
        assert_eq!(MOST_OCTETS, 10_485_760);
        let mut pdf = b"%PDF-".to_vec();
        pdf.resize(MOST_OCTETS, 0);
        assert!(known(&pdf).is_ok());
        pdf.push(0);
        assert!(media(&pdf).unwrap_err().to_string().contains("10 MB"));
    }

    #[test]
    fn what_must_be_handed_in_and_is_not_there_is_named() {
        let catalogue = crate::catalogue::Catalogue::embedded().unwrap();
        let kind = catalogue.kind("staff").unwrap();
        let material = |name: &str| Material {
            id: crate::model::MaterialId::from_random([1; 16]),
            name: name.into(),
            media: Media::Pdf,
            size: 1,
            added_at: jiff::Timestamp::UNIX_EPOCH,
            round: 0,
            blob: "b".into(),
        };
        let fields = |there: &[&str]| -> Vec<String> {
            let there: Vec<Material> = there.iter().map(|name| material(name)).collect();
            missing(kind, &there).into_iter().map(|error| error.field).collect()
        };
        let needed: Vec<&str> =
            kind.materials.iter().filter(|rule| rule.required).map(|rule| &*rule.name).collect();
        assert!(needed.len() >= 2 && needed.len() < kind.materials.len());
        assert_eq!(fields(&needed), Vec::<String>::new());
        assert_eq!(fields(&needed[1..]), [format!("material:{}", needed[0])]);
        assert_eq!(fields(&["other"]).len(), needed.len());
    }

    #[test]
    fn names_are_made_harmless() {
        for (name, kept) in [
            ("身份证 正面.PNG", "身份证_正面.png"),
            ("../../etc/passwd", "passwd.png"),
            ("C:\\材料\\a.b.png", "a_b.png"),
            ("<script>alert(1)</script>.png", "script.png"),
            ("\"; filename=x\r\n.png", "filename_x.png"),
            ("", "材料.png"),
            ("....", "材料.png"),
        ] {
            assert_eq!(harmless_name(name, Media::Png), kept, "{name}");
        }
        assert!(harmless_name(&"长".repeat(500), Media::Pdf).chars().count() <= MOST_NAME + 4);
    }
}

//! Practice statement and certificate policies of the institution: files in a folder with an
//! `index.toml`, all versions reachable (Measures Art. 17; C17-4: every published version reachable
//! and hash-equal).

use std::path::{Path, PathBuf};

use law::CivilDate;
use serde::Deserialize;

use crate::error::Error;
use crate::institution::Institution;

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// 电子认证业务规则.
    Cps,
    /// 证书策略.
    Cp,
}

impl DocumentKind {
    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Cps => "电子认证业务规则（CPS）",
            Self::Cp => "证书策略（CP）",
        }
    }
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// When it was published.
    pub published: CivilDate,
    /// From when it is in force.
    pub effective: CivilDate,
    /// Its file.
    pub file: String,
    /// SM3 of the file, in hexadecimal; none when the file is missing.
    pub sm3: Option<String>,
    /// Whether it is the one in force today.
    pub is_current: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    #[serde(default)]
    document: Vec<Entry>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: DocumentKind,
    title: String,
    version: String,
    published: CivilDate,
    effective: CivilDate,
    file: String,
}

impl Institution {
    fn documents_folder(&self) -> PathBuf {
        self.layout().root().join(&self.settings().disclosure.documents)
    }

    /// Every version of every document, the newest first; empty while there is no folder.
    pub async fn practice_documents(&self) -> Result<Vec<Document>, Error> {
        let (folder, today) = (self.documents_folder(), CivilDate::of(self.clock().now()));
        let reading = tokio::task::spawn_blocking(move || read(&folder, today));
        reading.await.map_err(|_| Error::Interrupted)?
    }

    /// The file of a document, if the index names it.
    pub async fn practice_file(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let (folder, name) = (self.documents_folder(), name.to_owned());
        let reading = tokio::task::spawn_blocking(move || {
            let known = index(&folder)?.iter().any(|entry| entry.file == name);
            Ok(known.then(|| std::fs::read(folder.join(&name)).ok()).flatten())
        });
        reading.await.map_err(|_| Error::Interrupted)?
    }
}

fn index(folder: &Path) -> Result<Vec<Entry>, Error> {
    let path = folder.join("index.toml");
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(Vec::new()) };
    let wrong = |why: String| Error::Setup(format!("{} 有误：{why}；请改正", path.display()));
    let index: Index = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    // A name is a file of this folder and nothing else.
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    match index.document.iter().find(|entry| !plain(&entry.file)) {
        Some(entry) => Err(wrong(format!("文件名“{}”只能用字母、数字和 . - _", entry.file))),
        None => Ok(index.document),
    }
}

fn read(folder: &Path, today: CivilDate) -> Result<Vec<Document>, Error> {
    let mut entries = index(folder)?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.effective));
    let current = |kind: DocumentKind| {
        entries.iter().position(|entry| entry.kind == kind && entry.effective <= today)
    };
    let current = [current(DocumentKind::Cps), current(DocumentKind::Cp)];
    let document = |(place, entry): (usize, &Entry)| {
        let octets = std::fs::read(folder.join(&entry.file)).ok();
        Document {
            kind: entry.kind,
            title: entry.title.clone(),
            version: entry.version.clone(),
            published: entry.published,
            effective: entry.effective,
            file: entry.file.clone(),
            sm3: octets.map(|octets| gm::sm3::hash(&octets).to_hex()),
            is_current: current.contains(&Some(place)),
        }
    };
    Ok(entries.iter().enumerate().map(document).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"
[[document]]
kind = "cps"
title = "业务规则"
version = "1.0"
published = "2026-01-01"
effective = "2026-02-01"
file = "cps-1.0.pdf"
[[document]]
kind = "cps"
title = "业务规则"
version = "2.0"
published = "2026-11-01"
effective = "2027-01-01"
file = "cps-2.0.pdf"
"#;

    #[test]
    fn the_version_in_force_is_marked_and_a_missing_file_has_no_hash() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.toml"), INDEX).unwrap();
        std::fs::write(folder.path().join("cps-1.0.pdf"), b"abc").unwrap();
        let found = read(folder.path(), "2026-12-01".parse().unwrap()).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.version.as_str(), one.is_current, one.sm3.is_some()))
            .collect();
        assert_eq!(told, [("2.0", false, false), ("1.0", true, true)]);
        assert_eq!(found[1].sm3.as_deref(), Some(&*gm::sm3::hash(b"abc").to_hex()));
        let later = read(folder.path(), "2027-01-01".parse().unwrap()).unwrap();
        assert!(later[0].is_current && !later[1].is_current);
    }

    #[test]
    fn no_folder_is_no_document_and_a_path_in_the_index_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let today = "2026-12-01".parse().unwrap();
        assert!(read(&folder.path().join("none"), today).unwrap().is_empty());
        for name in ["../yinxin.toml", "/etc/passwd", ".hidden", "a b.pdf"] {
            let text = INDEX.replace("cps-1.0.pdf", name);
            std::fs::write(folder.path().join("index.toml"), text).unwrap();
            let error = read(folder.path(), today).unwrap_err();
            assert!(error.to_string().contains("文件名"), "{name}: {error}");
        }
    }
}

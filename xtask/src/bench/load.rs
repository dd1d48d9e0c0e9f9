//! Reads the figures that load benches write by themselves.
//!
//! Each file of `target/yinxin-bench` (the path is given to a bench in
//! `YINXIN_BENCH_OUT`) holds one object, or a list of them:
//! `{"group": "issuance", "name": "dual, SQLite", "value": 512.3, "unit": "/s", "note": "…"}`.

use super::Figure;
use anyhow::Context;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    group: String,
    name: String,
    value: f64,
    unit: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    One(Load),
    Many(Vec<Load>),
}

/// All figures of the folder, in the order of the file names.
pub fn figures(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let mut figures = Vec::new();
    for path in paths {
        let content = serde_json::from_slice(&std::fs::read(&path)?);
        match content.with_context(|| path.display().to_string())? {
            Content::One(load) => figures.push(load.into()),
            Content::Many(loads) => figures.extend(loads.into_iter().map(Figure::from)),
        }
    }
    Ok(figures)
}

impl From<Load> for Figure {
    fn from(load: Load) -> Self {
        let Load { group, name, value, unit, note } = load;
        Self { group, name, value, unit, note }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_many_figures_are_read_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let one = r#"{"group":"ocsp","name":"cached","value":21000,"unit":"/s"}"#;
        std::fs::write(folder.path().join("b.json"), one).unwrap();
        std::fs::write(folder.path().join("a.json"), format!("[{one},{one}]")).unwrap();
        std::fs::write(folder.path().join("ignored.txt"), "x").unwrap();
        assert_eq!(figures(folder.path()).unwrap().len(), 3);
        std::fs::write(folder.path().join("c.json"), r#"{"group":"ocsp"}"#).unwrap();
        assert!(figures(folder.path()).is_err());
    }
}

//! Reads what criterion leaves under `target/criterion`.

use super::Figure;
use anyhow::Context;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
enum Throughput {
    Bytes(u64),
    BytesDecimal(u64),
    Elements(u64),
    #[serde(untagged)]
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
    slope: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    /// Nanoseconds for one iteration.
    point_estimate: f64,
}

/// Every `new/benchmark.json` with its `new/estimates.json` below `folder`.
pub fn figures(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_new = path.file_name().is_some_and(|name| name == "new");
        if is_new && path.join("benchmark.json").is_file() {
            found.push(figure(&path).with_context(|| path.display().to_string())?);
        } else if path.is_dir() {
            found.extend(figures(&path)?);
        }
    }
    Ok(found)
}

fn figure(folder: &Path) -> anyhow::Result<Figure> {
    let benchmark: Benchmark =
        serde_json::from_slice(&std::fs::read(folder.join("benchmark.json"))?)?;
    let estimates: Estimates =
        serde_json::from_slice(&std::fs::read(folder.join("estimates.json"))?)?;
    let nanoseconds = estimates.slope.unwrap_or(estimates.mean).point_estimate;
    let (value, unit) = rate(nanoseconds, benchmark.throughput.as_ref());
    let parts = [benchmark.function_id, benchmark.value_str];
    let name =
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let name = if name.is_empty() { benchmark.group_id.clone() } else { name };
    Ok(Figure { group: benchmark.group_id, name, value, unit, note: time(nanoseconds) })
}

/// Per second, in the unit that the benchmark counts in.
fn rate(nanoseconds: f64, throughput: Option<&Throughput>) -> (f64, String) {
    // Counts are far below 2^52, where f64 is exact.
    #[allow(clippy::cast_precision_loss)]
    let per_second = |count: u64| count as f64 * 1e9 / nanoseconds;
    match throughput {
        Some(Throughput::Bytes(bytes) | Throughput::BytesDecimal(bytes)) => {
            (per_second(*bytes) / 1e6, "MB/s".into())
        }
        Some(Throughput::Elements(count)) => (per_second(*count), "/s".into()),
        Some(Throughput::Other(_)) | None => (per_second(1), "/s".into()),
    }
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.0} ns each"),
        ns if ns < 1e6 => format!("{:.1} µs each", ns / 1e3),
        ns if ns < 1e9 => format!("{:.1} ms each", ns / 1e6),
        ns => format!("{:.2} s each", ns / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criterions_files_become_figures() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("sm3/1MB/new");
        std::fs::create_dir_all(&new).unwrap();
        let benchmark = r#"{"group_id":"sm3","function_id":"hash","value_str":"1 MB","throughput":{"Bytes":1000000},"x":1}"#;
        let estimates = r#"{"mean":{"point_estimate":5e6},"slope":{"point_estimate":4e6}}"#;
        std::fs::write(new.join("benchmark.json"), benchmark).unwrap();
        std::fs::write(new.join("estimates.json"), estimates).unwrap();
        let figures = figures(folder.path()).unwrap();
        assert_eq!(figures.len(), 1);
        assert_eq!((figures[0].name.as_str(), figures[0].unit.as_str()), ("hash 1 MB", "MB/s"));
        assert!((figures[0].value - 250.0).abs() < 1e-9);
        assert_eq!(figures[0].note, "4.0 ms each");
    }

    #[test]
    fn a_broken_file_is_an_error_and_no_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(figures(&folder.path().join("none")).unwrap(), []);
        std::fs::create_dir_all(folder.path().join("new")).unwrap();
        std::fs::write(folder.path().join("new/benchmark.json"), "{").unwrap();
        assert!(figures(folder.path()).is_err());
    }
}

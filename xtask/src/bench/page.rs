//! The page docs/benchmarks.md.

use super::{Figure, KEEP};
use crate::metadata::root;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

/// Where and when it was measured: a figure without it says nothing.
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory: String,
    pub compiler: String,
    pub date: String,
    pub commit: String,
}

impl Machine {
    /// Asks this machine; what it does not tell is `unknown`.
    pub fn ask() -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let commit = say("git", &["rev-parse", "--short=12", "HEAD"]);
        let dirty = !say("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
        Self {
            processor: field("/proc/cpuinfo", "model name"),
            cores,
            memory: field("/proc/meminfo", "MemTotal"),
            compiler: say("rustc", &["--version"]),
            date: say("date", &["-u", "+%Y-%m-%d"]),
            commit: if dirty { format!("{commit} and changes") } else { commit },
        }
    }
}

fn field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':'))
        .map_or("unknown".into(), |(_, value)| value.trim().into())
}

fn say(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    output.map_or("unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().into())
}

/// The whole page; the hand-written end of `before` is kept.
pub fn page(figures: &[Figure], machine: &Machine, before: &str) -> String {
    let mut page = head(machine);
    let mut groups: BTreeMap<&str, Vec<&Figure>> = BTreeMap::new();
    for figure in figures {
        groups.entry(&figure.group).or_default().push(figure);
    }
    for (group, figures) in groups {
        // Writing into a `String` cannot fail.
        let _ = write!(page, "\n## {group}\n\n| what | figure | note |\n| --- | ---: | --- |\n");
        for figure in figures {
            let _ = writeln!(
                page,
                "| {} | {} {} | {} |",
                figure.name,
                number(figure.value),
                figure.unit,
                figure.note
            );
        }
    }
    let kept = before.split_once(KEEP).map_or("\n", |(_, kept)| kept);
    page + "\n" + KEEP + kept
}

fn head(machine: &Machine) -> String {
    let Machine { processor, cores, memory, compiler, date, commit } = machine;
    format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench`; how to repeat it: CONTRIBUTING.md. Figures of one \
         operation (\"each\") are criterion's estimate on one core. Figures under load say how many \
         runs there were and their least, median and greatest rate; the figure is the median.\n\n\
         - machine: {processor}, {cores} cores, {memory} memory\n- compiler: {compiler}\n\
         - date: {date}\n- commit: {commit}\n"
    )
}

/// Three figures that count, thousands set apart: `12,345`, `12.3`, `0.0123`.
fn number(value: f64) -> String {
    if value.abs() < 1.0 {
        return format!("{value:.4}");
    }
    if value.abs() < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        let text = || "x".to_owned();
        Machine {
            processor: text(),
            cores: 2,
            memory: text(),
            compiler: text(),
            date: text(),
            commit: text(),
        }
    }

    #[test]
    fn figures_stand_in_their_groups_and_the_hand_written_part_is_kept() {
        let figure = |group: &str, name: &str| Figure {
            group: group.into(),
            name: name.into(),
            value: 12345.6,
            unit: "/s".into(),
            note: String::new(),
        };
        let before = format!("old\n{KEEP}\nWhere the time goes.\n");
        let page = page(&[figure("sm2", "sign"), figure("ocsp", "cached")], &machine(), &before);
        assert!(page.contains("| sign | 12,346 /s |"));
        assert!(page.find("## ocsp") < page.find("## sm2"));
        assert!(
            page.ends_with(&format!("{KEEP}\nWhere the time goes.\n")) && !page.contains("old")
        );
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            [number(0.01234), number(12.34), number(1_234_567.0)],
            ["0.0123", "12.3", "1,234,567"]
        );
    }
}

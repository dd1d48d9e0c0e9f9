//! Figures for `cargo xtask bench`, and what they are made of.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

#[derive(Default)]
pub struct Figures(Vec<Value>);

impl Figures {
    pub fn add(&mut self, group: &str, name: &str, (value, unit): (f64, &str), note: String) {
        println!("{name}: {value:.0} {unit} ({note})");
        let figure =
            json!({ "group": group, "name": name, "value": value, "unit": unit, "note": note });
        self.0.push(figure);
    }

    /// Into the folder that `cargo xtask bench` reads; nowhere when there is none.
    pub fn write(&self, name: &str) {
        if let Some(folder) = std::env::var_os("YINXIN_BENCH_OUT") {
            let path = std::path::Path::new(&folder).join(name);
            std::fs::write(path, serde_json::to_string_pretty(&self.0).unwrap()).unwrap();
        }
    }
}

/// The rates of several runs, in order.
pub struct Spread(Vec<f64>);

impl Spread {
    pub fn of(rates: impl Iterator<Item = f64>) -> Self {
        let mut rates: Vec<_> = rates.collect();
        rates.sort_by(f64::total_cmp);
        Self(rates)
    }

    pub fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.0[0], self.0[self.0.len() - 1]);
        write!(f, "{} runs, min/median/max {least:.0}/{:.0}/{most:.0}", self.0.len(), self.median())
    }
}

/// A quantile of sorted times, in milliseconds.
pub fn quantile(sorted: &[Duration], part: f64) -> f64 {
    let at = ((sorted.len() as f64 * part) as usize).min(sorted.len() - 1);
    sorted[at].as_secs_f64() * 1e3
}

/// What a process has taken of the processors, in user and system mode; zero for no process.
pub fn cpu_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // After the name in brackets: state is the first field, user and system time 12th and 13th.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    // Linux counts in hundredths of a second (USER_HZ) on every platform we run on.
    Duration::from_millis(ticks * 10)
}

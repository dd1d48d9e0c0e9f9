//! Five times as many questions at once as are worked on: what is too much is told to come back before
//! any work is done for it, and the good answers stay what they were.

use std::path::Path;
use std::process::Command;

use crate::figures::{Figures, Spread};
use crate::number;
use crate::status::{questions, script_of_bodies, seconds};
use crate::support::World;

/// Requests that the service works on at a time, here.
pub const IN_FLIGHT: usize = 128;

/// What a run of `wrk` told: good answers a second, and refusals a second.
struct Run {
    good: f64,
    refused: f64,
}

pub fn measure(world: &World, figures: &mut Figures) {
    let ids = questions(world);
    let script = script_of_bodies(world.dir.path(), &ids);
    // The first one warms up. Then both take turns: what else the machine does meets either.
    let _ = run(&world.url, &script, IN_FLIGHT / 2);
    let (mut usual, mut over) = (Vec::new(), Vec::new());
    for _ in 0..number("YINXIN_BENCH_RUNS", 3) {
        usual.push(run(&world.url, &script, IN_FLIGHT / 2));
        over.push(run(&world.url, &script, 5 * IN_FLIGHT));
    }
    assert!(usual.iter().all(|run| run.refused < 1.0), "nothing is refused within the limit");
    let shares = usual.iter().zip(&over).map(|(usual, over)| 100.0 * over.good / usual.good);
    let shares = Spread::of(shares);
    let median = |of: &dyn Fn(&Run) -> f64, all: &[Run]| Spread::of(all.iter().map(of)).median();
    let good = |run: &Run| run.good;
    let note = format!(
        "live answers of OCSP: {:.0}/s with {} connections; {:.0}/s and {:.0} refusals/s (503 with \
         Retry-After, asked again at once) with {}, of which {IN_FLIGHT} are worked on; {shares} %",
        median(&good, &usual),
        IN_FLIGHT / 2,
        median(&good, &over),
        median(&|run| run.refused, &over),
        5 * IN_FLIGHT,
    );
    let share = shares.median();
    figures.add("overload", "good answers at five times the load", (share, "%"), note);
    let memory = memory(world);
    figures.add("overload", "memory of the service after it", (memory, "MB"), String::new());
}

fn run(url: &str, script: &Path, connections: usize) -> Run {
    let (duration, connections) = (format!("{}s", seconds().as_secs()), connections.to_string());
    let done = Command::new("wrk")
        .args(["-t1", "-c", &connections, "-d", &duration, "-s"])
        .arg(script)
        .arg(url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{text}");
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map_or(0.0, |rest| rest.trim().parse::<f64>().unwrap())
    };
    let all = number("Requests/sec:");
    let refused = number("Non-2xx or 3xx responses:") / seconds().as_secs_f64();
    Run { good: all - refused, refused }
}

/// What the one process that was started from here has in memory, in megabytes.
fn memory(world: &World) -> f64 {
    let process = crate::child();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    assert!(kilobytes.is_some(), "{}", world.log());
    kilobytes.unwrap_or_default() / 1e3
}

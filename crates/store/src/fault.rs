//! Named steps at which a test can kill the process.
//!
//! `YINXIN_CRASH_AT=name` aborts the process the first time it reaches `point("name")`;
//! `YINXIN_CRASH_AT=name:3` the third time. Nothing is flushed and no destructor runs: for what is on
//! the disk it is the same as SIGKILL, only at a place of our choosing. `YINXIN_CRASH_TRACE=file`
//! appends each name to a file when it is passed, so that a crash loop can find the names.
//!
//! Compiled in with debug assertions (dev and test builds) or with the feature `fault-points` (a crash
//! loop over a release binary); otherwise [`point`] is empty. Unset, it costs one atomic load.

#[cfg(any(debug_assertions, feature = "fault-points"))]
mod armed {
    use std::io::Write as _;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Plan {
        crash: Option<(String, AtomicU64)>,
        trace: Option<std::path::PathBuf>,
    }

    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

    fn read() -> Option<Plan> {
        let crash = std::env::var("YINXIN_CRASH_AT").ok().map(|text| {
            let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
            (name.to_owned(), AtomicU64::new(count.parse().unwrap_or(1)))
        });
        let trace = std::env::var_os("YINXIN_CRASH_TRACE").map(Into::into);
        (crash.is_some() || trace.is_some()).then_some(Plan { crash, trace })
    }

    pub(super) fn point(name: &str) {
        let Some(plan) = PLAN.get_or_init(read) else {
            return;
        };
        if let Some(path) = &plan.trace {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            // In one write: lines of several threads do not run into each other.
            let _ = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
        }
        if let Some((wanted, left)) = &plan.crash
            && wanted == name
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }
}

/// A step at which the process may be killed by a test.
#[cfg(any(debug_assertions, feature = "fault-points"))]
pub fn point(name: &'static str) {
    armed::point(name);
}

/// Empty in shipped builds.
#[cfg(not(any(debug_assertions, feature = "fault-points")))]
#[inline(always)]
pub fn point(_name: &'static str) {}

//! Named steps at which a test can kill the process.
//!
//! `YINXIN_CRASH_AT=name` aborts the process the first time it reaches `point("name")`;
//! `YINXIN_CRASH_AT=name:3` the third time. Nothing is flushed and no destructor runs: for what is on
//! the disk it is the same as SIGKILL, only at a place of our choosing. `YINXIN_CRASH_TRACE=file`
//! appends each name to a file when it is passed, so that a crash loop can find the names.
//!
//! A test in the same process holds one future back with `held`, while others of the same process pass.
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

    tokio::task_local! {
        pub(super) static HOLD: super::Hold;
    }

    pub(super) fn point(name: &str) {
        let _ = HOLD.try_with(|hold| hold.wait(name));
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

/// Holds a future back, once.
#[cfg(any(debug_assertions, feature = "fault-points"))]
#[derive(Debug)]
pub struct Hold {
    name: &'static str,
    reached: std::sync::Mutex<Option<tokio::sync::oneshot::Sender<()>>>,
    go: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
}

/// The test's end of a [`Hold`]. Dropped, it lets the future go on.
#[cfg(any(debug_assertions, feature = "fault-points"))]
#[derive(Debug)]
pub struct Held {
    reached: tokio::sync::oneshot::Receiver<()>,
    go: std::sync::mpsc::Sender<()>,
}

#[cfg(any(debug_assertions, feature = "fault-points"))]
impl Hold {
    fn wait(&self, name: &str) {
        let reached = (self.name == name)
            .then(|| self.reached.lock().ok().and_then(|mut reached| reached.take()))
            .flatten();
        if let Some(reached) = reached {
            let _ = reached.send(());
            // Others of this thread go on elsewhere.
            tokio::task::block_in_place(|| {
                let _ = self.go.lock().map(|go| go.recv());
            });
        }
    }
}

#[cfg(any(debug_assertions, feature = "fault-points"))]
impl Held {
    /// Until the future has reached the step; false when it ended without.
    pub async fn reached(&mut self) -> bool {
        (&mut self.reached).await.is_ok()
    }

    /// Lets it go on.
    pub fn go(self) {
        let _ = self.go.send(());
    }
}

/// A future that is held back when it first reaches the step `name`, on a runtime with several threads. What runs in
/// tasks of their own is not held.
#[cfg(any(debug_assertions, feature = "fault-points"))]
pub fn held<F: Future>(name: &'static str, work: F) -> (Held, impl Future<Output = F::Output>) {
    let (reached, is_reached) = tokio::sync::oneshot::channel();
    let (go, may_go) = std::sync::mpsc::channel();
    let hold = Hold {
        name,
        reached: std::sync::Mutex::new(Some(reached)),
        go: std::sync::Mutex::new(may_go),
    };
    (Held { reached: is_reached, go }, armed::HOLD.scope(hold, work))
}

/// Empty in shipped builds.
#[cfg(not(any(debug_assertions, feature = "fault-points")))]
#[inline(always)]
pub fn point(_name: &'static str) {}

//! Ports: what stands behind them is outside of this crate, or the operating system.

use std::pin::Pin;
use std::time::Instant;

use jiff::SignedDuration;

use super::clock::Comparison;

/// A clock that is never set.
pub trait Steady: Send + Sync {
    /// Since some moment before, which stays the same while the process runs.
    fn elapsed(&self) -> SignedDuration;
}

/// The steady clock of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemSteady(Instant);

impl Default for SystemSteady {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Steady for SystemSteady {
    fn elapsed(&self) -> SignedDuration {
        SignedDuration::try_from(self.0.elapsed()).unwrap_or(SignedDuration::MAX)
    }
}

/// What a comparison becomes.
pub type Comparing<'a> = Pin<Box<dyn Future<Output = Result<Comparison, String>> + Send + 'a>>;

/// An outside source of time.
pub trait TimeSource: Send + Sync {
    /// For people: which source this is.
    fn name(&self) -> String;

    /// Holds the system's clock against the source, in some seconds at most. The error is a
    /// Chinese sentence.
    fn compare(&self) -> Comparing<'_>;
}

//! Asking chrony, which keeps the system's clock, how far it is off.

use std::process::Stdio;
use std::time::Duration;

use status::timestamp::source::Comparing;
use status::timestamp::{Comparison, TimeSource, chrony};
use tokio::process::Command;

/// An answer comes from this machine, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// The program `chronyc`.
pub(super) struct Chrony {
    program: String,
}

impl Chrony {
    pub(super) fn new(program: String) -> Self {
        Self { program }
    }

    async fn ask(&self) -> Result<Comparison, String> {
        let mut command = Command::new(&self.program);
        command.args(["-c", "-n", "tracking"]).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output())
            .await
            .map_err(|_| "chronyc 没有及时回答，请检查 chrony 是否在运行".to_owned())?
            .map_err(|error| {
                format!("无法运行 {}：{error}；请检查 chronyc 的位置", self.program)
            })?;
        if !output.status.success() {
            return Err("chronyc 报告失败，请检查 chrony 是否在运行".to_owned());
        }
        chrony::read(&String::from_utf8_lossy(&output.stdout))
    }
}

impl TimeSource for Chrony {
    fn name(&self) -> String {
        "chrony".to_owned()
    }

    fn compare(&self) -> Comparing<'_> {
        Box::pin(self.ask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_is_missing_or_fails_is_named() {
        let missing = Chrony::new("/nonexistent/chronyc".to_owned()).ask().await.unwrap_err();
        assert!(missing.contains("/nonexistent/chronyc"), "{missing}");
        assert!(Chrony::new("false".to_owned()).ask().await.is_err());
        assert!(Chrony::new("true".to_owned()).ask().await.is_err(), "it says nothing");
    }
}

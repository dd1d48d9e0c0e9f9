//! What the lints found on one object.

use serde::Serialize;

use super::check::{Outcome, Rule, Severity};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Name of the lint.
    pub lint: &'static str,
    /// How heavy it weighs.
    pub severity: Severity,
    /// Where the rule stands.
    pub citation: &'static str,
    /// The rule and where it is broken, in Chinese.
    pub detail: String,
}

/// One rule that could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undetermined {
    /// Name of the lint.
    pub lint: &'static str,
    /// How heavy a finding would weigh.
    pub severity: Severity,
    /// What is missing, in Chinese.
    pub reason: &'static str,
}

/// The outcome of all lints on one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Broken rules.
    pub findings: Vec<Finding>,
    /// Rules that could not be checked; they are not passed.
    pub undetermined: Vec<Undetermined>,
    /// How many lints spoke about the object.
    pub checked: usize,
}

impl Report {
    /// Nothing wrong, and no rule of severity error left undetermined. Only then may a certificate be signed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.errors().next().is_none()
            && self.undetermined.iter().all(|one| one.severity < Severity::Error)
    }

    /// The findings that forbid signing.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// Whether a lint of this name found something.
    #[must_use]
    pub fn names(&self, lint: &str) -> bool {
        self.findings.iter().any(|finding| finding.lint == lint)
    }

    /// Takes the outcome of one rule.
    pub(super) fn record(&mut self, rule: &Rule, outcome: Outcome) {
        let Rule { name: lint, severity, citation, text } = *rule;
        self.checked += 1;
        match outcome {
            Outcome::Pass => {}
            Outcome::Broken(detail) => {
                self.findings.push(Finding {
                    lint,
                    severity,
                    citation,
                    detail: format!("{text}：{detail}"),
                });
            }
            Outcome::Unknown(reason) => {
                self.undetermined.push(Undetermined { lint, severity, reason })
            }
        }
    }

    /// A report of one finding: the object could not be read at all.
    pub(super) fn unreadable(what: &str) -> Self {
        let finding = Finding {
            lint: "readable",
            severity: Severity::Error,
            citation: "RFC 5280 §4.1",
            detail: format!("不是可读的{what}：结构残缺或多出内容"),
        };
        Self { findings: vec![finding], undetermined: Vec::new(), checked: 1 }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for finding in &self.findings {
            let Finding { lint, severity, citation, detail } = finding;
            writeln!(f, "{}：{detail}（{citation}；{lint}）", severity.label())?;
        }
        for one in &self.undetermined {
            writeln!(f, "未能确定：{}（{}）", one.reason, one.lint)?;
        }
        Ok(())
    }
}

//! The list of all lints, and how a set of them is run.

use std::fmt::Write as _;

use super::check::{Lint, Outcome, Target};
use super::context::Context;
use super::report::{Finding, Report, Undetermined};
use super::view::View;
use super::{art19, gmt0015, gmt0043, incident, rfc5280, role};

/// The lists of the folders, in the order in which findings are shown.
const FOLDERS: &[&[&Lint]] =
    &[art19::LINTS, gmt0043::LINTS, gmt0015::LINTS, rfc5280::LINTS, role::LINTS, incident::LINTS];

/// A set of lints. There is no way to leave out a rule of the law by configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set(());

impl Set {
    /// Every lint.
    #[must_use]
    pub const fn all() -> Self {
        Self(())
    }

    /// The lints of the set.
    pub fn lints(&self) -> impl Iterator<Item = &'static Lint> {
        FOLDERS.iter().flat_map(|folder| folder.iter().copied())
    }

    /// Runs the set on a to-be-signed certificate.
    #[must_use]
    pub fn run_tbs(&self, tbs: &[u8], context: &Context<'_>) -> Report {
        self.run(View::of_tbs(tbs), context)
    }

    /// Runs the set on the octets of a certificate.
    #[must_use]
    pub fn run_der(&self, certificate: &[u8], context: &Context<'_>) -> Report {
        self.run(View::of_certificate(certificate), context)
    }

    fn run(&self, view: Option<View<'_>>, context: &Context<'_>) -> Report {
        let Some(view) = view else { return Report::unreadable("证书") };
        let target = Target::new(view, context);
        let mut report = Report::default();
        for lint in self.lints().filter(|lint| is_in_force(lint, &target) && (lint.applies)(&target)) {
            report.checked += 1;
            record(&mut report, lint, (lint.check)(&target));
        }
        report
    }
}

/// A certificate whose begin cannot be read is held to every rule.
fn is_in_force(lint: &Lint, target: &Target<'_>) -> bool {
    let begin = target.view.not_before.instant();
    begin.is_none_or(|begin| begin.to_zoned(jiff::tz::TimeZone::UTC).date() >= lint.effective)
}

fn record(report: &mut Report, lint: &Lint, outcome: Outcome) {
    let Lint { name, severity, citation, text, .. } = lint;
    match outcome {
        Outcome::Pass => {}
        Outcome::Broken(detail) => report.findings.push(Finding {
            lint: name,
            severity: *severity,
            citation,
            detail: format!("{text}：{detail}"),
        }),
        Outcome::Unknown(reason) => report.undetermined.push(Undetermined { lint: name, severity: *severity, reason }),
    }
}

/// The table of all lints as Markdown: the content of `docs/lints.md`.
#[must_use]
pub fn documentation() -> String {
    let mut page = String::from(INTRODUCTION);
    for lint in Set::all().lints() {
        let Lint { name, severity, citation, text, effective, .. } = lint;
        let _ = writeln!(page, "| `{name}` | {} | {citation} | {effective} | {text} |", severity.label());
    }
    page
}

const INTRODUCTION: &str = "# Lints

Generated from the registry of `crates/pki/src/lint`; a test holds this page against it. Every rule stands in a file
of its own name, with its check and with examples of certificates that keep it and that break it. A finding of
severity 错误 forbids signing. Certificates that begin to be valid before the day in the fourth column are not held
to the rule.

## Certificates

| lint | severity | citation | since | rule |
| --- | --- | --- | --- | --- |
";

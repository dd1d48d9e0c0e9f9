//! The list of all lints, and how a set of them is run.

use std::fmt::Write as _;

use super::check::{Lint, Rule, Target};
use super::context::Context;
use super::report::Report;
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
        let Some(view) = view else {
            return Report::unreadable("证书");
        };
        let target = Target::new(view, context);
        let mut report = Report::default();
        for lint in
            self.lints().filter(|lint| is_in_force(lint, &target) && (lint.applies)(&target))
        {
            let Lint { name, severity, citation, text, .. } = *lint;
            report.record(&Rule { name, severity, citation, text }, (lint.check)(&target));
        }
        report
    }
}

/// A certificate whose begin cannot be read is held to every rule.
fn is_in_force(lint: &Lint, target: &Target<'_>) -> bool {
    let begin = target.view.not_before.instant();
    begin.is_none_or(|begin| begin.to_zoned(jiff::tz::TimeZone::UTC).date() >= lint.effective)
}

/// The table of all lints as Markdown: the content of `docs/lints.md`.
#[must_use]
pub fn documentation() -> String {
    let mut page = String::from(INTRODUCTION);
    for lint in Set::all().lints() {
        let Lint { name, severity, citation, text, effective, .. } = lint;
        let _ = writeln!(
            page,
            "| `{name}` | {} | {citation} | {effective} | {text} |",
            severity.label()
        );
    }
    page.push_str(CRL_HEAD);
    super::crl::rules().for_each(|rule| line(&mut page, rule));
    page.push_str(OCSP_HEAD);
    super::ocsp::rules().for_each(|rule| line(&mut page, rule));
    page
}

fn line(page: &mut String, Rule { name, severity, citation, text }: &Rule) {
    let _ = writeln!(page, "| `{name}` | {} | {citation} | {text} |", severity.label());
}

const CRL_HEAD: &str = "
## CRLs

| lint | severity | citation | rule |
| --- | --- | --- | --- |
";

const OCSP_HEAD: &str = "
## OCSP answers

| lint | severity | citation | rule |
| --- | --- | --- | --- |
";

const INTRODUCTION: &str = "# Lints

Generated from the registry of `crates/pki/src/lint`; a test holds this page against it. Every rule stands in a file
of its own name, with its check and with examples of certificates that keep it and that break it. A finding of
severity 错误 forbids signing. Certificates that begin to be valid before the day in the fourth column are not held
to the rule. Octets in which not even the fields can be found yield one finding of the name `readable`.

## Certificates

| lint | severity | citation | since | rule |
| --- | --- | --- | --- | --- |
";

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lints.md");

    #[test]
    fn the_page_of_lints_matches_the_registry() {
        let page = documentation();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(GOLDEN, &page).expect("docs/lints.md");
        }
        let golden = std::fs::read_to_string(GOLDEN).expect("docs/lints.md");
        assert!(
            golden == page,
            "docs/lints.md differs; run this test with UPDATE_GOLDEN=1 and look at the difference"
        );
    }

    #[test]
    fn names_are_folder_and_file_and_unique() {
        let mut names: Vec<&str> = Set::all().lints().map(|lint| lint.name).collect();
        names.extend(
            crate::lint::crl::rules().chain(crate::lint::ocsp::rules()).map(|rule| rule.name),
        );
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for lint in Set::all().lints() {
            let file = format!(
                "{}/src/lint/{}.rs",
                env!("CARGO_MANIFEST_DIR"),
                lint.name.replace('-', "_")
            );
            assert!(std::path::Path::new(&file).exists(), "{file}");
            assert!(!lint.citation.is_empty() && !lint.text.is_empty(), "{}", lint.name);
        }
    }

    #[test]
    fn there_are_at_least_sixty_lints() {
        assert!(Set::all().lints().count() >= 60);
    }
}

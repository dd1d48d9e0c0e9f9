//! RFC 5280 §4.2.1.6: DNS names are labels of letters, digits and hyphens.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/dns-form",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.6; RFC 1034 §3.5",
    text: "域名应书写正确",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::SUBJECT_ALT_NAME).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("host", server), ("wildcard", || with_name(b"*.example.gov.cn"))],
        bad: &[
            ("underscore", || with_name(b"a_b.example.gov.cn")),
            ("space_as_a_name", || with_name(b" ")),
            ("address_as_a_name", || with_name(b"https://www.example.gov.cn")),
        ],
    },
};

#[cfg(test)]
fn with_name(name: &[u8]) -> Example {
    server().with(oid::SUBJECT_ALT_NAME, seq(&[implicit(2, name)]))
}

fn check(target: &Target<'_>) -> Outcome {
    let names = target.view.alternative_names().unwrap_or_default();
    let wrong = names
        .iter()
        .find(|name| name.form == Form::Dns && !crate::lint::uri::is_dns_name(name.value));
    Outcome::from_detail(wrong.map(|name| format!("“{}”", String::from_utf8_lossy(name.value))))
}

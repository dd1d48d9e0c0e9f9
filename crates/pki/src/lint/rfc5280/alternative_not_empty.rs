//! RFC 5280 §4.2.1.6: subjectAltName, where it stands, names something.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/alternative-not-empty",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.6",
    text: "主体替换名称不得为空",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::SUBJECT_ALT_NAME).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("one_name", server)],
        bad: &[
            ("no_name", || server().with(oid::SUBJECT_ALT_NAME, seq(&[]))),
            ("name_without_characters", || {
                server().with(oid::SUBJECT_ALT_NAME, seq(&[implicit(2, b"")]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let names = target.view.alternative_names().unwrap_or_default();
    let empty = names.is_empty() || names.iter().any(|name| name.value.is_empty());
    Outcome::broken_if(empty, || "没有名称，或者名称没有内容".to_owned())
}

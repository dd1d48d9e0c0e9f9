//! RFC 5280 §4.1.2.9: where the field stands, it holds at least one extension.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/extensions-not-empty",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.9",
    text: "扩展项字段不得为空",
    effective: source::RFC_5280,
    applies: |target| target.view.extensions.is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("several_extensions", person_sign)],
        bad: &[("empty_sequence", || {
            let mut example = person_sign();
            example.extensions.clear();
            example
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.extensions().is_empty(), || {
        "扩展项序列中没有任何一项".to_owned()
    })
}

//! RFC 5280 §4.2.1.9: the certificate of a CA says that it is one.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/ca-constraints-present",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.9",
    text: "CA 证书应以基本约束表明其为 CA",
    effective: source::RFC_5280,
    applies: is_ca,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("ca_true", sub_ca), ("root_without_path_length", root)],
        bad: &[
            ("absent", || sub_ca().without(oid::BASIC_CONSTRAINTS)),
            ("ca_left_to_its_default", || sub_ca().with(oid::BASIC_CONSTRAINTS, seq(&[]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(!target.view.is_ca(), || "没有 cA 为真的 basicConstraints".to_owned())
}

//! RFC 5280 §4.2.1.9: the certificate of anyone else does not say that it is a CA.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/end-entity-not-ca",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.9",
    text: "终端实体证书不得表明其为 CA",
    effective: source::RFC_5280,
    applies: is_end_entity,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("without_basic_constraints", person_sign)],
        bad: &[("ca_true", || {
            person_sign().and(oid::BASIC_CONSTRAINTS, true, seq(&[boolean(true)]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.is_ca(), || "basicConstraints 的 cA 为真".to_owned())
}

//! basicConstraints of an end entity is an empty SEQUENCE in DER; one common program refuses it there. So it is left
//! out.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "incident/no-empty-constraints",
    severity: Severity::Warn,
    citation: "RFC 5280 §4.2.1.9; interoperability with GmSSL",
    text: "终端实体证书宜省略基本约束扩展项",
    effective: source::RFC_5280,
    applies: is_end_entity,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("left_out", person_sign)],
        bad: &[("empty_sequence", || person_sign().and(oid::BASIC_CONSTRAINTS, false, seq(&[])))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let present = target.view.extension(oid::BASIC_CONSTRAINTS).is_some();
    Outcome::broken_if(present && !target.view.is_ca(), || "含有空的基本约束".to_owned())
}

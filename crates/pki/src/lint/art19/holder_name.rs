//! Art. 19 (2): the certificate states the name of its holder (check C19-2).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/holder-name",
    severity: Severity::Error,
    citation: "Measures Art. 19 (2)",
    text: "证书应当载明证书持有人名称",
    effective: source::MEASURES,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("person_with_common_name", person_sign)],
        bad: &[
            ("subject_of_country_only", || {
                person_sign().subject(dn(&[(oid::COUNTRY, PRINTABLE, "CN")]))
            }),
            ("subject_with_blank_common_name", || person_sign().subject(person_named(" "))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let name = target.view.subject.text(oid::COMMON_NAME).unwrap_or_default();
    Outcome::broken_if(name.trim().is_empty(), || "主体名称中没有通用名（CN）一项".to_owned())
}

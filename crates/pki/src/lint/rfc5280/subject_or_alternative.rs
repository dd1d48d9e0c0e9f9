//! RFC 5280 §4.1.2.6: without a subject, a critical subjectAltName names the holder.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/subject-or-alternative",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.6, §4.2.1.6",
    text: "主体名称为空时，主体替换名称应存在并为关键扩展项",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("subject_present", person_sign)],
        bad: &[
            ("neither", || person_sign().subject(seq(&[]))),
            ("alternative_name_not_critical", || server().subject(seq(&[]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let named =
        target.view.extension(oid::SUBJECT_ALT_NAME).is_some_and(|extension| extension.critical);
    Outcome::broken_if(target.view.subject.is_empty() && !named, || "没有指明证书持有人".to_owned())
}

//! GM/T 0043 §6: subjectKeyIdentifier is present.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/subject-key-present",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.1.2",
    text: "证书应包含主体密钥标识符扩展项",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("sha1_of_the_point", person_sign)],
        bad: &[
            ("absent", || person_sign().without(oid::SUBJECT_KEY_IDENTIFIER)),
            ("absent_in_a_ca", || sub_ca().without(oid::SUBJECT_KEY_IDENTIFIER)),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let absent = target.view.subject_key_id().is_none_or(<[u8]>::is_empty);
    Outcome::broken_if(absent, || "没有 subjectKeyIdentifier".to_owned())
}

//! GM/T 0043 §6: certificates are of version 3.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/version",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; GM/T 0015 version",
    text: "证书版本应为 V3",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("version_3", person_sign)],
        bad: &[
            ("version_field_absent", || person_sign().version(None)),
            ("version_2", || person_sign().version(Some(1))),
            ("version_4", || person_sign().version(Some(3))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.version != Some(&[2]), || match target.view.version {
        Some(octets) => format!("版本字段的值为 {}", hex::encode(octets)),
        None => "没有版本字段，即 V1".to_owned(),
    })
}

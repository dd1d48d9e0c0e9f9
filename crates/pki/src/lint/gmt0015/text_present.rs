//! GM/T 0015: an identity extension holds a string with characters in it.

use super::{has_identity, identities, text};
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/text-present",
    severity: Severity::Error,
    citation: "GM/T 0015",
    text: "身份标识扩展项应为有内容的字符串",
    effective: source::GMT_0015,
    applies: has_identity,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("insurance_number", || with(printable("330102000001")))],
        bad: &[
            ("no_character", || with(printable(""))),
            ("space_before_the_number", || with(printable(" 330102000001"))),
            ("octets_without_a_type", || with(b"330102000001".to_vec())),
        ],
    },
};

#[cfg(test)]
fn with(value: Vec<u8>) -> Example {
    person_sign().and(oid::INSURANCE_NUMBER, false, value)
}

fn check(target: &Target<'_>) -> Outcome {
    let filled = |octets: &[u8]| {
        let text = String::from_utf8_lossy(octets);
        !text.is_empty() && text.trim() == text
    };
    let wrong = identities(&target.view)
        .find(|extension| !text(&target.view, extension).is_some_and(filled));
    Outcome::from_detail(wrong.map(|extension| format!("扩展项 {} 没有可用的内容", extension.oid)))
}

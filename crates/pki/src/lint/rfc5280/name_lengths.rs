//! RFC 5280 appendix A.1: upper bounds of attribute values, in characters. One large CA named a responder with more
//! than 64 characters and had to replace it.

use crate::lint::name::NameView;
use crate::lint::prelude::*;

/// Attribute types and the most characters of their values.
const BOUNDS: &[(Oid, usize)] = &[
    (oid::COMMON_NAME, 64),
    (oid::ORGANIZATION, 64),
    (oid::ORGANIZATIONAL_UNIT, 64),
    (oid::TITLE, 64),
    (oid::SERIAL_NUMBER, 64),
    (oid::STATE, 128),
    (oid::LOCALITY, 128),
    (oid::STREET, 128),
    (oid::SURNAME, 40),
    (oid::GIVEN_NAME, 16),
    (oid::EMAIL_ADDRESS, 255),
];

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/name-lengths",
    severity: Severity::Error,
    citation: "RFC 5280 appendix A.1",
    text: "名称各项不得为空，也不得超过规定的字数",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("sixty_four_characters", || {
            person_sign().subject(person_named(&"名".repeat(64)))
        })],
        bad: &[
            ("sixty_five_characters", || person_sign().subject(person_named(&"名".repeat(65)))),
            ("no_character", || person_sign().subject(person_named(""))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let mut details = out_of_bounds(&target.view.subject);
    details.extend(out_of_bounds(&target.view.issuer));
    Outcome::from_details(&details)
}

fn out_of_bounds(name: &NameView<'_>) -> Vec<String> {
    let lengths =
        name.attributes.iter().map(|attribute| (attribute, attribute.text().chars().count()));
    let bound = |kind: Oid| {
        BOUNDS.iter().find(|(one, _)| *one == kind).map_or(usize::MAX, |(_, most)| *most)
    };
    lengths
        .filter(|(attribute, length)| *length == 0 || *length > bound(attribute.oid))
        .map(|(attribute, length)| format!("{}有 {length} 个字", attribute.label()))
        .collect()
}

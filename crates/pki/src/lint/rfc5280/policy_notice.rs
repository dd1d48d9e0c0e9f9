//! RFC 5280 §4.2.1.4: the explicit text of a user notice has at most 200 characters and is UTF8String.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/policy-notice",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.4",
    text: "证书策略的用户须知应为 UTF8String，不超过 200 个字",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::CERTIFICATE_POLICIES).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("two_hundred_characters", || with_notice(utf8(&"告".repeat(200))))],
        bad: &[
            ("two_hundred_and_one_characters", || with_notice(utf8(&"告".repeat(201)))),
            ("text_as_ia5_string", || with_notice(ia5("notice"))),
        ],
    },
};

#[cfg(test)]
fn with_notice(text: Vec<u8>) -> Example {
    let qualifier = seq(&[oid(oid::QUALIFIER_USER_NOTICE), seq(&[text])]);
    person_sign().with(oid::CERTIFICATE_POLICIES, seq(&[seq(&[oid(POLICY), seq(&[qualifier])])]))
}

fn check(target: &Target<'_>) -> Outcome {
    let policies = target.view.policies().unwrap_or_default();
    let qualifiers = policies.iter().flat_map(|policy| &policy.qualifiers);
    let notices = qualifiers.filter(|(kind, _)| *kind == oid::QUALIFIER_USER_NOTICE);
    let texts = notices.flat_map(|(_, notice)| notice.children(tag::SEQUENCE).unwrap_or_default());
    let wrong = texts.filter(|part| part.tag != tag::SEQUENCE).find_map(|text| {
        let characters = String::from_utf8_lossy(text.content).chars().count();
        let kept = text.tag == tag::UTF8_STRING && (1..=200).contains(&characters);
        (!kept).then(|| {
            format!("须知有 {characters} 个字，类型为 {}", crate::lint::name::string_type(text.tag))
        })
    });
    Outcome::from_detail(wrong)
}

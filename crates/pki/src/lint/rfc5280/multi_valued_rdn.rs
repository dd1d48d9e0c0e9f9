//! RFC 5280 §4.1.2.4 allows several attributes in one RDN; programs disagree on their order, so no profile here
//! writes them.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/multi-valued-rdn",
    severity: Severity::Warn,
    citation: "RFC 5280 §4.1.2.4; X.690 §11.6",
    text: "相对可辨别名称宜只含一项",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("one_item_each", person_sign)],
        bad: &[("two_items_in_one", || {
            let item = |kind, text: &str| seq(&[oid(kind), utf8(text)]);
            let pair =
                set(&[item(oid::COMMON_NAME, "张三"), item(oid::ORGANIZATION, "杭州市某局")]);
            person_sign().subject(seq(&[pair]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let shared = target.view.subject.attributes.windows(2).any(|pair| match pair {
        [first, second] => first.rdn == second.rdn,
        _ => false,
    });
    Outcome::broken_if(shared, || "主体名称中有多项并列".to_owned())
}

//! GM/T 0043 §6: the signing and the encryption certificate of a pair have the same subject, octet by octet.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/pair-subject",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "同一用户的签名证书和加密证书的主体名称应当完全一致",
    effective: source::GMT_0043,
    applies: |target| target.context.pair_subject.is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("same_subject", person_encrypt)],
        bad: &[("another_subject", || person_encrypt().pair(person_named("李四")))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let other = target.context.pair_subject;
    let differs = other.is_some_and(|other| other != target.view.subject.der);
    Outcome::broken_if(differs, || "两张证书的主体名称编码不同".to_owned())
}

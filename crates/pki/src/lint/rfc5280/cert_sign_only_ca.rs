//! RFC 5280 §4.2.1.3, §4.2.1.9: keyCertSign goes with cA, and only with it.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/cert-sign-only-ca",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.3",
    text: "keyCertSign 只能用于 CA 证书",
    effective: source::RFC_5280,
    applies: |target| target.view.key_usage().is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("in_a_ca", sub_ca)],
        bad: &[("in_a_persons_certificate", || {
            person_sign().with(oid::KEY_USAGE, key_usage(&[0, 1, 5]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let signs = target.view.key_usage().is_some_and(|usage| usage.has(KeyUsage::KEY_CERT_SIGN));
    Outcome::broken_if(signs && !target.view.is_ca(), || {
        "密钥用法含 keyCertSign，但不是 CA".to_owned()
    })
}

//! RFC 5280 §4.2.1.3: a CA that signs certificates says so; one that also signs CRLs has cRLSign.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/ca-cert-sign",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.3",
    text: "CA 证书的密钥用法应含 keyCertSign 和 cRLSign",
    effective: source::RFC_5280,
    applies: |target| is_ca(target) && target.view.key_usage().is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("both", sub_ca)],
        bad: &[
            ("crl_sign_only", || root().with(oid::KEY_USAGE, key_usage(&[6]))),
            ("cert_sign_only", || root().with(oid::KEY_USAGE, key_usage(&[5]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let usage = target.view.key_usage().unwrap_or(KeyUsage(0));
    let kept = usage.has(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN);
    Outcome::broken_if(!kept, || format!("密钥用法为 {}", usage.names()))
}

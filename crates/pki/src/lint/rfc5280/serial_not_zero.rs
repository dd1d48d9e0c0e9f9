//! RFC 5280 §4.1.2.2: the serial number is written in as few octets as possible and is not zero.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/serial-not-zero",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.2; X.690 §8.3.2",
    text: "证书序列号不得为零，也不得带有多余的前导零",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("one_zero_octet_before_the_top_bit", || {
            person_sign().serial(&hex::decode("00a1f25b9c3377e0418d6c0a95b2ee1074").expect("hex"))
        })],
        bad: &[
            ("zero", || person_sign().serial(&[0])),
            ("needless_zero_octet", || {
                person_sign()
                    .serial(&hex::decode("005f3a91c07be24d1896f00c2ad7458e63").expect("hex"))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let wrong = match target.view.serial {
        [] | [0] => true,
        [0, second, ..] => second & 0x80 == 0,
        _ => false,
    };
    Outcome::broken_if(wrong, || format!("序列号为 {}", hex::encode(target.view.serial)))
}

//! GM/T 0043 §6: the serial number is a positive integer.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/serial-positive",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.1.2.2",
    text: "证书序列号应为正整数",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("top_bit_behind_a_zero_octet", || {
            person_sign().serial(&hex::decode("00a1f25b9c3377e0418d6c0a95b2ee1074").expect("hex"))
        })],
        bad: &[
            ("top_bit_without_a_zero_octet", || {
                person_sign().serial(&hex::decode("a1f25b9c3377e0418d6c0a95b2ee1074").expect("hex"))
            }),
            ("zero", || person_sign().serial(&[0])),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let octets = target.view.serial;
    let negative = octets.first().is_some_and(|first| first & 0x80 != 0);
    let zero = octets.iter().all(|octet| *octet == 0);
    Outcome::broken_if(negative || zero, || {
        format!("序列号 {} 为{}", hex::encode(octets), if zero { "零" } else { "负数" })
    })
}

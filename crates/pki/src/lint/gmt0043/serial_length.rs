//! GM/T 0043 §6: the serial number has at most 20 octets.

use crate::lint::prelude::*;

const LIMIT_OCTETS: usize = 20;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/serial-length",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.1.2.2",
    text: "证书序列号不得超过 20 个字节",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("twenty_octets", || {
            person_sign()
                .serial(&hex::decode("5f3a91c07be24d1896f00c2ad7458e63b2940d17").expect("hex"))
        })],
        bad: &[("twenty_one_octets", || {
            person_sign()
                .serial(&hex::decode("00df3a91c07be24d1896f00c2ad7458e63b2940d17").expect("hex"))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let length = target.view.serial.len();
    Outcome::broken_if(length > LIMIT_OCTETS, || format!("序列号长 {length} 字节"))
}

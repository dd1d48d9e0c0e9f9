//! In 2019 more than a million certificates were replaced because their serial numbers had 63 random bits where 64
//! are asked for. One serial cannot prove its randomness, but counters and patterns show.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "incident/serial-entropy",
    severity: Severity::Error,
    citation: "CA/Browser Forum BR §7.1 (incident bz1532842, 63-bit serials)",
    text: "证书序列号应含至少 64 位随机数",
    effective: source::ENTROPY,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("sixteen_random_octets", person_sign),
            ("nine_octets_with_the_top_bit", || with("00c1f25b9c3377e041")),
        ],
        bad: &[
            ("counter", || with("0100")),
            ("sixty_three_bits", || with("5f3a91c07be24d18")),
            ("counter_behind_a_constant", || with("7a000000000000000000000000000001")),
            ("ascending_octets", || with("0102030405060708090a0b0c0d0e0f10")),
            ("repeated_block", || with("5f3a91c07be24d185f3a91c07be24d18")),
        ],
    },
};

#[cfg(test)]
fn with(serial: &str) -> Example {
    person_sign().serial(&hex::decode(serial).expect("hex"))
}

fn check(target: &Target<'_>) -> Outcome {
    let serial = target.view.serial;
    let magnitude = serial.strip_prefix(&[0]).unwrap_or(serial);
    let unused = magnitude.first().map_or(0, |first| first.leading_zeros());
    let bits = (magnitude.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or(8));
    if bits < 64 {
        return Outcome::Broken(format!("序列号只有 {bits} 位"));
    }
    let pattern = if has_few_octets(magnitude) {
        Some("字节大多重复")
    } else if is_progression(magnitude) {
        Some("字节等差递增或递减")
    } else if repeats_its_half(magnitude) {
        Some("前后两半相同")
    } else {
        None
    };
    Outcome::from_detail(
        pattern.map(|what| format!("序列号 {} 的{what}，不像随机数", hex::encode(serial))),
    )
}

/// Fewer than half of the octets are different: by chance once in 10¹¹ serials of 128 bits.
fn has_few_octets(octets: &[u8]) -> bool {
    let mut distinct = octets.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() * 2 < octets.len()
}

fn is_progression(octets: &[u8]) -> bool {
    let mut steps = octets.windows(2).filter_map(|pair| match pair {
        [first, second] => Some(second.wrapping_sub(*first)),
        _ => None,
    });
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

fn repeats_its_half(octets: &[u8]) -> bool {
    let (front, back) = octets.split_at(octets.len() / 2);
    front == back
}

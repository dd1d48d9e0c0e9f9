//! T-01: serial numbers hold 128 random bits, are positive, and never longer
//! than 20 octets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use std::collections::HashSet;

use gm::{OsRandom, Random};
use pki::Serial;
use proptest::prelude::*;

const COUNT: usize = 1_000_000;

fn bit_counts_and_sizes() -> ([u32; 128], [u32; 256], HashSet<usize>) {
    let (mut bits, mut octets, mut sizes) = ([0; 128], [0; 256], HashSet::new());
    let mut block = vec![0; 16 * 1000];
    for _ in 0..COUNT / 1000 {
        OsRandom.fill(&mut block).unwrap();
        for random in block.as_chunks::<16>().0 {
            let serial = Serial::from_random(*random).unwrap();
            let mut full = [0; 16];
            full[16 - serial.as_bytes().len()..].copy_from_slice(serial.as_bytes());
            let value = u128::from_be_bytes(full);
            (0..128).for_each(|bit| bits[bit] += u32::try_from(value >> bit & 1).unwrap());
            full.iter().for_each(|octet| octets[usize::from(*octet)] += 1);
            sizes.insert(serial.as_bytes().len() + usize::from(serial.as_bytes()[0] >> 7));
        }
    }
    (bits, octets, sizes)
}

#[test]
fn a_million_serials_hold_128_random_bits_each() {
    let (bits, octets, sizes) = bit_counts_and_sizes();
    // Monobit per bit: mean n/2, deviation √n/2 = 500; six deviations.
    for (bit, ones) in bits.iter().enumerate() {
        let off = ones.abs_diff(u32::try_from(COUNT / 2).unwrap());
        assert!(off < 3000, "bit {bit} is set {ones} times");
    }
    // χ² over octet values, 255 degrees of freedom: mean 255, deviation 22.6; six deviations.
    let expected = (COUNT * 16) as f64 / 256.0;
    let chi: f64 = octets.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
    assert!(chi < 391.0, "χ² = {chi}");
    // Both usual DER lengths occur, and none beyond.
    assert!(sizes.contains(&16) && sizes.contains(&17) && sizes.iter().all(|size| *size <= 17));
}

#[test]
fn a_source_that_yields_nothing_but_zeros_is_refused() {
    assert_eq!(Serial::from_random([0; 16]).unwrap_err().code(), "serial.not-positive");
}

#[test]
fn the_bounds_are_those_of_rfc_5280() {
    assert!(Serial::from_magnitude(&[0x7f; 20]).is_ok());
    assert_eq!(Serial::from_magnitude(&[0x80; 20]).unwrap_err().code(), "serial.too-long");
    assert_eq!(Serial::from_magnitude(&[1; 21]).unwrap_err().code(), "serial.too-long");
    assert_eq!(Serial::from_hex("").unwrap_err().code(), "serial.empty");
    assert_eq!(Serial::from_hex("0x1").unwrap_err().code(), "serial.not-hex");
    assert_eq!(Serial::from_hex("00").unwrap_err().code(), "serial.not-positive");
    assert_eq!(Serial::from_hex("F").unwrap().to_hex(), "0f");
}

proptest! {
    #[test]
    fn text_and_bytes_of_a_serial_agree(random in any::<[u8; 16]>()) {
        prop_assume!(random != [0; 16]);
        let serial = Serial::from_random(random).unwrap();
        prop_assert_eq!(Serial::from_hex(&serial.to_hex()).unwrap(), serial);
        prop_assert_eq!(Serial::from_magnitude(serial.as_bytes()).unwrap(), serial);
        prop_assert!(serial.as_bytes()[0] != 0);
    }
}

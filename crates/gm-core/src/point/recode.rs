//! Scalars as signed digits.

use crate::limbs::{self, Limbs};

/// A digit of Booth's recoding: its magnitude, 0..=2^(W−1), and ones where it is negative.
#[derive(Clone, Copy)]
pub(super) struct Digit {
    pub(super) magnitude: u64,
    pub(super) negative: u64,
}

/// Windows of `width` bits that cover 256 bits and the last carry.
pub(super) const fn windows(width: u32) -> usize {
    (256 / width + 1) as usize
}

/// Digit `at` of k = Σ digit·2^(width·at), from the width + 1 bits that end where the window
/// ends: d = ⌈(those bits without the uppermost) / 2⌉ − 2^(width−1)·(the uppermost). In constant
/// time; the place is public.
#[inline(always)]
pub(super) fn booth(k: &Limbs, at: usize, width: u32) -> Digit {
    let from = at.wrapping_mul(width as usize);
    let bits = match from.checked_sub(1) {
        Some(from) => limbs::bits(k, from, width + 1),
        None => limbs::bits(k, 0, width) << 1,
    };
    let negative = (bits >> width).wrapping_neg();
    // −d = ⌈(2^(width+1) − 1 − bits) / 2⌉ of the complement.
    let bits = (bits ^ negative) & ((1 << (width + 1)) - 1);
    Digit { magnitude: (bits >> 1).wrapping_add(bits & 1), negative }
}

/// Places of a non-adjacent form of 256 bits.
pub(super) const NAF: usize = 257;

/// k = Σ digit·2^place with odd digits below 2^(width−1) in magnitude and at least `width` places
/// between them. Variable time, for public scalars.
pub(super) fn naf(k: &Limbs, width: u32) -> [i16; NAF] {
    let mut digits = [0; NAF];
    let (mut place, mut carry) = (0, 0);
    while let Some(digit) = digits.get_mut(place) {
        if limbs::bits(k, place, 1) == carry {
            place += 1;
            continue;
        }
        // Odd and below 2^width: the lowest bit differs from the carry.
        let word = limbs::bits(k, place, width) + carry;
        carry = word >> (width - 1);
        *digit = (word as i16).wrapping_sub((carry as i16) << width);
        place += width as usize;
    }
    digits
}

impl Digit {
    /// The value, for public digits.
    #[cfg(test)]
    pub(super) fn value(&self) -> i64 {
        let value = self.magnitude as i64;
        if self.negative != 0 { -value } else { value }
    }
}

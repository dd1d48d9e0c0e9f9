//! The places where something about a secret becomes public on purpose: that a candidate for a
//! nonce was refused, that a ciphertext did not open.
//!
//! Tools that follow secrets through the program (docs/cryptography.md) are told of this one
//! function; a branch on a secret anywhere else is a finding.

use std::hint::black_box;

use subtle::Choice;

/// Whether the mask is ones. The branch is taken here, so that the caller's is on a plain value.
#[inline(never)]
pub(crate) fn declassify(mask: u64) -> bool {
    let mut answer = black_box(0u8);
    for _ in 0..(mask & 1) {
        answer = black_box(1);
    }
    answer == 1
}

/// The same for the answer of a comparison in constant time.
pub(crate) fn revealed(answer: Choice) -> bool {
    declassify(u64::from(answer.unwrap_u8()).wrapping_neg())
}

//! Reading a table at a secret place: every entry is read, and a mask keeps one.
//!
//! A compiler that knows a mask to be all ones or zero may branch on it (LLVM did). Each way
//! hides that from it: the vectors compare against a digit that is opaque as a vector, the
//! portable way makes every mask opaque.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub(crate) mod portable;
#[cfg(target_arch = "x86_64")]
pub(crate) mod sse2;

use super::Affine;
use super::recode::Digit;
use crate::cpu;
use crate::limbs::zero_mask;

/// digit·(the row's point) in constant time; entry i of the row is its multiple i + 1. For a
/// digit of zero it is (0, 0), which is no point, and the second value is ones.
#[inline(always)]
pub(super) fn pick<const N: usize>(row: &[Affine; N], digit: Digit) -> (Affine, u64) {
    let point = cpu::pick(row, digit.magnitude as u32);
    (point.negate_where(digit.negative), zero_mask(digit.magnitude))
}

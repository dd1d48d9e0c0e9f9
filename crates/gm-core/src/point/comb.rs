//! Multiples of a point that is multiplied often: G, and keys that verify again and again.
//!
//! A comb holds m·2^(W·i)·P for each window i and each magnitude m from 1 to 2^(W−1). With it,
//! k·P takes one addition for each window and no doubling.

use std::sync::OnceLock;

use super::normalise::normalise;
use super::pick::pick;
use super::recode::{Digit, booth, windows};
use super::{Affine, Jacobian};
use crate::limbs::Limbs;

/// Windows of W bits, N = 2^(W−1) magnitudes.
pub(super) struct Comb<const W: u32, const N: usize>(Vec<[Affine; N]>);

/// The comb of G: 37 additions, 148 KiB.
type BaseComb = Comb<7, 64>;
/// The comb of a public key: 43 additions, 86 KiB.
pub(crate) struct KeyComb(Comb<6, 32>);

static BASE: OnceLock<BaseComb> = OnceLock::new();

/// The comb of G, made at its first use.
pub(super) fn base() -> &'static BaseComb {
    BASE.get_or_init(|| Comb::new(&Affine::BASE))
}

impl<const W: u32, const N: usize> Comb<W, N> {
    /// In variable time: the point is public.
    fn new(point: &Affine) -> Self {
        let mut first = *point;
        let mut rows = Vec::with_capacity(windows(W));
        for _ in 0..windows(W) {
            let (row, next) = Self::row(&first);
            rows.push(row);
            first = next;
        }
        Self(rows)
    }

    /// The multiples 1..=N of a point, and its multiple 2N.
    fn row(first: &Affine) -> ([Affine; N], Affine) {
        let mut sum = first.to_jacobian();
        let mut multiples = Vec::with_capacity(N + 1);
        for _ in 0..N {
            multiples.push(sum);
            sum = sum.add_affine_variable_time(first);
        }
        let last = multiples.last().copied().unwrap_or_default();
        multiples.push(last.double());
        let points = normalise(&multiples);
        let mut row = [Affine::default(); N];
        row.iter_mut().zip(&points).for_each(|(to, point)| *to = *point);
        (row, points.last().copied().unwrap_or_default())
    }

    /// The windows of k from the lowest: the magnitudes of each, and the digit.
    #[inline(always)]
    pub(super) fn windows<'a>(
        &'a self,
        k: &'a Limbs,
    ) -> impl Iterator<Item = (&'a [Affine; N], Digit)> {
        self.0.iter().enumerate().map(|(at, row)| (row, booth(k, at, W)))
    }

    pub(super) fn rows(&self) -> &[[Affine; N]] {
        &self.0
    }

    /// sum + k·P for public k.
    pub(super) fn add_multiple_variable_time(&self, sum: Jacobian, k: &Limbs) -> Jacobian {
        self.windows(k).fold(sum, |sum, (row, digit)| {
            let at = (digit.magnitude as usize).checked_sub(1);
            match at.and_then(|at| row.get(at)) {
                Some(point) => sum.add_affine_variable_time(&point.negate_where(digit.negative)),
                None => sum,
            }
        })
    }
}

impl KeyComb {
    /// Worth its making after some ten verifications.
    pub(crate) fn new(point: &Affine) -> Self {
        Self(Comb::new(point))
    }

    pub(super) fn comb(&self) -> &Comb<6, 32> {
        &self.0
    }
}

/// k·G in constant time for k below n.
///
/// The sum before window i is below 2^(7i) in magnitude, the addend is a multiple of 2^(7i) and
/// at most 64·2^(7i): they are never equal, and opposite only where k = 0, which has no other
/// digit. The last window is proven in docs/cryptography.md.
#[inline(always)]
pub(crate) fn mul_base_inline(k: &Limbs) -> Jacobian {
    base().windows(k).fold(Jacobian::INFINITY, |sum, (row, digit)| {
        let (point, nothing) = pick(row, digit);
        sum.add_affine(&point, nothing)
    })
}

/// k·G in constant time for k below n.
#[inline(never)]
pub(crate) fn mul_base(k: &Limbs) -> Jacobian {
    mul_base_inline(k)
}

//! Many multiples of G at once, in affine coordinates: the divisions of all sums of one window
//! share one inversion. An addition costs 6 multiplications instead of 11.

use zeroize::Zeroizing;

use super::Affine;
use super::comb::base;
use super::pick::pick;
use super::recode::booth;
use crate::field::Fe;
use crate::limbs::Limbs;

/// A sum on its way.
#[derive(Clone, Copy, Default)]
struct Running {
    sum: Affine,
    /// Ones while nothing has been added.
    infinity: u64,
    addend: Affine,
    /// Ones where this window adds nothing.
    nothing: u64,
    /// The divisor, and the product of those before it.
    divisor: Fe,
    before: Fe,
}

impl zeroize::DefaultIsZeroes for Running {}

/// k·G in constant time for each k, which is neither zero nor above n − 1. No two points that
/// meet are equal or opposite: see `mul_base`.
pub(crate) fn mul_base_batch(ks: &[Limbs]) -> Vec<Affine> {
    let start = Running { infinity: u64::MAX, ..Running::default() };
    let mut running = Zeroizing::new(vec![start; ks.len()]);
    for (at, row) in base().rows().iter().enumerate() {
        let mut product = Fe::ONE;
        for (one, k) in running.iter_mut().zip(ks) {
            (one.addend, one.nothing) = pick(row, booth(k, at, 7));
            one.prepare(&mut product);
        }
        let mut inverse = product.invert();
        running.iter_mut().rev().for_each(|one| one.add(&mut inverse));
    }
    running.iter().map(|one| one.sum).collect()
}

impl Running {
    /// Enters the divisor into the product. Where no addition happens it is one.
    #[inline(always)]
    fn prepare(&mut self, product: &mut Fe) {
        let difference = self.addend.x.sub(&self.sum.x);
        self.divisor = Fe::select(self.infinity | self.nothing, &Fe::ONE, &difference);
        self.before = *product;
        *product = product.mul(&self.divisor);
    }

    /// λ = Δy/Δx, x = λ² − x₁ − x₂, y = λ(x₁ − x) − y₁.
    #[inline(always)]
    fn add(&mut self, inverse: &mut Fe) {
        let divided = inverse.mul(&self.before);
        *inverse = inverse.mul(&self.divisor);
        let (p, q) = (&self.sum, &self.addend);
        let slope = q.y.sub(&p.y).mul(&divided);
        let x = slope.square().sub(&p.x).sub(&q.x);
        let y = slope.mul(&p.x.sub(&x)).sub(&p.y);
        let x = Fe::select(self.infinity, &q.x, &x);
        let y = Fe::select(self.infinity, &q.y, &y);
        self.sum =
            Affine { x: Fe::select(self.nothing, &p.x, &x), y: Fe::select(self.nothing, &p.y, &y) };
        self.infinity &= self.nothing;
    }
}

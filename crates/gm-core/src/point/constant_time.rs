//! k·P for a secret k and a public P.

use super::normalise::normalise;
use super::pick::pick;
use super::recode::{booth, windows};
use super::{Affine, Jacobian};
use crate::limbs::Limbs;

const WIDTH: u32 = 5;
const MAGNITUDES: usize = 16;

/// k·P in constant time for k below n and any P of the curve.
///
/// From the highest window: sum = 32·sum + digit·P. But for the last window, 32·sum is below
/// n − 16 and, unless it is zero, above 16: no addend equals it or is its opposite. In the last
/// window k = n − 6 does bring two equal points together (32·sum = n − 3, digit −3), so this one
/// addition is complete.
#[inline(never)]
pub(crate) fn mul(k: &Limbs, point: &Affine) -> Jacobian {
    let row = multiples(point);
    let mut sum = Jacobian::INFINITY;
    for at in (1..windows(WIDTH)).rev() {
        let (addend, nothing) = pick(&row, booth(k, at, WIDTH));
        sum = sum.add_affine(&addend, nothing);
        for _ in 0..WIDTH {
            sum = sum.double();
        }
    }
    let (addend, nothing) = pick(&row, booth(k, 0, WIDTH));
    sum.add_affine_complete(&addend, nothing)
}

/// 1·P to 16·P. None of them is infinity, none equal: the order is a large prime.
fn multiples(point: &Affine) -> [Affine; MAGNITUDES] {
    let mut sum = point.to_jacobian();
    let sums = [(); MAGNITUDES].map(|()| {
        let multiple = sum;
        sum = sum.add_affine_variable_time(point);
        multiple
    });
    let mut row = [Affine::default(); MAGNITUDES];
    row.iter_mut().zip(normalise(&sums)).for_each(|(to, point)| *to = point);
    row
}

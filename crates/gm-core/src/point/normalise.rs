//! Many divisions by one inversion (Montgomery's trick): products of all that went before, one
//! inverse, and back.

use zeroize::Zeroizing;

use super::{Affine, Jacobian};
use crate::field::Fe;

/// Affine forms of points that are not infinity (one infinity spoils all: callers see to it).
pub(crate) fn normalise(points: &[Jacobian]) -> Vec<Affine> {
    let mut product = Fe::ONE;
    let mut before = Zeroizing::new(Vec::with_capacity(points.len()));
    for point in points {
        before.push(product);
        product = product.mul(&point.z);
    }
    let mut inverse = product.invert();
    let mut affine = vec![Affine::default(); points.len()];
    for ((to, point), before) in affine.iter_mut().zip(points).zip(before.iter()).rev() {
        *to = point.divided(&inverse.mul(before));
        inverse = inverse.mul(&point.z);
    }
    affine
}

//! s·G + t·P for the verifier: everything is public, and time depends on it.

use std::sync::OnceLock;

use super::comb::{KeyComb, base};
use super::normalise::normalise;
use super::recode::{NAF, naf};
use super::{Affine, Jacobian};
use crate::limbs::Limbs;

/// Width of the form of s: one addition in 13 places, a table of 64 KiB for all keys.
const BASE_WIDTH: u32 = 12;
/// Width of the form of t: its table is made anew for each key.
const KEY_WIDTH: u32 = 5;

static BASE_ODD: OnceLock<Vec<Affine>> = OnceLock::new();

fn base_odd() -> &'static [Affine] {
    BASE_ODD.get_or_init(|| odd_multiples(&Affine::BASE, 1 << (BASE_WIDTH - 2)))
}

/// 1·P, 3·P, 5·P and so on.
fn odd_multiples(point: &Affine, count: usize) -> Vec<Affine> {
    let twice = point.to_jacobian().double().to_affine();
    let sums = std::iter::successors(Some(point.to_jacobian()), |sum| {
        Some(sum.add_affine_variable_time(&twice))
    });
    normalise(&sums.take(count).collect::<Vec<_>>())
}

/// s·G + t·P: both forms over one row of doublings.
pub(crate) fn mul_add_base(s: &Limbs, t: &Limbs, point: &Affine) -> Jacobian {
    let key_odd = odd_multiples(point, 1 << (KEY_WIDTH - 2));
    let base_odd = base_odd();
    joint(&naf(s, BASE_WIDTH), base_odd, &naf(t, KEY_WIDTH), &key_odd)
}

fn joint(s: &[i16; NAF], base_odd: &[Affine], t: &[i16; NAF], key_odd: &[Affine]) -> Jacobian {
    let mut sum = Jacobian::INFINITY;
    for (s, t) in s.iter().zip(t).rev() {
        sum = sum.double();
        sum = add_digit(sum, *s, base_odd);
        sum = add_digit(sum, *t, key_odd);
    }
    sum
}

#[inline(always)]
fn add_digit(sum: Jacobian, digit: i16, odd: &[Affine]) -> Jacobian {
    let at = usize::from(digit.unsigned_abs() / 2);
    match odd.get(at) {
        Some(point) if digit > 0 => sum.add_affine_variable_time(point),
        Some(point) if digit < 0 => sum.add_affine_variable_time(&point.negate()),
        _ => sum,
    }
}

/// s·G + t·P with the comb of P: no doubling.
pub(crate) fn mul_add_base_prepared(s: &Limbs, t: &Limbs, key: &KeyComb) -> Jacobian {
    let sum = base().add_multiple_variable_time(Jacobian::INFINITY, s);
    key.comb().add_multiple_variable_time(sum, t)
}

/// k·P for public k.
pub(crate) fn mul_variable_time(k: &Limbs, point: &Affine) -> Jacobian {
    mul_add_base(&[0; 4], k, point)
}

//! The ways to multiply against each other, against additions one by one, and against
//! RustCrypto's curve; scalars at the edges where formulas could meet an exception.

use ::sm2::elliptic_curve::{PrimeField, sec1::ToSec1Point};
use num_bigint::BigUint;
use proptest::prelude::*;

use super::recode::{booth, naf, windows};
use super::*;
use crate::limbs::{self, Limbs};
use crate::scalar::N;
use crate::testing::{any_limbs, below, big, cases, small};

/// x ‖ y; None for infinity.
fn octets(point: Jacobian) -> Option<Vec<u8>> {
    let affine = point.to_affine();
    (point.is_infinity() == 0).then(|| [affine.x.to_be(), affine.y.to_be()].concat())
}

fn their_scalar(k: &Limbs) -> ::sm2::Scalar {
    ::sm2::Scalar::from_repr(limbs::to_be(k).into()).unwrap()
}

fn their_octets(point: ::sm2::ProjectivePoint) -> Option<Vec<u8>> {
    let encoded = point.to_affine().to_sec1_point(false);
    encoded.as_bytes().get(1..).filter(|rest| !rest.is_empty()).map(<[u8]>::to_vec)
}

/// Scalars that a window or a carry could stumble over.
fn edges() -> Vec<Limbs> {
    let n = big(&N);
    let mut edges: Vec<BigUint> = (0u32..70).map(BigUint::from).collect();
    edges.extend((1u32..70).map(|back| &n - back));
    for bit in [5usize, 6, 7, 12, 63, 64, 65, 127, 128, 191, 192, 245, 250, 251, 252, 253, 254, 255]
    {
        let power = BigUint::from(1u32) << bit;
        edges.extend([&power - 1u32, power.clone(), &power + 1u32, &n - &power]);
    }
    for factor in [15u32, 16, 31, 32, 33, 63, 64, 65] {
        edges.push(&n / factor);
        edges.push((&n / factor) + 1u32);
    }
    edges.push((&n - 1u32) / 2u32);
    edges.push((&n + 1u32) / 2u32);
    edges.iter().map(|k| small(&(k % &n))).collect()
}

fn check_all_ways(k: &Limbs) {
    let expected = their_octets(::sm2::ProjectivePoint::GENERATOR * their_scalar(k));
    assert_eq!(octets(mul_base(k)), expected, "comb {k:x?}");
    assert_eq!(octets(mul(k, &Affine::BASE)), expected, "window {k:x?}");
    assert_eq!(octets(mul_variable_time(k, &Affine::BASE)), expected, "variable time {k:x?}");
    assert_eq!(octets(mul_add_base(k, &[0; 4], &Affine::BASE)), expected, "base {k:x?}");
}

#[test]
fn scalars_at_the_edges_multiply_as_others_do() {
    edges().iter().for_each(check_all_ways);
}

#[test]
fn a_batch_is_what_its_members_are() {
    let ks: Vec<Limbs> = edges().into_iter().filter(|k| *k != [0; 4]).collect();
    for size in [1, 2, 7, ks.len()] {
        let points = mul_base_batch(&ks[..size]);
        for (k, point) in ks.iter().zip(&points) {
            assert_eq!(octets(point.to_jacobian()), octets(mul_base(k)));
        }
    }
    assert!(mul_base_batch(&[]).is_empty());
}

#[test]
fn the_complete_addition_knows_every_case() {
    let g = Affine::BASE;
    let two = g.to_jacobian().double();
    let same = |a: Jacobian, b: Jacobian| assert_eq!(octets(a), octets(b));
    same(g.to_jacobian().add_affine_complete(&g, 0), two);
    // The same point with another z.
    let other_z = two.add_affine_complete(&g, 0).add_affine_complete(&two.to_affine().negate(), 0);
    same(other_z, g.to_jacobian());
    same(other_z.add_affine_complete(&g, 0), two);
    same(other_z.add_affine_variable_time(&g), two);
    same(other_z.add_affine_complete(&g.negate(), 0), Jacobian::INFINITY);
    same(other_z.add_affine_variable_time(&g.negate()), Jacobian::INFINITY);
    same(Jacobian::INFINITY.add_affine_complete(&g, 0), g.to_jacobian());
    same(Jacobian::INFINITY.add_affine_complete(&g, u64::MAX), Jacobian::INFINITY);
    same(two.add_affine_complete(&g, u64::MAX), two);
    same(Jacobian::INFINITY.double(), Jacobian::INFINITY);
}

#[test]
fn points_off_the_curve_are_refused() {
    let (x, y) = (Affine::BASE.x.to_be(), Affine::BASE.y.to_be());
    assert_eq!(Affine::from_be(&x, &y), Some(Affine::BASE));
    for at in 0..32 {
        let mut wrong = y;
        wrong[at] ^= 1;
        assert_eq!(Affine::from_be(&x, &wrong), None);
    }
    assert_eq!(Affine::from_be(&[0; 32], &[0; 32]), None);
    assert_eq!(Affine::from_be(&limbs::to_be(&crate::field::P), &y), None);
    assert!(Affine::BASE.negate().is_on_curve());
}

/// x of few bits, where it is on the curve: its cube wraps in other ways.
#[test]
fn points_with_a_small_abscissa_multiply_as_others_do() {
    use ::sm2::elliptic_curve::{ops::MulByGeneratorVartime as _, point::DecompressPoint};
    let mut found = 0;
    for small in 0u8..40 {
        let mut x = [0; 32];
        x[31] = small;
        let theirs = ::sm2::AffinePoint::decompress(&x.into(), 0u8.into());
        let Some(theirs) = Option::<::sm2::AffinePoint>::from(theirs) else { continue };
        let sec1 = theirs.to_sec1_point(false);
        let y: [u8; 32] = sec1.as_bytes()[33..].try_into().unwrap();
        let point = Affine::from_be(&x, &y).unwrap();
        let theirs = ::sm2::ProjectivePoint::from(theirs);
        for k in edges().iter().step_by(9) {
            let expected = their_octets(theirs * their_scalar(k));
            assert_eq!(octets(mul(k, &point)), expected);
            assert_eq!(octets(mul_variable_time(k, &point)), expected);
            let s = their_scalar(&[5, 0, 0, 7]);
            let sum =
                ::sm2::ProjectivePoint::mul_by_generator_vartime(&s) + theirs * their_scalar(k);
            let key = KeyComb::new(&point);
            let ours = mul_add_base_prepared(&[5, 0, 0, 7], k, &key);
            assert_eq!(octets(ours), their_octets(sum));
        }
        found += 1;
    }
    assert!(found > 5);
}

/// Every way of this CPU reads the entry that is asked for, and none for zero.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_row_is_read_at_the_right_place() {
    let mut sum = Affine::BASE.to_jacobian();
    let row: [Affine; 64] = std::array::from_fn(|_| {
        sum = sum.double();
        sum.to_affine()
    });
    for magnitude in 0..=64 {
        let at = (magnitude as usize).checked_sub(1);
        let expected = at.map_or(Affine::default(), |at| row[at]);
        for picked in crate::cpu::pick_ways(&row, magnitude) {
            assert_eq!(picked, expected, "{magnitude}");
        }
    }
}

/// t·P = −s·G and t·P = s·G: the verifier's sum meets its exceptions.
#[test]
fn sums_that_cancel_or_double_are_right() {
    let (k, back) = ([9, 8, 7, 6], small(&(big(&N) - big(&[9, 8, 7, 6]))));
    let key = KeyComb::new(&Affine::BASE);
    let double = small(&(big(&k) * 2u32 % big(&N)));
    for (t, expected) in [(back, None), (k, octets(mul_base(&double)))] {
        assert_eq!(octets(mul_add_base(&k, &t, &Affine::BASE)), expected);
        assert_eq!(octets(mul_add_base_prepared(&k, &t, &key)), expected);
    }
}

fn signed_sum(digits: impl Iterator<Item = (i64, usize)>) -> (BigUint, BigUint) {
    digits.fold((BigUint::ZERO, BigUint::ZERO), |(plus, minus), (digit, place)| {
        let part = BigUint::from(digit.unsigned_abs()) << place;
        if digit < 0 { (plus, minus + part) } else { (plus + part, minus) }
    })
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn digits_sum_to_the_scalar(k in any_limbs(), width in 2u32..=8) {
        let digits = (0..windows(width)).map(|at| booth(&k, at, width));
        let half = 1 << (width - 1);
        let (plus, minus) = signed_sum(digits.enumerate().map(|(at, digit)| {
            assert!(digit.magnitude <= half);
            (digit.value(), at * width as usize)
        }));
        prop_assert_eq!(plus, minus + big(&k));
    }

    #[test]
    fn forms_sum_to_the_scalar(k in any_limbs(), width in 2u32..=12) {
        let digits = naf(&k, width);
        prop_assert!(digits.iter().all(|d| *d == 0 || d % 2 != 0));
        prop_assert!(digits.iter().all(|d| d.unsigned_abs() < 1 << (width - 1)));
        let places = digits.iter().enumerate().map(|(place, digit)| (i64::from(*digit), place));
        let (plus, minus) = signed_sum(places);
        prop_assert_eq!(plus, minus + big(&k));
    }

    #[test]
    fn any_scalar_multiplies_as_others_do(k in below(N)) {
        check_all_ways(&k);
    }

    #[test]
    fn any_two_scalars_sum_as_others_do(s in below(N), t in below(N), d in below(N)) {
        prop_assume!(d != [0; 4]);
        let point = mul_base(&d).to_affine();
        prop_assert!(point.is_on_curve());
        let theirs = ::sm2::ProjectivePoint::GENERATOR * their_scalar(&d);
        let sum = ::sm2::ProjectivePoint::GENERATOR * their_scalar(&s) + theirs * their_scalar(&t);
        prop_assert_eq!(octets(mul_add_base(&s, &t, &point)), their_octets(sum));
        prop_assert_eq!(octets(mul(&t, &point)), their_octets(theirs * their_scalar(&t)));
    }
}

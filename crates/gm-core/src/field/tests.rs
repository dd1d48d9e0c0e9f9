//! The field against integers without limbs.

use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::testing::{any_limbs, below, big, cases, small};

fn p() -> BigUint {
    big(&P)
}

fn fe(limbs: &Limbs) -> Fe {
    Fe::from_limbs(limbs)
}

fn value(fe: Fe) -> BigUint {
    assert!(big(fe.montgomery()) < p(), "always below p");
    big(&fe.to_limbs())
}

/// Elements by their inner form as well: carries happen there.
fn element() -> impl Strategy<Value = Fe> {
    prop_oneof![
        below(P).prop_map(Fe::from_montgomery),
        below(P).prop_map(|limbs| Fe::from_limbs(&limbs)),
    ]
}

#[test]
fn constants_are_what_they_are_called() {
    let r = BigUint::from(1u32) << 256;
    assert_eq!(big(&R2), (&r * &r) % p());
    assert_eq!(big(Fe::ONE.montgomery()), r % p());
    let p_by_definition =
        (BigUint::from(1u32) << 256) - (BigUint::from(1u32) << 224) - (BigUint::from(1u32) << 96)
            + (BigUint::from(1u32) << 64)
            - 1u32;
    assert_eq!(p(), p_by_definition);
}

#[test]
fn octets_of_p_and_above_are_refused() {
    for offset in 0u32..3 {
        let at = p() - 1u32 + offset;
        assert_eq!(Fe::from_be(&limbs::to_be(&small(&at))).is_some(), offset == 0);
    }
    assert!(Fe::from_be(&[0xff; 32]).is_none());
    assert!(Fe::from_be(&[0; 32]).unwrap() == Fe::ZERO);
}

#[test]
fn the_inverse_of_zero_is_zero() {
    assert!(Fe::ZERO.invert() == Fe::ZERO);
    assert!(Fe::ONE.invert() == Fe::ONE);
    assert!(Fe::ONE.negate().invert() == Fe::ONE.negate());
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn sums_differences_and_products_are_those_of_integers(a in element(), b in element()) {
        let (x, y) = (value(a), value(b));
        prop_assert_eq!(value(a.add(&b)), (&x + &y) % p());
        prop_assert_eq!(value(a.double()), (&x + &x) % p());
        prop_assert_eq!(value(a.sub(&b)), (&x + p() - &y) % p());
        prop_assert_eq!(value(a.negate()), (p() - &x) % p());
        prop_assert_eq!(value(a.mul(&b)), (&x * &y) % p());
        prop_assert_eq!(value(a.square()), (&x * &x) % p());
        prop_assert_eq!(a.is_zero(), limbs::mask(x == BigUint::ZERO));
        prop_assert_eq!(a.equals(&b), limbs::mask(x == y));
    }

    #[test]
    fn an_inverse_is_that_of_fermat(a in element()) {
        let inverse = a.invert();
        prop_assert_eq!(value(inverse), value(a).modpow(&(p() - 2u32), &p()));
    }

    #[test]
    fn forms_and_octets_return(limbs in below(P)) {
        prop_assert_eq!(fe(&limbs).to_limbs(), limbs);
        prop_assert!(Fe::from_be(&fe(&limbs).to_be()).unwrap() == fe(&limbs));
    }

    #[test]
    fn wide_products_of_any_limbs_are_those_of_integers(a in any_limbs(), b in any_limbs()) {
        let join = |(low, high): (Limbs, Limbs)| big(&low) + (big(&high) << 256);
        prop_assert_eq!(join(limbs::mul_wide(&a, &b)), big(&a) * big(&b));
        prop_assert_eq!(join(limbs::square_wide(&a)), big(&a) * big(&a));
        let (sum, carry) = limbs::add(&a, &b);
        prop_assert_eq!(big(&sum) + (BigUint::from(u8::from(carry)) << 256), big(&a) + big(&b));
        let (difference, borrow) = limbs::sub(&a, &b);
        let lent = BigUint::from(u8::from(borrow)) << 256;
        prop_assert_eq!(big(&difference) + big(&b), big(&a) + lent);
    }

    #[test]
    fn bits_are_read_from_any_place(a in any_limbs(), from in 0usize..256, count in 1u32..16) {
        let expected = (big(&a) >> from) % (1u32 << count);
        prop_assert_eq!(BigUint::from(limbs::bits(&a, from, count)), expected);
    }

    #[test]
    fn a_mask_chooses(a in element(), b in element(), first in any::<bool>()) {
        let wanted = if first { a } else { b };
        prop_assert!(Fe::select(limbs::mask(first), &a, &b) == wanted);
    }
}

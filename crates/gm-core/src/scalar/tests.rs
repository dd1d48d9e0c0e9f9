//! The scalars against integers without limbs.

use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::testing::{any_limbs, below, big, cases, small};

fn n() -> BigUint {
    big(&N)
}

fn value(scalar: Scalar) -> BigUint {
    assert!(big(scalar.limbs()) < n(), "always below n");
    big(scalar.limbs())
}

#[test]
fn octets_of_n_and_above_are_refused_or_reduced() {
    for offset in 0u32..3 {
        let at = limbs::to_be(&small(&(n() - 1u32 + offset)));
        assert_eq!(Scalar::from_be(&at).is_some(), offset == 0);
        assert_eq!(value(Scalar::reduced(&at)), (n() - 1u32 + offset) % n());
    }
    assert_eq!(value(Scalar::reduced(&[0xff; 32])), big(&[u64::MAX; 4]) % n());
    assert!(Scalar::ZERO.invert() == Scalar::ZERO);
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn sums_differences_and_products_are_those_of_integers(a in below(N), b in below(N)) {
        let (x, y) = (big(&a), big(&b));
        let (a, b) = (Scalar(a), Scalar(b));
        prop_assert_eq!(value(a.add(&b)), (&x + &y) % n());
        prop_assert_eq!(value(a.sub(&b)), (&x + n() - &y) % n());
        prop_assert_eq!(value(a.negate()), (n() - &x) % n());
        prop_assert_eq!(value(a.mul(&b)), (&x * &y) % n());
        prop_assert_eq!(a.is_zero_vartime(), x == BigUint::ZERO);
        prop_assert_eq!(a == b, x == y);
    }

    #[test]
    fn an_inverse_is_that_of_fermat(a in below(N)) {
        prop_assert_eq!(value(Scalar(a).invert()), big(&a).modpow(&(n() - 2u32), &n()));
    }

    #[test]
    fn any_octets_are_reduced_and_return(a in any_limbs()) {
        let scalar = Scalar::reduced(&limbs::to_be(&a));
        prop_assert_eq!(value(scalar), big(&a) % n());
        prop_assert!(Scalar::from_be(&scalar.to_be()).unwrap() == scalar);
    }
}

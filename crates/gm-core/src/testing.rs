//! What the unit tests of the arithmetic share: integers without limbs, and limbs at the edges
//! where carries are born.

use num_bigint::BigUint;
use proptest::prelude::*;

use crate::limbs::{self, Limbs};

/// Cases of a property: YINXIN_GM_CORE_CASES, or so many.
pub(crate) fn cases(otherwise: u32) -> ProptestConfig {
    let cases = std::env::var("YINXIN_GM_CORE_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        // A case in fifty may be of no use to a test: in a million that is beyond proptest's own bound.
        max_global_rejects: u32::MAX,
        ..ProptestConfig::with_cases(cases.unwrap_or(otherwise))
    }
}

pub(crate) fn big(limbs: &Limbs) -> BigUint {
    BigUint::from_bytes_be(&limbs::to_be(limbs))
}

pub(crate) fn small(value: &BigUint) -> Limbs {
    let octets = value.to_bytes_be();
    let mut wide = [0; 32];
    wide[32 - octets.len()..].copy_from_slice(&octets);
    limbs::from_be(&wide)
}

/// Limbs where carries begin and end, mixed with any.
fn limb() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => any::<u64>(),
        1 => prop::sample::select(vec![
            0, 1, 2, 3, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 62, (1 << 63) - 1,
            1 << 63, u64::MAX << 32, (u64::MAX << 32) - 1, u64::MAX - 2, u64::MAX - 1, u64::MAX,
            0xffff_fffe_ffff_ffff, 0xffff_fffe_ffff_fffe, 0x53bb_f409_39d5_4123,
            0x7203_df6b_21c6_052b,
        ]),
    ]
}

/// Any 256 bits.
pub(crate) fn any_limbs() -> impl Strategy<Value = Limbs> {
    prop::array::uniform4(limb())
}

/// Integers below `modulus`: edges of limbs, and the neighbours of 0, of the modulus and of
/// its half.
pub(crate) fn below(modulus: Limbs) -> impl Strategy<Value = Limbs> {
    let m = big(&modulus);
    let (near, half) = (m.clone(), &m / 2u32);
    prop_oneof![
        6 => any_limbs().prop_map(move |limbs| small(&(big(&limbs) % &m))),
        1 => (0u64..6).prop_map(|low| [low, 0, 0, 0]),
        1 => (1u64..6).prop_map(move |back| small(&(&near - back))),
        1 => (0u64..6).prop_map(move |back| small(&(&half + 3u32 - back))),
    ]
}

//! What the CPU can do beyond the baseline, and the calls that use it.
//!
//! The only module with unsafe code. A function that is compiled for a CPU feature is safe in
//! itself (there is no unsafe block in any of them); calling it is sound exactly where the CPU
//! has the feature. Every call below stands under the question that asks for all features its
//! callee is compiled with. Each has a portable twin, which tests hold beside it, and which is
//! all there is on other architectures.

#![allow(unsafe_code)]

use crate::point::{Affine, pick};
use crate::sm3::{BlocksOf8, State8, lanes_portable};
use crate::sm4::ghash::{self, Powers};
use crate::sm4::{self, Block, RoundKeys};

/// Whether the CPU has all of these features, and they are not to be ignored.
#[cfg(target_arch = "x86_64")]
macro_rules! has {
    ($($feature:tt),+) => {
        !cfg!(feature = "portable") && $(is_x86_feature_detected!($feature))&&+
    };
}

/// Entry `magnitude` − 1 of a row, in constant time; (0, 0) for a magnitude of zero.
#[inline(always)]
pub(crate) fn pick<const N: usize>(row: &[Affine; N], magnitude: u32) -> Affine {
    #[cfg(target_arch = "x86_64")]
    {
        if has!("avx512f") {
            // SAFETY: the CPU has all that the callee is compiled for.
            return unsafe { pick::avx512::pick(row, magnitude) };
        }
        if has!("avx2") {
            // SAFETY: the CPU has all that the callee is compiled for.
            return unsafe { pick::avx2::pick(row, magnitude) };
        }
        if has!("sse2") {
            // SAFETY: the CPU has all that the callee is compiled for.
            return unsafe { pick::sse2::pick(row, magnitude) };
        }
    }
    pick::portable::pick(row, magnitude)
}

/// Every way that this CPU has.
#[cfg(all(test, target_arch = "x86_64"))]
pub(crate) fn pick_ways<const N: usize>(row: &[Affine; N], magnitude: u32) -> Vec<Affine> {
    // SAFETY: every x86-64 has SSE2.
    let narrow = unsafe { pick::sse2::pick(row, magnitude) };
    let mut picked = vec![pick::portable::pick(row, magnitude), narrow];
    if has!("avx2") {
        // SAFETY: the CPU has all that the callee is compiled for.
        picked.push(unsafe { pick::avx2::pick(row, magnitude) });
    }
    if has!("avx512f") {
        // SAFETY: the CPU has all that the callee is compiled for.
        picked.push(unsafe { pick::avx512::pick(row, magnitude) });
    }
    picked
}

/// Compresses a block of each of eight messages.
pub(crate) fn sm3_compress8(state: &mut State8, blocks: &BlocksOf8) {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::sm3::{lanes_avx2, lanes_avx512};
        if has!("avx2", "avx512f", "avx512vl") {
            // SAFETY: the CPU has all that the callee is compiled for.
            return unsafe { lanes_avx512::compress8(state, blocks) };
        }
        if has!("avx2") {
            // SAFETY: the CPU has all that the callee is compiled for.
            return unsafe { lanes_avx2::compress8(state, blocks) };
        }
    }
    lanes_portable::compress8(state, blocks);
}

/// Encrypts blocks under round keys, in place.
pub(crate) fn sm4_encrypt(keys: &RoundKeys, blocks: &mut [Block]) {
    #[cfg(target_arch = "x86_64")]
    if has!("ssse3", "aes") {
        return x86::sm4_encrypt(keys, blocks);
    }
    sm4::portable(keys, blocks);
}

/// Every way that this CPU has.
#[cfg(all(test, target_arch = "x86_64"))]
pub(crate) fn sm4_ways() -> Vec<fn(&RoundKeys, &mut [Block])> {
    let mut ways: Vec<fn(&RoundKeys, &mut [Block])> = Vec::new();
    if has!("ssse3", "aes") {
        ways.push(x86::narrow_aes);
    }
    if has!("ssse3", "gfni") {
        ways.push(x86::narrow_gfni);
    }
    if has!("ssse3", "aes", "avx2", "vaes") {
        ways.push(x86::wide_vaes);
    }
    if has!("ssse3", "aes", "avx512f", "avx512bw", "gfni") {
        ways.push(x86::wide_gfni);
    }
    ways
}

/// The sum of GHASH after so many blocks more.
pub(crate) fn ghash(sum: u128, powers: &Powers, blocks: &[Block]) -> u128 {
    #[cfg(target_arch = "x86_64")]
    if has!("ssse3", "pclmulqdq") {
        // SAFETY: the CPU has all that the callee is compiled for.
        return unsafe { ghash::carryless::ghash(sum, powers, blocks) };
    }
    ghash::portable::ghash(sum, powers, blocks)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use crate::sm4::{
        Block, RoundKeys, engine_aes, engine_gfni, engine_gfni_narrow, engine_vaes, padded,
    };

    /// As many blocks as possible by the widest vectors, what is left by narrower ones. The
    /// caller has asked for SSSE3 and AES.
    pub(super) fn sm4_encrypt(keys: &RoundKeys, blocks: &mut [Block]) {
        let few = blocks.len() <= 2 * engine_aes::GROUP;
        if !few && has!("avx512f", "avx512bw", "gfni") {
            wide_gfni(keys, blocks);
        } else if !few && has!("avx2", "vaes") {
            wide_vaes(keys, blocks);
        } else {
            narrow(keys, blocks);
        }
    }

    /// By vectors of 512 bits. The caller has asked for AVX-512 F and BW and GFNI.
    pub(super) fn wide_gfni(keys: &RoundKeys, blocks: &mut [Block]) {
        let blocks = in_groups(blocks, |four: &mut [_; 4]| {
            // SAFETY: the CPU has all that the callee is compiled for.
            unsafe { engine_gfni::encrypt(keys, four) }
        });
        let blocks = in_groups(blocks, |one: &mut [_; 1]| {
            // SAFETY: as above.
            unsafe { engine_gfni::encrypt(keys, one) }
        });
        narrow(keys, blocks);
    }

    /// By vectors of 256 bits. The caller has asked for AVX2 and VAES.
    pub(super) fn wide_vaes(keys: &RoundKeys, blocks: &mut [Block]) {
        let blocks = in_groups(blocks, |four: &mut [_; 4]| {
            // SAFETY: the CPU has all that the callee is compiled for.
            unsafe { engine_vaes::encrypt(keys, four) }
        });
        let blocks = in_groups(blocks, |one: &mut [_; 1]| {
            // SAFETY: as above.
            unsafe { engine_vaes::encrypt(keys, one) }
        });
        narrow(keys, blocks);
    }

    /// By vectors of 128 bits. The caller has asked for SSSE3 and AES.
    pub(super) fn narrow(keys: &RoundKeys, blocks: &mut [Block]) {
        if has!("gfni") {
            narrow_gfni(keys, blocks);
        } else {
            narrow_aes(keys, blocks);
        }
    }

    /// The caller has asked for SSSE3 and GFNI.
    pub(super) fn narrow_gfni(keys: &RoundKeys, blocks: &mut [Block]) {
        let blocks = in_groups(blocks, |four: &mut [_; 4]| {
            // SAFETY: the CPU has all that the callee is compiled for.
            unsafe { engine_gfni_narrow::encrypt(keys, four) }
        });
        let blocks = in_groups(blocks, |one: &mut [_; 1]| {
            // SAFETY: as above.
            unsafe { engine_gfni_narrow::encrypt(keys, one) }
        });
        padded(blocks, |group| {
            // SAFETY: as above.
            unsafe { engine_gfni_narrow::encrypt(keys, std::array::from_mut(group)) }
        });
    }

    /// The caller has asked for SSSE3 and AES.
    pub(super) fn narrow_aes(keys: &RoundKeys, blocks: &mut [Block]) {
        let blocks = in_groups(blocks, |four: &mut [_; 4]| {
            // SAFETY: the CPU has all that the callee is compiled for.
            unsafe { engine_aes::encrypt(keys, four) }
        });
        let blocks = in_groups(blocks, |one: &mut [_; 1]| {
            // SAFETY: as above.
            unsafe { engine_aes::encrypt(keys, one) }
        });
        padded(blocks, |group| {
            // SAFETY: as above.
            unsafe { engine_aes::encrypt(keys, std::array::from_mut(group)) }
        });
    }

    /// Carries out `encrypt` on every whole run of GROUPS groups; what is left is returned.
    #[inline(always)]
    fn in_groups<const GROUP: usize, const GROUPS: usize>(
        blocks: &mut [Block],
        mut encrypt: impl FnMut(&mut [[Block; GROUP]; GROUPS]),
    ) -> &mut [Block] {
        let whole = blocks.len() / (GROUP * GROUPS) * (GROUP * GROUPS);
        let (runs, rest) = blocks.split_at_mut(whole);
        for run in runs.as_chunks_mut::<GROUP>().0.as_chunks_mut::<GROUPS>().0 {
            encrypt(run);
        }
        rest
    }
}

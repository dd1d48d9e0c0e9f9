//! What the CPU can do beyond the baseline, and the calls that use it.
//!
//! The only module with unsafe code. A function that is compiled for a CPU feature is safe in
//! itself (there is no unsafe block in any of them); calling it is sound exactly where the CPU
//! has the feature. Every call below stands under the question that asks for all features its
//! callee is compiled with. Each has a portable twin, which tests hold beside it, and which is
//! all there is on other architectures.

#![allow(unsafe_code)]

use crate::sm3::{BlocksOf8, State8, compress8};

/// Compresses a block of each of eight messages.
pub(crate) fn sm3_compress8(state: &mut State8, blocks: &BlocksOf8) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512 F and VL, all that the callee is compiled for.
            return unsafe { x86::sm3_compress8_avx512(state, blocks) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, all that the callee is compiled for.
            return unsafe { x86::sm3_compress8_avx2(state, blocks) };
        }
    }
    compress8(state, blocks);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{BlocksOf8, State8, compress8};

    #[target_feature(enable = "avx2")]
    pub(super) fn sm3_compress8_avx2(state: &mut State8, blocks: &BlocksOf8) {
        compress8(state, blocks);
    }

    /// Rotations are one instruction here.
    #[target_feature(enable = "avx512f,avx512vl")]
    pub(super) fn sm3_compress8_avx512(state: &mut State8, blocks: &BlocksOf8) {
        compress8(state, blocks);
    }
}

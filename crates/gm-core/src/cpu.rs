//! What the CPU can do beyond the baseline, and the calls that use it.
//!
//! The only module with unsafe code. A function that is compiled for a CPU feature is safe in
//! itself (there is no unsafe block in any of them); calling it is sound exactly where the CPU
//! has the feature. Every call below stands under the question that asks for all features its
//! callee is compiled with. Each has a portable twin, which tests hold beside it, and which is
//! all there is on other architectures.

#![allow(unsafe_code)]

use crate::sm3::{BlocksOf8, State8, lanes_portable};

/// Whether the CPU has all of these features.
#[cfg(target_arch = "x86_64")]
macro_rules! has {
    ($($feature:tt),+) => { $(is_x86_feature_detected!($feature))&&+ };
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

//! What the tests of all crates share. Never shipped.
//!
//! | module | gives |
//! | --- | --- |
//! | [`device`] | the one conformance suite that every `gm::Device` passes |
//! | [`fault`] | a device that fails at the chosen call |
//! | `maker` | a maker of devices whose keys are attested (feature `maker`) |
//! | [`product`] | a device that says it is a certified product |
//! | [`random`] | random sources that repeat from a seed, or get stuck |
//! | [`identity`] | made-up people and units with valid check digits |
//! | [`scratch`] | software devices in a temporary folder |
//! | [`together`] | callers at once, each on a thread of its own |

// Its business is to fail a test where something is not as expected.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

pub mod device;
pub mod fault;
pub mod identity;
#[cfg(feature = "maker")]
pub mod maker;
pub mod product;
pub mod random;
pub mod scratch;
pub mod together;

//! SM2, SM3 and SM4 (GB/T 32918, 32905, 32907) in constant-time Rust.
//!
//! Arithmetic only: no key store, no randomness of its own, no certificate. What is secret never
//! decides a branch or an index; what is public may. See docs/cryptography.md for the formulas,
//! their sources and what was not proven.

mod cpu;
mod declassify;
mod der;
mod divsteps;
mod error;
mod field;
mod limbs;
mod point;
mod scalar;
pub mod sm2;
pub mod sm3;
pub mod sm4;
#[cfg(test)]
mod testing;

pub use error::Error;

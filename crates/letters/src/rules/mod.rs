//! The decisions: pure functions, without clock, data or chance of their own.

pub(crate) mod fill;
pub(crate) mod number;

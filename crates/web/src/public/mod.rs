//! What anybody may ask: status, lists, CA certificates, checkpoints.

pub mod authority;
pub mod lists;
pub mod log;
pub mod ocsp;
pub mod search;
pub mod svs;
pub mod tsp;

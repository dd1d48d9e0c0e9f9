//! Several holds on one certificate: each on somebody's word, each lifted by whoever has power over it and by
//! nobody else, whatever comes first, twice, or is cut off (Measures Art. 18; ADR 6).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests fail loudly, and say how much they tried"
)]

mod desk;
mod kills;
mod random;
mod stories;
mod upgrade;

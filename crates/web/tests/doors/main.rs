//! The doors of the institution, tried by people who do not keep to the way that pages show: every
//! step at the wrong time, every field with something hostile, every upload with the wrong file, acts
//! of others and acts twice (Measures Art. 21; T-21; Invariants 9, 10).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests fail loudly, and say how much they tried"
)]

mod acts;
mod batches;
mod counter;
mod fields;
mod lost;
mod order;
mod programs;
mod shown;
mod tally;
mod turns;
mod uploads;

//! The pages of 管理台 that read over several subjects, and what is ordered on them: proofs judged by a
//! recomputation of our own, marks that leave no gap, lists that name nobody.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod office;

mod audit;
mod authority;
mod certificates;
mod cross;
mod devices;
mod figures;
mod generations;
mod orders;
mod proof;
mod samples;
mod trust;

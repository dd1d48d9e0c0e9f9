//! Harm done to the database and to the anchor past the store, and how it is noticed.
//!
//! Each story says where: at opening, at the next commit, or by a verification while running. After
//! each the store refuses to write, says why, and still reads.

mod anchors;
mod rollback;
mod tables;

use store::{Filter, Store};

use crate::bench::{Bench, append, halted};

/// Opens what was harmed: the store halts for a reason that contains `reason`, refuses to write and
/// still reads.
async fn assert_halts_at_opening(bench: &Bench, reason: &str) {
    let store = bench.open().await;
    assert_halted(&store, reason).await;
    store.close().await;
}

async fn assert_halted(store: &Store, reason: &str) {
    let found = halted(store);
    assert!(found.contains(reason), "expected {reason:?}, found {found:?}");
    assert_eq!(append(store, 0).await.unwrap_err().code(), "store.halted");
    store.records(&Filter::default(), Default::default()).await.unwrap();
}

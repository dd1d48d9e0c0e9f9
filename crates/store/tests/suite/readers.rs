//! Nobody asks for a second connection while holding the first: as many such callers as there are
//! connections would wait for each other.

use crate::bench::Bench;

crate::on_both_engines!(
    who_holds_a_connection_and_asks_for_another_is_found,
    a_connection_that_was_given_back_can_be_had_again,
    callers_of_their_own_each_have_one,
    what_a_stream_runs_at_once_each_has_one,
);

async fn who_holds_a_connection_and_asks_for_another_is_found(bench: Bench) {
    let store = bench.filled(1).await;
    let both = tokio::spawn(async move {
        let first = store.read().await.unwrap();
        let second = store.read().await;
        drop((first, second));
    });
    assert_eq!(both.await.is_err_and(|error| error.is_panic()), cfg!(debug_assertions));
}

async fn a_connection_that_was_given_back_can_be_had_again(bench: Bench) {
    let store = bench.filled(1).await;
    for _ in 0..3 {
        drop(store.read().await.unwrap());
    }
}

async fn callers_of_their_own_each_have_one(bench: Bench) {
    let store = bench.filled(1).await;
    let mine = store.read().await.unwrap();
    let theirs = tokio::spawn({
        let store = store.clone();
        async move { store.read().await.map(drop) }
    });
    theirs.await.unwrap().unwrap();
    drop(mine);
}

/// Each of them holds one and asks for no other: they wait for connections, never for each other.
async fn what_a_stream_runs_at_once_each_has_one(bench: Bench) {
    use futures_util::stream::{self, StreamExt as _};
    let store = bench.filled(1).await;
    let read = async |_| {
        let reader = store.read().await.unwrap();
        tokio::task::yield_now().await;
        drop(reader);
    };
    assert_eq!(stream::iter(0..20).map(read).buffer_unordered(8).count().await, 20);
}

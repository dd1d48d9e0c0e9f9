//! Nobody asks for a second connection while holding the first: as many such callers as there are
//! connections would wait for each other.

use crate::bench::Bench;

crate::on_both_engines!(
    who_holds_a_connection_and_asks_for_another_is_found,
    a_connection_that_was_given_back_can_be_had_again,
    callers_of_their_own_each_have_one,
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

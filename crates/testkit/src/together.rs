//! Callers at once, each on a thread of its own.
//!
//! Futures joined in one task are one caller: what one holds, the others wait for in vain, and the
//! store ends debug builds there.

use std::pin::Pin;

use tokio::runtime::Handle;

/// What a caller does.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One of them.
pub fn call<'a, T>(call: impl Future<Output = T> + Send + 'a) -> Call<'a, T> {
    Box::pin(call)
}

/// Runs them at once and gives their results in the same order. The runtime must have several threads
/// (`#[tokio::test(flavor = "multi_thread")]`).
///
/// # Panics
/// When one of them does, or the runtime has one thread.
pub fn at_once<T: Send>(calls: Vec<Call<'_, T>>) -> Vec<T> {
    let handle = Handle::current();
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let begin = |call| scope.spawn(|| handle.block_on(call));
            let threads: Vec<_> = calls.into_iter().map(begin).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    })
}

//! Connections that only read, and the rule that nobody asks for a second one while holding the first.
//!
//! With as many such callers as there are connections, each would hold one and wait for another until
//! the pool gives up, and every other reader of the institution with them. Debug builds, and with them
//! all tests, end where it happens.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool};

use crate::Error;

/// A connection that only reads: a write on it is refused by the database.
#[derive(Debug)]
pub struct Reader {
    connection: PoolConnection<Any>,
    #[cfg(debug_assertions)]
    _held: held::Held,
}

impl Reader {
    pub(crate) async fn of(pool: &AnyPool) -> Result<Self, Error> {
        #[cfg(debug_assertions)]
        let _held = held::Held::new(pool, held::waker().await);
        let connection = pool.acquire().await?;
        Ok(Self {
            connection,
            #[cfg(debug_assertions)]
            _held,
        })
    }
}

impl Deref for Reader {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

/// Who holds a connection of which pool.
#[cfg(debug_assertions)]
mod held {
    use std::collections::HashSet;
    use std::future::poll_fn;
    use std::sync::{Mutex, PoisonError};
    use std::task::Poll;

    use sqlx::AnyPool;

    /// A task, or the thread that runs a future outside of any; and the options that belong to one pool.
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    enum Who {
        Task(tokio::task::Id),
        Thread(std::thread::ThreadId),
    }

    /// Who holds it, in which of the futures that run side by side, and of which pool.
    type Key = (Who, usize, usize);

    /// What tells futures of one task apart: each of those that a stream runs at once has a waker of its own, and
    /// one that waits for its connection is no other's.
    pub(super) fn waker() -> impl Future<Output = usize> + Send {
        poll_fn(|cx| Poll::Ready(cx.waker().data().addr()))
    }

    static HELD: Mutex<Option<HashSet<Key>>> = Mutex::new(None);

    #[derive(Debug)]
    pub(super) struct Held(Key);

    impl Held {
        /// # Panics
        /// When the future holds a connection of this pool already.
        pub(super) fn new(pool: &AnyPool, waker: usize) -> Self {
            let who = match tokio::task::try_id() {
                Some(id) => Who::Task(id),
                None => Who::Thread(std::thread::current().id()),
            };
            let pool = std::sync::Arc::as_ptr(&pool.connect_options()) as usize;
            let key = (who, waker, pool);
            let is_first = with(|held| held.insert(key.clone()));
            assert!(
                is_first,
                "a connection is asked for while another is held: with as many such callers as \
                 connections, all of them wait for each other"
            );
            Self(key)
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            with(|held| held.remove(&self.0));
        }
    }

    fn with<T>(work: impl FnOnce(&mut HashSet<Key>) -> T) -> T {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        work(held.get_or_insert_default())
    }
}

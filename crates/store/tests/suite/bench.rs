//! A store on a bench: its database, its device, its clock, and tools to harm it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gm::soft::{SoftDevice, Stretch};
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use store::{
    Actor, Engine, Error, FixedClock, Opening, Record, Schema, Seq, Standing, Store, StoreConfig,
};

/// Names one story and runs it on both engines.
#[macro_export]
macro_rules! on_both_engines {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::bench::Bench::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                if let Some(bench) = $crate::bench::Bench::postgres().await {
                    super::$story(bench).await;
                }
            })*
        }
    };
}

pub const START: &str = "2026-03-01T08:00:00Z";

pub struct Bench {
    pub engine: Engine,
    pub folder: tempfile::TempDir,
    pub device: Arc<SoftDevice>,
    pub clock: Arc<FixedClock>,
    url: String,
    /// The server and the name of the database.
    server: Option<(String, String)>,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Bench {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self::new(Engine::Sqlite, folder, url, None)
    }

    /// `None` when no server is named.
    pub async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") else {
            println!("SKIPPED: YINXIN_TEST_PG_URL is not set (scripts/pg-start prints it)");
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("yx_store_{}_{number}", std::process::id());
        admin(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        admin(&server, &format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")).await;
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        let folder = tempfile::tempdir().unwrap();
        Some(Self::new(Engine::Postgres, folder, url, Some((server, name))))
    }

    fn new(
        engine: Engine,
        folder: tempfile::TempDir,
        url: String,
        server: Option<(String, String)>,
    ) -> Self {
        sqlx::any::install_default_drivers();
        let device = folder.path().join("device");
        let device = SoftDevice::create(&device, b"bench", Stretch::FAST_FOR_TESTS).unwrap();
        let clock = Arc::new(FixedClock::at(START).unwrap());
        Self { engine, folder, device: Arc::new(device), clock, url, server }
    }

    pub fn anchor(&self) -> PathBuf {
        self.folder.path().join("anchor")
    }

    /// Timers off: tests say when.
    pub fn config(&self, opening: Opening) -> StoreConfig {
        let origin = "test.example.cn/journal";
        let mut config = StoreConfig::new(&self.url, Schema::Institution, self.anchor(), origin);
        config.opening = opening;
        config.checkpoint_every = Duration::ZERO;
        config.verify_every = Duration::ZERO;
        config
    }

    pub async fn create(&self) -> Store {
        let store = self.open_with(self.config(Opening::New)).await;
        assert_eq!(store.standing(), Standing::Sound);
        store
    }

    pub async fn open(&self) -> Store {
        self.open_with(self.config(Opening::Existing)).await
    }

    pub async fn open_with(&self, config: StoreConfig) -> Store {
        self.try_open(config).await.unwrap()
    }

    pub async fn try_open(&self, config: StoreConfig) -> Result<Store, Error> {
        Store::open(config, self.device.clone(), self.clock.clone()).await
    }

    /// A new store with `records` records, still open.
    pub async fn filled(&self, records: u64) -> Store {
        let store = self.create().await;
        fill(&store, records).await;
        store
    }

    /// A connection past the store, with the journal's own locks taken off.
    pub async fn intruder(&self) -> AnyConnection {
        let url = match self.engine {
            Engine::Sqlite => format!("{}?mode=rw", self.url),
            Engine::Postgres => self.url.clone(),
        };
        let mut conn = AnyConnection::connect(&url).await.unwrap();
        let unlock = match self.engine {
            Engine::Sqlite => {
                "DROP TRIGGER IF EXISTS journal_no_update; DROP TRIGGER IF EXISTS journal_no_delete"
            }
            Engine::Postgres => "ALTER TABLE journal DISABLE TRIGGER USER",
        };
        conn.execute(unlock).await.unwrap();
        conn
    }

    /// Runs statements past the store; each must change something.
    pub async fn harm(&self, statements: &[&str]) {
        let mut conn = self.intruder().await;
        for sql in statements {
            let done = conn.execute(AssertSqlSafe((*sql).to_owned())).await.unwrap();
            assert!(done.rows_affected() > 0, "no effect: {sql}");
        }
        conn.close().await.unwrap();
    }

    /// Copies the database as a backup would; no store may be open.
    pub async fn back_up(&self, copy: &str) {
        match &self.server {
            None => {
                std::fs::copy(self.file("test.db"), self.file(copy)).unwrap();
            }
            Some((server, name)) => {
                admin(server, &format!("CREATE DATABASE {name}_{copy} TEMPLATE {name}")).await;
            }
        }
    }

    /// Puts a copy back in place of the database.
    pub async fn restore(&self, copy: &str) {
        match &self.server {
            None => {
                std::fs::copy(self.file(copy), self.file("test.db")).unwrap();
                for log in ["test.db-wal", "test.db-shm"] {
                    let _ = std::fs::remove_file(self.file(log));
                }
            }
            Some((server, name)) => {
                admin(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
                admin(server, &format!("CREATE DATABASE {name} TEMPLATE {name}_{copy}")).await;
            }
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Bench {
    /// Drops the databases in a thread of its own: a drop cannot wait for a runtime that it is on.
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else {
            return;
        };
        let work = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut conn = AnyConnection::connect(&server).await.unwrap();
                let like = format!("SELECT CAST(datname AS TEXT) FROM pg_database WHERE datname = '{name}' OR datname LIKE '{name}\\_%'");
                let names: Vec<String> =
                    sqlx::query_scalar(AssertSqlSafe(like)).fetch_all(&mut conn).await.unwrap();
                for name in names {
                    let text = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    conn.execute(AssertSqlSafe(text)).await.unwrap();
                }
            });
        };
        let _ = std::thread::spawn(work).join();
    }
}

async fn admin(server: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    let mut conn = AnyConnection::connect(server).await.unwrap();
    conn.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    conn.close().await.unwrap();
}

/// A record that says which it is.
pub fn record(n: u64) -> Record {
    let kinds = ["certificate.issued", "certificate.revoked", "crl.published"];
    let actor = if n.is_multiple_of(2) { Actor::system() } else { Actor::client("ra-1") };
    Record::new(kinds[(n % 3) as usize], actor, format!("certificate:{}", n % 5), json!({ "n": n }))
}

/// Commits one record.
pub async fn append(store: &Store, n: u64) -> Result<Seq, Error> {
    store.commit(move |tx| Box::pin(async move { tx.append(record(n)).await })).await
}

/// Commits records, each in a unit of its own, many at a time.
pub async fn fill(store: &Store, records: u64) {
    let mut work = tokio::task::JoinSet::new();
    for n in 0..records {
        let store = store.clone();
        work.spawn(async move { append(&store, n).await.unwrap() });
        if work.len() > 500 {
            work.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(done) = work.join_next().await {
        done.unwrap();
    }
}

/// Why the store is halted.
pub fn halted(store: &Store) -> String {
    match store.standing() {
        Standing::Halted { reason } => reason.to_string(),
        Standing::Sound => panic!("the store is sound"),
    }
}

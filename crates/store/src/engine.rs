//! The two engines behind one driver: connections, their settings, and what may be tried again.

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Executor as _};

use crate::{Error, Opening, StoreConfig, presence};

/// Which database stands behind the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file, one process.
    Sqlite,
    /// A server, several nodes.
    Postgres,
}

impl Engine {
    /// By the scheme of the URL.
    pub fn of(url: &str) -> Result<Self, Error> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            _ => Err(Error::Config("数据库地址应以 sqlite: 或 postgres:// 开头".into())),
        }
    }

    /// Starts the transaction of a batch. SQLite takes the write lock at once, so that a batch never
    /// fails halfway for want of it. On PostgreSQL the lock on the head row, taken first, orders all
    /// writers of all nodes; behind it READ COMMITTED sees all that was committed and can neither
    /// deadlock nor fail to serialise. That is why a unit runs exactly once and may be `FnOnce`.
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }

    /// Starts a transaction that reads one state of everything.
    pub(crate) fn begin_snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// FULL syncs the log at every commit: what was answered survives a power cut. Deleted content
    /// is overwritten (secure_delete), which erasing a blob relies on.
    fn writer_settings(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA busy_timeout = 10000; PRAGMA secure_delete = ON; \
                 PRAGMA cell_size_check = ON; PRAGMA cache_size = -32768; \
                 PRAGMA wal_autocheckpoint = 4000"
            }
            Self::Postgres => {
                "SET synchronous_commit = on; SET lock_timeout = '30s'; \
                 SET idle_in_transaction_session_timeout = '120s'"
            }
        }
    }

    fn reader_settings(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "PRAGMA busy_timeout = 10000; PRAGMA cell_size_check = ON; PRAGMA query_only = ON"
            }
            Self::Postgres => "SET default_transaction_read_only = on",
        }
    }
}

/// One connection that writes, several that only read.
#[derive(Debug, Clone)]
pub(crate) struct Pools {
    pub(crate) engine: Engine,
    pub(crate) writer: AnyPool,
    pub(crate) readers: AnyPool,
}

impl Pools {
    pub(crate) async fn open(config: &StoreConfig) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let engine = Engine::of(&config.url)?;
        let url = prepare(engine, config)?;
        let here = presence::hold(engine, config.schema);
        let writer = pool(&url, 1, (engine.writer_settings(), here)).await?;
        crate::migrations::upgrade(&writer, &url, (config.schema, engine)).await?;
        let readers =
            pool(&url, config.readers.max(1), (engine.reader_settings(), String::new())).await?;
        Ok(Self { engine, writer, readers })
    }

    /// Begins a transaction of the writer.
    pub(crate) async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Any>, Error> {
        Ok(self.writer.begin_with(self.engine.begin()).await?)
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// `settings` on each new connection, and then `more`, if there is more.
async fn pool(
    url: &str,
    size: u32,
    (settings, more): (&'static str, String),
) -> Result<AnyPool, Error> {
    let mut options =
        AnyPoolOptions::new().max_connections(size).acquire_timeout(Duration::from_secs(10));
    if !more.is_empty() {
        // Other nodes see that this one is there by a connection that stays.
        options = options.idle_timeout(None).max_lifetime(None);
    }
    let options = options.after_connect(move |conn: &mut AnyConnection, _| {
        let more = more.clone();
        Box::pin(async move {
            conn.execute(settings).await?;
            if !more.is_empty() {
                conn.execute(AssertSqlSafe(more)).await?;
            }
            Ok(())
        })
    });
    Ok(options.connect(url).await?)
}

/// The URL as the driver wants it. A SQLite file is created here, for its owner only, and only when
/// a new store is asked for: a lost database must not be replaced by an empty one.
fn prepare(engine: Engine, config: &StoreConfig) -> Result<String, Error> {
    if engine == Engine::Postgres {
        return Ok(config.url.clone());
    }
    let path = config.url.trim_start_matches("sqlite:").trim_start_matches("//");
    if path.is_empty() || path.contains(['?', '#', '%']) || path.contains(":memory:") {
        return Err(Error::Config("SQLite 数据库地址应为 sqlite:/路径/文件.db，不带参数".into()));
    }
    if config.opening == Opening::New {
        create_private(std::path::Path::new(path))?;
    }
    Ok(format!("sqlite:{path}?mode=rw"))
}

fn create_private(path: &std::path::Path) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|cause| Error::file(folder, cause))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|cause| Error::file(path, cause))
}

/// Whether beginning again can help: somebody else holds the lock, or the server went away.
pub(crate) fn is_transient(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            let sqlite_busy = code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6));
            sqlite_busy || ["40001", "40P01", "55P03", "57P01", "57P02", "57P03"].contains(&&*code)
        }),
        _ => false,
    }
}

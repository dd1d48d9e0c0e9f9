//! Whether other nodes work on the same database.
//!
//! On PostgreSQL the connection that writes holds a lock of its session that any number may share. Whoever can take the
//! same lock for itself is the only one there. The lock goes with its connection: a process that was killed is gone in a
//! moment, and nobody has to be told. A node that lost its connection takes the lock again with the next one, before it
//! writes anything.
//!
//! An embedded database belongs to one process: the device, which is opened before, is locked by it.

use std::time::Duration;

use sqlx::AnyConnection;

use crate::engine::Pools;
use crate::{Engine, Error, Schema};

/// How often and after what pause another is looked for again: a server notices in a moment that a client was killed.
const LOOKS: u32 = 25;
const PAUSE: Duration = Duration::from_millis(100);

/// "YINX" and a number. A key management centre and an institution may share a database server, and even a database.
const fn key(schema: Schema) -> i64 {
    match schema {
        Schema::Institution => 0x59_49_4e_58_01,
        Schema::Kmc => 0x59_49_4e_58_02,
    }
}

/// What the connection that writes runs first; nothing for an embedded database.
pub(crate) fn hold(engine: Engine, schema: Schema) -> String {
    match engine {
        Engine::Sqlite => String::new(),
        // Within a block, since a function without a result is nothing that the driver could read.
        Engine::Postgres => {
            format!("DO $$ BEGIN PERFORM pg_advisory_lock_shared({}); END $$", key(schema))
        }
    }
}

pub(crate) async fn is_alone(pools: &Pools, schema: Schema) -> Result<bool, Error> {
    if pools.engine == Engine::Sqlite {
        return Ok(true);
    }
    for _ in 0..LOOKS {
        if look(&mut *pools.writer.acquire().await?, key(schema)).await? {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

/// Takes the lock alone, and lets it go at once: what this session shares is not in its own way.
async fn look(conn: &mut AnyConnection, key: i64) -> Result<bool, Error> {
    let taken: i64 = sqlx::query_scalar(
        "SELECT CASE WHEN pg_try_advisory_lock($1) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END",
    )
    .bind(key)
    .fetch_one(&mut *conn)
    .await?;
    if taken == 0 {
        return Ok(false);
    }
    let _: i64 = sqlx::query_scalar(
        "SELECT CASE WHEN pg_advisory_unlock($1) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END",
    )
    .bind(key)
    .fetch_one(conn)
    .await?;
    Ok(true)
}

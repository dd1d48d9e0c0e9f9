//! PostgreSQL, where there is one for tests. The desk itself serves the tests of the pages too, which know no
//! database.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

/// A database of its own on the server that is there for tests, if one is.
pub async fn postgres(name: &str) -> Option<String> {
    let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") else {
        eprintln!("skipped: YINXIN_TEST_PG_URL is not set");
        return None;
    };
    let name = format!("yinxin_{name}_{}", std::process::id());
    sqlx::any::install_default_drivers();
    let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
    for text in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut conn).await.unwrap();
    }
    let (base, _) = server.rsplit_once('/').unwrap();
    Some(format!("{base}/{name}"))
}

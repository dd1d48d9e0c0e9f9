//! What the doctor asks each time is answered by an index, however many certificates there are: the plans of both
//! databases, with tables that are large enough for a plan to matter.

use sqlx::Row as _;
use store::Engine;

use crate::world::World;

crate::stories! {
    good_certificates_of_blocked_keys_are_found_from_the_few_keys
    certificates_that_no_list_tells_yet_are_found_by_their_own_changes
}

/// As after years: certificates with their keys, a change of status of each, and a few blocked keys among them.
async fn years(world: &World) {
    world.certificate("r1").await;
    for text in YEARS {
        world.sql(text).await;
    }
    // SQLite plans without figures, as it does in service.
    if world.store.engine() == Engine::Postgres {
        for text in ["ANALYZE certificate", "ANALYZE subject_key", "ANALYZE status_change"] {
            world.sql(text).await;
        }
    }
}

/// Each makes rows of one table.
const YEARS: [&str; 4] = [
    "WITH RECURSIVE n (i) AS (SELECT 100001 UNION ALL SELECT i + 1 FROM n WHERE i < 120000) \
     INSERT INTO certificate (issuer_id, serial, request_id, role, profile, profile_hash, subject, subject_der, \
     key_hash, not_before, not_after, status, changed_at, issued_at, shard, fingerprint, issued_seq) \
     SELECT c.issuer_id, 'ff' || i, 'many-' || i, c.role, c.profile, c.profile_hash, c.subject, c.subject_der, \
     substr(c.key_hash, 1, 58) || i, c.not_before, c.not_after, c.status, c.changed_at, c.issued_at, c.shard, \
     c.fingerprint, c.issued_seq FROM certificate c, n WHERE c.request_id = 'r1'",
    "INSERT INTO subject_key (key_hash, subject_hash, request_id, role) \
     SELECT key_hash, 'x', request_id, role FROM certificate WHERE request_id LIKE 'many-%'",
    "UPDATE subject_key SET blocked_at = 1795312800, blocked_reason = 'x' WHERE request_id LIKE 'many-10000%'",
    "INSERT INTO status_change (seq, issuer_id, issuer_key_hash, certificate_id, serial, status, reason, at) \
     SELECT 1000000 + id, issuer_id, 'x', id, serial, 'revoked', 4, changed_at FROM certificate \
     WHERE request_id LIKE 'many-%'",
];

/// How a question is answered; its bounds are numbers.
async fn plan(world: &World, query: &str, bounds: &[i64]) -> String {
    let (explain, column) = match world.store.engine() {
        Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Engine::Postgres => ("EXPLAIN", 0),
    };
    let mut text = format!("{explain} {query}");
    for (at, bound) in bounds.iter().enumerate().rev() {
        text = text.replace(&format!("${}", at + 1), &bound.to_string());
    }
    let mut reader = world.store.read().await.unwrap();
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(&mut *reader).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(column)).collect::<Vec<_>>().join("\n")
}

/// Whether a table is read from its first row to its last.
fn reads_all(plan: &str, (table, alias): (&str, &str)) -> bool {
    let of = |line: &str| {
        line.contains(&format!("Seq Scan on {table}"))
            || line.trim() == format!("SCAN {alias}")
            || line.trim() == format!("SCAN {table}")
    };
    plan.lines().any(of)
}

async fn good_certificates_of_blocked_keys_are_found_from_the_few_keys(world: World) {
    years(&world).await;
    let now = world.now().as_second();
    let plan = plan(&world, &ca::good_of_blocked_query(), &[now, 100]).await;
    assert!(plan.contains("subject_key_blocked"), "{plan}");
    assert!(plan.contains("certificate_by_key"), "{plan}");
    for table in [("certificate", "c"), ("subject_key", "k")] {
        assert!(!reads_all(&plan, table), "{plan}");
    }
    // And they are those.
    assert_eq!(world.ca.good_of_blocked(100).await.unwrap().len(), 9);
}

async fn certificates_that_no_list_tells_yet_are_found_by_their_own_changes(world: World) {
    years(&world).await;
    let (issuer, now) = (world.ca.issuer_id(), world.now().as_second());
    let plan = plan(&world, &ca::changed_since_query(), &[issuer, now, 5]).await;
    assert!(plan.contains("status_change_of"), "{plan}");
    assert!(!plan.contains("status_change_at"), "{plan}");
    for table in [("certificate", "certificate"), ("status_change", "s")] {
        assert!(!reads_all(&plan, table), "{plan}");
    }
}

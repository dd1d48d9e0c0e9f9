//! What the tables of certificates, statuses and lists refuse, whatever program writes (T-09: a column "0 instead of
//! NULL" after an upgrade; nextUpdate too long after another).

use sqlx::{AnyConnection, AssertSqlSafe};
use store::Engine;

use crate::bench::Bench;

crate::on_both_engines!(
    columns_that_may_be_empty_are_these_and_no_others,
    rows_with_an_instant_that_nobody_set_or_a_window_that_is_none_are_refused,
);

/// Tables, and their columns that mean something when they are NULL.
const TABLES: [(&str, &[&str]); 9] = [
    ("issuer", &[]),
    ("issuance", &["pair_request", "reason", "replaces"]),
    ("certificate", &["expired_at", "invalid_since", "pair_id", "reason", "replaces_id"]),
    ("certificate_der", &[]),
    ("status_change", &["reason"]),
    ("crl_number", &[]),
    ("crl_intent", &["reason"]),
    ("crl", &["base_number"]),
    ("crl_spare", &[]),
];

async fn columns_that_may_be_empty_are_these_and_no_others(bench: Bench) {
    let _store = bench.create().await;
    let mut conn = bench.intruder().await;
    for (table, expected) in TABLES {
        let text = match bench.engine {
            Engine::Sqlite => format!(
                "SELECT name FROM pragma_table_info('{table}') WHERE \"notnull\" = 0 AND pk = 0 ORDER BY name"
            ),
            Engine::Postgres => format!(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
                 WHERE table_name = '{table}' AND table_schema = current_schema() \
                 AND is_nullable = 'YES' ORDER BY 1"
            ),
        };
        let mut found: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut conn).await.unwrap();
        found.sort();
        assert_eq!(found, expected, "{table}");
    }
}

const ISSUER: &str = "INSERT INTO issuer (name, key_label, subject_der, public_key, key_hash, name_sha1, name_sha256, \
     name_sm3, key_sha1, key_sha256, key_sm3, certificate_der, not_before, not_after, created_at) \
     VALUES ('i', 'ca', $1, 'k', 'k', 'a', 'a', 'a', 'a', 'a', 'a', $1, 100, 200, 100)";
const CERTIFICATE: &str = "INSERT INTO certificate (issuer_id, serial, request_id, role, profile, profile_hash, subject, \
     subject_der, key_hash, not_before, not_after, status, changed_at, issued_at, shard, fingerprint, issued_seq) \
     VALUES ((SELECT MIN(id) FROM issuer), '01', 'r', 'sign', 'p', $2, 's', $1, $2, 100, 200, 'good', 100, 100, 0, $2, 0)";
const CHANGE: &str = "INSERT INTO status_change (seq, issuer_id, issuer_key_hash, certificate_id, serial, status, reason, at) \
     SELECT 1, issuer_id, $2, id, serial, 'revoked', 1, 150 FROM certificate WHERE length($1) > 0";
const LIST: &str = "INSERT INTO crl (issuer_id, kind, shard, number, this_update, next_update, entries, covers_seq, der, etag, \
     published_at) VALUES ((SELECT MIN(id) FROM issuer), 'full', -1, 1, 100, 200, 0, 0, $1, $2, 100)";
const SPARE: &str = "INSERT INTO crl_spare (issuer_id, shard, number, this_update, next_update, entries, covers_seq, der) \
     SELECT MIN(id), -1, 2, 100, 200, 0, 0, $1 FROM issuer WHERE length($2) > 0";
const INTENT: &str = "INSERT INTO crl_intent (issuer_id, key_label, scope, number, tbs_hash, intended_at, state) \
     SELECT MIN(id), 'ca', 'main', 1, $2, 100, 'intended' FROM issuer WHERE length($1) > 0";
const ISSUANCE: &str = "INSERT INTO issuance (request_id, role, issuer_id, serial, profile, profile_hash, order_hash, subject, \
     subject_der, key_hash, not_before, not_after, tbs, tbs_hash, intent_seq, intended_at, state) \
     VALUES ('r', 'sign', (SELECT MIN(id) FROM issuer), '01', 'p', $2, $2, 's', $1, $2, 100, 200, $1, $2, 0, 100, 'intended')";

/// One row of each table that is as it should be.
async fn fill(conn: &mut AnyConnection) {
    for text in [ISSUER, CERTIFICATE, CHANGE, LIST, SPARE, INTENT, ISSUANCE] {
        write(conn, text).await.unwrap_or_else(|cause| panic!("{text}: {cause}"));
    }
}

async fn write(conn: &mut AnyConnection, text: &str) -> Result<u64, sqlx::Error> {
    let mut query = sqlx::query(AssertSqlSafe(text.to_owned()));
    if text.contains("$1") {
        query = query.bind(vec![0x30_u8, 0]);
    }
    if text.contains("$2") {
        query = query.bind("0".repeat(64));
    }
    Ok(query.execute(conn).await?.rows_affected())
}

async fn rows_with_an_instant_that_nobody_set_or_a_window_that_is_none_are_refused(bench: Bench) {
    let _store = bench.create().await;
    let mut conn = bench.intruder().await;
    fill(&mut conn).await;
    for text in [
        "UPDATE certificate SET issued_at = 0",
        "UPDATE certificate SET changed_at = 0",
        "UPDATE certificate SET changed_at = NULL",
        "UPDATE certificate SET not_before = 0",
        "UPDATE certificate SET not_after = not_before",
        "UPDATE certificate SET invalid_since = 0",
        "UPDATE certificate SET expired_at = 0",
        "UPDATE certificate SET status = ''",
        "UPDATE status_change SET at = 0",
        "UPDATE status_change SET at = NULL",
        "UPDATE issuance SET intended_at = 0",
        "UPDATE issuance SET not_before = 0",
        "UPDATE crl_intent SET intended_at = 0",
        "UPDATE crl SET this_update = 0",
        "UPDATE crl SET next_update = this_update",
        "UPDATE crl SET next_update = 0",
        "UPDATE crl SET next_update = NULL",
        "UPDATE crl SET next_update = this_update + 36000001",
        "UPDATE crl SET published_at = 0",
        "UPDATE crl_spare SET this_update = 0",
        "UPDATE crl_spare SET next_update = this_update",
        "UPDATE crl_spare SET next_update = this_update + 36000001",
        "INSERT INTO crl (issuer_id, kind, shard, number, this_update, next_update, entries, covers_seq, der, etag, \
         published_at) SELECT issuer_id, kind, shard, 7, 0, next_update, 0, 0, der, etag, 100 FROM crl",
        "INSERT INTO status_change (seq, issuer_id, issuer_key_hash, certificate_id, serial, status, reason, at) \
         SELECT 2, issuer_id, issuer_key_hash, certificate_id, serial, status, reason, 0 FROM status_change",
    ] {
        let refused = write(&mut conn, text).await;
        assert!(refused.is_err(), "{text}: {refused:?}");
    }
    // And what is as it should be goes in: nothing above was refused for another reason.
    for text in [
        "UPDATE certificate SET issued_at = 101, changed_at = 102, invalid_since = 99",
        "UPDATE status_change SET at = 151",
        "UPDATE issuance SET intended_at = 101",
        "UPDATE crl SET next_update = this_update + 36000000",
        "UPDATE crl_spare SET next_update = next_update + 1",
        "INSERT INTO crl (issuer_id, kind, shard, number, this_update, next_update, entries, covers_seq, der, etag, \
         published_at) SELECT issuer_id, kind, shard, 7, next_update - 50, next_update, 0, 0, der, etag, 100 FROM crl",
    ] {
        assert_eq!(write(&mut conn, text).await.unwrap(), 1, "{text}");
    }
}

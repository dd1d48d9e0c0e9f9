//! Sealed blobs: kept, opened, erased; and blind indexes.

use sqlx::Row as _;
use store::{Error, Filter, Scope};

use crate::bench::{Bench, record};

crate::on_both_engines!(
    a_blob_opens_to_what_was_put_in,
    the_database_holds_no_plain_content,
    an_erased_blob_is_gone_and_its_commitment_still_proves,
    a_blob_of_a_failed_unit_is_not_there,
    a_blob_moved_to_another_row_does_not_open,
    blind_indexes_find_equal_values_of_one_field_only,
);

const SECRET: &[u8] = "身份证 11010519491231002X PLANTED-PII".as_bytes();

async fn put(store: &store::Store) -> store::BlobRef {
    let within = store.clone();
    let unit = store.commit(move |tx| {
        Box::pin(async move {
            let blob = within.put_blob(tx, SECRET, "identity").await?;
            let body = serde_json::json!({ "evidence": blob.to_json() });
            tx.append(store::Record { body, ..record(0) }).await?;
            Ok::<_, Error>(blob)
        })
    });
    unit.await.unwrap()
}

async fn erase(store: &store::Store, id: &str) -> Result<(), Error> {
    let (within, id) = (store.clone(), id.to_owned());
    store.commit(move |tx| Box::pin(async move { within.erase_blob(tx, &id).await })).await
}

async fn a_blob_opens_to_what_was_put_in(bench: Bench) {
    let store = bench.create().await;
    let (one, two) = (put(&store).await, put(&store).await);
    assert_eq!(&*store.open_blob(&one.id).await.unwrap(), SECRET);
    // Equal content, yet nothing tells so.
    assert_ne!(one.commitment, two.commitment);
    for length in [0, 1, 1 << 20] {
        let content = vec![7; length];
        let sealed = store.seal_blob(content.clone().into(), "material").await.unwrap();
        let blob =
            store.commit(move |tx| Box::pin(async move { sealed.insert(tx).await })).await.unwrap();
        assert_eq!(*store.open_blob(&blob.id).await.unwrap(), content);
    }
    assert_eq!(store.open_blob("nothing").await.unwrap_err().code(), "store.not_found");
}

async fn the_database_holds_no_plain_content(bench: Bench) {
    let store = bench.create().await;
    let blob = put(&store).await;
    let mut reader = store.read().await.unwrap();
    let row = sqlx::query("SELECT content, sealed_key, commitment FROM blob WHERE id = $1")
        .bind(&*blob.id)
        .fetch_one(&mut *reader)
        .await
        .unwrap();
    let holds = |octets: &[u8]| octets.windows(11).any(|w| w == b"PLANTED-PII");
    for column in 0..3 {
        assert!(!holds(&row.get::<Vec<u8>, _>(column)));
    }
    drop(reader);
    store.close().await;
    if bench.engine == store::Engine::Sqlite {
        assert!(!holds(&std::fs::read(bench.file("test.db")).unwrap()));
    }
}

async fn an_erased_blob_is_gone_and_its_commitment_still_proves(bench: Bench) {
    let store = bench.create().await;
    let (blob, other) = (put(&store).await, put(&store).await);
    let mut reader = store.read().await.unwrap();
    let sealed: Vec<u8> = sqlx::query("SELECT sealed_key FROM blob WHERE id = $1")
        .bind(&*blob.id)
        .fetch_one(&mut *reader)
        .await
        .unwrap()
        .get(0);
    drop(reader);
    assert_eq!(
        store
            .blobs_before("identity", "2026-03-02T00:00:00Z".parse().unwrap())
            .await
            .unwrap()
            .len(),
        2
    );
    erase(&store, &blob.id).await.unwrap();
    assert_eq!(store.open_blob(&blob.id).await.unwrap_err().code(), "store.erased");
    assert_eq!(erase(&store, &blob.id).await.unwrap_err().code(), "store.erased");
    assert_eq!(&*store.open_blob(&other.id).await.unwrap(), SECRET);
    assert_eq!(
        store.blobs_before("identity", "2026-03-02T00:00:00Z".parse().unwrap()).await.unwrap(),
        [other.id]
    );
    let found = store.records(&Filter::default(), Default::default()).await.unwrap();
    let kept = found[0].body["evidence"]["commitment"].as_str().unwrap();
    assert_eq!(kept, hex(&blob.commitment));
    assert!(store.verify_journal(Scope::Full).await.unwrap().is_sound());
    if bench.engine == store::Engine::Sqlite {
        // Neither the file nor its log holds the wrapped key any more.
        store.close().await;
        for name in ["test.db", "test.db-wal"] {
            let octets = std::fs::read(bench.file(name)).unwrap_or_default();
            assert!(!octets.windows(sealed.len()).any(|w| w == sealed), "{name}");
        }
    }
}

async fn a_blob_of_a_failed_unit_is_not_there(bench: Bench) {
    let store = bench.create().await;
    let within = store.clone();
    let id = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let told = id.clone();
    let unit = store.commit(move |tx| {
        Box::pin(async move {
            *told.lock().unwrap() = within.put_blob(tx, SECRET, "identity").await?.id;
            Err::<(), _>(Error::Erased)
        })
    });
    assert!(unit.await.is_err());
    let id = id.lock().unwrap().clone();
    assert_eq!(store.open_blob(&id).await.unwrap_err().code(), "store.not_found");
}

async fn a_blob_moved_to_another_row_does_not_open(bench: Bench) {
    let store = bench.create().await;
    let (one, two) = (put(&store).await, put(&store).await);
    let swap = format!(
        "UPDATE blob SET content = (SELECT content FROM blob WHERE id = '{0}'), sealed_key = \
         (SELECT sealed_key FROM blob WHERE id = '{0}'), commitment = (SELECT commitment FROM blob \
         WHERE id = '{0}') WHERE id = '{1}'",
        one.id, two.id
    );
    bench.harm(&[&swap]).await;
    assert!(store.open_blob(&two.id).await.is_err());
    bench.harm(&[&format!("UPDATE blob SET purpose = 'other' WHERE id = '{}'", one.id)]).await;
    assert!(store.open_blob(&one.id).await.is_err());
}

async fn blind_indexes_find_equal_values_of_one_field_only(bench: Bench) {
    let store = bench.create().await;
    let index = |field, value| store.blind_index(field, value).unwrap();
    assert_eq!(index("id", "11010519491231002x"), index("id", " １１０１０５19491231002X"));
    assert_ne!(index("id", "1"), index("phone", "1"));
    assert_ne!(index("id", "1"), index("id", "2"));
    assert_ne!(index("a\nb", "c"), index("a", "b\nc"));
    assert_eq!(index("id", "1").len(), 64);
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

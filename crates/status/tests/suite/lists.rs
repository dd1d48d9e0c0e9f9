//! Revocation lists in force.

use bytes::Bytes;
use jiff::SignedDuration;
use status::{Caching, ListKind, ListName, Lists};

use crate::world::{Issuer, World, at, unit};

/// Publishes octets as a list, as `ca` does.
async fn publish(world: &World, issuer: &Issuer, kind: ListKind, number: i64) {
    let (kind, shard, base) = match kind {
        ListKind::Full => ("full", -1, None),
        ListKind::Delta => ("delta", -1, Some(1_i64)),
        ListKind::Shard(shard) => ("shard", i64::from(shard), None),
    };
    let issuer = issuer.id;
    let publish = unit(move |tx| {
        Box::pin(async move {
            let der = format!("{kind} {shard} {number}").into_bytes();
            sqlx::query(
                "INSERT INTO crl (issuer_id, kind, shard, number, base_number, this_update, \
                 next_update, entries, covers_seq, der, etag, published_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $6)",
            )
            .bind(issuer)
            .bind(kind)
            .bind(shard)
            .bind(number)
            .bind(base)
            .bind(at(0).as_second())
            .bind(at(3600).as_second())
            .bind(&der)
            .bind(gm::sm3::hash(&der).to_hex())
            .execute(tx.conn())
            .await?;
            Ok(())
        })
    });
    world.store.commit(publish).await.unwrap();
}

fn named(issuer: &str, kind: ListKind) -> ListName {
    ListName { issuer: issuer.to_owned(), kind }
}

#[tokio::test]
async fn the_list_with_the_highest_number_is_the_one_in_force() {
    let world = World::new().await;
    let issuer = world.mute_issuer("甲").await;
    let lists = Lists::new(world.store.clone(), SignedDuration::from_mins(5));
    let body = async |kind| {
        let list = lists.current(&named("甲", kind)).await.unwrap();
        list.map(|list| list.der.clone())
    };
    assert_eq!(body(ListKind::Full).await, None);
    for number in [9, 10, 11] {
        publish(&world, &issuer, ListKind::Full, number).await;
        let expected = Bytes::from(format!("full -1 {number}"));
        assert_eq!(body(ListKind::Full).await, Some(expected));
    }
    publish(&world, &issuer, ListKind::Delta, 12).await;
    publish(&world, &issuer, ListKind::Shard(3), 1).await;
    assert_eq!(body(ListKind::Delta).await.as_deref(), Some(&b"delta -1 12"[..]));
    assert_eq!(body(ListKind::Shard(3)).await.as_deref(), Some(&b"shard 3 1"[..]));
    assert_eq!(body(ListKind::Full).await.as_deref(), Some(&b"full -1 11"[..]));
    assert_eq!(body(ListKind::Shard(4)).await, None);
    assert!(lists.current(&named("乙", ListKind::Full)).await.unwrap().is_none());
}

#[tokio::test]
async fn the_octets_of_a_list_are_kept_once_and_cached_until_the_next_is_due() {
    let world = World::new().await;
    let issuer = world.mute_issuer("甲").await;
    publish(&world, &issuer, ListKind::Full, 1).await;
    let lists = Lists::new(world.store.clone(), SignedDuration::from_mins(5));
    let name = named("甲", ListKind::Full);
    let one = lists.current(&name).await.unwrap().unwrap();
    let two = lists.current(&name).await.unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&one, &two));
    let age = |now| match lists.caching(&one, now) {
        Caching::Public { max_age, etag, last_modified, .. } => {
            assert_eq!((etag.as_str(), last_modified), (one.etag.as_str(), at(0)));
            max_age.as_secs()
        }
        Caching::NoStore => panic!("lists are public"),
    };
    assert_eq!((age(at(0)), age(at(3500)), age(at(5000))), (300, 100, 0));
}

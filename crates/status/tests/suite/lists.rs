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

/// Keeps octets as the spare of the full list, as `ca` does: made with it, to the second.
async fn keep_spare(world: &World, issuer: &Issuer, shard: i64, number: i64) {
    let issuer = issuer.id;
    let keep = unit(move |tx| {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO crl_spare (issuer_id, shard, number, this_update, next_update, \
                 entries, covers_seq, der) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)",
            )
            .bind(issuer)
            .bind(shard)
            .bind(number)
            .bind(at(0).as_second())
            .bind(at(86_400).as_second())
            .bind(format!("spare {shard} {number}").into_bytes())
            .execute(tx.conn())
            .await?;
            Ok(())
        })
    });
    world.store.commit(keep).await.unwrap();
}

/// Incident T-11.
#[tokio::test]
async fn the_spare_is_handed_out_from_the_middle_of_the_window_until_a_newer_list_is_out() {
    let world = World::new().await;
    let issuer = world.mute_issuer("甲").await;
    let lists = Lists::new(world.store.clone(), SignedDuration::from_mins(5));
    publish(&world, &issuer, ListKind::Full, 1).await;
    publish(&world, &issuer, ListKind::Delta, 2).await;
    publish(&world, &issuer, ListKind::Shard(3), 1).await;
    keep_spare(&world, &issuer, -1, 3).await;
    keep_spare(&world, &issuer, 3, 2).await;
    let body = async |kind| {
        let list = lists.current(&named("甲", kind)).await.unwrap().unwrap();
        String::from_utf8(list.der.to_vec()).unwrap()
    };
    world.clock.set(at(1799));
    assert_eq!(body(ListKind::Full).await, "full -1 1");
    world.clock.set(at(1800));
    assert_eq!(body(ListKind::Full).await, "spare -1 3");
    assert_eq!(body(ListKind::Shard(3)).await, "spare 3 2");
    assert_eq!(body(ListKind::Delta).await, "delta -1 2", "a delta has no spare");
    world.clock.set(at(86_399));
    assert_eq!(body(ListKind::Full).await, "spare -1 3");
    world.clock.set(at(86_400));
    assert_eq!(body(ListKind::Full).await, "full -1 1", "the spare is over as well");
    world.clock.set(at(1900));
    publish(&world, &issuer, ListKind::Full, 4).await;
    assert_eq!(body(ListKind::Full).await, "full -1 4", "the device is back");
}

#[tokio::test]
async fn caches_that_hold_the_list_before_are_given_the_spare() {
    let world = World::new().await;
    let issuer = world.mute_issuer("甲").await;
    let lists = Lists::new(world.store.clone(), SignedDuration::from_mins(5));
    publish(&world, &issuer, ListKind::Full, 1).await;
    keep_spare(&world, &issuer, -1, 2).await;
    let name = named("甲", ListKind::Full);
    let before = lists.current(&name).await.unwrap().unwrap();
    let fields = lists.caching(&before, at(0)).headers();
    let field = |name| fields.iter().find(|(field, _)| *field == name).unwrap().1.as_str();
    world.clock.set(at(2000));
    let spare = lists.current(&name).await.unwrap().unwrap();
    assert_eq!(spare.number, 2);
    let caching = lists.caching(&spare, at(2000));
    assert!(!caching.is_unchanged(Some(field("etag")), None));
    assert!(!caching.is_unchanged(None, Some(field("last-modified"))));
    let Caching::Public { max_age, last_modified, etag, .. } = caching else {
        panic!("lists are public");
    };
    assert_eq!((max_age.as_secs(), last_modified), (300, at(1800)));
    assert_eq!(etag, gm::sm3::hash(&spare.der).to_hex());
    let late = lists.caching(&spare, at(86_390));
    assert!(matches!(late, Caching::Public { max_age, .. } if max_age.as_secs() == 10));
    let again = lists.current(&name).await.unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&spare, &again), "read once");
}

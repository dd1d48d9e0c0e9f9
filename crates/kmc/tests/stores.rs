//! The three stores: what goes in, what comes out, what stays.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, actor, on_each_engine, opened, order, person, restore, serial};
use kmc::{EndReason, Error, Text};
use sqlx::{Connection as _, Executor as _};

/// GM/T 0038 §7.6.2.2 and GM/T 0009 §7.4: 备用 → 在用, enveloped to the signing key.
#[tokio::test(flavor = "multi_thread")]
async fn an_applied_key_opens_with_the_subscribers_signing_key() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        let (subscriber, stranger) = (person(), person());
        let issued = world.kmc.apply(&ca, order(1, subscriber.public_key())).await.unwrap();
        let key = opened(&issued, &subscriber);
        let secret = gm::sm2::encrypt(&issued.public_key, b"draft", &mut gm::OsRandom).unwrap();
        assert_eq!(key.decrypt(&secret).unwrap().as_slice(), b"draft");
        assert!(pki::envelope::unwrap(&issued.enveloped, &stranger).is_err());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_again_yields_the_same_key_and_takes_nothing_more() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        let subscriber = person();
        let order = order(1, subscriber.public_key());
        let first = world.kmc.apply(&ca, order.clone()).await.unwrap();
        let before = world.kmc.statistics().await.unwrap();
        let again = world.kmc.apply(&ca, order).await.unwrap();
        assert_eq!(again.public_key, first.public_key);
        assert_eq!(
            *opened(&again, &subscriber).to_bytes(),
            *opened(&first, &subscriber).to_bytes()
        );
        assert_eq!(world.kmc.statistics().await.unwrap(), before);
        assert_eq!(world.records("key.assigned").await, 1);
        assert_eq!(world.records("key.delivered_again").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_is_never_given_to_a_second_signing_key() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        world.kmc.apply(&ca, order(1, person().public_key())).await.unwrap();
        let refused = world.kmc.apply(&ca, order(1, person().public_key())).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.serial_taken");
        assert_eq!(world.kmc.statistics().await.unwrap().in_use(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validity_that_is_empty_or_over_is_refused() {
    let world = World::sqlite().await;
    let (ca, _) = world.ca("甲机构").await;
    let mut empty = order(1, person().public_key());
    empty.not_after = empty.not_before;
    let mut over = order(1, person().public_key());
    (over.not_before, over.not_after) = ("2020-01-01T00:00:00Z".parse().unwrap(), common::now());
    for bad in [empty, over] {
        let refused = world.kmc.apply(&ca, bad).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.validity");
    }
}

/// GM/T 0038 §7.6.2.1: the standby store is refilled below its minimum by itself.
#[tokio::test(flavor = "multi_thread")]
async fn refilling_starts_below_the_mark_and_stops_at_the_level() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        assert_eq!(world.kmc.refill().await.unwrap(), 8);
        assert_eq!(world.kmc.refill().await.unwrap(), 0);
        for number in 1..=4 {
            world.kmc.apply(&ca, order(number, person().public_key())).await.unwrap();
        }
        assert_eq!(world.kmc.standby().await.unwrap(), 4);
        assert_eq!(world.kmc.refill().await.unwrap(), 0, "four are not below four");
        world.kmc.apply(&ca, order(5, person().public_key())).await.unwrap();
        assert_eq!(world.kmc.refill().await.unwrap(), 5);
        let statistics = world.kmc.statistics().await.unwrap();
        assert_eq!((statistics.standby, statistics.in_use(), statistics.generated), (8, 5, 13));
        world.assert_sound().await;
    })
    .await;
}

/// GM/T 0038 §7.6.2.1: pairs are generated in real time when none is ready.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_standby_store_is_helped_in_real_time() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        let subscriber = person();
        let issued = world.kmc.apply(&ca, order(1, subscriber.public_key())).await.unwrap();
        opened(&issued, &subscriber);
        let statistics = world.kmc.statistics().await.unwrap();
        assert_eq!((statistics.standby, statistics.in_use(), statistics.generated), (0, 1, 1));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_applicants_at_once_get_different_keys() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        let tasks: Vec<_> = (1..=24)
            .map(|number| {
                let (kmc, ca) = (world.kmc.clone(), ca.clone());
                tokio::spawn(async move {
                    kmc.apply(&ca, order(number, person().public_key())).await.unwrap().public_key
                })
            })
            .collect();
        let mut keys = std::collections::HashSet::new();
        for task in tasks {
            assert!(keys.insert(task.await.unwrap()), "one pair went to two applicants");
        }
        assert_eq!(world.kmc.statistics().await.unwrap().in_use(), 24);
        world.assert_sound().await;
    })
    .await;
}

/// GM/T 0038 §7.6.2.3 and GM/T 0034 §12.1: a new signing pair first, the old key to it.
#[tokio::test(flavor = "multi_thread")]
async fn restoration_needs_a_new_signing_key_and_returns_the_old_encryption_key() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        let (old, new) = (person(), person());
        let first = world.kmc.apply(&ca, order(1, old.public_key())).await.unwrap();
        let refused = world.kmc.restore(&ca, restore(1, old.public_key())).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.restore_needs_new_key");
        let again = world.kmc.restore(&ca, restore(1, new.public_key())).await.unwrap();
        assert_eq!(*opened(&again, &new).to_bytes(), *opened(&first, &old).to_bytes());
        world.kmc.restore(&ca, restore(1, new.public_key())).await.unwrap();
        let refused = world.kmc.restore(&ca, restore(1, old.public_key())).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.restore_needs_new_key");
        let refused = world.kmc.apply(&ca, order(1, old.public_key())).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.serial_taken");
        assert_eq!(world.records("key.restored").await, 1);
        world.assert_sound().await;
    })
    .await;
}

/// GM/T 0038 §7.6.2.4 and GM/T 0034 §5: 在用 → 历史, kept for more than ten years.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_goes_to_history_and_stays_there() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        let subscriber = person();
        let first = world.kmc.apply(&ca, order(1, subscriber.public_key())).await.unwrap();
        let ending = world.kmc.revoke(&ca, serial(1)).await.unwrap();
        assert_eq!(ending.reason, EndReason::Revoked);
        assert_eq!(ending.retain_until.to_string(), "2036-11-23T02:00:00Z");
        world.advance_days(3);
        assert_eq!(world.kmc.revoke(&ca, serial(1)).await.unwrap(), ending);
        let refused = world.kmc.apply(&ca, order(1, subscriber.public_key())).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.key_ended");
        let new = person();
        let restored = world.kmc.restore(&ca, restore(1, new.public_key())).await.unwrap();
        assert_eq!(*opened(&restored, &new).to_bytes(), *opened(&first, &subscriber).to_bytes());
        assert_eq!(world.kmc.statistics().await.unwrap().history(), 1);
        assert_eq!(world.records("key.ended").await, 1);
        world.assert_sound().await;
    })
    .await;
}

/// GM/T 0034 §5: expiry ends use as revocation does.
#[tokio::test(flavor = "multi_thread")]
async fn expired_keys_go_to_history_by_themselves() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        for number in 1..=3 {
            world.kmc.apply(&ca, order(number, person().public_key())).await.unwrap();
        }
        world.advance_days(364);
        assert_eq!(world.kmc.expire().await.unwrap(), 0);
        world.advance_days(2);
        assert_eq!(world.kmc.expire().await.unwrap(), 3);
        assert_eq!(world.kmc.expire().await.unwrap(), 0);
        let statistics = world.kmc.statistics().await.unwrap();
        assert_eq!((statistics.in_use(), statistics.history()), (0, 3));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_to_lose_or_turn_back_a_key() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        world.kmc.apply(&ca, order(1, person().public_key())).await.unwrap();
        world.kmc.revoke(&ca, serial(1)).await.unwrap();
        sqlx::any::install_default_drivers();
        let mut conn = sqlx::AnyConnection::connect(&world.url).await.unwrap();
        for crime in [
            "DELETE FROM key_pair WHERE store = 'history'",
            "DELETE FROM key_pair WHERE store = 'standby'",
            "UPDATE key_pair SET store = 'in_use', ended_at = NULL, end_reason = NULL, \
             retain_until = NULL WHERE store = 'history'",
            "UPDATE key_pair SET retain_until = retain_until - 86400 WHERE store = 'history'",
            "UPDATE key_pair SET cert_serial = '77' WHERE store = 'history'",
            "UPDATE key_pair SET sealed = public_key WHERE store = 'standby'",
            "UPDATE key_pair SET store = 'in_use' WHERE store = 'standby'",
        ] {
            assert!(conn.execute(crime).await.is_err(), "{crime}");
        }
    })
    .await;
}

/// GM/T 0038 §7.6.1 and §7.6.2.5: several CAs at once, told apart in keys and in counts.
#[tokio::test(flavor = "multi_thread")]
async fn two_authorities_cannot_reach_each_others_keys() {
    on_each_engine(async |world| {
        let ((first, _), (second, _)) = (world.ca("甲机构").await, world.ca("乙机构").await);
        world.kmc.refill().await.unwrap();
        let subscriber = person();
        let of_first = world.kmc.apply(&first, order(1, subscriber.public_key())).await.unwrap();
        let refused = world.kmc.restore(&second, restore(1, person().public_key())).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.unknown_certificate");
        let refused = world.kmc.revoke(&second, serial(1)).await;
        assert_eq!(refused.unwrap_err().code(), "kmc.unknown_certificate");
        let of_second = world.kmc.apply(&second, order(1, subscriber.public_key())).await.unwrap();
        assert_ne!(of_first.public_key, of_second.public_key);
        world.kmc.revoke(&second, serial(1)).await.unwrap();
        let statistics = world.kmc.statistics().await.unwrap();
        let of = |name: &str| statistics.by_ca.iter().find(|ca| ca.ca == name).unwrap().clone();
        assert_eq!((of("甲机构").in_use, of("甲机构").history), (1, 0));
        assert_eq!((of("乙机构").in_use, of("乙机构").history), (0, 1));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_everything() {
    on_each_engine(async |world| {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        let subscriber = person();
        let order = order(1, subscriber.public_key());
        let first = world.kmc.apply(&ca, order.clone()).await.unwrap();
        let (counts, key) = (world.kmc.statistics().await.unwrap(), *world.kmc.public_key());
        let world = world.restarted().await;
        assert_eq!(world.kmc.statistics().await.unwrap(), counts);
        assert_eq!(*world.kmc.public_key(), key);
        let ca = world.kmc.ca("甲机构").await.unwrap();
        let again = world.kmc.apply(&ca, order).await.unwrap();
        assert_eq!(
            *opened(&again, &subscriber).to_bytes(),
            *opened(&first, &subscriber).to_bytes()
        );
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_keys_of_authorities_are_taken_once() {
    let world = World::sqlite().await;
    let (ca, key) = world.ca("甲机构").await;
    let name = |text: &str| Text::parse("name", text).unwrap();
    let same = world.kmc.register_ca(name("甲机构"), *key.public_key(), actor()).await.unwrap();
    assert_eq!(same, ca);
    let other_key = *person().public_key();
    let refused = world.kmc.register_ca(name("甲机构"), other_key, actor()).await;
    assert!(matches!(refused, Err(Error::CaTaken)));
    let refused = world.kmc.register_ca(name("乙机构"), *key.public_key(), actor()).await;
    assert!(matches!(refused, Err(Error::CaTaken)));
    assert_eq!(world.records("ca.registered").await, 1);
    world.kmc.close_ca(&ca, actor()).await.unwrap();
    assert!(matches!(world.kmc.ca("甲机构").await, Err(Error::UnknownCa)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_device_is_noticed_at_start() {
    let world = World::sqlite().await;
    world.kmc.refill().await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let device =
        gm::soft::SoftDevice::create(other.path(), b"other", gm::soft::Stretch::FAST_FOR_TESTS)
            .unwrap();
    let refused = kmc::Kmc::open(
        world.kmc.store().clone(),
        std::sync::Arc::new(device),
        world.clock.clone(),
        common::config_of(common::refill()),
    )
    .await;
    assert_eq!(refused.err().map(|error| error.code()), Some("kmc.device"));
}

//! Downloads of revocation lists while the device is gone (T-11).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use crate::door;

use ca::CrlKind;
use door::get;
use pki::crl::Crl;
use testkit::fault::{Counted, Fault};
use world::World;

const FULL: &str = "/crl/issuing.crl";

fn number(der: &[u8]) -> pki::crl::Number {
    Crl::from_der(der.to_vec()).unwrap().number().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_device_is_gone_the_download_is_the_spare() {
    let world = World::new().await;
    world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    let first = get(&world, FULL, &[]).await;
    assert_eq!((first.status.as_u16(), first.field("content-type")), (200, "application/pkix-crl"));
    assert!(first.field("cache-control").starts_with("max-age=300,"));

    world.device.fail_from(Counted::Calls, 1, Fault::Gone);
    world.pass(86_399);
    assert_eq!(get(&world, FULL, &[]).await.body, first.body, "the first half");
    world.pass(2);
    let spare = get(&world, FULL, &[]).await;
    assert_ne!(number(&spare.body), number(&first.body));
    assert_ne!(spare.field("etag"), first.field("etag"));
    let read = Crl::from_der(spare.body.clone()).unwrap();
    let issuer = world.institution.ca().certificate().public_key().unwrap();
    read.verify(&issuer, &gm::UserId::default()).unwrap();

    // A cache that has the list before is not told that nothing changed; one that has the spare is.
    for (field, name) in [("if-none-match", "etag"), ("if-modified-since", "last-modified")] {
        let stale = get(&world, FULL, &[(field, first.field(name))]).await;
        assert_eq!((stale.status.as_u16(), &stale.body), (200, &spare.body), "{field}");
        let fresh = get(&world, FULL, &[(field, spare.field(name))]).await;
        assert_eq!((fresh.status.as_u16(), fresh.body.len()), (304, 0), "{field}");
    }

    world.device.heal();
    world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    let back = get(&world, FULL, &[("if-none-match", spare.field("etag"))]).await;
    assert_eq!(back.status.as_u16(), 200);
    assert!(number(&back.body) > number(&spare.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_spare_is_over_too_the_last_list_is_given_for_no_time_to_be_kept() {
    let world = World::new().await;
    world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    let first = get(&world, FULL, &[]).await;
    world.device.fail_from(Counted::Calls, 1, Fault::Gone);
    world.pass(604_795);
    let spare = get(&world, FULL, &[]).await;
    assert_ne!(spare.body, first.body);
    assert!(
        spare.field("cache-control").starts_with("max-age=5,"),
        "{}",
        spare.field("cache-control")
    );
    world.pass(5);
    let over = get(&world, FULL, &[]).await;
    assert_eq!((over.status.as_u16(), over.body), (200, first.body));
    assert!(over.headers["cache-control"].to_str().unwrap().starts_with("max-age=0,"));
}

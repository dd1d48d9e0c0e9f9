//! `ca` and `status` each decide whether a spare list is handed out (T-11); they never import each
//! other. Here both are asked at the same moments, over the same tables.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use app::ISSUER;
use ca::CrlKind;
use ca::crl::CurrentCrl;
use status::{ListKind, ListName};
use testkit::fault::{Counted, Fault};
use world::World;

/// What both hand out now: the same octets.
async fn both(world: &World, ours: CrlKind, theirs: ListKind) -> CurrentCrl {
    let of_ca = world.institution.ca().current_crl(ours).await.unwrap().unwrap();
    let name = ListName { issuer: ISSUER.to_owned(), kind: theirs };
    let of_status = world.institution.lists().current(&name).await.unwrap().unwrap();
    let now = world.now();
    assert_eq!(of_status.number, u64::try_from(of_ca.record.number).unwrap(), "{now}");
    assert_eq!(of_status.der.as_ref(), of_ca.der, "{now}");
    assert_eq!(of_status.etag, of_ca.record.etag, "{now}");
    assert_eq!(of_status.next_update, of_ca.record.next_update, "{now}");
    of_ca
}

async fn full(world: &World) -> CurrentCrl {
    both(world, CrlKind::Full, ListKind::Full).await
}

/// Moves to `seconds` behind the thisUpdate of a list.
fn go_to(world: &World, list: &CurrentCrl, seconds: i64) {
    let at = list.record.this_update.as_second() + seconds;
    world.clock.set(jiff::Timestamp::from_second(at).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn both_hand_out_the_same_list_at_every_edge_of_an_outage() {
    let world = World::new().await;
    world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    world.institution.ca().publish_crl(CrlKind::Delta).await.unwrap();
    let first = full(&world).await;
    world.device.fail_from(Counted::Calls, 1, Fault::Gone);
    let window = first.record.next_update.duration_since(first.record.this_update).as_secs();
    for (seconds, is_spare) in [
        (0, false),
        (window / 2 - 1, false),
        (window / 2, true),
        (window / 2 + 1, true),
        (window - 1, true),
        (window, true),
        (window + 1, true),
        (604_799, true),
        // The spare is over too: the list stays, so that it can be seen to be over.
        (604_800, false),
        (700_000, false),
    ] {
        go_to(&world, &first, seconds);
        let found = full(&world).await;
        assert_eq!(found.record.spare, is_spare, "{seconds}");
        assert_eq!(found.record.number > first.record.number, is_spare, "{seconds}");
        let delta = both(&world, CrlKind::Delta, ListKind::Delta).await;
        assert!(!delta.record.spare, "{seconds}");
    }
    go_to(&world, &first, window);
    let spare = full(&world).await;
    world.device.heal();
    let published = world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    let back = full(&world).await;
    assert!(!back.record.spare && back.record.number > spare.record.number);
    assert_eq!(back.record.number, published.number);
}

/// The spare that could be published is the one that was handed out before.
#[tokio::test(flavor = "multi_thread")]
async fn a_spare_that_is_published_stays_what_it_was() {
    let world = World::new().await;
    world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    let first = full(&world).await;
    go_to(&world, &first, 90_000);
    let waiting = full(&world).await;
    assert!(waiting.record.spare);
    world.institution.ca().use_spare(CrlKind::Full).await.unwrap().unwrap();
    let published = full(&world).await;
    assert_eq!((published.der, published.record.number), (waiting.der, waiting.record.number));
}

/// A large issuer's certificates name the list of their shard, and each shard is handed out with
/// the address it stands for (RFC 5280 §5.2.5).
#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_a_sharded_issuer_name_the_list_that_names_them() {
    let world = World::with(|settings| settings.crl.shards = 4).await;
    let key = gm::sm2::PrivateKey::generate(&mut gm::OsRandom).unwrap();
    let order = world.order("r1", "person", app::Act::New, &key);
    let made = world.institution.enrol(order).await.unwrap();
    let point = format!("{:?}", made.sign.certificate.crl_dp().unwrap());
    let shard = ca::rules::crl::shard_of(made.sign.serial(), 4);
    assert!(point.contains(&format!("/crl/issuing-{shard}.crl")), "{point}");
    world.pass(60);
    let change =
        app::lifecycle::Change::Revoke(ca::Revocation::because(ca::RevocationReason::Superseded));
    let actor = store::Actor::client(&world.client.id.to_string());
    world.institution.change(*made.sign.serial(), change, actor).await.unwrap();
    world.pass(60);
    world.institution.ca().publish_due().await.unwrap();
    for at in 0..4 {
        let list = both(&world, CrlKind::Shard(at), ListKind::Shard(at.into())).await;
        let list = pki::crl::Crl::from_der(list.der).unwrap();
        let urls: Vec<_> = list.scope().unwrap().urls().map(str::to_owned).collect();
        assert!(urls.len() == 1 && urls[0].ends_with(&format!("/crl/issuing-{at}.crl")));
        assert_eq!(list.lookup(made.sign.serial()).is_some(), at == shard, "{at}");
    }
    // Settings that speak of other shards would send relying parties to lists that there aren't.
    let refused = world.restarted(|settings| settings.crl.shards = 8).await;
    let text = refused.err().unwrap().to_string();
    assert!(text.contains("[crl] shards") && text.contains('4'), "{text}");
}

/// The root's list is made by hand: it lasts until people have come together again.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_the_root_counts_for_a_year_and_people_are_reminded_of_its_end() {
    let world = World::new().await;
    let level = async || {
        let checks = world.institution.examine(false).await;
        checks.into_iter().find(|check| check.name == "root_list").unwrap().level
    };
    assert_eq!(level().await, app::doctor::Level::Good);
    world.pass(335 * 86_400);
    assert_eq!(level().await, app::doctor::Level::Good);
    world.pass(2 * 86_400);
    assert_eq!(level().await, app::doctor::Level::Warning);
    let name = ListName { issuer: "root".to_owned(), kind: ListKind::Full };
    let list = world.institution.lists().current(&name).await.unwrap().unwrap();
    assert!(list.next_update > world.now());
    world.pass(60 * 86_400);
    assert_eq!(level().await, app::doctor::Level::Failed);
    // Three custodians come together: the next list, and it is good for another year.
    let institution = &world.institution;
    let shares = institution.layout().ceremony().join("shares");
    let share = |at: usize| ca::ceremony::SealedShare {
        path: shares.join(format!("share-{at}.json")),
        passphrase: format!("custodian passphrase {at}").into(),
    };
    let actor = || store::Actor::new("person:L1");
    let device = || -> std::sync::Arc<dyn gm::Device> { world.device.clone() };
    let opened = (institution.store().clone(), Vec::from([1, 3, 5].map(share)));
    ca::ceremony::restore_root(&opened.0, device(), opened.1, actor()).await.unwrap();
    let parts = app::Parts {
        layout: institution.layout().clone(),
        settings: institution.settings().clone(),
        device: device(),
        kmc_device: None,
        clock: world.clock.clone(),
        opening: store::Opening::Existing,
    };
    let published = app::publish_root_list(&parts, institution.store()).await.unwrap();
    ca::ceremony::destroy_root(institution.store(), device(), actor()).await.unwrap();
    assert_eq!(level().await, app::doctor::Level::Good);
    let next = world.institution.lists().current(&name).await.unwrap().unwrap();
    assert_eq!(next.number, u64::try_from(published.published[0].number).unwrap());
    assert!(next.number > list.number);
}

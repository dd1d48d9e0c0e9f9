//! What an operator writes into `yinxin.toml`, as it shows in what is issued.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use app::doctor::Level;
use app::{Act, Error};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::Certificate;
use world::World;

fn key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

fn policies(certificate: &Certificate) -> Vec<String> {
    let policies = certificate.policies().unwrap();
    policies.0.iter().map(|policy| policy.policy.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_keeps_its_key_only_where_the_settings_say_so() {
    let world = World::new().await;
    let key = key();
    let first = world.order("r1", "person", Act::New, &key);
    let first = world.institution.enrol(first).await.unwrap();
    let renew = Act::Renew(first.sign.record.serial);
    let refused = world.order("r2", "person", renew.clone(), &key);
    let refused = world.institution.enrol(refused).await.unwrap_err();
    assert!(matches!(refused, Error::Ca(ca::Error::Refused(ca::Refusal::KeyInUse))), "{refused}");

    let world = world.restarted(|s| s.ca.renewals_keep_key = vec!["person".into()]).await.unwrap();
    let renewed = world.order("r3", "person", renew, &key);
    let renewed = world.institution.enrol(renewed).await.unwrap();
    assert_eq!(renewed.sign.record.key_hash, first.sign.record.key_hash);
    assert_ne!(renewed.sign.record.serial, first.sign.record.serial);
    let enc = |done: &app::Enrolled| done.enc.as_ref().unwrap().record.key_hash.clone();
    assert_ne!(enc(&renewed), enc(&first), "encryption keys come new from the key centre");
    // Not a renewal: still one key, one certificate.
    let again = world.order("r4", "person", Act::New, &key);
    assert!(world.institution.enrol(again).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_name_no_kind_stop_the_start_with_a_plain_message() {
    let world = World::new().await;
    let error = world.restarted(|s| s.ca.renewals_keep_key = vec!["persons".into()]).await;
    let text = error.err().unwrap().to_string();
    assert!(text.contains("renewals_keep_key") && text.contains("persons"), "{text}");
    let world = World::new().await;
    let wrong =
        |s: &mut app::Settings| drop(s.policy.insert("root".into(), vec!["1.2.156.1".into()]));
    let text = world.restarted(wrong).await.err().unwrap().to_string();
    assert!(text.contains("[policy]") && text.contains("root"), "{text}");
}

/// T-05: which policies a certificate was issued under can be told from the journal alone.
#[tokio::test(flavor = "multi_thread")]
async fn own_policies_stand_in_certificates_and_their_profile_in_the_journal() {
    let world = World::new().await;
    let placeholders = check(&world).await;
    assert_eq!(placeholders.level, Level::Warning);
    assert!(placeholders.detail.contains("person"), "{}", placeholders.detail);
    let before =
        world.institution.enrol(world.order("r1", "person", Act::New, &key())).await.unwrap();
    assert_eq!(policies(&before.sign.certificate), ["1.3.6.1.4.1.32473.1.1.1"]);
    assert!(world.records("profile.adopted", "profile:person-sign").await.is_empty());

    let kinds = ["person", "staff", "unit", "device", "server", "ocsp", "tsa"];
    let own = |settings: &mut app::Settings| {
        for (at, kind) in kinds.iter().enumerate() {
            settings.policy.insert((*kind).to_owned(), vec![format!("1.2.156.99.{at}")]);
        }
    };
    let world = world.restarted(own).await.unwrap();
    assert_eq!(check(&world).await.level, Level::Good);
    let after =
        world.institution.enrol(world.order("r2", "person", Act::New, &key())).await.unwrap();
    assert_eq!(policies(&after.sign.certificate), ["1.2.156.99.0"]);
    assert_eq!(policies(&after.enc.unwrap().certificate), ["1.2.156.99.0"]);
    let serial = after.sign.record.serial.to_hex();
    let intent =
        world.records("certificate.intended", &format!("certificate:issuing/{serial}")).await;
    let adopted = world.records("profile.adopted", "profile:person-sign").await;
    assert_eq!((intent.len(), adopted.len()), (1, 1));
    assert_eq!(adopted[0].body["policies"], serde_json::json!(["1.2.156.99.0"]));
    assert_eq!(intent[0].body["profile_sm3"], adopted[0].body["profile_sm3"]);
    assert!(adopted[0].seq < intent[0].seq);

    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(world.records("profile.adopted", "profile:person-sign").await.len(), 1, "once");
    let world = world.restarted(|s| s.policy.clear()).await.unwrap();
    let adopted = world.records("profile.adopted", "profile:person-sign").await;
    assert_eq!(adopted[1].body["policies"], serde_json::json!(["1.3.6.1.4.1.32473.1.1.1"]));
}

async fn check(world: &World) -> app::doctor::Check {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "policies").unwrap()
}

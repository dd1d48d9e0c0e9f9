//! What is new arrives, in every state, through every interruption.

use ca::CrlKind;

use super::slapd::{BASE, Slapd};
use super::{Change, change, enrol, health, into, publish};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn certificates_lists_and_their_status_stand_in_slapd_and_persons_do_not() {
    let Some(slapd) = Slapd::start() else { return };
    let world = World::with(into(&slapd)).await;
    let unit = enrol(&world, "unit-1", "unit").await;
    let person = enrol(&world, "person-1", "person").await;
    let (sign, enc) = (unit.sign.certificate, unit.enc.unwrap().certificate);
    let (sign_serial, enc_serial) = (sign.serial().to_hex(), enc.serial().to_hex());
    world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    publish(&world).await;
    assert_eq!(health(&world).await.trouble, None);
    for certificate in [&sign, &enc] {
        let found = slapd.certificate(&certificate.serial().to_hex()).unwrap();
        assert_eq!(found.values("userCertificate;binary"), [certificate.der()]);
        assert_eq!(found.texts("cn"), ["示例unit-1"]);
        assert_eq!(found.texts("o"), ["示例局"]);
        assert_eq!(found.status(), "good");
    }
    assert_eq!(slapd.certificate(&person.sign.certificate.serial().to_hex()), None);
    // The lists are the same octets as in our own tree.
    let list = world.institution.lists();
    let name = status::ListName { issuer: "issuing".to_owned(), kind: status::ListKind::Full };
    let full = list.current(&name).await.unwrap().unwrap();
    let issuers = slapd.search(BASE, &["(&(cn=issuing)(objectClass=pkiCA))"]);
    assert_eq!(issuers[0].values("certificateRevocationList;binary"), [full.der.to_vec()]);
    let own = world.institution.ca().certificate().der().to_vec();
    assert_eq!(issuers[0].values("cACertificate;binary"), [own]);

    for (step, status, shows) in [
        (Change::Suspend, "suspended", false),
        (Change::Resume, "good", true),
        (Change::Revoke, "revoked", false),
    ] {
        change(&world, sign.serial(), step).await;
        change(&world, enc.serial(), step).await;
        assert!(health(&world).await.waiting_since.is_some());
        publish(&world).await;
        assert_eq!(slapd.certificate(&sign_serial).unwrap().status(), status);
        let found = slapd.certificate(&enc_serial).unwrap();
        assert_eq!(found.status(), status);
        // Nobody may encrypt to it any more; old signatures must be verified.
        let there = !found.values("userCertificate;binary").is_empty();
        assert_eq!(there, shows, "{status}");
        let signed = slapd.certificate(&sign_serial).unwrap();
        assert_eq!(signed.values("userCertificate;binary"), [sign.der()]);
    }
    world.institution.ca().publish_crl(CrlKind::Full).await.unwrap();
    publish(&world).await;
    let full = list.current(&name).await.unwrap().unwrap();
    let issuers = slapd.search(BASE, &["(&(cn=issuing)(objectClass=pkiCA))"]);
    assert_eq!(issuers[0].values("certificateRevocationList;binary"), [full.der.to_vec()]);
    let health = health(&world).await;
    assert_eq!((health.waiting_since, health.refused, health.delay_seconds), (None, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_is_said_to_be_over() {
    let Some(slapd) = Slapd::start() else { return };
    let world = World::with(into(&slapd)).await;
    let enc = enrol(&world, "device-1", "device").await.enc.unwrap().certificate;
    publish(&world).await;
    let rest = enc.not_after().as_second() - world.now().as_second();
    world.pass(rest + 1);
    while world.institution.ca().expire(100).await.unwrap() > 0 {}
    // A second that is past is whole.
    world.pass(3);
    publish(&world).await;
    let found = slapd.certificate(&enc.serial().to_hex()).unwrap();
    assert_eq!(found.status(), "expired");
    assert!(found.values("userCertificate;binary").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_the_other_server_is_down_arrives_after_it_is_back() {
    let Some(mut slapd) = Slapd::start() else { return };
    let world = World::with(into(&slapd)).await;
    let first = enrol(&world, "unit-1", "unit").await.sign.certificate;
    publish(&world).await;
    slapd.stop();
    change(&world, first.serial(), Change::Suspend).await;
    change(&world, first.serial(), Change::Revoke).await;
    let second = enrol(&world, "unit-2", "unit").await.sign.certificate;
    publish(&world).await;
    world.pass(700);
    let before = health(&world).await;
    assert!(before.trouble.is_some_and(|why| why.contains("从目录")));
    assert!(before.delay_seconds >= 700);
    let checks = world.institution.examine(false).await;
    let check = checks.iter().find(|check| check.name == "directory_replica").unwrap();
    assert_eq!(check.level, app::doctor::Level::Failed, "{}", check.detail);
    // Our own side starts anew meanwhile: the place reached was kept.
    let world = world.restarted(|_| ()).await.unwrap();
    slapd.resume();
    assert_eq!(slapd.certificate(&first.serial().to_hex()).unwrap().status(), "good");
    publish(&world).await;
    assert_eq!(slapd.certificate(&first.serial().to_hex()).unwrap().status(), "revoked");
    assert_eq!(slapd.certificate(&second.serial().to_hex()).unwrap().status(), "good");
    let after = health(&world).await;
    assert_eq!((after.trouble, after.waiting_since), (None, None));
    // Only what was new was sent: the first pair's other certificate wasn't among it.
    assert!(after.sent < 8, "{}", after.sent);
}

/// The other server was put back to an empty state: the tree is made again, the rest by comparing.
#[tokio::test(flavor = "multi_thread")]
async fn folders_that_are_gone_are_made_again() {
    let Some(slapd) = Slapd::start() else { return };
    let world = World::with(into(&slapd)).await;
    publish(&world).await;
    for name in ["serialNumber=x", "cn=issuing,ou=CA", "cn=root,ou=CA", "ou=CA", "ou=Certificates"]
    {
        if !slapd.search(&format!("{name},{BASE}"), &["-s", "base"]).is_empty() {
            slapd.alter(&format!("dn: {name},{BASE}\nchangetype: delete\n"));
        }
    }
    let unit = enrol(&world, "unit-1", "unit").await.sign.certificate;
    let begin = std::time::Instant::now();
    while slapd.certificate(&unit.serial().to_hex()).is_none() {
        assert!(begin.elapsed().as_secs() < 60);
        publish(&world).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// An entry that the other server refuses for its contents stops no other, and is tried again.
#[tokio::test(flavor = "multi_thread")]
async fn one_refused_entry_holds_up_no_other() {
    let more = "attributetype ( 1.3.6.1.4.1.32473.9.1 NAME 'unused' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )";
    let Some(slapd) = Slapd::start_with(more) else { return };
    let world = World::with(into(&slapd)).await;
    let first = enrol(&world, "unit-1", "unit").await.sign.certificate;
    publish(&world).await;
    // Somebody made another kind of entry of it, which can't become a device.
    let dn = format!("serialNumber={},ou=Certificates,{BASE}", first.serial().to_hex());
    slapd.alter(&format!(
        "dn: {dn}\nchangetype: delete\n\ndn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\n\
         objectClass: extensibleObject\ncn: x\nsn: x\nserialNumber: {}\n",
        first.serial().to_hex()
    ));
    change(&world, first.serial(), Change::Revoke).await;
    let second = enrol(&world, "unit-2", "unit").await.sign.certificate;
    publish(&world).await;
    assert!(slapd.certificate(&second.serial().to_hex()).is_some());
    assert_eq!(health(&world).await.refused, 1);
    slapd.alter(&format!("dn: {dn}\nchangetype: delete\n"));
    world.pass(601);
    publish(&world).await;
    assert_eq!(slapd.certificate(&first.serial().to_hex()).unwrap().status(), "revoked");
    assert_eq!(health(&world).await.refused, 0);
}

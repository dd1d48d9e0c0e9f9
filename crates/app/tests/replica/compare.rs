//! Entries that somebody altered are found and mended, and nobody else's are touched.

use store::Actor;

use super::slapd::{BASE, Slapd};
use super::{Change, change, enrol, into, publish};
use crate::world::World;

async fn compare(world: &World, mends: bool) -> app::replica::CompareReport {
    world.institution.replica().unwrap().compare(mends, Actor::system()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_altered_is_found_and_mended() {
    let Some(slapd) = Slapd::start() else { return };
    let world = World::with(into(&slapd)).await;
    // More than a page.
    let mut all = Vec::new();
    for number in 0..105 {
        let pair = enrol(&world, &format!("unit-{number}"), "unit").await;
        all.push(pair.sign.certificate.serial().to_hex());
    }
    publish(&world).await;
    let first = compare(&world, false).await;
    assert!(first.is_sound(), "{first:?}");
    assert!(first.compared >= 210, "{first:?}");
    let others = slapd.search("o=别的机构,c=CN", &["(objectClass=*)", "*", "+"]);
    let dn = |serial: &str| format!("serialNumber={serial},ou=Certificates,{BASE}");
    slapd.alter(&format!(
        "dn: {}\nchangetype: delete\n\n\
         dn: {}\nchangetype: modify\nreplace: description\ndescription: certificateStatus=good\n\n\
         dn: {}\nchangetype: modify\ndelete: userCertificate;binary\n-\nadd: seeAlso\nseeAlso: c=CN\n\n\
         dn: {}\nchangetype: add\nobjectClass: device\ncn: nobody\nserialNumber: 0bad\n\n\
         dn: cn=below,{}\nchangetype: add\nobjectClass: device\ncn: below\n\n\
         dn: cn=issuing,ou=CA,{BASE}\nchangetype: modify\ndelete: cACertificate;binary\n",
        dn(&all[3]),
        dn(&all[50]),
        dn(&all[104]),
        dn("0bad"),
        dn("0bad"),
    ));
    let found = compare(&world, false).await;
    assert_eq!((found.missing, found.surplus, found.different), (1, 2, 3), "{found:?}");
    assert_eq!((found.repaired, found.unrepaired), (0, 6));
    let missing = found.findings.iter().find(|one| one.kind == "missing").unwrap();
    assert_eq!(missing.dn, dn(&all[3]));
    assert!(found.findings.iter().any(|one| one.detail == "userCertificate;binary、seeAlso"));
    let mended = compare(&world, true).await;
    assert_eq!((mended.repaired, mended.unrepaired), (6, 0), "{mended:?}");
    let last = compare(&world, false).await;
    assert!(last.is_sound(), "{last:?}");
    assert_eq!(slapd.certificate("0bad"), None);
    assert!(slapd.certificate(&all[3]).is_some());
    assert_eq!(slapd.search("o=别的机构,c=CN", &["(objectClass=*)", "*", "+"]), others);
    let records = world.records("directory.replica-checked", "directory:replica").await;
    assert_eq!(records.len(), 4);
    assert_eq!(records[2].body["repaired"], 6);
}

/// An entry of another kind under a name of ours can't be changed into one: it is made anew.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_another_class_is_made_anew() {
    let Some(slapd) = Slapd::start() else { return };
    let world = World::with(into(&slapd)).await;
    let serial = enrol(&world, "unit-1", "unit").await.sign.certificate.serial().to_hex();
    publish(&world).await;
    let dn = format!("serialNumber={serial},ou=Certificates,{BASE}");
    slapd.alter(&format!(
        "dn: {dn}\nchangetype: delete\n\ndn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\n\
         cn: x\nsn: x\nobjectClass: extensibleObject\nserialNumber: {serial}\n"
    ));
    let mended = compare(&world, true).await;
    assert_eq!((mended.different, mended.repaired), (1, 1), "{mended:?}");
    assert_eq!(
        slapd.certificate(&serial).unwrap().texts("objectClass"),
        ["top", "device", "pkiUser"]
    );
    assert!(compare(&world, false).await.is_sound());
}

/// What is merely under way isn't a finding, and a choice of fewer kinds takes entries away.
#[tokio::test(flavor = "multi_thread")]
async fn changes_under_way_are_no_findings_and_kinds_no_longer_public_go() {
    let Some(slapd) = Slapd::start() else { return };
    let world = World::with(into(&slapd)).await;
    let unit = enrol(&world, "unit-1", "unit").await.sign.certificate;
    let device = enrol(&world, "device-1", "device").await.sign.certificate;
    publish(&world).await;
    change(&world, unit.serial(), Change::Revoke).await;
    let report = compare(&world, false).await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(slapd.certificate(&unit.serial().to_hex()).unwrap().status(), "revoked");
    let world = world.restarted(|settings| settings.directory.kinds = vec!["unit".to_owned()]);
    let world = world.await.unwrap();
    publish(&world).await;
    let replica = world.institution.replica().unwrap();
    replica.compare_if_due().await.unwrap();
    assert_eq!(slapd.certificate(&device.serial().to_hex()), None);
    assert!(slapd.certificate(&unit.serial().to_hex()).is_some());
    let health = replica.health().await.unwrap();
    assert_eq!(health.checked.unwrap()["surplus"], 2);
    // Once a day is enough.
    replica.compare_if_due().await.unwrap();
    assert_eq!(replica.health().await.unwrap().walk.number(), 1);
}

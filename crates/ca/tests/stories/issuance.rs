//! Issuing, retrying, renewing, finding.

use ca::{CertificateFilter, Error, Intent, IssueOrder, Refusal, Role};
use jiff::SignedDuration;

use crate::world::{World, intend, issue, key, order};

crate::stories! {
    pair_is_issued_with_one_subject_and_tied
    partner_of_another_subject_is_refused_by_a_lint
    retry_returns_identical_bytes
    same_request_with_another_order_is_refused
    pair_can_be_intended_and_stored_in_one_unit_each
    every_certificate_has_its_intent_and_record
    certificate_that_was_never_recorded_cannot_be_stored
    rekey_is_linked_to_what_it_replaces
    pages_cover_every_certificate_once
    search_finds_by_every_condition
    expiry_is_noted_once
    t02_two_signatures_for_one_request_leave_one_certificate
    t19_no_order_leads_to_a_ca_certificate
}

async fn pair_is_issued_with_one_subject_and_tied(world: World) {
    let sign = world.issue(order("r1", Role::Sign, "张三", key())).await.unwrap();
    let enc = world.issue(order("r1", Role::Enc, "张三", key())).await.unwrap();
    assert_eq!(sign.certificate.subject(), enc.certificate.subject());
    assert_eq!(enc.record.pair_id, Some(sign.record.id));
    let sign = world.ca.find(sign.serial()).await.unwrap().unwrap();
    assert_eq!(sign.record.pair_id, Some(enc.record.id));
    let ca = world.ca.certificate();
    for certificate in [&sign.certificate, &enc.certificate] {
        certificate.verify_signature(&ca.public_key().unwrap(), &gm::UserId::default()).unwrap();
        assert_eq!(certificate.issuer(), ca.subject());
    }
}

/// GM/T 0043 §6: the subjects of a pair are byte for byte the same.
async fn partner_of_another_subject_is_refused_by_a_lint(world: World) {
    let sign = world.ca.prepare(order("r1", Role::Sign, "张三", key())).unwrap();
    world.pass(1);
    let enc = world.ca.prepare_beside(order("r1", Role::Enc, "张三", key()), &sign).unwrap();
    assert_ne!(enc.serial(), sign.serial());
    let other = world.ca.prepare_beside(order("r1", Role::Enc, "李四", key()), &sign);
    assert!(matches!(other, Err(Error::Lint(_))), "{other:?}");
}

async fn retry_returns_identical_bytes(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    let first = world.issue(asked.clone()).await.unwrap();
    world.pass(3_600);
    let again = world.issue(asked).await.unwrap();
    assert_eq!(first.der(), again.der());
    assert_eq!(world.number("SELECT COUNT(*) FROM certificate WHERE role = 'sign'").await, 1);
}

async fn same_request_with_another_order_is_refused(world: World) {
    world.issue(order("r1", Role::Sign, "张三", key())).await.unwrap();
    let other = world.issue(order("r1", Role::Sign, "李四", key())).await.unwrap_err();
    assert!(matches!(other, Error::Refused(Refusal::OtherOrder)), "{other}");
}

async fn pair_can_be_intended_and_stored_in_one_unit_each(world: World) {
    let orders = [Role::Sign, Role::Enc].map(|role| order("r1", role, "张三", key()));
    let prepared = orders.map(|order| world.ca.prepare(order).unwrap());
    let ca = world.ca.clone();
    let tickets = world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                let mut tickets = Vec::new();
                for prepared in prepared {
                    match ca.intend(tx, prepared).await? {
                        Intent::Ticket(ticket) => tickets.push(*ticket),
                        Intent::Issued(_) => panic!("nothing was issued yet"),
                    }
                }
                Ok::<_, Error>(tickets)
            })
        })
        .await
        .unwrap();
    let signed = world.ca.sign(tickets).await.unwrap();
    let ca = world.ca.clone();
    let stored = world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                let mut stored = Vec::new();
                for signed in signed {
                    stored.push(ca.store(tx, signed).await?);
                }
                Ok::<_, Error>(stored)
            })
        })
        .await
        .unwrap();
    assert_eq!(stored.len(), 2);
    assert_eq!(stored[1].record.pair_id, Some(stored[0].record.id));
}

async fn every_certificate_has_its_intent_and_record(world: World) {
    for n in 0..5 {
        world.certificate(&format!("r{n}")).await;
    }
    // Root, issuing CA and responder came out of the ceremony.
    assert_eq!(world.records("certificate.issued").await, 5 + 3);
    assert_eq!(world.records("certificate.intended").await, 5 + 2);
    assert_eq!(world.records("ceremony.root-intended").await, 1);
    let without = "SELECT COUNT(*) FROM certificate c WHERE NOT EXISTS (SELECT 1 FROM issuance i \
                   WHERE i.serial = c.serial AND i.state = 'issued' AND i.intent_seq < c.issued_seq)";
    assert_eq!(world.number(without).await, 0);
}

async fn certificate_that_was_never_recorded_cannot_be_stored(world: World) {
    let prepared = world.ca.prepare(order("r1", Role::Sign, "张三", key())).unwrap();
    let (leak, leaked) = std::sync::mpsc::channel();
    let ca = world.ca.clone();
    let failed: Result<(), Error> = world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                leak.send(ca.intend(tx, prepared).await?).unwrap();
                Err(Refusal::Collision.into())
            })
        })
        .await;
    assert!(failed.is_err());
    let Intent::Ticket(ticket) = leaked.recv().unwrap() else { panic!("not a ticket") };
    let signed = world.ca.sign(vec![*ticket]).await.unwrap();
    let ca = world.ca.clone();
    let stored: Result<_, Error> = world
        .store
        .commit(move |tx| {
            Box::pin(async move { ca.store(tx, signed.into_iter().next().unwrap()).await })
        })
        .await;
    assert!(stored.is_err());
    assert_eq!(world.number("SELECT COUNT(*) FROM certificate WHERE request_id = 'r1'").await, 0);
}

async fn rekey_is_linked_to_what_it_replaces(world: World) {
    let old = world.certificate("r1").await;
    world.pass(86_400);
    let asked =
        IssueOrder { replaces: Some(*old.serial()), ..order("r2", Role::Sign, "张三", key()) };
    let new = world.issue(asked).await.unwrap();
    assert_eq!(new.record.replaces_id, Some(old.record.id));
    world.revoke(old.serial(), ca::RevocationReason::Superseded).await.unwrap();
    let old = world.ca.find(old.serial()).await.unwrap().unwrap();
    assert_eq!(old.record.status.as_str(), "revoked");
}

async fn pages_cover_every_certificate_once(world: World) {
    for n in 0..7 {
        world.certificate(&format!("r{n}")).await;
    }
    let filter = CertificateFilter { profile: Some("person-sign".into()), ..Default::default() };
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = world.ca.list(&filter, before, 3).await.unwrap();
        assert!(page.records.len() <= 3);
        seen.extend(page.records.iter().map(|record| record.request_id.to_string()));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..7).rev().map(|n| format!("r{n}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(world.ca.count(&filter).await.unwrap(), 7);
    let mut export = world.ca.export(filter);
    assert_eq!(export.next().await.unwrap().len(), 7);
    assert!(export.next().await.unwrap().is_empty());
}

async fn search_finds_by_every_condition(world: World) {
    let zhang = world.issue(order("r1", Role::Sign, "张三_100%", key())).await.unwrap();
    world.issue(order("r2", Role::Sign, "李四", key())).await.unwrap();
    world.suspend(zhang.serial()).await.unwrap();
    let base = CertificateFilter::default;
    let found = async |filter: CertificateFilter| {
        let page = world.ca.list(&filter, None, 10).await.unwrap();
        page.records.into_iter().map(|record| record.request_id.to_string()).collect::<Vec<_>>()
    };
    for filter in [
        CertificateFilter { subject: Some("张三".into()), ..base() },
        CertificateFilter { subject: Some("_100%".into()), ..base() },
        CertificateFilter { status: Some("suspended".into()), ..base() },
        CertificateFilter { serial: Some(*zhang.serial()), ..base() },
        CertificateFilter { request_id: Some("r1".into()), ..base() },
        CertificateFilter { key_hash: Some(zhang.record.key_hash.clone()), ..base() },
    ] {
        assert_eq!(found(filter.clone()).await, ["r1"], "{filter:?}");
    }
    let wildcard = CertificateFilter { subject: Some("%四".into()), ..base() };
    assert!(found(wildcard).await.is_empty());
    let later = Some(world.now().checked_add(SignedDuration::from_secs(1)).unwrap());
    assert!(found(CertificateFilter { issued_from: later, ..base() }).await.is_empty());
}

async fn expiry_is_noted_once(world: World) {
    let certificate = world.certificate("r1").await;
    assert_eq!(world.ca.expire(100).await.unwrap(), 0);
    world.clock.set(certificate.record.not_after);
    // The responder's certificate is shorter and has ended before.
    assert_eq!(world.ca.expire(100).await.unwrap(), 1);
    assert_eq!(world.ca.expire(100).await.unwrap(), 0, "the last second still counts");
    world.pass(1);
    assert_eq!(world.ca.expire(100).await.unwrap(), 1);
    assert_eq!(world.ca.expire(100).await.unwrap(), 0);
    let found = world.ca.find(certificate.serial()).await.unwrap().unwrap();
    assert_eq!(found.record.expired_at, Some(world.now()));
}

/// WoSign, issue F: the first signing server lost contact, a second one signed as well.
async fn t02_two_signatures_for_one_request_leave_one_certificate(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    let mut signed = Vec::new();
    for _ in 0..2 {
        let Intent::Ticket(ticket) = intend(&world.store, &world.ca, asked.clone()).await.unwrap()
        else {
            panic!("nothing is stored yet");
        };
        signed.extend(world.ca.sign(vec![*ticket]).await.unwrap());
    }
    let mut stored = Vec::new();
    for signed in signed {
        let ca = world.ca.clone();
        let one = world.store.commit(move |tx| Box::pin(async move { ca.store(tx, signed).await }));
        stored.push(one.await.unwrap());
    }
    assert_eq!(stored[0].der(), stored[1].der());
    assert_eq!(issue(&world.store, &world.ca, asked).await.unwrap().der(), stored[0].der());
    assert_eq!(world.number("SELECT COUNT(*) FROM certificate WHERE request_id = 'r1'").await, 1);
    assert_eq!(world.records("certificate.permitted-again").await, 1);
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}

/// TurkTrust 2012, CNNIC/MCS 2015: CA certificates where subscriber certificates were meant.
async fn t19_no_order_leads_to_a_ca_certificate(world: World) {
    for (profile, role) in [
        ("root", Role::Ca),
        ("subca", Role::Ca),
        ("subca", Role::Sign),
        ("root", Role::Service),
        ("person-sign", Role::Ca),
    ] {
        let asked = IssueOrder { profile: profile.into(), ..order("r1", role, "张三", key()) };
        let error = world.ca.prepare(asked).unwrap_err();
        assert!(matches!(error, Error::Refused(Refusal::CeremonyOnly)), "{profile}: {error}");
    }
    // Of all profiles that can be ordered, none yields a CA.
    for profile in world.ca.profiles().iter().filter(|profile| !profile.is_ca()) {
        let document = profile.document();
        assert!(document.basic_constraints.is_none_or(|rule| !rule.ca), "{}", profile.name());
        assert!(!document.key_usage.usages.iter().any(|usage| usage == "keyCertSign"));
    }
    let below = &world.report.issuing;
    assert_eq!(below.basic_constraints().unwrap().path_len, Some(0));
    assert!(below.name_constraints().is_some());
}

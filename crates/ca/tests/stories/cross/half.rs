//! The other half: what another institution issued for one of our CAs.

use ca::{take_back, take_in};
use gm::{UserId, sm3};
use jiff::Timestamp;
use pki::ext::GeneralName;
use pki::lint::Context;
use pki::path::{Outcome, Validity};
use pki::profile::ProfileSet;
use pki::strict::Tag;
use pki::{Certificate, CrossOrder, CrossTerms, Issuer, Name, Urls, oid, plan_cross};

use super::{holder, other_ca, other_root, plan_for, terms, validity, warrant};
use crate::family::{Made, ca, key};
use crate::world::{World, actor};

crate::stories! {
    what_others_issued_for_us_is_taken_in_once_and_taken_back_by_two
    mutual_recognition_ends_and_does_not_go_round_in_circles
}

/// What the neighbour's CA issues for one of ours.
pub fn half(by: &Made, ours: &Certificate, at: Timestamp) -> Certificate {
    let profiles = ProfileSet::embedded().unwrap();
    let profile = profiles.by_name("cross").unwrap();
    let names = Name::from_attributes([(oid::COUNTRY, Tag::PRINTABLE_STRING, "CN")]);
    let terms = CrossTerms { permitted: vec![GeneralName::Directory(names)], ..terms() };
    let order = CrossOrder {
        peer: ours,
        serial: pki::Serial::from_random(
            sm3::hash(by.certificate.der()).0[..16].try_into().unwrap(),
        )
        .unwrap(),
        not_before: at,
        not_after: "2031-01-01T00:00:00Z".parse().unwrap(),
        terms: &terms,
    };
    let urls = Urls { crl: vec!["http://crl.neighbour.cn/root.crl".into()], ..Urls::default() };
    let issuer = Issuer::certificate(&by.certificate).unwrap();
    let planned = plan_cross(profile, &issuer, &order, &urls).unwrap();
    let context = Context::new(planned.lint_role()).issued_by(&by.certificate).at(at);
    let linted = planned.lint(&context).unwrap();
    let (signer, id) = (key(&by.key), UserId::default());
    let signature = signer.sign_digest(&linted.digest(signer.public_key(), &id));
    linted.finish(&signature, signer.public_key(), &id).unwrap()
}

async fn what_others_issued_for_us_is_taken_in_once_and_taken_back_by_two(world: World) {
    let (ours, root, now) = (&world.report.issuing, &world.report.root, world.now());
    let by = other_ca();
    let print = by.certificate.fingerprint();
    let given = half(&by, ours, now);
    let take = async |certificate: &Certificate, issuer: &Certificate, print: &str| {
        take_in(&world.store, (certificate.der(), issuer.der(), print), actor()).await
    };
    let refusals = [
        (take(&given, &by.certificate, &"00".repeat(32)).await, "ca.cross.fingerprint"),
        (
            take(&given, &other_root().certificate, &other_root().certificate.fingerprint()).await,
            "ca.cross.signature",
        ),
        (
            take(
                &by.certificate,
                &other_root().certificate,
                &other_root().certificate.fingerprint(),
            )
            .await,
            "ca.cross.not-ours",
        ),
        (take(&given, root, &root.fingerprint()).await, "ca.cross.own-name"),
        (
            take(
                &plan_for(ours, "借用"),
                &other_root().certificate,
                &other_root().certificate.fingerprint(),
            )
            .await,
            "ca.cross.not-ours",
        ),
    ];
    for (refused, expected) in refusals {
        assert_eq!(refused.unwrap_err().code(), expected);
    }
    let taken = take(&given, &by.certificate, &print).await.unwrap();
    assert_eq!(taken.holder, "issuing");
    assert_eq!(take(&given, &by.certificate, &print).await.unwrap_err().code(), "ca.cross.known");
    let of_root = take(&half(&by, root, now), &by.certificate, &print).await.unwrap();
    assert_eq!(of_root.holder, "root");
    assert_eq!(world.records("cross.received").await, 2);
    take_back(&world.store, &taken.fingerprint, &warrant()).await.unwrap();
    let again = take_back(&world.store, &taken.fingerprint, &warrant()).await;
    assert_eq!(again.unwrap_err().code(), "ca.cross.missing");
    let all = ca::cross_received(&world.store).await.unwrap();
    let in_force: Vec<_> = all.iter().filter(|one| one.is_in_force(now)).collect();
    assert_eq!(in_force.len(), 1);
    assert_eq!(in_force[0].holder, "root");
}

async fn mutual_recognition_ends_and_does_not_go_round_in_circles(world: World) {
    let made = world.cross(world.crossing("cross-1")).await.unwrap().certificate;
    let back = half(&other_ca(), &world.report.root, world.now());
    let within = holder("王五");
    let between = [back.clone(), made, other_ca().certificate, other_root().certificate];
    let found = validity(&within, &between, &world.report.root);
    assert_eq!(found, (Validity::Valid, Some(Outcome::Passed)));
    // Without an anchor there is nothing at the end of the circle.
    let nowhere = ca("没有人").self_signed();
    assert_ne!(validity(&within, &between, &nowhere.certificate).0, Validity::Valid);
}

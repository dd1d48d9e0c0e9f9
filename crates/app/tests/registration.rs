//! The way of Measures Art. 21 over everything that is real: registration, CA, key centre, status.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use crate::way;
use crate::world;

use access::Action;
use gm::sm2::PrivateKey;
use ra::{NewApplication, State};
use testkit::together::{at_once, call};
use way::{Way, arrival, world};
use world::World;

#[tokio::test]
async fn an_application_becomes_a_pair_of_certificates_that_its_holder_opens_and_confirms() {
    let (world, clerk, reviewer) = world().await;
    let institution = &world.institution;
    let mut way = Way::begin(institution).await;
    way.fill_and_submit().await;
    way.proof(&clerk).await;
    way.approve(&reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    let State::Issued { serials } = way.application.state.clone() else { panic!("issued") };
    let sign = institution.ca().find(&pki::Serial::from_hex(&serials.sign).unwrap()).await;
    let sign = sign.unwrap().unwrap();
    assert_eq!(sign.certificate.public_key().unwrap(), *way.key.public_key());
    assert!(sign.record.subject.contains("甄有印"), "{}", sign.record.subject);
    // The code goes out by another way than the answer; only it confirms receipt.
    let permit = way.own(Action::DeliverCertificate).await;
    let at = way.application.at();
    way.application = institution.deliver_application(&permit, &at).await.unwrap();
    let outbox = std::fs::read_dir(institution.layout().outbox()).unwrap();
    let texts = outbox.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let (codes, mails): (Vec<_>, Vec<_>) = texts.partition(|text| text.contains("激活码 "));
    assert_eq!((codes.len(), mails.len()), (1, 1), "the mail carries the notice, not the code");
    let sent = &codes[0];
    let code = sent.split("激活码 ").nth(1).unwrap().get(..8).unwrap().to_owned();
    let answer = institution.delivered_response(&way.application).await.unwrap();
    assert!(pki::response::CsrResponse::decode(&answer).unwrap().encryption.is_some());
    let permit = way.own(Action::ConfirmReceipt).await;
    let at = way.application.at();
    let done = way.ra().confirm(&permit, &at, &code).await.unwrap();
    assert!(matches!(done.state, State::Confirmed { .. }));
    // The dossier's records tell the way in order.
    let about = way.application.subject();
    for kind in ["application.proofed", "application.reviewed", "application.issued"] {
        assert_eq!(world.records(kind, &about).await.len(), 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_asked_twice_leads_to_one_pair() {
    let (world, clerk, reviewer) = world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    way.proof(&clerk).await;
    way.approve(&reviewer).await.unwrap();
    way.agree_and_request().await;
    let (permit, at) = (way.own(Action::IssueApplication).await, way.application.at());
    let issue = || call(world.institution.issue_application(&permit, &at));
    let done = at_once(vec![issue(), issue()]);
    assert!(done.iter().any(Result::is_ok));
    let key = *way.key.public_key();
    assert_eq!(world.institution.ca().of_key(&key).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_was_certified_before_is_refused_for_another_application() {
    let (world, clerk, reviewer) = world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    way.proof(&clerk).await;
    way.approve(&reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    let mut other = Way::begin(&world.institution).await;
    other.key = PrivateKey::from_bytes(&way.key.to_bytes()).unwrap();
    other.fill_and_submit().await;
    other.proof(&clerk).await;
    other.approve(&reviewer).await.unwrap();
    other.agree().await;
    let refused = other.request().await.unwrap_err();
    assert_eq!(refused.code(), ra::Refusal::KeyUsed.code());
}

/// T-20: what is no kind, no service or no office of this institution is not begun, and an office
/// nobody has filed takes nothing; there is no kind or profile for trying things out.
#[tokio::test]
async fn nothing_is_begun_under_a_kind_a_service_or_an_office_for_trying_out() {
    let (world, ..) = world().await;
    let ra = world.institution.registration().unwrap();
    let named = |service: &str, kind: &str| NewApplication {
        service: service.to_owned(),
        kind: kind.to_owned(),
        office: None,
        concerns: None,
    };
    for (service, kind) in [("new", "test"), ("new", "person-test"), ("test", "person"), ("", "")] {
        let refused = world.institution.begin_application(named(service, kind), arrival()).await;
        assert!(refused.is_err(), "{service} {kind}");
    }
    let office = Some("0123456789abcdef0123456789abcdef".parse().unwrap());
    let new = NewApplication { office, ..named("new", "person") };
    assert!(world.institution.begin_application(new, arrival()).await.is_err());
    let names = ra.catalogue().kinds().iter().map(|kind| kind.name.clone());
    let profiles = pki::profile::ProfileSet::embedded().unwrap();
    let all = names.chain(profiles.iter().map(|profile| profile.name().to_owned()));
    for name in all {
        let is_for_trials = ["test", "demo", "trial", "sample"].iter().any(|w| name.contains(w));
        assert!(!is_for_trials, "{name}");
    }
    let key = way::key();
    let order = world.order("t20", "person-test", app::Act::New, &key);
    assert!(world.institution.enrol(order).await.is_err());
    assert!(world.institution.ca().of_key(key.public_key()).await.unwrap().is_empty());
}

#[tokio::test]
async fn registration_stays_closed_without_a_credit_code_and_a_wrong_one_is_named() {
    let world = World::new().await;
    let closed = world.institution.registration().unwrap_err();
    assert!(closed.to_string().contains("credit_code"), "{closed}");
    let wrong = world.restarted(|s| s.institution.credit_code = "12110101YX0000016C".into()).await;
    let wrong = wrong.err().unwrap();
    assert!(wrong.to_string().contains("credit_code"), "{wrong}");
}

#[tokio::test]
async fn every_service_can_be_begun_online_and_one_about_no_certificate_is_refused() {
    let (world, ..) = world().await;
    for service in ["renew", "rekey", "change", "recover", "suspend", "resume", "revoke"] {
        assert!(app::registration::is_online(service));
        let (service, kind) = (service.to_owned(), "person".to_owned());
        let new = NewApplication { service, kind, office: None, concerns: Some("01".into()) };
        let refused = world.institution.begin_application(new, arrival()).await.unwrap_err();
        assert_eq!(refused.code(), "ra.unknown", "there is no such certificate");
    }
    assert!(!app::registration::is_online("buy"));
}

//! Services about a certificate that exists, and an order of issue that failed.

use access::Action;
use gm::sm2::PrivateKey;
use pki::Serial;
use ra::{Certified, NewApplication, State};

use super::way::Way;
use super::world::{World, new_key, on_each_engine, signature};

/// An application of the holder of a certificate in force, with its key.
async fn about<'w>(world: &'w World, service: &str, key: PrivateKey) -> Way<'w> {
    let serial = Serial::from_hex("0a1b2c").unwrap();
    world.keys.0.lock().unwrap().insert(key.public_key().fingerprint(), Certified::InForce(serial));
    let new = NewApplication {
        service: service.into(),
        kind: "person".into(),
        office: None,
        concerns: Some(serial.to_hex()),
    };
    let created = world.ra.begin(new).await.unwrap();
    Way { world, application: created.application, check_code: created.check_code, key }
}

impl Way<'_> {
    async fn endorse(&mut self, key: &PrivateKey) -> Result<(), ra::Error> {
        let reads = self.own(Action::ReadApplication).await;
        let id = self.application.id.clone();
        let text = self.world.ra.endorsement_statement(&reads, &id).await?;
        let permit = self.own(Action::CreateApplication).await;
        let signed = (*key.public_key(), signature(key, &text));
        self.application = self.world.ra.endorse(&permit, &self.application.at(), signed).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_holder_renews_by_the_signature_of_the_certificate_and_keeps_the_key() {
    on_each_engine(|world| async move {
        let mut way = about(&world, "renew", new_key()).await;
        way.fill(way.sample()).await.unwrap();
        way.attach_all().await.unwrap();
        way.acknowledge_all().await.unwrap();
        let error = way.endorse(&new_key()).await.unwrap_err();
        assert_eq!(error.code(), "ra.means_unfit", "a stranger's key proves nothing");
        let key = PrivateKey::from_bytes(&way.key.to_bytes()).unwrap();
        way.endorse(&key).await.unwrap();
        way.submit().await.unwrap();
        let order = way.proof_order(&world.clerk, "certificate").await.unwrap();
        way.proof_as(&world.clerk, &order).await.unwrap();
        way.approve(&world.reviewer).await.unwrap();
        way.agree().await.unwrap();
        way.request().await.unwrap();
        way.issue().await.unwrap();
        let permit = way.own(Action::ReadApplication).await;
        let told = world.ra.timeline(&permit, &way.application.id).await.unwrap();
        let told: Vec<&str> = told.iter().map(|one| one.text).collect();
        assert!(told.contains(&"以现有证书签名") && told.last() == Some(&"签发证书"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_changed_form_is_no_longer_signed() {
    let world = World::new().await;
    let mut way = about(&world, "rekey", new_key()).await;
    way.fill(way.sample()).await.unwrap();
    let key = PrivateKey::from_bytes(&way.key.to_bytes()).unwrap();
    way.endorse(&key).await.unwrap();
    way.fill(way.sample()).await.unwrap();
    way.attach_all().await.unwrap();
    way.acknowledge_all().await.unwrap();
    way.submit().await.unwrap();
    let order = way.proof_order(&world.clerk, "certificate").await.unwrap();
    let error = way.proof_as(&world.clerk, &order).await.unwrap_err();
    assert_eq!(error.code(), "ra.evidence_incomplete");
}

#[tokio::test]
async fn a_revocation_is_proofed_and_reviewed_and_carried_out_once() {
    on_each_engine(|world| async move {
        let mut way = about(&world, "revoke", new_key()).await;
        way.fill(way.sample()).await.unwrap();
        way.attach_all().await.unwrap();
        way.submit().await.unwrap();
        assert!(world.ra.clock(&way.application).unwrap().is_some());
        let permit = way.own(Action::IssueApplication).await;
        let early = world.ra.ready_to_carry_out(&permit, &way.application.at()).await;
        assert_eq!(early.unwrap_err().code(), "ra.out_of_order");
        way.proof(&world.clerk).await.unwrap();
        way.approve(&world.reviewer).await.unwrap();
        assert!(way.agree().await.is_err(), "there is nothing to agree on");
        let at = way.application.at();
        let ready = world.ra.ready_to_carry_out(&permit, &at).await.unwrap();
        assert_eq!((ready.service(), ready.serial()), ("revoke", "0A1B2C".to_lowercase().as_str()));
        let again = world.ra.ready_to_carry_out(&permit, &at).await.unwrap();
        let done = world.ra.carried_out(&permit, ready).await.unwrap();
        assert!(matches!(done.state, State::CarriedOut { .. }));
        assert_eq!(world.ra.carried_out(&permit, again).await.unwrap_err().code(), "ra.changed");
    })
    .await;
}

#[tokio::test]
async fn a_service_about_a_certificate_names_it_and_a_new_one_does_not() {
    let world = World::new().await;
    let new = |service: &str, concerns: Option<&str>| NewApplication {
        service: service.into(),
        kind: "person".into(),
        office: None,
        concerns: concerns.map(str::to_owned),
    };
    for (service, concerns, code) in [
        ("revoke", None, "ra.certificate_missing"),
        ("revoke", Some("没有"), "ra.input"),
        ("new", Some("0a"), "ra.input"),
        ("buy", None, "ra.unknown"),
    ] {
        let error = world.ra.begin(new(service, concerns)).await.unwrap_err();
        assert_eq!(error.code(), code, "{service}");
    }
}

#[tokio::test]
async fn after_an_order_of_issue_failed_the_applicant_hands_in_another_key() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.reviewed().await;
        let reads = way.own(Action::AgreeApplication).await;
        let text = world.ra.draw_agreement(&reads, &way.application.at()).await.unwrap();
        let paper = ra::ApplicantSignature::Handwritten {
            scan: b"%PDF-1.7".to_vec(),
            witnesses: ["易可验".into(), "石清签".into()],
        };
        let institution = signature(&world.agreement_key, &text.statement());
        way.agree_as(institution, paper).await.unwrap();
        way.request().await.unwrap();
        let ready = way.ready().await.unwrap();
        let permit = way.own(Action::IssueApplication).await;
        way.application = world.ra.issue_failed(&permit, ready, "ca.key_used").await.unwrap();
        assert_eq!(way.application.state.word(), "agreed");
        way.key = new_key();
        way.request().await.unwrap();
        let second = way.ready().await.unwrap();
        assert_eq!(second.request_id(), format!("ra-{}-2", way.application.id));
        way.issue().await.unwrap();
    })
    .await;
}

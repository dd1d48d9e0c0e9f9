//! Services about a certificate that exists, and an order of issue that failed.

use access::{ActKind, Action};
use gm::sm2::PrivateKey;
use pki::crl::Reason;
use pki::{Serial, SubjectInput};
use ra::catalogue::SubjectPart;
use ra::{Certified, CodeOrder, Decision, DeclineOrder, Held, NewApplication, Standing, State};

use super::way::Way;
use super::world::{World, new_key, on_each_engine, signature};

/// A certificate of a kind, as its sample form has it.
pub fn certify(world: &World, kind: &str, serial: &str, standing: Standing) -> Serial {
    let serial = Serial::from_hex(serial).unwrap();
    let full = world.ra.catalogue().kind(kind).unwrap();
    let value = |part: SubjectPart| {
        let field = full.fields.iter().find(|field| field.subject.contains(&part));
        field.map(|field| field.sample.lines().next().unwrap_or_default().to_owned())
    };
    let subject = SubjectInput {
        common_name: value(SubjectPart::CommonName).unwrap_or_default(),
        organization: value(SubjectPart::Organization),
        state: value(SubjectPart::State),
        locality: value(SubjectPart::Locality),
        email: value(SubjectPart::Email),
        ..SubjectInput::default()
    };
    let held = Held { serial, kind: kind.into(), subject, standing };
    world.keys.1.lock().unwrap().insert(serial.to_hex(), held);
    serial
}

/// A certificate with the holder's own hold on it, or with none.
async fn held(world: &World, serial: &str, is_held: bool) {
    let (serial, origin) = (serial.to_owned(), "application:before".to_owned());
    let new = ra::NewHold { serial, source: ra::Source::Holder, ground: None, origin };
    let done: Result<(), ra::Error> = world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                sqlx::query("DELETE FROM ra_hold").execute(tx.conn()).await.unwrap();
                if is_held {
                    let actor = store::Actor::system();
                    ra::set_hold(tx, (&new, "certificate:test"), &actor).await?;
                }
                Ok(())
            })
        })
        .await;
    done.unwrap();
}

/// An application of the holder of a certificate, with its key.
pub async fn about<'w>(world: &'w World, service: &str, key: PrivateKey) -> Way<'w> {
    about_at(world, service, (key, None)).await
}

/// The same at an office.
pub async fn about_at<'w>(
    world: &'w World,
    service: &str,
    (key, office): (PrivateKey, Option<ra::OfficeId>),
) -> Way<'w> {
    let standing = if service == "resume" { Standing::Suspended } else { Standing::Good };
    let serial = certify(world, "person", "0a1b2c", standing);
    world.keys.0.lock().unwrap().insert(key.public_key().fingerprint(), Certified::InForce(serial));
    held(world, &serial.to_hex(), service == "resume").await;
    let new = NewApplication {
        service: service.into(),
        kind: "person".into(),
        office,
        concerns: Some(serial.to_hex()),
    };
    let created = world.ra.begin(new).await.unwrap();
    Way { world, application: created.application, check_code: created.check_code, key }
}

impl Way<'_> {
    pub async fn endorse(&mut self, key: &PrivateKey) -> Result<(), ra::Error> {
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
        let early = world.ra.ready_to_carry_out(&way.application.at()).await;
        assert_eq!(early.unwrap_err().code(), "ra.out_of_order");
        way.proof(&world.clerk).await.unwrap();
        way.approve(&world.reviewer).await.unwrap();
        assert!(way.agree().await.is_err(), "there is nothing to agree on");
        assert_eq!(world.ra.approved(None).await.unwrap().ready, [way.application.at()]);
        let at = way.application.at();
        let ready = world.ra.ready_to_carry_out(&at).await.unwrap();
        assert_eq!((ready.service(), ready.serial()), ("revoke", "0a1b2c"));
        assert_eq!(ready.ground().reason, Reason::KeyCompromise);
        let again = world.ra.ready_to_carry_out(&at).await.unwrap();
        let done = world.ra.carried_out(ready, false).await.unwrap();
        assert!(matches!(done.state, State::CarriedOut { .. }));
        assert_eq!(world.ra.carried_out(again, false).await.unwrap_err().code(), "ra.changed");
        assert_eq!(world.ra.approved(None).await.unwrap().ready, []);
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
        ("revoke", Some("0badc0de"), "ra.unknown"),
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
            scan: b"%PDF-1.7\n%%EOF".to_vec(),
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

#[tokio::test]
async fn every_change_of_status_asks_only_who_and_why_and_the_signature_of_the_certificate_suffices()
 {
    on_each_engine(|world| async move {
        for (service, reason) in [
            ("suspend", Reason::CertificateHold),
            ("resume", Reason::RemoveFromCrl),
            ("revoke", Reason::KeyCompromise),
        ] {
            let mut way = about(&world, service, new_key()).await;
            let names: Vec<String> = way.kind().fields.iter().map(|f| f.name.clone()).collect();
            assert_eq!(names.first().map(String::as_str), Some("ground"));
            assert!(!names.iter().any(|name| name == "term_years" || name == "email"), "{names:?}");
            way.fill(way.sample()).await.unwrap();
            assert!(way.submit().await.is_err(), "neither paper nor signature");
            // Only a key whose certificate is in force signs: not one that is suspended.
            if service == "resume" {
                way.attach_all().await.unwrap();
            } else {
                let key = PrivateKey::from_bytes(&way.key.to_bytes()).unwrap();
                way.endorse(&key).await.unwrap();
            }
            way.submit().await.unwrap();
            assert_eq!(way.application.state.word(), "acknowledged");
            let method = if service == "resume" { "in-person" } else { "certificate" };
            let order = way.proof_order(&world.clerk, method).await.unwrap();
            way.proof_as(&world.clerk, &order).await.unwrap();
            way.approve(&world.reviewer).await.unwrap();
            let ready = world.ra.ready_to_carry_out(&way.application.at()).await.unwrap();
            assert_eq!(ready.ground().reason, reason, "{service}");
            world.ra.carried_out(ready, false).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_stands_otherwise_or_belongs_to_another_is_not_dealt_with() {
    let world = World::new().await;
    certify(&world, "person", "0d", Standing::Revoked);
    for service in ["renew", "rekey", "change", "suspend", "resume", "revoke"] {
        let new = NewApplication {
            service: service.into(),
            kind: "person".into(),
            office: None,
            concerns: Some("0d".into()),
        };
        let error = world.ra.begin(new).await.unwrap_err();
        assert_eq!(error.code(), "ra.certificate_unfit", "{service}");
    }
    let mut way = about(&world, "revoke", new_key()).await;
    let mut form = way.sample();
    form.set("holder_name", "易可验");
    way.fill(form).await.unwrap();
    way.attach_all().await.unwrap();
    let ra::Error::Form(errors) = way.submit().await.unwrap_err() else { panic!("a defect") };
    assert_eq!(errors[0].code, "ra.form.differs");
}

#[tokio::test]
async fn the_number_of_another_holder_does_not_revoke_a_certificate() {
    on_each_engine(|world| async move {
        let mut first = Way::begin(&world, "person").await;
        first.end().await;
        let serial = first.application.state.serials().unwrap().sign.clone();
        let serial = certify(&world, "person", &serial, Standing::Good);
        let new = NewApplication {
            service: "revoke".into(),
            kind: "person".into(),
            office: None,
            concerns: Some(serial.to_hex()),
        };
        let created = world.ra.begin(new).await.unwrap();
        let (application, check_code) = (created.application, created.check_code);
        let mut way = Way { world: &world, application, check_code, key: new_key() };
        let mut form = way.sample();
        form.set("id_number", "110101199003070038");
        way.fill(form).await.unwrap();
        way.attach_all().await.unwrap();
        let ra::Error::Form(errors) = way.submit().await.unwrap_err() else { panic!("a defect") };
        assert!(errors.iter().any(|error| error.code == "ra.form.holder"), "{errors:?}");
        way.fill(way.sample()).await.unwrap();
        way.submit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_was_replaced_ends_with_the_receipt_and_a_lost_key_with_the_issue() {
    on_each_engine(|world| async move {
        for (service, ground, at_issue) in [
            ("rekey", "new-device", false),
            ("recover", "lost", true),
            ("recover", "damaged", false),
        ] {
            let mut way = about(&world, service, new_key()).await;
            let mut form = way.sample();
            form.set("ground", ground);
            way.key = new_key();
            way.fill(form).await.unwrap();
            way.attach_all().await.unwrap();
            way.acknowledge_all().await.unwrap();
            way.submit().await.unwrap();
            way.proof(&world.clerk.clone()).await.unwrap();
            way.approve(&world.reviewer.clone()).await.unwrap();
            way.agree().await.unwrap();
            way.request().await.unwrap();
            way.issue().await.unwrap();
            let owed = world.ra.endings().await.unwrap();
            assert_eq!(owed.len(), usize::from(at_issue), "{ground}");
            let code = way.deliver().await.unwrap();
            way.confirm(&code).await.unwrap();
            let mut owed = world.ra.endings().await.unwrap();
            assert_eq!(owed.len(), 1, "{ground}");
            let ending = owed.pop().unwrap();
            assert_eq!((ending.serial(), ending.ground().name.as_str()), ("0a1b2c", ground));
            world.ra.ended(ending.clone(), None).await.unwrap();
            world.ra.ended(ending, None).await.unwrap();
            assert_eq!(world.ra.endings().await.unwrap(), []);
            let kinds = world.kinds(&way.application).await;
            let ended = kinds.iter().filter(|kind| *kind == "application.replaced-ended").count();
            assert_eq!(ended, 1, "noted once");
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_ca_refuses_for_good_ends_the_application() {
    let world = World::new().await;
    let mut way = about(&world, "suspend", new_key()).await;
    way.fill(way.sample()).await.unwrap();
    way.attach_all().await.unwrap();
    way.submit().await.unwrap();
    way.proof(&world.clerk).await.unwrap();
    way.approve(&world.reviewer).await.unwrap();
    let ready = world.ra.ready_to_carry_out(&way.application.at()).await.unwrap();
    let done = world.ra.not_carried_out(ready, ("ca.status.expired", "证书已经过期")).await;
    assert_eq!(done.unwrap().state.word(), "refused");
    assert_eq!(world.ra.approved(None).await.unwrap().ready, []);
}

#[tokio::test]
async fn a_clerk_declines_on_a_ground_from_data_and_gives_another_check_code_and_signs_for_both() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        let order = |version, ground: &str, reason: &str| DeclineOrder {
            version,
            ground: ground.into(),
            reason: reason.into(),
        };
        let on = (ActKind::DeclineApplication, &*way.application.subject());
        for (ground, reason) in [("outside", ""), ("made-up", "不属于业务范围")] {
            let order = order(way.application.version, ground, reason);
            let (permit, act) = world.signed(&world.clerk, on, &order).await;
            let error = world.ra.decline(&permit, &way.application.id, act).await.unwrap_err();
            assert_eq!(error.code(), "ra.decline_unfounded");
        }
        let code = CodeOrder {
            version: way.application.version,
            recognised: "到场查验居民身份证原件".into(),
        };
        let (permit, act) = world
            .signed(&world.clerk, (ActKind::IssueCheckCode, &*way.application.subject()), &code)
            .await;
        let fresh = world.ra.reissue_check_code(&permit, &way.application.id, act).await.unwrap();
        let number = way.application.number.as_str();
        assert!(world.ra.open_by_number(number, &way.check_code).await.is_err());
        assert!(world.ra.open_by_number(number, &fresh).await.is_ok());
        let order = order(way.application.version, "outside", "申请的是电子商务用途的证书");
        let (permit, act) = world.signed(&world.clerk, on, &order).await;
        let done = world.ra.decline(&permit, &way.application.id, act).await.unwrap();
        assert_eq!(done.state.word(), "refused");
        let permit = way.own(Action::ReadApplication).await;
        let told = world.ra.decision(&permit, &way.application.id).await.unwrap().unwrap();
        assert!(matches!(told.decision, Decision::Decline { .. }));
        let kinds = world.kinds(&way.application).await;
        for kind in ["application.declined", "application.code-renewed"] {
            assert_eq!(kinds.iter().filter(|known| *known == kind).count(), 1, "{kind}");
        }
        // What was proofed was accepted: it is no longer declined, only decided.
        let mut late = Way::begin(&world, "unit").await;
        late.submitted().await;
        late.proof(&world.clerk).await.unwrap();
        let order = DeclineOrder {
            version: late.application.version,
            ground: "outside".into(),
            reason: "不属于业务范围".into(),
        };
        let on = (ActKind::DeclineApplication, &*late.application.subject());
        let (permit, act) = world.signed(&world.clerk, on, &order).await;
        let error = world.ra.decline(&permit, &late.application.id, act).await.unwrap_err();
        assert_eq!(error.code(), "ra.out_of_order");
    })
    .await;
}

//! What is kept of the checks, and what is told of it: each value has its own evidence, to the reviewer, to the order
//! of issue, and to who looks after a certificate later (Measures Art. 21 ¶3; T-18, T-20).

use std::sync::Arc;

use access::Action;
use jiff::SignedDuration;
use pki::SubjectInput;
use pki::attestation::Verdict;
use ra::{Answer, Offline, SearchField, Shortfall, State};
use store::{Filter, Page, Seq};
use testkit::maker::Maker;

use super::certificate::{possession, products};
use super::services::about;
use super::way::Way;
use super::world::{Registry, World, new_key, on_each_engine, signature};

const NOTICES: [&str; 4] = ["conditions", "liability", "information", "responsibility"];

async fn run(world: &World, statement: &'static str) {
    let done: Result<(), store::Error> = world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                sqlx::query(statement).execute(tx.conn()).await?;
                Ok(())
            })
        })
        .await;
    done.unwrap();
}

/// The place of the last record of a kind about an application.
async fn place(world: &World, way: &Way<'_>, kind: &str) -> Seq {
    let filter = Filter {
        subject: Some(way.application.subject()),
        kind: Some(kind.to_owned()),
        ..Filter::default()
    };
    let page = Page { limit: 100, ..Page::default() };
    world.store.records(&filter, page).await.unwrap().last().unwrap().seq
}

#[tokio::test]
async fn an_order_of_issue_has_the_evidence_of_its_own_application() {
    on_each_engine(|world| async move {
        let start = world.clock_now();
        let mut way = Way::begin(&world, "server").await;
        let mut form = way.sample();
        form.set("domains", "a.example.gov.cn\nb.example.gov.cn");
        form.set("term_years", "2");
        way.fill(form).await.unwrap();
        way.attach_all().await.unwrap();
        way.acknowledge_all().await.unwrap();
        way.submit().await.unwrap();
        way.proof(&world.clerk).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(1));
        way.approve(&world.reviewer).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(1));
        let permit = way.own(Action::AgreeApplication).await;
        let text = world.ra.draw_agreement(&permit, &way.application.at()).await.unwrap();
        way.agree().await.unwrap();
        way.request().await.unwrap();
        let ready = way.ready().await.unwrap();
        let id = &way.application.id;
        assert_eq!(*ready.application(), way.application);
        assert_eq!(ready.at(), way.application.at());
        assert_eq!(*ready.attestation().verdict(), Verdict::Absent);
        let given = ready.acknowledgements();
        for notice in NOTICES {
            let one = given.iter().find(|one| one.notice() == notice).unwrap();
            assert_eq!((one.application(), one.version(), one.at()), (id, "2026-1", start));
        }
        let (proof, review, agreement) = (ready.proof(), ready.review(), ready.agreement());
        assert_eq!((proof.application(), proof.method()), (id, "in-person"));
        // Two domains, an address, the unit by name and code, province, city, the agent twice, the telephone.
        assert_eq!(proof.elements(), 10);
        let hour = SignedDuration::from_hours(1);
        assert_eq!((review.application(), review.at()), (id, start + hour));
        assert_eq!((agreement.application(), agreement.at()), (id, start + hour + hour));
        assert_eq!(agreement.text_hash(), text.hash().to_hex());
        assert_eq!(ready.term_years(), 2);
        assert_eq!(ready.subject().dns_names, ["a.example.gov.cn", "b.example.gov.cn"]);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_status_and_an_end_have_the_evidence_of_their_own_application() {
    let world = World::new().await;
    let mut way = about(&world, "revoke", new_key()).await;
    way.fill(way.sample()).await.unwrap();
    way.attach_all().await.unwrap();
    way.submit().await.unwrap();
    way.proof(&world.clerk).await.unwrap();
    way.approve(&world.reviewer).await.unwrap();
    let ready = world.ra.ready_to_carry_out(&way.application.at()).await.unwrap();
    assert_eq!(*ready.application(), way.application);
    assert_eq!(ready.proof().person(), world.clerk.person.id.as_str());
    assert_eq!(ready.review().person(), world.reviewer.person.id.as_str());
    let mut way = about(&world, "rekey", new_key()).await;
    way.key = new_key();
    way.end().await;
    let endings = world.ra.endings().await.unwrap();
    assert_eq!(endings.len(), 1);
    assert_eq!(*endings[0].application(), way.application.id);
}

#[tokio::test]
async fn the_reviewer_reads_how_each_value_was_proofed() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        let permit = world.permit(&world.reviewer, Action::ReadApplication).await;
        assert_eq!(world.ra.proofed(&permit, &way.application.id).await.unwrap(), None);
        let order = way.proof_order(&world.clerk, "in-person").await.unwrap();
        way.proof_as(&world.clerk, &order).await.unwrap();
        let told = world.ra.proofed(&permit, &way.application.id).await.unwrap();
        let (proof, signed) = told.unwrap();
        assert_eq!(signed, order);
        assert_eq!(proof.elements(), order.evidence.len());
        assert_eq!(proof.level(), 3);
        let kinds = world.kinds(&way.application).await;
        let shown = kinds.iter().filter(|kind| *kind == "application.elements-shown").count();
        assert_eq!(shown, 1, "who looks at the values is on record (PIPL Art. 51)");
    })
    .await;
}

#[tokio::test]
async fn what_a_public_database_said_is_kept_with_the_value_it_was_asked_about() {
    let world = World::with_data(Arc::new(Registry)).await;
    let mut way = Way::begin(&world, "person").await;
    let mut form = way.sample();
    form.set("holder_name", "易可验");
    way.fill(form).await.unwrap();
    way.attach_all().await.unwrap();
    way.acknowledge_all().await.unwrap();
    way.submit().await.unwrap();
    let reads = world.permit(&world.clerk, Action::ReadApplication).await;
    assert_eq!(world.ra.inquiries(&reads, &way.application.id).await.unwrap(), []);
    let permit = world.permit(&world.clerk, Action::ProofIdentity).await;
    let at = way.application.at();
    let name = world.ra.inquire(&permit, &at, "holder_name").await.unwrap();
    world.clock.advance(SignedDuration::from_secs(1));
    let number = world.ra.inquire(&permit, &at, "id_number").await.unwrap();
    assert_eq!((name.answer, number.answer), (Answer::Mismatched, Answer::Matched));
    assert_eq!((&*name.element, &*number.element), ("holder_name", "id_number"));
    assert_eq!(name.source, "测试用登记库");
    let kept = world.ra.inquiries(&reads, &way.application.id).await.unwrap();
    assert_eq!(kept, [number, name]);
    let unknown = world.ra.inquire(&permit, &at, "domains/0").await.unwrap_err();
    assert_eq!(unknown.code(), "ra.unknown");
}

#[tokio::test]
async fn everything_that_stands_in_the_way_is_told_before_anything_is_handed_in() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.fill(way.sample()).await.unwrap();
        let reads = way.own(Action::ReadApplication).await;
        let points = |way: &Way<'_>| {
            let (world, reads, id) = (&world, &reads, way.application.id.clone());
            async move {
                let points = world.ra.open_points(reads, &id).await.unwrap();
                points.into_iter().map(|point| point.field).collect::<Vec<_>>()
            }
        };
        assert_eq!(points(&way).await, ["material:identity_document"]);
        way.attach_all().await.unwrap();
        assert_eq!(points(&way).await, Vec::<String>::new());
        let mut form = way.sample();
        form.set("holder_name", "");
        form.set("phone", "1");
        way.fill(form).await.unwrap();
        assert_eq!(points(&way).await, ["holder_name", "phone"]);
        way.fill(way.sample()).await.unwrap();
        way.acknowledge("liability").await.unwrap();
        let told = world.ra.notices(&reads, &way.application.id).await.unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|one| (&*one.notice.name, &*one.version.number, one.acknowledged.is_some()))
            .collect();
        let wanted = NOTICES.map(|notice| (notice, "2026-1", notice == "liability"));
        assert_eq!(told, wanted);
        let permit = way.own(Action::AcknowledgeNotice).await;
        let at = way.application.at();
        let old = world.ra.acknowledge(&permit, &at, ("conditions", "2020-1")).await.unwrap_err();
        assert_eq!(old.code(), "ra.notice_superseded");
        // What a staff member hands in for somebody is signed for.
        let clerk = world.permit(&world.clerk, Action::CreateApplication).await;
        let unsigned = world.ra.submit(&clerk, &way.application.at()).await.unwrap_err();
        assert_eq!(unsigned.code(), "ra.signed_act_needed");
        way.submit().await.unwrap();
        assert!(matches!(way.application.state, State::Submitted { .. }), "three notices are open");
        assert_eq!(way.application.clock_from, None, "and no clock runs");
        for notice in ["conditions", "information"] {
            way.acknowledge(notice).await.unwrap();
            assert!(matches!(way.application.state, State::Submitted { .. }), "{notice}");
        }
        way.acknowledge("responsibility").await.unwrap();
        assert!(matches!(way.application.state, State::Acknowledged { .. }));
        assert_eq!(way.application.clock_from, Some(world.clock_now()));
        assert_eq!(way.application.round, 1);
    })
    .await;
}

#[tokio::test]
async fn a_telephone_in_common_is_named_and_a_name_in_common_is_not() {
    let world = World::new().await;
    let mut one = Way::begin(&world, "person").await;
    one.submitted().await;
    let mut two = Way::begin(&world, "person").await;
    let mut form = two.sample();
    form.set("id_number", "110101199003070038");
    two.fill(form.clone()).await.unwrap();
    two.attach_all().await.unwrap();
    two.acknowledge_all().await.unwrap();
    two.submit().await.unwrap();
    let permit = world.permit(&world.reviewer, Action::ReadApplication).await;
    let alike = world.ra.duplicates(&permit, &two.application.id).await.unwrap();
    assert_eq!(alike.len(), 1);
    assert_eq!(alike[0].fields, [SearchField::Phone]);
    let mut three = Way::begin(&world, "person").await;
    form.set("phone", "13900000000");
    form.set("id_number", "110101190002030025");
    three.fill(form).await.unwrap();
    three.attach_all().await.unwrap();
    three.acknowledge_all().await.unwrap();
    three.submit().await.unwrap();
    let alike = world.ra.duplicates(&permit, &three.application.id).await.unwrap();
    assert_eq!(alike, [], "many are called so");
}

/// What the profile has no place for is told before anything is handed in, not when the certificate is made.
#[tokio::test]
async fn a_subject_that_its_profile_does_not_take_is_told_to_the_applicant() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "server").await;
    let mut form = way.sample();
    // A name of the directory has 64 signs at most, a domain has more.
    form.set("domains", format!("{}.example.gov.cn", "a".repeat(60)));
    way.fill(form).await.unwrap();
    way.attach_all().await.unwrap();
    way.acknowledge_all().await.unwrap();
    let ra::Error::Form(errors) = way.submit().await.unwrap_err() else { panic!("a defect") };
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].field, "subject");
    assert!(errors[0].text.contains("不能写入证书"), "{errors:?}");
    way.fill(way.sample()).await.unwrap();
    way.submit().await.unwrap();
}

/// ESL Art. 14: who signs with the certificate in question signs for this application and this form.
#[tokio::test]
async fn an_endorsement_is_under_this_form_of_this_application_and_no_other() {
    let world = World::new().await;
    let mut way = about(&world, "rekey", new_key()).await;
    way.fill(way.sample()).await.unwrap();
    let reads = way.own(Action::ReadApplication).await;
    let id = way.application.id.clone();
    let text = world.ra.endorsement_statement(&reads, &id).await.unwrap();
    let named =
        format!("yinxin-application/1 {} {} sm3:", way.application.number, way.application.form);
    assert!(text.starts_with(&named) && text.len() == named.len() + 64, "{text}");
    let mut form = way.sample();
    form.set("phone", "13100000000");
    way.fill(form).await.unwrap();
    let later = world.ra.endorsement_statement(&reads, &id).await.unwrap();
    assert_ne!(later.rsplit(':').next(), text.rsplit(':').next(), "another content");
    let permit = way.own(Action::CreateApplication).await;
    let old = (*way.key.public_key(), signature(&way.key, &text));
    let error = world.ra.endorse(&permit, &way.application.at(), old).await.unwrap_err();
    assert_eq!(error.code(), "ra.agreement_signature");
}

/// A certificate that was issued, with the place of its record.
async fn issued<'w>(world: &'w World, kind: &str) -> (Way<'w>, SubjectInput, Seq) {
    let mut way = Way::begin(world, kind).await;
    way.requested().await;
    // Another application goes its way meanwhile, whose records are none of this one's.
    let mut other = Way::begin(world, "unit").await;
    other.submitted().await;
    other.proof(&world.both).await.unwrap();
    let subject = way.ready().await.unwrap().subject().clone();
    way.issue().await.unwrap();
    let seq = place(world, &way, "application.issued").await;
    (way, subject, seq)
}

#[tokio::test]
async fn behind_a_certificate_stand_its_application_its_people_and_a_row_for_each_value() {
    on_each_engine(|world| async move {
        let (way, subject, seq) = issued(&world, "staff").await;
        let serials = way.application.state.serials().unwrap().clone();
        for serial in [&serials.sign, serials.enc.as_ref().unwrap()] {
            let found = world.ra.backing((serial, seq), &subject).await.unwrap().unwrap();
            assert_eq!(found.shortfalls, [], "{:?}", found.elements);
            assert_eq!(found.application, way.application.id);
            assert_eq!(found.number, way.application.number.to_string());
            assert_eq!((&*found.service, &*found.kind, found.office), ("new", "staff", None));
            assert_eq!(found.entered, Vec::<String>::new(), "the holder did");
            let now = world.clock_now();
            let proofing = found.proofing.unwrap();
            assert_eq!((&*proofing.method, &*proofing.title), ("in-person", "现场核验"));
            assert_eq!((proofing.level, proofing.at), (3, now));
            assert_eq!(proofing.person, world.clerk.person.id.as_str());
            let reviewer = world.reviewer.person.id.to_string();
            assert_eq!(found.reviewed, Some((reviewer, now)));
            assert_eq!(found.agreed, Some(("2026-1".to_owned(), now)));
            assert!(found.elements.len() >= 5, "{:?}", found.elements);
            for one in &found.elements {
                let evidence = one.evidence.as_ref().unwrap();
                assert_ne!(evidence.title, evidence.means, "{one:?}");
                assert!(evidence.title.contains("查验") || evidence.title.contains("一次性代码"));
                assert!(evidence.material.is_some(), "{one:?}");
            }
            assert_eq!(found.elements[0].value, "甄**");
        }
        assert_eq!(world.ra.backing(("0badc0de", seq), &subject).await.unwrap(), None);
        // Before the proof there was nothing to issue on.
        let early = place(&world, &way, "application.submitted").await;
        let found = world.ra.backing((&serials.sign, early), &subject).await.unwrap().unwrap();
        assert_eq!(found.shortfalls, [Shortfall::OutOfOrder]);
        let another = SubjectInput { common_name: "易可验".into(), ..subject.clone() };
        let found = world.ra.backing((&serials.sign, seq), &another).await.unwrap().unwrap();
        assert_eq!(found.shortfalls, [Shortfall::OtherValue]);
    })
    .await;
}

#[tokio::test]
async fn evidence_that_is_changed_after_the_issue_is_missed() {
    use Shortfall as S;
    for (statement, wanted) in [
        (
            "DELETE FROM ra_evidence WHERE element = 'holder_name'",
            vec![S::Unproven, S::RecordsDiffer],
        ),
        (
            "UPDATE ra_evidence SET argument = 'x' WHERE element = 'holder_name'",
            vec![S::OtherValue],
        ),
        ("UPDATE ra_review SET decision = 'refuse'", vec![S::NoReview, S::RecordsDiffer]),
        ("UPDATE ra_proof SET level = 2", vec![S::RecordsDiffer]),
        (
            "UPDATE ra_agreement SET signed_at = NULL, way = NULL, institution_signature = NULL",
            vec![S::NoAgreement],
        ),
        (
            "UPDATE ra_review SET person = (SELECT person FROM ra_proof WHERE application = ra_review.application)",
            vec![S::SamePerson, S::RecordsDiffer],
        ),
    ] {
        let world = World::new().await;
        let (way, subject, seq) = issued(&world, "person").await;
        run(&world, statement).await;
        let serial = way.application.state.serials().unwrap().sign.clone();
        let found = world.ra.backing((&serial, seq), &subject).await.unwrap().unwrap();
        assert_eq!(found.shortfalls, wanted, "{statement}");
    }
}

/// Measures Art. 20 ¶2, check C20-1.
#[tokio::test]
async fn a_key_comes_with_the_word_of_its_device_where_that_is_demanded() {
    let maker = Maker::new();
    let products = products(&maker, "person = \"required\"");
    let world = World::with_outside(Arc::new(Offline), products).await;
    let mut way = Way::begin(&world, "person").await;
    way.reviewed().await;
    way.agree().await.unwrap();
    let reads = world.permit(&world.reviewer, Action::ReadApplication).await;
    let none = world.ra.key_attestation(&reads, &way.application.id).await.unwrap();
    assert_eq!(none, None, "there is no key yet");
    assert_eq!(way.request().await.unwrap_err().code(), "attestation.missing");
    let device = maker.device("KEY-200", "SN-1");
    let (own, strange) =
        (device.attest(way.key.public_key()), device.attest(new_key().public_key()));
    let permit = way.own(Action::RequestCertificate).await;
    let at = way.application.at();
    let possession = possession(&way.key);
    let request = |word: &str| {
        let (ra, permit, at, possession) = (&world.ra, &permit, &at, &possession);
        let word = word.as_bytes().to_vec();
        async move { ra.request(permit, at, (possession, Some(&word))).await }
    };
    assert_eq!(request(&strange).await.unwrap_err().code(), "attestation.key-differs");
    way.application = request(&own).await.unwrap();
    let kept = world.ra.key_attestation(&reads, &way.application.id).await.unwrap().unwrap();
    assert_eq!(kept.verdict().verified().map(|one| one.device()), Some("SN-1"));
    assert!(kept.evidence().is_some());
    let ready = way.ready().await.unwrap();
    assert_eq!(*ready.attestation(), kept, "the order of issue says so too");
    // A key from before this was asked came without one.
    run(&world, "DELETE FROM ra_attestation").await;
    assert_eq!(*way.ready().await.unwrap().attestation().verdict(), Verdict::Absent);
    assert_eq!(world.ra.key_attestation(&reads, &way.application.id).await.unwrap(), None);
}

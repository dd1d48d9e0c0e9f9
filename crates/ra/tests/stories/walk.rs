//! The way of Measures Art. 21, from the first page to the confirmed certificate, and who may not go it.

use access::{ActKind, Action};
use ra::{Decision, EnterOrder, NewApplication, ProofOrder, Receipt, Serials, State};

use super::way::Way;
use super::world::{new_key, on_each_engine};

#[tokio::test]
async fn every_kind_goes_the_whole_way_and_each_step_is_a_record() {
    on_each_engine(|world| async move {
        for kind in ["person", "staff", "unit", "device", "server"] {
            let mut way = Way::begin(&world, kind).await;
            way.end().await;
            let confirmed =
                matches!(way.application.state, State::Confirmed { receipt: Receipt::Code, .. });
            assert!(confirmed, "{kind}: {:?}", way.application.state);
            let kinds = world.kinds(&way.application).await;
            for step in [
                "created",
                "saved",
                "acknowledged",
                "submitted",
                "proofed",
                "reviewed",
                "agreed",
                "requested",
                "issued",
                "delivered",
                "confirmed",
            ] {
                assert!(kinds.contains(&format!("application.{step}")), "{kind} {step}");
            }
            let acknowledged = kinds.iter().filter(|k| *k == "application.acknowledged").count();
            assert_eq!(acknowledged, 4);
        }
        let report = world.store.verify_journal(store::Scope::Full).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
    })
    .await;
}

#[tokio::test]
async fn the_order_of_issue_carries_what_was_proofed_and_all_evidence() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "unit").await;
        way.requested().await;
        let ready = way.ready().await.unwrap();
        assert_eq!(ready.request_id(), format!("ra-{}-1", way.application.id));
        assert_eq!(ready.subject().common_name, "云中市档案馆");
        assert_eq!(ready.subject().identifiers.len(), 1);
        assert_eq!(ready.possession().public_key(), way.key.public_key());
        assert_eq!(ready.acknowledgements().len(), 4);
        assert_eq!(ready.proof().level(), 3);
        assert_eq!(ready.proof().person(), world.clerk.person.id.as_str());
        assert_eq!(ready.review().person(), world.reviewer.person.id.as_str());
        assert_eq!(ready.agreement().version(), "2026-1");
        assert_eq!(ready.term_years(), 1);
        // After a crash the same order again; once issued, never.
        assert_eq!(way.ready().await.unwrap().request_id(), ready.request_id());
        way.issue().await.unwrap();
        assert_eq!(way.ready().await.unwrap_err().code(), "ra.out_of_order");
        let permit = way.own(Action::IssueApplication).await;
        let serials = Serials { sign: "c1".into(), enc: None };
        let late = world.ra.issued(&permit, ready, serials).await.unwrap_err();
        assert_eq!(late.code(), "ra.changed", "a permission is used once");
    })
    .await;
}

#[tokio::test]
async fn the_form_is_kept_when_it_is_wrong_and_told_all_at_once() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        let mut form = way.sample();
        form.set("id_number", "110101190001010015");
        form.set("phone", "12");
        form.set("holder_name", "  甄有印  ");
        let permit = way.own(Action::CreateApplication).await;
        let saved = world.ra.save_form(&permit, &way.application.at(), form).await.unwrap();
        let fields: Vec<&str> = saved.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["id_number", "phone"]);
        way.application = saved.application;
        let permit = way.own(Action::ReadApplication).await;
        let view = world.ra.form(&permit, &way.application.id).await.unwrap();
        let kept = |name: &str| view.rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(kept("id_number").value, "110101190001010015");
        assert_eq!(kept("phone").value, "12");
        assert_eq!(kept("document_type").shown, "居民身份证");
        assert_eq!(view.errors.len(), 2);
        // Handing in tells these and the missing material together.
        let error = way.submit().await.unwrap_err();
        let ra::Error::Form(errors) = &error else { panic!("{error}") };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["id_number", "phone", "material:identity_document"]);
        assert!(error.to_string().contains("3 处"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn who_entered_or_proofed_does_not_review() {
    on_each_engine(|world| async move {
        // Proofed by one who is reviewer, too.
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        way.proof(&world.both).await.unwrap();
        let error = way.approve(&world.both).await.unwrap_err();
        assert_eq!(error.code(), "ra.second_person");
        assert!(error.to_string().contains("第二十一条"), "{error}");
        way.approve(&world.reviewer).await.unwrap();
        // Entered at the counter by one who is reviewer, too, and proofed by another.
        let permit = world.permit(&world.both, Action::CreateApplication).await;
        let new = NewApplication {
            service: "new".into(),
            kind: "unit".into(),
            office: None,
            concerns: None,
        };
        let created = world.ra.create(&permit, new).await.unwrap();
        let mut way = Way {
            world: &world,
            application: created.application,
            check_code: created.check_code,
            key: new_key(),
        };
        way.fill(way.sample()).await.unwrap();
        way.attach_all().await.unwrap();
        way.acknowledge_all().await.unwrap();
        let order = EnterOrder { version: way.application.version };
        let on = (ActKind::EnterApplication, &*way.application.subject());
        let (permit, act) = world.signed(&world.both, on, &order).await;
        way.application = world.ra.enter(&permit, &way.application.id, act).await.unwrap();
        way.proof(&world.clerk).await.unwrap();
        let error = way.approve(&world.both).await.unwrap_err();
        assert_eq!(error.code(), "ra.second_person");
        way.approve(&world.reviewer).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_signed_act_counts_for_its_application_and_version_only() {
    on_each_engine(|world| async move {
        let (mut one, mut two) =
            (Way::begin(&world, "person").await, Way::begin(&world, "person").await);
        one.submitted().await;
        two.submitted().await;
        let order = one.proof_order(&world.clerk, "in-person").await.unwrap();
        let on = (ActKind::ProofIdentity, &*one.application.subject());
        let (permit, act) = world.signed(&world.clerk, on, &order).await;
        let error = world.ra.proof(&permit, &two.application.id, act).await.unwrap_err();
        assert_eq!(error.code(), access::Error::ActWrong.code());
        // The version that was signed is the one that counts.
        let stale = ProofOrder { version: order.version - 1, ..order.clone() };
        assert_eq!(one.proof_as(&world.clerk, &stale).await.unwrap_err().code(), "ra.changed");
        // Something else was signed.
        let on = (ActKind::ProofIdentity, &*one.application.subject());
        let (permit, act) = world.signed(&world.clerk, on, &serde_json::json!({"x": 1})).await;
        let error = world.ra.proof(&permit, &one.application.id, act).await.unwrap_err();
        assert_eq!(error.code(), "ra.signed_act_needed");
    })
    .await;
}

#[tokio::test]
async fn refusal_needs_reason_and_basis_and_tells_the_applicant() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        way.proof(&world.clerk).await.unwrap();
        let refuse = |reason: &str| Decision::Refuse {
            reason: reason.into(),
            basis: "《电子政务电子认证服务管理办法》第二十一条第三款".into(),
        };
        let error = way.decide(&world.reviewer, refuse("")).await.unwrap_err();
        assert_eq!(error.code(), "ra.reason_missing");
        way.decide(&world.reviewer, refuse("证件影像与本人不符")).await.unwrap();
        assert_eq!(way.application.state.word(), "refused");
        let permit = way.own(Action::ReadApplication).await;
        let told = world.ra.decision(&permit, &way.application.id).await.unwrap().unwrap();
        assert_eq!(told.decision, refuse("证件影像与本人不符"));
        assert!(way.agree().await.is_err());
    })
    .await;
}

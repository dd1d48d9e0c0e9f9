//! Back to the applicant, with everything told at once.

use access::Action;
use jiff::SignedDuration;
use ra::{Finding, State};

use super::way::Way;
use super::world::{World, on_each_engine};

#[tokio::test]
async fn a_returned_application_comes_back_and_is_proofed_anew() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        way.proof(&world.clerk).await.unwrap();
        way.send_back(&world.reviewer, &["phone", "material:identity_document"]).await.unwrap();
        assert_eq!(way.application.state, State::Returned { list: 1 });
        let permit = way.own(Action::ReadApplication).await;
        let lists = world.ra.supplements(&permit, &way.application.id).await.unwrap();
        assert_eq!(lists.len(), 1);
        assert_eq!(lists[0].items.len(), 2);
        assert_eq!(lists[0].items[0].remedy, "请按证件更正");
        assert_eq!(way.approve(&world.reviewer).await.unwrap_err().code(), "ra.out_of_order");
        let mut form = way.sample();
        form.set("phone", "13100000000");
        way.fill(form).await.unwrap();
        way.submit().await.unwrap();
        // The notices are acknowledged already; the proof was of the old form.
        assert_eq!(way.application.state.word(), "acknowledged");
        assert_eq!(way.approve(&world.reviewer).await.unwrap_err().code(), "ra.out_of_order");
        way.proof(&world.clerk).await.unwrap();
        way.approve(&world.reviewer).await.unwrap();
        way.agree().await.unwrap();
        way.request().await.unwrap();
        way.issue().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_second_list_may_name_only_what_is_new_or_was_not_mended() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        way.send_back(&world.clerk, &["phone"]).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(1));
        let mut form = way.sample();
        form.set("email", "new@example.cn");
        way.fill(form).await.unwrap();
        way.submit().await.unwrap();
        let error = way.send_back(&world.clerk, &["holder_name"]).await.unwrap_err();
        assert_eq!(error.code(), "ra.told_once");
        assert!(error.to_string().contains("《行政许可法》第三十二条"), "{error}");
        let error = way.send_back(&world.clerk, &["email", "holder_name"]).await.unwrap_err();
        assert_eq!(error.code(), "ra.told_once");
        way.send_back(&world.clerk, &["email", "phone"]).await.unwrap();
        assert_eq!(way.application.state, State::Returned { list: 2 });
    })
    .await;
}

#[tokio::test]
async fn a_material_that_came_since_may_be_on_a_second_list() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "person").await;
    way.submitted().await;
    way.send_back(&world.clerk, &["phone"]).await.unwrap();
    world.clock.advance(SignedDuration::from_hours(1));
    way.attach("other", b"%PDF-1.7 new\n%%EOF").await.unwrap();
    way.submit().await.unwrap();
    let old = way.send_back(&world.clerk, &["material:identity_document"]).await.unwrap_err();
    assert_eq!(old.code(), "ra.told_once");
    way.send_back(&world.clerk, &["material:other"]).await.unwrap();
}

#[tokio::test]
async fn proofing_has_one_row_for_each_element_and_undetermined_does_not_pass() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "server").await;
        let mut form = way.sample();
        form.set("domains", "a.example.gov.cn\nb.example.gov.cn\nc.example.gov.cn");
        way.fill(form).await.unwrap();
        way.attach_all().await.unwrap();
        way.acknowledge_all().await.unwrap();
        way.submit().await.unwrap();
        let right = way.proof_order(&world.clerk, "in-person").await.unwrap();
        let domains = right.evidence.iter().filter(|row| row.element.starts_with("domains/"));
        assert_eq!(domains.count(), 3);
        let mut short = right.clone();
        short.evidence.retain(|row| row.element != "domains/1");
        let error = way.proof_as(&world.clerk, &short).await.unwrap_err();
        assert_eq!(error.code(), "ra.evidence_incomplete");
        let mut same = right.clone();
        let second = same.evidence.iter_mut().find(|row| row.element == "domains/1").unwrap();
        second.element = "domains/0".into();
        let error = way.proof_as(&world.clerk, &same).await.unwrap_err();
        assert_eq!(error.code(), "ra.evidence_incomplete");
        let mut unsure = right.clone();
        unsure.evidence[0].finding = Finding::Undetermined;
        let error = way.proof_as(&world.clerk, &unsure).await.unwrap_err();
        assert_eq!(error.code(), "ra.not_matched");
        way.proof_as(&world.clerk, &right).await.unwrap();
        let rows: i64 = count(&world, "SELECT COUNT(DISTINCT argument) FROM ra_evidence").await;
        assert_eq!(usize::try_from(rows).unwrap(), right.evidence.len());
    })
    .await;
}

#[tokio::test]
async fn a_public_database_that_does_not_answer_proves_nothing() {
    for (world, passes) in [
        (World::new().await, false),
        (World::with_data(std::sync::Arc::new(super::world::Registry)).await, true),
    ] {
        let mut way = Way::begin(&world, "person").await;
        let mut form = way.sample();
        form.set("province", "");
        form.set("locality", "");
        way.fill(form).await.unwrap();
        way.attach_all().await.unwrap();
        way.acknowledge_all().await.unwrap();
        way.submit().await.unwrap();
        let mut order = way.proof_order(&world.clerk, "public-data").await.unwrap();
        let permit = world.permit(&world.clerk, Action::ProofIdentity).await;
        for row in order.evidence.iter_mut().filter(|row| row.means == "inquiry") {
            let at = way.application.at();
            let told = world.ra.inquire(&permit, &at, &row.element).await.unwrap();
            row.inquiry = Some(told.id);
        }
        let mut swapped = order.clone();
        let ids: Vec<_> = swapped.evidence.iter().filter_map(|row| row.inquiry.clone()).collect();
        for row in swapped.evidence.iter_mut().filter(|row| row.inquiry.is_some()) {
            row.inquiry = ids.iter().find(|id| Some(*id) != row.inquiry.as_ref()).cloned();
        }
        let error = way.proof_as(&world.clerk, &swapped).await.unwrap_err();
        assert_eq!(error.code(), "ra.public_data_silent", "an answer is about its element only");
        let done = way.proof_as(&world.clerk, &order).await;
        match passes {
            true => done.unwrap(),
            false => assert_eq!(done.unwrap_err().code(), "ra.public_data_silent"),
        }
    }
}

async fn count(world: &World, text: &'static str) -> i64 {
    let mut reader = world.store.read().await.unwrap();
    let row = sqlx::query(text).fetch_one(&mut *reader).await.unwrap();
    sqlx::Row::get(&row, 0)
}

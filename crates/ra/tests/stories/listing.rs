//! Queues, clocks, search, duplicates and counts.

use access::Action;
use jiff::SignedDuration;
use law::CivilDate;
use ra::{Decision, SearchField, Selection};

use super::services::about;
use super::way::Way;
use super::world::{new_key, on_each_engine};

#[tokio::test]
async fn a_queue_is_walked_page_by_page_the_longest_waiting_first() {
    on_each_engine(|world| async move {
        let mut expected = Vec::new();
        for number in 0..7 {
            let mut way = Way::begin(&world, "person").await;
            way.submitted().await;
            expected.push(way.application.number.to_string());
            // Some of them in the same second.
            if number % 2 == 0 {
                world.clock.advance(SignedDuration::from_secs(1));
            }
        }
        Way::begin(&world, "person").await;
        let permit = world.permit(&world.reviewer, Action::ListApplications).await;
        let mut selection =
            Selection { states: vec!["acknowledged".into()], limit: 3, ..Selection::default() };
        assert_eq!(world.ra.total(&permit, &selection).await.unwrap(), 7);
        let mut walked = Vec::new();
        loop {
            let page = world.ra.list(&permit, &selection).await.unwrap();
            let since: Vec<_> = page.applications.iter().map(|(one, _)| one.since).collect();
            assert!(since.is_sorted());
            walked.extend(page.applications.into_iter().map(|(one, _)| one.number.to_string()));
            match page.next {
                Some(mark) => selection.after = Some(mark),
                None => break,
            }
        }
        walked.sort();
        assert_eq!(walked, expected, "each once");
        // And back again, by the same pages.
        let (mut back, mut pages) = (Vec::new(), Vec::new());
        loop {
            let page = world.ra.list(&permit, &selection).await.unwrap();
            pages.push(page.applications.len());
            back.extend(page.applications.into_iter().map(|(one, _)| one.number.to_string()));
            selection.after = None;
            match page.previous {
                Some(mark) => selection.before = Some(mark),
                None => break,
            }
        }
        back.sort();
        assert_eq!((back, pages), (expected, vec![1, 3, 3]));
        selection.before = None;
        let filters = Selection { kind: Some("unit".into()), ..Selection::default() };
        assert_eq!(world.ra.total(&permit, &filters).await.unwrap(), 0);
        let own =
            Selection { office: Some(None), service: Some("new".into()), ..Selection::default() };
        assert_eq!(world.ra.total(&permit, &own).await.unwrap(), 8);
    })
    .await;
}

#[tokio::test]
async fn the_clock_of_the_review_counts_two_working_days_and_says_when_it_is_provisional() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.fill(way.sample()).await.unwrap();
        way.attach_all().await.unwrap();
        way.submit().await.unwrap();
        assert_eq!(world.ra.clock(&way.application).unwrap(), None, "notices are open");
        way.acknowledge_all().await.unwrap();
        let clock = world.ra.clock(&way.application).unwrap().unwrap();
        // Sunday; Monday and Tuesday are working days.
        assert_eq!(clock.due.day, CivilDate::new(2026, 11, 24).unwrap());
        assert!(!clock.overdue && !clock.provisional && clock.basis.contains("571"));
        world.clock.advance(SignedDuration::from_hours(24 * 3));
        assert!(world.ra.clock(&way.application).unwrap().unwrap().overdue);
        way.proof(&world.clerk).await.unwrap();
        way.approve(&world.reviewer).await.unwrap();
        assert_eq!(world.ra.clock(&way.application).unwrap(), None);
        world.clock.set("2026-12-30T02:00:00Z".parse().unwrap());
        let mut late = Way::begin(&world, "unit").await;
        late.submitted().await;
        assert!(world.ra.clock(&late.application).unwrap().unwrap().provisional);
    })
    .await;
}

#[tokio::test]
async fn an_application_is_found_by_any_spelling_of_its_identifiers() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "unit").await;
        way.submitted().await;
        let permit = world.permit(&world.clerk, Action::ListApplications).await;
        for (field, value) in [
            (SearchField::CreditCode, "12110101yx0000016b"),
            (SearchField::CreditCode, " １２１１０１０１ＹＸ０００００１６Ｂ"),
            (SearchField::UnitName, "云中市 档案馆"),
            (SearchField::Name, "贾如信"),
            (SearchField::Phone, "130 0000 0000"),
        ] {
            let found = world.ra.search(&permit, (field, value)).await.unwrap();
            assert_eq!(found.len(), 1, "{value}");
            let second = world.ra.search_page(&permit, (field, value), (1, 1)).await.unwrap();
            assert_eq!((second.0.len(), second.1), (0, 1), "{value}");
        }
        let none = (SearchField::Name, "贾如");
        assert!(world.ra.search(&permit, none).await.unwrap().is_empty());
        let reads = world.permit(&world.clerk, Action::ReadApplication).await;
        let number = way.application.number.as_str();
        assert!(world.ra.by_number(&reads, number).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn what_is_found_is_read_on_behind_any_of_it_whatever_comes_meanwhile() {
    on_each_engine(|world| async move {
        for at in 0..4 {
            let mut way = Way::begin(&world, "unit").await;
            way.submitted().await;
            world.clock.advance(jiff::SignedDuration::from_secs(at / 2));
        }
        let permit = world.permit(&world.clerk, Action::ListApplications).await;
        let asked = (SearchField::Name, "贾如信");
        let all = world.ra.search(&permit, asked).await.unwrap();
        assert_eq!(all.len(), 4);
        world.clock.advance(jiff::SignedDuration::from_secs(1));
        Way::begin(&world, "unit").await.submitted().await;
        for (place, one) in all.iter().enumerate() {
            let rest = world.ra.search_behind(&permit, asked, Some(one)).await.unwrap();
            let ids = rest.iter().map(|one| &one.id);
            assert!(ids.eq(all[place + 1..].iter().map(|one| &one.id)), "{place}");
        }
        assert_eq!(world.ra.search_behind(&permit, asked, None).await.unwrap().len(), 5);
    })
    .await;
}

#[tokio::test]
async fn another_application_of_the_same_holder_has_to_be_looked_at() {
    on_each_engine(|world| async move {
        let mut one = Way::begin(&world, "person").await;
        one.submitted().await;
        let mut two = Way::begin(&world, "person").await;
        two.submitted().await;
        two.proof(&world.clerk).await.unwrap();
        let permit = world.permit(&world.reviewer, Action::ReadApplication).await;
        let alike = world.ra.duplicates(&permit, &two.application.id).await.unwrap();
        assert_eq!(alike.len(), 1);
        assert_eq!(alike[0].application.id, one.application.id);
        assert_eq!(alike[0].fields, [SearchField::IdNumber, SearchField::Phone]);
        let list = world.ra.catalogue().checklist_for("person", "new");
        let ticked = list.iter().map(|item| item.name.clone()).collect();
        let blind = Decision::Approve { ticked, duplicates: vec![], opinion: None };
        let error = two.decide(&world.reviewer, blind).await.unwrap_err();
        assert_eq!(error.code(), "ra.duplicate_unseen");
        two.approve(&world.reviewer).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn counts_are_by_day_of_shanghai_kind_and_state() {
    on_each_engine(|world| async move {
        Way::begin(&world, "person").await;
        Way::begin(&world, "person").await;
        // 23:30 in Shanghai, and an hour later the next day.
        world.clock.set("2026-11-22T15:30:00Z".parse().unwrap());
        Way::begin(&world, "unit").await;
        world.clock.advance(SignedDuration::from_hours(1));
        Way::begin(&world, "unit").await;
        let permit = world.permit(&world.biz, Action::ReadStatistics).await;
        let day = |day| CivilDate::new(2026, 11, day).unwrap();
        let counts = world.ra.counts(&permit, (day(22), day(23))).await.unwrap();
        let told: Vec<(i8, &str, &str, u64)> =
            counts.iter().map(|one| (one.day.day(), &*one.kind, &*one.state, one.count)).collect();
        let wanted =
            [(22, "person", "draft", 2), (22, "unit", "draft", 1), (23, "unit", "draft", 1)];
        assert_eq!(told, wanted);
        assert!(world.ra.counts(&permit, (day(24), day(25))).await.unwrap().is_empty());
    })
    .await;
}

/// A row that can't be read is named: the queue shows the others, what was approved goes on, and so do ends by time
/// (Measures Art. 18).
#[tokio::test]
async fn an_application_that_can_not_be_read_is_named_and_holds_up_no_other() {
    on_each_engine(|world| async move {
        let mut all = Vec::new();
        for service in ["suspend", "revoke"] {
            let mut way = about(&world, service, new_key()).await;
            way.fill(way.sample()).await.unwrap();
            way.attach_all().await.unwrap();
            way.submit().await.unwrap();
            way.proof(&world.clerk).await.unwrap();
            way.approve(&world.reviewer).await.unwrap();
            all.push(way.application);
            world.clock.advance(SignedDuration::from_secs(1));
        }
        let mut drafts = Vec::new();
        for _ in 0..2 {
            drafts.push(Way::begin(&world, "person").await.application);
            world.clock.advance(SignedDuration::from_secs(1));
        }
        assert!(world.ra.unfit_changes().await.unwrap().is_empty());
        let broken = [all[0].id.to_string(), drafts[0].id.to_string()];
        let spoilt = world.store.commit(move |tx| {
            Box::pin(async move {
                let text = "UPDATE ra_application SET state_data = 'x' WHERE id = $1 OR id = $2";
                let [one, other] = broken;
                sqlx::query(text).bind(one).bind(other).execute(tx.conn()).await?;
                Ok::<_, store::Error>(())
            })
        });
        spoilt.await.unwrap();
        let permit = world.permit(&world.reviewer, Action::ListApplications).await;
        // A page of one each: the damaged row hides neither what is before nor what is behind it.
        let mut selection =
            Selection { states: vec!["reviewed".into()], limit: 1, ..Selection::default() };
        let (mut shown, mut named) = (Vec::new(), Vec::new());
        loop {
            let page = world.ra.list(&permit, &selection).await.unwrap();
            shown.extend(page.applications.into_iter().map(|(one, _)| one.id));
            named.extend(page.unreadable);
            match page.next {
                Some(mark) => selection.after = Some(mark),
                None => break,
            }
        }
        assert_eq!((shown, named), (vec![all[1].id.clone()], vec![all[0].number.to_string()]));
        let approved = world.ra.approved(None).await.unwrap();
        assert_eq!(approved.ready, [all[1].at()]);
        assert_eq!(approved.unfit[0].0, all[0].number.to_string());
        let unfit = world.ra.unfit_changes().await.unwrap();
        assert_eq!(unfit.len(), 1, "{unfit:?}");
        assert_eq!(unfit[0].0, all[0].number.to_string());
        // Nor does it hold up what ends by itself.
        world.clock.advance(SignedDuration::from_hours(24 * 400));
        assert_eq!(world.ra.settle().await.unwrap(), 1, "the other draft");
    })
    .await;
}

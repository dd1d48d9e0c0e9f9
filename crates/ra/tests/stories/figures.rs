//! Figures of a period: what was begun, how long reviews took, why some were refused, and what is
//! before the clerks of each office today.

use access::Action;
use jiff::SignedDuration;
use law::CivilDate;
use ra::{Decision, ReviewTimes};

use super::way::Way;
use super::world::on_each_engine;

#[tokio::test]
async fn reviews_are_in_time_by_the_working_days_that_were_promised() {
    on_each_engine(|world| async move {
        // Sunday 2026-11-22: the term ends on Tuesday.
        let mut quick = Way::begin(&world, "person").await;
        quick.submitted().await;
        quick.proof(&world.clerk).await.unwrap();
        let mut slow = Way::begin(&world, "unit").await;
        slow.submitted().await;
        slow.proof(&world.clerk).await.unwrap();
        let lists = world.permit(&world.reviewer, Action::ListApplications).await;
        let today = world.ra.today_of(&lists).await.unwrap();
        assert_eq!((today.begun, today.waiting, today.late, today.decided), (2, 2, 0, 0));
        quick.approve(&world.reviewer).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(24 * 3));
        let lists = world.permit(&world.reviewer, Action::ListApplications).await;
        let today = world.ra.today_of(&lists).await.unwrap();
        assert_eq!((today.begun, today.waiting, today.late, today.decided), (0, 1, 1, 0));
        let basis = "《电子政务电子认证服务管理办法》第二十一条".to_owned();
        let refusal = Decision::Refuse { reason: "材料不真实".into(), basis: basis.clone() };
        slow.decide(&world.reviewer, refusal).await.unwrap();

        let day = |day| CivilDate::new(2026, 11, day).unwrap();
        let permit = world.permit(&world.biz, Action::ReadStatistics).await;
        let figures = world.ra.figures(&permit, (day(22), day(25))).await.unwrap();
        let expected = ReviewTimes { by_days: vec![(0, 1), (3, 1)], in_time: 1, late: 1 };
        assert_eq!(figures.reviews, expected);
        assert_eq!(figures.reviews.share_in_time(), Some(500));
        assert_eq!(figures.refusals, [(ra::RefusalStage::Review, basis, 1)]);
        let told: Vec<_> = figures
            .tallies
            .iter()
            .map(|one| (&*one.kind, &*one.state, one.office.is_none(), one.count))
            .collect();
        assert_eq!(told, [("person", "reviewed", true, 1), ("unit", "refused", true, 1)]);
        let before = world.ra.figures(&permit, (day(20), day(21))).await.unwrap();
        assert!(before.tallies.is_empty() && before.reviews.share_in_time().is_none());
        let metrics = world.permit(&world.biz, Action::ReadMetrics).await;
        let states = world.ra.by_state(&metrics).await.unwrap();
        assert_eq!(states.iter().map(|(_, total)| total).sum::<u64>(), 2);
        assert!(world.ra.figures(&metrics, (day(22), day(25))).await.is_err(), "another permit");
    })
    .await;
}

//! Number and check code, activation code, and ends by time.

use access::Action;
use jiff::SignedDuration;
use ra::{Receipt, State};

use super::way::Way;
use super::world::on_each_engine;

#[tokio::test]
async fn number_and_check_code_open_an_application_and_five_wrong_codes_lock_it() {
    on_each_engine(|world| async move {
        let way = Way::begin(&world, "person").await;
        let number = way.application.number.as_str();
        assert_eq!(&number[..8], "20261122");
        let spaced = format!("{} {}", &number[..8], &number[8..]);
        let opened = world.ra.open_by_number(&spaced, &way.check_code).await.unwrap();
        assert_eq!(opened.id, way.application.id);
        let unknown = world.ra.open_by_number("202611229999990", "12345678").await.unwrap_err();
        let wrong = if way.check_code == "00000000" { "11111111" } else { "00000000" };
        let known = world.ra.open_by_number(number, wrong).await.unwrap_err();
        assert_eq!(unknown.to_string(), known.to_string(), "who guesses learns nothing");
        for _ in 0..4 {
            let error = world.ra.open_by_number(number, wrong).await.unwrap_err();
            assert_eq!(error.code(), "ra.wrong_code");
        }
        let error = world.ra.open_by_number(number, &way.check_code).await.unwrap_err();
        assert_eq!(error.code(), "ra.locked", "the right code does not open a lock");
        world.clock.advance(SignedDuration::from_mins(15));
        world.ra.open_by_number(number, &way.check_code).await.unwrap();
        assert!(world.kinds(&way.application).await.contains(&"application.locked".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn receipt_is_confirmed_by_the_last_activation_code_or_by_time() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.requested().await;
        way.issue().await.unwrap();
        let old = way.deliver().await.unwrap();
        let code = way.deliver().await.unwrap();
        if old != code {
            let error = way.confirm(&old).await.unwrap_err();
            assert_eq!(error.code(), "ra.wrong_activation");
        }
        way.confirm(&code).await.unwrap();
        let mut slow = Way::begin(&world, "unit").await;
        slow.requested().await;
        slow.issue().await.unwrap();
        slow.deliver().await.unwrap();
        world.clock.advance(SignedDuration::from_hours(24 * 7 - 1));
        assert_eq!(world.ra.settle().await.unwrap(), 0);
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(world.ra.settle().await.unwrap(), 1);
        let permit = slow.own(Action::ReadApplication).await;
        let settled = world.ra.application(&permit, &slow.application.id).await.unwrap();
        assert!(matches!(settled.state, State::Confirmed { receipt: Receipt::Time, .. }));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_goes_on_with_expires_and_what_was_withdrawn_is_over() {
    on_each_engine(|world| async move {
        let draft = Way::begin(&world, "person").await;
        let mut returned = Way::begin(&world, "unit").await;
        returned.submitted().await;
        returned.send_back(&world.clerk, &["phone"]).await.unwrap();
        let mut waiting = Way::begin(&world, "device").await;
        waiting.submitted().await;
        let mut withdrawn = Way::begin(&world, "staff").await;
        withdrawn.submitted().await;
        let permit = withdrawn.own(Action::WithdrawApplication).await;
        world.ra.withdraw(&permit, &withdrawn.application.at()).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(24 * 30));
        assert_eq!(world.ra.settle().await.unwrap(), 2);
        for (way, word) in [(&draft, "expired"), (&returned, "expired"), (&waiting, "acknowledged")]
        {
            let permit = way.own(Action::ReadApplication).await;
            let now = world.ra.application(&permit, &way.application.id).await.unwrap();
            assert_eq!(now.state.word(), word);
        }
        assert_eq!(withdrawn.proof(&world.clerk).await.unwrap_err().code(), "ra.changed");
    })
    .await;
}

//! How often a key is used, and what is recorded of it: counted before anything is done, recorded under its own key,
//! told day by day.

use access::Action;
use testkit::together::{at_once, call};

use super::desk::{Desk, KEY, on_each_engine};

#[tokio::test(flavor = "multi_thread")]
async fn a_use_is_counted_before_its_recipients_are_looked_at() {
    let desk = Desk::with_key(String::new()).await;
    desk.changed("UPDATE signing_key SET per_second = 1").await;
    // A certificate for signing is none for encryption.
    let (sign, _) = desk.certificates().await;
    let permit = desk.permit().await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        let content = b"x".to_vec().into();
        let recipients = std::slice::from_ref(&sign);
        let made = desk.world.institution.make_envelope(&permit, (KEY, content), recipients).await;
        codes.push(made.unwrap_err().code().to_owned());
    }
    assert_eq!(codes, ["signing.recipient", "signing.per_second"]);
}

/// Whoever looks for the records of a key finds every use of it, also those that came together with another's.
#[tokio::test(flavor = "multi_thread")]
async fn uses_of_two_keys_in_one_unit_are_recorded_under_each() {
    on_each_engine(|url| async move {
        let desk = Desk::with_key(url).await;
        desk.ordered().await;
        desk.confirm(2).await.unwrap();
        desk.world.pass(60);
        let (permit, institution) = (&desk.permit().await, &desk.world.institution);
        let sign = |at: i64| call(institution.sign_data(permit, 1 + at % 2, b"x"));
        for signed in at_once((0..24).map(sign).collect()) {
            signed.unwrap();
        }
        for number in [1, 2] {
            let about = format!("signing-key:{number}");
            let records = desk.world.records("signing.intended", &about).await;
            let counts = records.into_iter().map(|record| {
                let uses = record.body["uses"].as_array().unwrap().clone();
                assert!(uses.iter().all(|one| one[0] == number), "{uses:?}");
                uses.len()
            });
            assert_eq!(counts.sum::<usize>(), 12, "{number}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_day_of_use_is_read_block_by_block() {
    on_each_engine(|url| async move {
        let desk = Desk::with_key(url).await;
        for day in ["2030-01-01", "2030-01-02", "2030-01-03"] {
            for operation in ["data", "envelope", "open"] {
                let day = day.to_owned();
                let added = desk.world.institution.store().commit(move |tx| {
                    Box::pin(async move {
                        let text = "INSERT INTO signing_use (number, day, operation, uses) \
                             VALUES (1, $1, $2, 7)";
                        let insert = sqlx::query::<sqlx::Any>(text).bind(day).bind(operation);
                        insert.execute(tx.conn()).await?;
                        Ok::<_, store::Error>(())
                    })
                });
                added.await.unwrap();
            }
        }
        let access = desk.world.institution.access();
        let permit = desk.staff.head.permit(access, Action::ReadSigning).await;
        let mut read = Vec::new();
        loop {
            let place = (read.last(), 2);
            let more = desk.world.institution.signing_uses(&permit, KEY, place).await.unwrap();
            if more.is_empty() {
                break;
            }
            read.extend(more);
        }
        let read: Vec<_> =
            read.iter().map(|one| (one.day.as_str(), one.operation.word())).collect();
        let mut expected = Vec::new();
        for day in ["2030-01-03", "2030-01-02", "2030-01-01"] {
            expected.extend(["data", "envelope", "open"].map(|operation| (day, operation)));
        }
        assert_eq!(read, expected);
    })
    .await;
}

//! Certificates that were suspended before holds were rows (migration 865): each gets the holds that it was under,
//! whoever set them, and a call from before the term came is given the term from the day on which it came.

use app::lifecycle::Change;
use ra::{Hold, HoldId, Source};

use super::desk::Desk;
use crate::postgres::postgres;
use crate::world::World;

/// What an upgrade has to find again: the rest is how it is named.
fn told(holds: Vec<Hold>) -> Vec<(Source, i64)> {
    let mut all: Vec<_> = holds.iter().map(|hold| (hold.source, hold.since.as_second())).collect();
    all.sort_by_key(|(source, since)| (source.word(), *since));
    all
}

/// The database as it was before the migration: what it added is gone, and so is its mark.
const BEFORE: [&str; 11] = [
    "CREATE TABLE ra_revocation_item_old (revocation TEXT NOT NULL, position BIGINT NOT NULL, \
     serial TEXT NOT NULL, outcome TEXT, refusal TEXT, at BIGINT)",
    "INSERT INTO ra_revocation_item_old SELECT revocation, position, serial, outcome, refusal, at \
     FROM ra_revocation_item WHERE hold IS NULL",
    "DROP TABLE ra_revocation_item",
    "ALTER TABLE ra_revocation_item_old RENAME TO ra_revocation_item",
    "CREATE INDEX ra_revocation_item_by_serial ON ra_revocation_item (serial)",
    "DROP TABLE ra_hold",
    "ALTER TABLE ra_revocation DROP COLUMN closed_at",
    "ALTER TABLE ra_revocation DROP COLUMN closed_by",
    "ALTER TABLE ra_revocation DROP COLUMN term_from",
    "ALTER TABLE status_notice DROP COLUMN effect",
    "DELETE FROM _sqlx_migrations WHERE version = 865",
];

async fn statements(world: &World, texts: Vec<String>) {
    let done: Result<(), app::Error> = world
        .institution
        .store()
        .commit(move |tx| {
            Box::pin(async move {
                for text in texts {
                    let query = sqlx::query(sqlx::AssertSqlSafe(text));
                    query.execute(tx.conn()).await.unwrap();
                }
                Ok(())
            })
        })
        .await;
    done.unwrap();
}

/// Takes the migration back, and opens the institution again: it runs anew.
async fn upgraded(desk: Desk) -> Desk {
    let Desk { world, clerk, reviewer, heads } = desk;
    statements(&world, BEFORE.iter().map(|text| (*text).to_owned()).collect()).await;
    let world = world.restarted(|_| ()).await.unwrap();
    Desk { world, clerk, reviewer, heads }
}

async fn every_state_is_found_again(database: &str) {
    let desk = Desk::new(database).await;
    let mut serials = Vec::new();
    for _ in 0..8 {
        serials.push(desk.certificate().await);
    }
    // One suspension each, as it was before: by every side.
    desk.applies(("suspend", "mislaid"), &serials[0]).await.unwrap();
    desk.call(&serials[1]).await.unwrap();
    for (at, ground) in
        [(2, "unit-hold"), (3, "ordered-hold"), (4, "directed-hold"), (5, "inquiry")]
    {
        desk.orders_hold(0, ground, &serials[at]).await.unwrap();
        desk.world.pass(5);
    }
    desk.program(&serials[6], Change::Suspend).await.unwrap();
    // Suspended, resumed and suspended by another since; a call, and the holder's application meanwhile.
    desk.program(&serials[7], Change::Suspend).await.unwrap();
    desk.program(&serials[7], Change::Resume).await.unwrap();
    desk.world.pass(5);
    desk.call(&serials[7]).await.unwrap();
    desk.world.pass(5);
    desk.applies(("suspend", "absence"), &serials[7]).await.unwrap();
    let free = desk.certificate().await;
    let mut before = Vec::new();
    for serial in &serials {
        before.push(told(desk.holds(serial).await));
    }
    let desk = upgraded(desk).await;
    for (serial, before) in serials.iter().zip(&before) {
        assert_eq!(told(desk.holds(serial).await), *before, "{serial}");
        assert!(!desk.is_good(serial).await);
    }
    assert_eq!(desk.holds(&free).await, []);
    assert!(desk.is_good(&free).await);
    // They are lifted like any other.
    assert!(desk.holds(&serials[6]).await[0].is_of_program());
    desk.program(&serials[6], Change::Resume).await.unwrap();
    let own = desk.hold(&serials[5], Source::Institution).await;
    let refused = desk.orders_lifting(0, ("inquiry-cleared", own.clone()), &serials[5]).await;
    assert_eq!(refused.unwrap_err().code(), "ra.hold_second_person", "who set it is known");
    desk.orders_lifting(1, ("inquiry-cleared", own), &serials[5]).await.unwrap();
    let court: HoldId = desk.hold(&serials[3], Source::Authority).await;
    assert!(desk.orders_lifting(1, ("unit-lifted", court), &serials[3]).await.is_err());
    desk.applies(("resume", "found"), &serials[7]).await.unwrap();
    desk.applies(("resume", "found"), &serials[0]).await.unwrap();
    for at in [0, 5, 6, 7] {
        assert!(desk.is_good(&serials[at]).await, "{at}");
    }
    desk.world.pass(86_400 * 20);
    desk.sweep().await;
    assert!(desk.is_good(&serials[1]).await, "the call lapsed");
}

#[tokio::test]
async fn a_certificate_that_was_suspended_before_has_its_holds_after_the_upgrade() {
    every_state_is_found_again("").await;
}

#[tokio::test]
async fn so_it_has_on_postgresql() {
    let Some(database) = postgres("holds_upgrade").await else { return };
    every_state_is_found_again(&database).await;
}

/// The term of calls came with migration 810 and is our own rule: it begins for older calls when it came.
#[tokio::test]
async fn a_call_from_before_the_term_does_not_lapse_at_the_first_sweep() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    let call = desk.call(&serial).await.unwrap();
    // Called a month before the upgrade that brought the term, which is now.
    let now = desk.world.now().as_second();
    let text = format!("UPDATE ra_revocation SET since = {}", now - 86_400 * 30);
    let installed = format!(
        "UPDATE _sqlx_migrations SET installed_on = datetime({now}, 'unixepoch') WHERE version = 810"
    );
    statements(&desk.world, vec![text, installed]).await;
    let desk = upgraded(desk).await;
    desk.sweep().await;
    assert!(!desk.is_good(&serial).await, "nobody had told the caller of a term");
    let found = desk.revocation(&call.id).await;
    assert_eq!(found.term_from.map(|at| at.as_second()), Some(now));
    desk.world.pass(86_400 * 20);
    desk.sweep().await;
    assert!(desk.is_good(&serial).await, "from then it runs");
}

//! Rows of the registration changed behind everybody's back, beside a journal that is sound: a hold added, taken
//! away or changed, a registration that nobody confirmed, an application on a later step (Invariant 4; T-27).

use ra::{HoldEnd, NewHold, RevocationDecision, Source, Standing};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use store::Actor;

use super::revocation::{CONFIRM, draft, drafted, enter, review};
use super::services::certify;
use super::way::Way;
use super::world::{World, on_each_engine};

/// A hold that stands, and one that was lifted.
async fn holds(world: &World) {
    for (serial, origin) in [("0a", "act:1"), ("0b", "act:2")] {
        let new = NewHold {
            serial: serial.into(),
            source: Source::Authority,
            ground: Some("ordered-hold".into()),
            origin: origin.into(),
        };
        let done: Result<(), ra::Error> = world
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let about = format!("certificate:issuing/{}", new.serial);
                    let actor = Actor::new("person:somebody");
                    ra::set_hold(tx, (&new, &about), &actor).await?;
                    if new.origin == "act:2" {
                        let standing = ra::standing_holds(tx.conn(), &new.serial).await?;
                        let by = (HoldEnd::Lifted, "revocation:1");
                        ra::end_holds(tx, (&standing, &about), by, &actor).await?;
                    }
                    Ok(())
                })
            })
            .await;
        done.unwrap();
    }
}

/// Registrations and applications at several steps.
async fn some(world: &World) {
    holds(world).await;
    let reject = (RevocationDecision::Reject, "来函没有公章");
    for (serial, decision) in [("0c", None), ("0d", Some(CONFIRM)), ("0e", Some(reject))] {
        certify(world, "person", serial, Standing::Good);
        let new = draft("unit-left", &[serial], &["letter"]);
        let found = drafted(world, &world.clerk, new).await.unwrap();
        let found = enter(world, &world.clerk, &found).await.unwrap();
        if let Some(decision) = decision {
            review(world, &world.reviewer, &found, decision).await.unwrap();
        }
    }
    Way::begin(world, "person").await.submitted().await;
    Way::begin(world, "person").await.end().await;
}

/// What is wrong, in words; `all`: with what is at its end.
async fn found(world: &World, all: bool) -> Vec<String> {
    let compared = world.ra.compare_with_journal(all).await.unwrap();
    compared.findings.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn tables_that_nobody_touched_agree_with_the_journal_and_a_hold_that_is_gone_is_found() {
    on_each_engine(|world| async move {
        some(&world).await;
        let compared = world.ra.compare_with_journal(true).await.unwrap();
        assert_eq!(compared.findings, []);
        assert_eq!((compared.holds, compared.registrations, compared.applications), (2, 3, 2));
        let on_their_way = world.ra.compare_with_journal(false).await.unwrap();
        assert_eq!(on_their_way.applications, 1);
        assert_eq!(world.store.standing(), store::Standing::Sound);
        let permit = world.permit(&world.clerk, access::Action::EnterRevocation).await;
        let gone: Result<(), ra::Error> = world
            .store
            .commit(|tx| {
                Box::pin(async move {
                    let text = "DELETE FROM ra_hold WHERE origin = 'act:1'";
                    sqlx::query(text).execute(tx.conn()).await?;
                    Ok(())
                })
            })
            .await;
        gone.unwrap();
        let found = found(&world, false).await;
        assert!(found.len() == 1 && found[0].contains("暂停曾被删除"), "{found:?}");
        assert!(matches!(world.store.standing(), store::Standing::Halted { .. }));
        let new = draft("unit-left", &["0c"], &["letter"]);
        let stopped = world.ra.draft_revocation(&permit, new, None).await.unwrap_err();
        assert!(stopped.to_string().contains("暂停曾被删除"), "{stopped}");
    })
    .await;
}

const HOLD: &str = "ra_hold";
const REGISTRATION: &str = "ra_revocation";
const APPLICATION: &str = "ra_application";

/// Table, what somebody does to it by hand, and what is said of that.
const TAMPERINGS: [(&str, &str, &str); 23] = [
    (HOLD, "UPDATE ra_hold SET serial = 'ff' WHERE origin = 'act:1'", "所指的证书"),
    (HOLD, "UPDATE ra_hold SET source = 'holder' WHERE origin = 'act:1'", "来源"),
    (HOLD, "UPDATE ra_hold SET ground = 'unit-hold' WHERE origin = 'act:1'", "事由"),
    (HOLD, "UPDATE ra_hold SET origin = 'act:9' WHERE origin = 'act:1'", "来源"),
    (HOLD, "UPDATE ra_hold SET set_by = 'person:x' WHERE origin = 'act:1'", "经办人"),
    (HOLD, "UPDATE ra_hold SET since = since - 60 WHERE origin = 'act:1'", "时间"),
    (
        HOLD,
        "UPDATE ra_hold SET ended_at = since, ended = 'lifted', ended_by = 'act:9' \
         WHERE origin = 'act:1'",
        "没有解除的记录",
    ),
    (
        HOLD,
        "UPDATE ra_hold SET ended_at = NULL, ended = NULL, ended_by = NULL WHERE origin = 'act:2'",
        "没有按记录解除",
    ),
    (HOLD, "UPDATE ra_hold SET ended = 'revoked' WHERE origin = 'act:2'", "没有按记录解除"),
    (HOLD, "UPDATE ra_hold SET ended_by = 'act:9' WHERE origin = 'act:2'", "没有按记录解除"),
    (HOLD, "DELETE FROM ra_hold WHERE origin = 'act:2'", "暂停曾被删除"),
    (
        HOLD,
        "INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position) \
         SELECT 'ffff', serial, source, ground, 'act:7', set_by, since, 9 FROM ra_hold \
         WHERE origin = 'act:1'",
        "绕过本系统插入",
    ),
    // In the name of the migration that made holds of older suspensions.
    (
        HOLD,
        "INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position) \
         SELECT 'status-0a', serial, source, ground, 'record:3', set_by, since, 9 FROM ra_hold \
         WHERE origin = 'act:1'",
        "绕过本系统插入",
    ),
    (
        REGISTRATION,
        "UPDATE ra_revocation SET state = 'approved', reviewed_by = 'somebody' \
         WHERE state = 'entered'",
        "状态与最后一步",
    ),
    (
        REGISTRATION,
        "UPDATE ra_revocation SET reviewed_by = entered_by WHERE state = 'approved'",
        "登记人或者复核人",
    ),
    (
        REGISTRATION,
        "UPDATE ra_revocation SET entered_by = 'somebody' WHERE state = 'entered'",
        "登记人或者复核人",
    ),
    (
        REGISTRATION,
        "UPDATE ra_revocation SET list_hash = '0000000000000000000000000000000000000000000000000000000000000000' \
         WHERE state = 'approved'",
        "名单",
    ),
    (
        REGISTRATION,
        "UPDATE ra_revocation SET ground = 'misissued' WHERE state = 'approved'",
        "事由",
    ),
    (
        REGISTRATION,
        "UPDATE ra_revocation SET version = version + 1 WHERE state = 'approved'",
        "没有对应的记录",
    ),
    (
        REGISTRATION,
        "UPDATE ra_revocation SET state = 'entered', reviewed_by = NULL, version = version - 1 \
         WHERE state = 'refused'",
        "之前的版本",
    ),
    (REGISTRATION, "DELETE FROM ra_revocation WHERE state = 'refused'", "登记曾被删除"),
    (
        APPLICATION,
        "UPDATE ra_application SET state = 'reviewed' WHERE state <> 'confirmed'",
        "申请行的状态",
    ),
    (
        APPLICATION,
        "UPDATE ra_application SET state = 'reviewed' WHERE state = 'confirmed'",
        "申请行的状态",
    ),
];

/// The database itself, past the store: as whoever has its file.
async fn beside(world: &World) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", world.folder.path().join("institution.db").display());
    let mut conn = AnyConnection::connect(&url).await.unwrap();
    let off = "PRAGMA foreign_keys = OFF".to_owned();
    let mut texts = vec![off];
    for table in [HOLD, REGISTRATION, APPLICATION] {
        texts.push(format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"));
    }
    run(&mut conn, texts).await;
    conn
}

async fn run(conn: &mut AnyConnection, texts: Vec<String>) -> u64 {
    let mut changed = 0;
    for text in texts {
        let done = sqlx::query(AssertSqlSafe(text)).execute(&mut *conn).await.unwrap();
        changed = done.rows_affected();
    }
    changed
}

#[tokio::test]
async fn t27_whatever_is_changed_by_hand_is_found() {
    let world = World::new().await;
    some(&world).await;
    let mut conn = beside(&world).await;
    let mut unseen = Vec::new();
    for (table, text, said) in TAMPERINGS {
        assert!(run(&mut conn, vec![text.to_owned()]).await > 0, "{text} changes nothing");
        let found = found(&world, false).await;
        if !found.iter().any(|finding| finding.contains(said)) {
            unseen.push(format!("{text}: {found:?}"));
        }
        let back = [
            format!("DELETE FROM {table}"),
            format!("INSERT INTO {table} SELECT * FROM kept_{table}"),
        ];
        run(&mut conn, back.to_vec()).await;
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
    assert_eq!(found(&world, true).await, Vec::<String>::new(), "and put back it is sound");
    // An application at its end is not looked at every hour.
    let early = "UPDATE ra_application SET state = 'withdrawn' WHERE state = 'confirmed'";
    run(&mut conn, vec![early.to_owned()]).await;
    assert_eq!(found(&world, false).await, Vec::<String>::new());
    assert_eq!(found(&world, true).await.len(), 1);
}

/// A hold that the migration of holds made has no record of its own: what it came of is one, from before.
#[tokio::test]
async fn a_hold_from_before_there_were_holds_rests_on_what_it_came_of() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "person").await;
    way.end().await;
    let serial = way.application.state.serials().unwrap().sign.clone();
    certify(&world, "person", &serial, Standing::Good);
    let call = super::stop::called(&world, &serial).await;
    world.ra.stopped(&call.id).await.unwrap();
    let mut conn = beside(&world).await;
    let made = |since: &str| {
        format!(
            "INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position) \
             SELECT 'call-' || id, '{serial}', 'phone', 'phone-hold', 'revocation:' || id, \
             'revocation:' || id, {since}, 0 FROM ra_revocation"
        )
    };
    run(&mut conn, vec![made("stopped_at")]).await;
    assert_eq!(found(&world, true).await, Vec::<String>::new());
    run(&mut conn, vec!["DELETE FROM ra_hold".into(), made("stopped_at + 60")]).await;
    assert!(found(&world, true).await[0].contains("绕过本系统插入"));
}

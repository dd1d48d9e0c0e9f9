//! Holders learn of changes that they did not apply for: a letter and a message about each, once, whatever
//! was cut off (Measures Art. 18, Art. 20).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use std::collections::BTreeSet;

use crate::way;
use crate::world;

use access::{ActKind, Action};
use app::letters::LetterFilter;
use app::lifecycle::Change;
use app::registration::StatusOrder;
use ca::{Revocation, RevocationReason, Status};
use letters::{Block, LetterKind};
use pki::Serial;
use sqlx::Row;
use store::Actor;
use way::{Staff, Way, world};
use world::World;

/// A person with certificates that were issued.
async fn holder<'i>(world: &'i World, clerk: &Staff, reviewer: &Staff) -> Way<'i> {
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    way.proof(clerk).await;
    way.approve(reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    way
}

fn sign_serial(way: &Way<'_>) -> String {
    way.application.state.serials().unwrap().sign.clone()
}

/// The letters about others' changes, as text.
async fn notices(way: &Way<'_>) -> Vec<String> {
    let letters = way.institution.letters().unwrap();
    let all = letters.of_application(way.application.id.as_str()).await.unwrap();
    let mut texts = Vec::new();
    for one in all.iter().filter(|one| one.kind == LetterKind::StatusNotice) {
        let letter = letters.read(&one.id).await.unwrap();
        let text = |block: &Block| match block {
            Block::Paragraph { text } | Block::Heading { text } => text.clone(),
            Block::Rows { rows } => {
                rows.iter().map(|row| format!("{}：{}\n", row.label, row.value)).collect()
            }
            other => panic!("{other:?}"),
        };
        texts.push(letter.sheet.blocks.iter().map(text).collect::<String>());
    }
    texts
}

/// Messages in the outbox about a change.
async fn messages(world: &World) -> Vec<String> {
    world.institution.send_messages().await.unwrap();
    let folder = world.institution.layout().outbox();
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    texts.filter(|text| text.contains("状态变更告知书")).collect()
}

async fn order(
    world: &World,
    by: &Staff,
    (kind, serial): (ActKind, &str),
    order: &StatusOrder,
) -> Result<app::registration::Done, app::Error> {
    let access = world.institution.access();
    let principal = by.principal(access).await;
    let payload = serde_json::to_value(order).unwrap();
    let object = format!("certificate:{serial}");
    let pending = access.prepare_act(&principal, kind, &object, &payload).await?;
    let signature = by.0.sign(&gm::UserId::default(), pending.statement.as_bytes()).to_der();
    world.institution.complete_act(&principal, (&pending.id, &signature)).await
}

fn on(ground: &str, paper: &str) -> StatusOrder {
    StatusOrder {
        ground: ground.into(),
        document_number: paper.into(),
        account: "法院送达协助执行通知书，要求暂停".into(),
        holds: Vec::new(),
    }
}

#[tokio::test]
async fn an_order_of_a_court_is_carried_out_on_record_and_told_to_the_holder() {
    let (world, clerk, reviewer, biz) = way::world_with_head().await;
    let way = holder(&world, &clerk, &reviewer).await;
    let serial = sign_serial(&way);
    let suspends = (ActKind::SuspendCertificate, &*serial);
    let paper = "（2026）云01执协1号";
    order(&world, &biz, suspends, &on("ordered-hold", paper)).await.unwrap();
    let status = |hex: String| {
        let institution = world.institution.clone();
        async move {
            let found = institution.ca().find(&Serial::from_hex(&hex).unwrap()).await.unwrap();
            found.unwrap().record.status
        }
    };
    assert!(matches!(status(serial.clone()).await, Status::Suspended { .. }));
    let about = format!("certificate:issuing/{serial}");
    let ordered = world.records("certificate.ordered", &about).await;
    assert_eq!(ordered[0].body["ground"], "ordered-hold");
    assert!(ordered[0].body["act"]["signature"].is_string());
    let plain = ordered[0].body.to_string();
    assert!(!plain.contains("协助执行通知书"), "facts are sealed (Invariant 6)");
    let reads = biz.permit(world.institution.access(), Action::ReadRevocations).await;
    let named = Serial::from_hex(&serial).unwrap();
    let (orders, next) = world.institution.status_orders(&reads, &named, (None, 10)).await.unwrap();
    assert_eq!(orders[0].particulars.document_number, paper);
    assert!(
        orders[0].actor.starts_with("person:") && orders[0].at == world.now() && next.is_none()
    );

    let told = notices(&way).await;
    assert_eq!(told.len(), 1);
    for words in ["暂停使用", "人民法院等有权机关依法要求暂停", "有权机关", "作出决定的机关"]
    {
        assert!(told[0].contains(words), "{words}: {}", told[0]);
    }
    let sent = messages(&world).await;
    assert_eq!(sent.len(), 2, "telephone and mailbox that were proofed: {sent:?}");
    assert!(sent.iter().all(|text| text.contains(way.application.number.as_str())));

    // On a ground of another kind, without a hold, or alone against a court: refused, and nothing more is told.
    let resumes = (ActKind::ResumeCertificate, &*serial);
    assert!(order(&world, &biz, suspends, &on("unit-lifted", paper)).await.is_err());
    assert!(order(&world, &biz, resumes, &on("ordered-hold", paper)).await.is_err());
    assert!(order(&world, &biz, resumes, &on("order-lifted", paper)).await.is_err());
    let reads_it = biz.permit(world.institution.access(), Action::ReadCertificate).await;
    let holds = async || way.ra().holds(&reads_it, &serial).await.unwrap();
    let lifts = |ground: &str, hold: &ra::Hold| StatusOrder {
        holds: vec![hold.id.clone()],
        ..on(ground, paper)
    };
    let alone = lifts("order-lifted", &holds().await[0]);
    assert!(order(&world, &biz, resumes, &alone).await.is_err());
    // A unit's beside it: set and lifted, told both times, and the court's stands.
    order(&world, &biz, suspends, &on("unit-hold", paper)).await.unwrap();
    let of_unit = holds().await.into_iter().find(|one| one.source == ra::Source::Unit).unwrap();
    order(&world, &biz, resumes, &lifts("unit-lifted", &of_unit)).await.unwrap();
    assert!(matches!(status(serial.clone()).await, Status::Suspended { .. }));
    // The newest first, page by page, none twice.
    let page = async |place| world.institution.status_orders(&reads, &named, place).await.unwrap();
    let (newest, next) = page((None, 1)).await;
    assert_eq!((newest.len(), &*newest[0].ground.name), (1, "unit-lifted"));
    let (older, next) = page((next, 2)).await;
    let grounds: Vec<_> = older.iter().map(|one| &*one.ground.name).collect();
    assert_eq!((&*grounds, next), (&["unit-hold", "ordered-hold"][..], None));
    let told = notices(&way).await;
    assert_eq!(told.len(), 3);
    assert!(told[1].contains("另增一项暂停") && told[1].contains("所在单位"), "{}", told[1]);
    assert!(told[2].contains("解除一项暂停") && told[2].contains("要求恢复"), "{}", told[2]);
    the_list_names_the_changes(&world, &biz).await;
}

/// What a letter tells of stands in the list, the newest first: all of them bear the same name.
async fn the_list_names_the_changes(world: &World, by: &Staff) {
    let permit = by.permit(world.institution.access(), Action::ReadLetters).await;
    let filter = LetterFilter { kind: Some(LetterKind::StatusNotice), ..LetterFilter::default() };
    let found = world.institution.letters_issued(&permit, &filter, (0, 10)).await.unwrap();
    let matters: BTreeSet<_> = found.0.iter().map(|one| one.matter.as_deref().unwrap()).collect();
    let told = [
        "暂停使用",
        "另增一项暂停（此前已经暂停使用）",
        "解除一项暂停（仍有其他暂停，尚不能使用）",
    ];
    assert_eq!((matters, found.1), (BTreeSet::from(told), 3));
}

#[tokio::test]
async fn who_may_not_order_and_who_reviews_gets_nothing_changed() {
    let (world, clerk, reviewer, _) = way::world_with_head().await;
    let way = holder(&world, &clerk, &reviewer).await;
    let serial = sign_serial(&way);
    for other in [&clerk, &reviewer] {
        let refused =
            order(&world, other, (ActKind::SuspendCertificate, &serial), &on("inquiry", ""))
                .await
                .unwrap_err();
        assert_eq!(refused.kind(), store::ErrorKind::Refusal, "{refused}");
    }
    let found = world.institution.ca().find(&Serial::from_hex(&serial).unwrap()).await.unwrap();
    assert_eq!(found.unwrap().record.status, Status::Good);
    assert_eq!(notices(&way).await.len(), 0);
}

/// The power goes after the change and before anybody was told.
#[tokio::test]
async fn what_a_client_changed_is_told_by_the_sweep_once() {
    let (world, clerk, reviewer) = world().await;
    let serial = {
        let way = holder(&world, &clerk, &reviewer).await;
        sign_serial(&way)
    };
    let reason = RevocationReason::PrivilegeWithdrawn;
    let change = Change::Revoke(Revocation::because(reason));
    let actor = Actor::client("0011");
    let named = Serial::from_hex(&serial).unwrap();
    world.institution.change(named, change.clone(), actor.clone()).await.unwrap();
    let world = world.restarted(|_| ()).await.unwrap();
    // Asked again for the same it answers the same, and there is nothing more to tell.
    world.institution.change(named, change, actor).await.unwrap();
    world.institution.sweep_letters().await.unwrap();
    world.institution.sweep_letters().await.unwrap();
    let ra = world.institution.registration().unwrap();
    let application = ra.origin_of(&serial).await.unwrap().unwrap();
    let way = Way { institution: &world.institution, application, key: way::key() };
    let told = notices(&way).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains(reason.chinese()) && told[0].contains("撤销"), "{}", told[0]);
    assert_eq!(messages(&world).await.len(), 2);
    let subject = way.application.subject();
    assert_eq!(world.records("application.status-told", &subject).await.len(), 1);
}

#[tokio::test]
async fn what_the_holder_applied_for_has_its_own_letter_and_no_other() {
    let (world, clerk, reviewer) = world().await;
    let issued = holder(&world, &clerk, &reviewer).await;
    let serial = sign_serial(&issued);
    let mut way = Way::about(&world.institution, "suspend", &serial).await;
    way.fill_and_submit_with(&[("ground", "mislaid")]).await;
    way.proof(&clerk).await;
    way.approve(&reviewer).await.unwrap();
    world.institution.carry_out_decisions().await.unwrap();
    world.institution.sweep_letters().await.unwrap();
    let letters = world.institution.letters().unwrap();
    let own = letters.of_application(way.application.id.as_str()).await.unwrap();
    assert!(own.iter().any(|one| one.kind == LetterKind::Suspension));
    assert_eq!(notices(&issued).await.len(), 0);
    assert_eq!(notices(&way).await.len(), 0);
    assert_eq!(messages(&world).await.len(), 0);
}

/// Notices about a holder's certificate that always fail: there is no such ground.
async fn hopeless(way: &Way<'_>, count: i64) {
    let (id, serial) = (way.application.id.to_string(), sign_serial(way));
    let done = way.institution.store().commit(move |tx| {
        Box::pin(async move {
            for position in 1..=count {
                sqlx::query(
                    "INSERT INTO status_notice (application, position, serial, change, ground, \
                     reason, at) VALUES ($1, $2, $3, 'revoke', 'no-such', 9, 1)",
                )
                .bind(&id)
                .bind(position)
                .bind(&serial)
                .execute(tx.conn())
                .await
                .map_err(store::Error::from)?;
            }
            Ok::<_, store::Error>(())
        })
    });
    done.await.unwrap();
}

#[tokio::test]
async fn notices_that_fail_keep_none_of_the_others_waiting() {
    let (world, clerk, reviewer) = world().await;
    let other = holder(&world, &clerk, &reviewer).await;
    let way = holder(&world, &clerk, &reviewer).await;
    let serial = Serial::from_hex(&sign_serial(&way)).unwrap();
    // More than are tried at once, and older than every other one.
    hopeless(&other, 230).await;
    let change = Change::Revoke(Revocation::because(RevocationReason::PrivilegeWithdrawn));
    world.institution.change(serial, change, Actor::client("0011")).await.unwrap();
    for _ in 0..2 {
        world.institution.tell_holders().await.unwrap();
    }
    assert_eq!(notices(&way).await.len(), 1, "its turn came");
    let tries = async || {
        let mut reader = world.institution.store().read().await.unwrap();
        let text = "SELECT MIN(tries), MAX(tries) FROM status_notice WHERE told_at IS NULL";
        let row = sqlx::query(text).fetch_one(&mut *reader).await.unwrap();
        (row.get::<i64, _>(0), row.get::<i64, _>(1))
    };
    assert_eq!(tries().await, (1, 1), "each once, and none again within the minute");
    world.institution.tell_holders().await.unwrap();
    assert_eq!(tries().await, (1, 1));
    world.pass(61);
    world.institution.tell_holders().await.unwrap();
    assert_eq!(tries().await, (1, 2), "200 of them, and the rest with the next sweep");
    world.institution.tell_holders().await.unwrap();
    assert_eq!(tries().await, (2, 2));
}

//! Messages: over SMTP to a relay of the test, tried again, given up; and notices of expiry.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use crate::way;
use crate::world;

use std::sync::{Arc, Mutex};

use access::{ActKind, Action};
use app::notify::{
    Endings, MailSettings, MailTls, MessageFilter, MessageState, REQUEUE_OBJECT, RequeueOrder,
};
use store::Actor;
use testkit::together::{at_once, call};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use way::{Staff, Way};
use world::World;

const DAY: i64 = 86_400;

/// A relay on loopback: takes mail, turns it away for now, or says nothing more to the next that come.
#[derive(Clone, Default)]
struct Relay {
    mails: Arc<Mutex<Vec<String>>>,
    turns_away: Arc<Mutex<bool>>,
    falls_silent: Arc<Mutex<u32>>,
}

impl Relay {
    async fn start() -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Self::default();
        let of_task = relay.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(of_task.clone().talk(stream));
            }
        });
        (relay, port)
    }

    async fn talk(self, stream: TcpStream) {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 relay\r\n").await.unwrap();
        if self.is_silent() {
            while let Ok(Some(_)) = lines.next_line().await {}
            return;
        }
        while let Ok(Some(line)) = lines.next_line().await {
            let word = line.get(..4).unwrap_or("").to_ascii_uppercase();
            let answer: &[u8] = match word.as_str() {
                "EHLO" => b"250-relay\r\n250 8BITMIME\r\n",
                "MAIL" if *self.turns_away.lock().unwrap() => b"451 later, zhen@example.gov.cn\r\n",
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await.unwrap();
                    let mut mail = String::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    self.mails.lock().unwrap().push(mail);
                    b"250 taken\r\n"
                }
                "QUIT" => b"221 bye\r\n",
                _ => b"250 fine\r\n",
            };
            if writer.write_all(answer).await.is_err() {
                return;
            }
        }
    }

    fn is_silent(&self) -> bool {
        let mut left = self.falls_silent.lock().unwrap();
        let is_silent = *left > 0;
        *left = left.saturating_sub(1);
        is_silent
    }

    fn count(&self) -> usize {
        self.mails.lock().unwrap().len()
    }
}

async fn delivered<'i>(world: &'i World, clerk: &Staff, reviewer: &Staff) -> Way<'i> {
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    way.proof(clerk).await;
    way.approve(reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    let permit = way.own(Action::DeliverCertificate).await;
    let at = way.application.at();
    way.application = world.institution.deliver_application(&permit, &at).await.unwrap();
    way
}

/// With the business administrator, who has messages tried again.
async fn with_head(database: &str) -> (World, [Staff; 3]) {
    let world = World::with(|settings| {
        settings.institution.credit_code = "12110101YX0000016B".into();
        settings.storage.url = database.to_owned();
    });
    let world = world.await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(way::key()), way::key());
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch);
    access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    let clerk = head.appoint(access, "clerk", "entry_clerk").await;
    let reviewer = head.appoint(access, "reviewer", "reviewer").await;
    (world, [head, clerk, reviewer])
}

async fn requeue(world: &World, by: &Staff, order: &RequeueOrder) -> Result<(), app::Error> {
    let access = world.institution.access();
    let principal = by.principal(access).await;
    let payload = serde_json::to_value(order).unwrap();
    let on = (ActKind::RequeueMessages, REQUEUE_OBJECT);
    let pending = access.prepare_act(&principal, on.0, on.1, &payload).await?;
    let signature = by.0.sign(&gm::UserId::default(), pending.statement.as_bytes()).to_der();
    world.institution.complete_act(&principal, (&pending.id, &signature)).await.map(drop)
}

async fn with_relay() -> (World, Staff, Staff, Relay) {
    let (world, [_, clerk, reviewer], relay) = with_relay_and_head().await;
    (world, clerk, reviewer, relay)
}

async fn with_relay_and_head() -> (World, [Staff; 3], Relay) {
    with_relay_on("").await
}

async fn with_relay_on(database: &str) -> (World, [Staff; 3], Relay) {
    let (world, people) = with_head(database).await;
    let (relay, port) = Relay::start().await;
    let mail = MailSettings {
        host: "127.0.0.1".into(),
        port,
        tls: MailTls::None,
        from: "测试认证中心 <noreply@example.cn>".into(),
        timeout_seconds: 15,
        ..MailSettings::default()
    };
    let world = world.restarted(|settings| settings.mail = mail).await.unwrap();
    (world, people, relay)
}

async fn in_state(world: &World, state: MessageState) -> u64 {
    let counts = world.institution.message_counts().await.unwrap();
    counts.into_iter().find(|(one, _)| *one == state).unwrap().1
}

#[tokio::test]
async fn the_notice_goes_by_mail_and_the_code_never_does() {
    let (world, clerk, reviewer, relay) = with_relay().await;
    let way = delivered(&world, &clerk, &reviewer).await;
    assert_eq!(relay.count(), 1);
    let mail = relay.mails.lock().unwrap()[0].clone();
    assert!(mail.contains("To: zhen@example.gov.cn") || mail.contains("To: zhen@"), "{mail}");
    let outbox = std::fs::read_dir(world.institution.layout().outbox()).unwrap();
    let files: Vec<String> =
        outbox.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert_eq!(files.len(), 1, "mail that went by SMTP is no file");
    let code = files[0].split("激活码 ").nth(1).unwrap().get(..8).unwrap();
    assert!(!decoded(&mail).contains(code), "the code goes by one way only");
    assert!(decoded(&mail).contains(way.application.number.as_str()), "{}", decoded(&mail));
    assert_eq!(in_state(&world, MessageState::Sent).await, 2);
    // What was said is gone, and records have counts only.
    let about = world.records("message.swept", "messages").await;
    let text = serde_json::to_string(&about.iter().map(|r| r.body.clone()).collect::<Vec<_>>());
    assert!(!text.unwrap().contains("13000000000"));
}

/// Quoted-printable and Base64 undone far enough to look for digits.
fn decoded(mail: &str) -> String {
    let body = mail.split("\n\n").nth(1).unwrap_or_default();
    let packed: String = body.split_whitespace().collect();
    let unpacked = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &packed);
    match unpacked {
        Ok(octets) => String::from_utf8_lossy(&octets).into_owned(),
        Err(_) => mail.replace("=\n", ""),
    }
}

#[tokio::test]
async fn a_mail_that_was_turned_away_is_tried_again_later_and_given_up_in_the_end() {
    let (world, [head, clerk, reviewer], relay) = with_relay_and_head().await;
    *relay.turns_away.lock().unwrap() = true;
    delivered(&world, &clerk, &reviewer).await;
    assert_eq!((relay.count(), in_state(&world, MessageState::Queued).await), (0, 1));
    let queued = MessageFilter::of(MessageState::Queued);
    let (waiting, _) = world.institution.messages(&queued, (0, 50)).await.unwrap();
    assert_eq!(waiting[0].failure.as_deref(), Some("mail.relay.451"), "no word of the relay's");
    // Not at once, but after a while.
    assert_eq!(world.institution.send_messages().await.unwrap().failed, 0);
    for _ in 1..10 {
        world.pass(7 * 3600);
        world.institution.send_messages().await.unwrap();
    }
    assert_eq!(in_state(&world, MessageState::Dead).await, 1);
    world.pass(7 * 3600);
    assert_eq!(world.institution.send_messages().await.unwrap(), app::notify::Swept::default());
    // An administrator has it tried again when the relay is well; a clerk may not.
    *relay.turns_away.lock().unwrap() = false;
    let dead = MessageFilter::of(MessageState::Dead);
    let (dead, _) = world.institution.messages(&dead, (0, 50)).await.unwrap();
    let order = RequeueOrder { chosen: vec![dead[0].id.clone()], failed_until: None, messages: 1 };
    assert!(requeue(&world, &clerk, &order).await.is_err());
    requeue(&world, &head, &order).await.unwrap();
    assert!(requeue(&world, &head, &order).await.is_err(), "it waits already");
    assert_eq!(world.institution.send_messages().await.unwrap().sent, 1);
    assert_eq!(relay.count(), 1);
    let records = world.records("message.requeued", "messages").await;
    assert_eq!(records.len(), 1, "what did nothing leaves nothing");
    assert!(records[0].actor.starts_with("person:") && records[0].body.get("act").is_some());
}

/// Nodes that share a database look for the same messages at the same time (ADR 17).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_who_send_at_once_one_sends_each_message() {
    let Some(url) = crate::postgres::postgres("messages").await else { return };
    let (world, [_, clerk, reviewer], relay) = with_relay_on(&url).await;
    *relay.turns_away.lock().unwrap() = true;
    delivered(&world, &clerk, &reviewer).await;
    delivered(&world, &clerk, &reviewer).await;
    assert_eq!(in_state(&world, MessageState::Queued).await, 2);
    *relay.turns_away.lock().unwrap() = false;
    world.pass(120);
    let calls = (0..6).map(|_| call(world.institution.send_messages())).collect();
    let sent: u64 = at_once(calls).into_iter().map(|swept| swept.unwrap().sent).sum();
    assert_eq!((sent, relay.count(), in_state(&world, MessageState::Sent).await), (2, 2, 4));
}

/// A relay that takes a connection and says nothing more holds up neither other messages nor the next round, and what
/// went out meanwhile is sent by nobody again. `others` is another node, where there may be one.
async fn beside_a_silent_relay(database: &str) {
    let (world, [_, clerk, reviewer], relay) = with_relay_on(database).await;
    *relay.turns_away.lock().unwrap() = true;
    let first = delivered(&world, &clerk, &reviewer).await;
    let second = delivered(&world, &clerk, &reviewer).await;
    let numbers = [&first, &second].map(|way| way.application.number.to_string());
    *relay.turns_away.lock().unwrap() = false;
    *relay.falls_silent.lock().unwrap() = 1;
    world.pass(120);
    let sending = world.institution.clone();
    let sending = tokio::spawn(async move { sending.send_messages().await });
    // The other one is noted while the first still waits for the relay.
    while in_state(&world, MessageState::Queued).await > 1 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!sending.is_finished() && relay.count() == 1);
    world.pass(181);
    // Its turn is over: whoever comes now sends what waits, and nothing else.
    assert_eq!(world.institution.send_messages().await.unwrap().sent, 1);
    assert_eq!(sending.await.unwrap().unwrap().sent, 1, "it came back");
    let mails: Vec<String> = relay.mails.lock().unwrap().iter().map(|one| decoded(one)).collect();
    for number in numbers {
        assert_eq!(mails.iter().filter(|mail| mail.contains(&number)).count(), 1, "{number}");
    }
    assert_eq!(in_state(&world, MessageState::Sent).await, 4);
}

/// So that a program that waits for ever fails, and doesn't stand.
async fn at_last<T>(story: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(300), story).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_falls_silent_holds_up_nothing_and_nothing_is_sent_twice_on_sqlite() {
    at_last(beside_a_silent_relay("")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_falls_silent_holds_up_nothing_and_nothing_is_sent_twice_on_postgresql() {
    let Some(url) = crate::postgres::postgres("silent").await else { return };
    at_last(beside_a_silent_relay(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_relay_never_answers_counts_as_tried() {
    let (world, clerk, reviewer, relay) = with_relay().await;
    *relay.falls_silent.lock().unwrap() = 1;
    at_last(delivered(&world, &clerk, &reviewer)).await;
    let queued = MessageFilter::of(MessageState::Queued);
    let (waiting, _) = world.institution.messages(&queued, (0, 50)).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].tries), (1, 1));
    assert_eq!(waiting[0].failure.as_deref(), Some("mail.timeout"));
    world.pass(120);
    assert_eq!(world.institution.send_messages().await.unwrap().sent, 1);
}

/// What could not be noted would go out again with every round.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_nothing_can_be_noted() {
    let (world, [_, clerk, reviewer], relay) = with_relay_and_head().await;
    *relay.turns_away.lock().unwrap() = true;
    delivered(&world, &clerk, &reviewer).await;
    *relay.turns_away.lock().unwrap() = false;
    // The table no longer agrees with the journal, which the doctor finds.
    let unit = world.institution.store().commit(move |tx| {
        Box::pin(async move {
            let text = "UPDATE certificate SET status = 'revoked', reason = 4";
            sqlx::query(text).execute(tx.conn()).await.unwrap();
            Ok::<_, store::Error>(())
        })
    });
    unit.await.unwrap();
    world.institution.examine(true).await;
    world.pass(120);
    assert!(world.institution.send_messages().await.is_err());
    assert_eq!(relay.count(), 0);
}

#[tokio::test]
async fn all_that_was_given_up_until_an_instant_is_tried_again_and_nothing_later() {
    let (world, [head, clerk, reviewer], relay) = with_relay_and_head().await;
    *relay.turns_away.lock().unwrap() = true;
    delivered(&world, &clerk, &reviewer).await;
    delivered(&world, &clerk, &reviewer).await;
    let give_up = async || {
        for _ in 0..11 {
            world.pass(7 * 3600);
            world.institution.send_messages().await.unwrap();
        }
    };
    give_up().await;
    assert_eq!(in_state(&world, MessageState::Dead).await, 2);
    let until = world.now();
    delivered(&world, &clerk, &reviewer).await;
    give_up().await;
    let order = RequeueOrder { chosen: vec![], failed_until: Some(until), messages: 2 };
    requeue(&world, &head, &order).await.unwrap();
    assert_eq!(in_state(&world, MessageState::Queued).await, 2);
    assert_eq!(
        in_state(&world, MessageState::Dead).await,
        1,
        "it was not there when it was ordered"
    );
    let records = world.records("message.requeued", "messages").await;
    assert_eq!(records[0].body["requeued"], 2);
}

#[tokio::test]
async fn holders_are_told_once_at_each_step_and_only_of_the_nearest_after_a_pause() {
    let (world, clerk, reviewer) = way::world().await;
    let way = delivered(&world, &clerk, &reviewer).await;
    let serial = way.application.state.serials().unwrap().sign.clone();
    let steps = || async {
        let told = world.records("expiry.notified", &format!("certificate:{serial}")).await;
        let step = |record: &store::Stored| record.body.get("days").unwrap().as_i64().unwrap();
        told.iter().map(step).collect::<Vec<_>>()
    };
    world.pass(300 * DAY);
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 0, "65 days are left");
    world.pass(6 * DAY);
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 1);
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 0, "once each");
    world.pass(30 * DAY);
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 1);
    // Down for four weeks: the step of seven days is over.
    world.pass(28 * DAY);
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 1);
    assert_eq!(steps().await, [60, 30, 1]);
    while world.institution.send_messages().await.unwrap().sent > 0 {}
    let outbox = std::fs::read_dir(world.institution.layout().outbox()).unwrap();
    let notices = outbox
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("expiry-"));
    assert_eq!(notices.count(), 6, "by telephone and by mail, three times");
    // Over: nobody is told afterwards.
    world.pass(30 * DAY);
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 0);
}

#[tokio::test]
async fn a_certificate_that_was_revoked_or_replaced_is_not_told_of() {
    let all = Endings::default();
    let (world, clerk, reviewer) = way::world().await;
    let revoked = delivered(&world, &clerk, &reviewer).await;
    world.pass(320 * DAY);
    let serial = revoked.application.state.serials().unwrap().sign.clone();
    let permit = clerk.permit(world.institution.access(), Action::ListApplications).await;
    let (listed, _) = world.institution.expiring(&permit, &all, (None, 9)).await.unwrap();
    let serials: Vec<_> = listed.iter().map(|one| one.serial.as_str()).collect();
    assert_eq!(serials, [serial.as_str()]);
    let serial = pki::Serial::from_hex(&serial).unwrap();
    let revocation = ca::Revocation::because(ca::RevocationReason::Superseded);
    let actor = Actor::client(&world.client.id.to_string());
    let change = app::lifecycle::Change::Revoke(revocation);
    world.institution.change(serial, change, actor).await.unwrap();
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 0);
    let permit = clerk.permit(world.institution.access(), Action::ListApplications).await;
    let (listed, _) = world.institution.expiring(&permit, &all, (None, 9)).await.unwrap();
    assert_eq!(listed.len(), 0);
    // Another holder has a new certificate in place of the old one.
    let replaced = delivered(&world, &clerk, &reviewer).await;
    world.pass(320 * DAY);
    let permit = clerk.permit(world.institution.access(), Action::ListApplications).await;
    let (listed, _) = world.institution.expiring(&permit, &all, (None, 9)).await.unwrap();
    assert_eq!(listed.len(), 1);
    let serial = replaced.application.state.serials().unwrap().sign.clone();
    let serial = pki::Serial::from_hex(&serial).unwrap();
    let old = world.institution.ca().find(&serial).await.unwrap().unwrap();
    let mut order = world.order("replaced", "person", app::Act::Rekey(serial), &way::key());
    order.subject = pki::SubjectInput::from_name(old.certificate.subject());
    world.institution.enrol(order).await.unwrap();
    assert_eq!(world.institution.tell_of_expiry().await.unwrap(), 0);
    let permit = clerk.permit(world.institution.access(), Action::ListApplications).await;
    let (listed, _) = world.institution.expiring(&permit, &all, (None, 9)).await.unwrap();
    assert_eq!(listed.len(), 0);
}

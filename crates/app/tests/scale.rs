//! Answers over many certificates, made by the bulk path of the CA itself: no wrong one among random and
//! neighbouring serials, before and after everything was revoked (T-07, T-08, T-16). `YINXIN_SCALE` says how many
//! certificates there are; `cargo xtask soak scale` asks over a million.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ca::{CrlKind, Intent, IssueOrder, RequestId, Revocation, RevocationReason, Role, Validity};
use gm::sm2::PrivateKey;
use gm::{OsRandom, Random as _, UserId};
use jiff::SignedDuration;
use pki::ocsp::{CertId, CertStatus, HashAlgorithm, Reply, Request};
use pki::{Certificate, Serial, SubjectInput};
use status::{ListKind, ListName};
use store::Actor;
use world::World;

/// Certificates of one unit of work.
const UNIT: usize = 500;
/// One of so many certificates is revoked at first: 3 %.
const REVOKED_OF: usize = 33;
/// At most so many questions.
const QUESTIONS: usize = 100_000;

fn wanted() -> usize {
    let text = std::env::var("YINXIN_SCALE").unwrap_or_else(|_| "1000".to_owned());
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_wrong_at_scale_on_sqlite() {
    story(String::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_wrong_at_scale_on_postgresql() {
    let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") else {
        eprintln!("skipped: YINXIN_TEST_PG_URL is not set");
        return;
    };
    let name = format!("yinxin_scale_{}", std::process::id());
    sqlx::any::install_default_drivers();
    let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
    let create = format!("CREATE DATABASE {name}");
    sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut conn).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    story(format!("{base}/{name}")).await;
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
}

async fn story(database: String) {
    let world = World::with(|settings| {
        if !database.is_empty() {
            settings.storage.url = database;
        }
    })
    .await;
    let issued = timed("issued", wanted(), issue_all(&world)).await;
    let first: Vec<Serial> = issued.iter().copied().step_by(REVOKED_OF).collect();
    timed("revoked", first.len(), revoke_all(&world, &first)).await;
    let revoked: BTreeSet<Serial> = first.iter().copied().collect();
    let truth: BTreeMap<Serial, bool> =
        issued.iter().map(|serial| (*serial, revoked.contains(serial))).collect();
    let questions = questions(&issued);
    timed("asked", questions.len(), all_answers_are_right(&world, &questions, &truth)).await;
    the_list_names_exactly(&world, &revoked).await;
    // The rest, of which many answers are kept by now.
    let rest: Vec<Serial> =
        issued.iter().copied().filter(|serial| !revoked.contains(serial)).collect();
    timed("revoked, the rest", rest.len(), revoke_all(&world, &rest)).await;
    // Nobody told the responder: it follows the records within a second, as on another node.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let truth: BTreeMap<Serial, bool> = issued.iter().map(|serial| (*serial, true)).collect();
    timed("asked again", questions.len(), all_answers_are_right(&world, &questions, &truth)).await;
    the_list_names_exactly(&world, &truth.keys().copied().collect()).await;
    eprintln!("most memory of the test's process, its own sets included: {}", peak());
}

/// Says how long it took, for people; nothing passes or fails by it.
async fn timed<T>(what: &str, number: usize, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let made = work.await;
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate to read")]
    let rate = number as f64 / seconds;
    eprintln!("{what}: {number} in {seconds:.1} s, {rate:.0}/s");
    made
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}

/// Issues everything, a unit at a time: recorded, signed, stored, as the service does.
async fn issue_all(world: &World) -> Vec<Serial> {
    let mut serials = Vec::with_capacity(wanted());
    while serials.len() < wanted() {
        let until = wanted().min(serials.len() + UNIT);
        serials.extend(issue_unit(world, serials.len()..until).await);
        world.pass(1);
    }
    serials
}

async fn issue_unit(world: &World, numbers: std::ops::Range<usize>) -> Vec<Serial> {
    let (ca, store) = (world.institution.ca(), world.institution.store());
    let prepared: Vec<_> = numbers.map(|n| ca.prepare(order(n)).unwrap()).collect();
    let by = ca.clone();
    let intents = store.commit(move |tx| {
        Box::pin(async move {
            let mut tickets = Vec::new();
            for order in prepared {
                match by.intend(tx, order).await? {
                    Intent::Ticket(ticket) => tickets.push(*ticket),
                    Intent::Issued(_) => unreachable!("each request is new"),
                }
            }
            Ok::<_, ca::Error>(tickets)
        })
    });
    let signed = ca.sign(intents.await.unwrap()).await.unwrap();
    let by = ca.clone();
    let stored = store.commit(move |tx| {
        Box::pin(async move {
            let mut serials = Vec::new();
            for one in signed {
                serials.push(by.store(tx, one).await?.record.serial);
            }
            Ok::<_, ca::Error>(serials)
        })
    });
    stored.await.unwrap()
}

fn order(number: usize) -> IssueOrder {
    IssueOrder {
        request_id: RequestId::new(format!("scale-{number}")).unwrap(),
        role: Role::Sign,
        profile: "person-sign".into(),
        subject: SubjectInput::named("张三"),
        key: *PrivateKey::generate(&mut OsRandom).unwrap().public_key(),
        serial: None,
        validity: Validity::default(),
        pair: None,
        replaces: None,
        actor: Actor::client("scale"),
    }
}

async fn revoke_all(world: &World, serials: &[Serial]) {
    for unit in serials.chunks(UNIT) {
        let (ca, unit) = (world.institution.ca().clone(), unit.to_vec());
        let work = world.institution.store().commit(move |tx| {
            Box::pin(async move {
                let revocation = Revocation::because(RevocationReason::KeyCompromise);
                for serial in unit {
                    ca.revoke(tx, &serial, &revocation, &Actor::client("scale")).await?;
                }
                Ok::<_, ca::Error>(())
            })
        });
        work.await.unwrap();
        world.pass(1);
    }
}

/// A half of issued serials, a quarter of their neighbours, a quarter of random ones.
fn questions(issued: &[Serial]) -> Vec<Serial> {
    let number = QUESTIONS.min(8 * issued.len());
    (0..number)
        .map(|at| match at % 4 {
            0 | 1 => issued[at.wrapping_mul(2_654_435_761) % issued.len()],
            2 => neighbour(&issued[at.wrapping_mul(40_503) % issued.len()], at % 8 == 2),
            _ => random(),
        })
        .collect()
}

fn neighbour(serial: &Serial, above: bool) -> Serial {
    let mut octets = serial.as_bytes().to_vec();
    for octet in octets.iter_mut().rev() {
        let (next, over) = if above { octet.overflowing_add(1) } else { octet.overflowing_sub(1) };
        *octet = next;
        if !over {
            break;
        }
    }
    Serial::from_magnitude(&octets).unwrap()
}

fn random() -> Serial {
    let mut octets = [0; 16];
    OsRandom.fill(&mut octets).unwrap();
    octets[0] |= 1;
    Serial::from_random(octets).unwrap()
}

/// Asks about each, half a dozen at a time and each alone in turn, and believes nothing that isn't signed.
async fn all_answers_are_right(world: &World, asked: &[Serial], truth: &BTreeMap<Serial, bool>) {
    let issuer = world.institution.ca().certificate().clone();
    for unit in asked.chunks(7) {
        let (several, single) = unit.split_at(unit.len().min(6));
        for serials in [several, single] {
            if !serials.is_empty() {
                right(world, &issuer, serials, truth).await;
            }
        }
    }
}

async fn right(
    world: &World,
    issuer: &Certificate,
    serials: &[Serial],
    truth: &BTreeMap<Serial, bool>,
) {
    let id = |serial: &Serial| {
        CertId::of(HashAlgorithm::Sm3, issuer.subject(), issuer.spki(), *serial).unwrap()
    };
    let request = Request::new(serials.iter().map(id).collect(), None).unwrap();
    let answer = world.institution.responder().answer(request.der()).await;
    let Reply::Answered(response) = Reply::from_der(&answer.body).unwrap() else {
        panic!("refused: {:?}", answer.outcome);
    };
    response.verify(issuer, &UserId::default(), world.now()).unwrap();
    response.answers(&request, world.now(), SignedDuration::ZERO).unwrap();
    for (serial, single) in serials.iter().zip(response.singles()) {
        let is_right = match (truth.get(serial), &single.status) {
            (Some(false), CertStatus::Good) => true,
            (Some(true), CertStatus::Revoked { .. }) => true,
            // Never issued: unknown, or revoked as RFC 6960 §2.2 lets a responder say; never good.
            (None, status) => *status != CertStatus::Good,
            _ => false,
        };
        assert!(
            is_right,
            "{}: {:?}, truth {:?}",
            serial.to_hex(),
            single.status,
            truth.get(serial)
        );
    }
}

async fn the_list_names_exactly(world: &World, revoked: &BTreeSet<Serial>) {
    let ca = world.institution.ca();
    timed("list published", revoked.len(), async {
        ca.publish_crl(CrlKind::Full).await.unwrap();
    })
    .await;
    let name = ListName { issuer: ca.config().issuer.clone(), kind: ListKind::Full };
    let list = world.institution.lists().current(&name).await.unwrap().unwrap();
    let list = pki::crl::Crl::from_der_within(list.der.to_vec(), usize::MAX).unwrap();
    let named: BTreeSet<Serial> = list.entries().map(|entry| entry.revoked.serial).collect();
    assert_eq!(named.len(), list.len());
    assert!(named == *revoked, "{} named, {} revoked", named.len(), revoked.len());
}

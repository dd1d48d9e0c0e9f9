//! Stories of the timestamp service: tokens that a client believes, a clock that is doubted,
//! serial numbers that never repeat, and what stays when something else is broken.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gm::{Device, KeyKind, KeyLabel, UserId, sm3};
use jiff::{SignedDuration, Timestamp};
use pki::ext::{ExtendedKeyUsage, TypedExtension};
use pki::tsp::{Failure, Format, HashAlgorithm, Imprint, Nonce, Reply, Request, Token};
use pki::{Certificate, Oid, Serial, oid};
use status::timestamp::source::Comparing;
use status::timestamp::{
    Comparison, Doubt, Ports, StampOutcome, Stamped, Steady, TimeSource, TimestampAuthority,
    TimestampConfig,
};
use store::{Filter, Page, Standing, Store};
use testkit::fault::{Counted, Fault};

use crate::world::{Issuer, World, at, certify, name, unit};

const POLICY: Oid = Oid::new("1.2.156.99.8.1");
const OTHER: Oid = Oid::new("1.2.156.99.8.2");
const DATA: &[u8] = "电子公文".as_bytes();

/// A steady clock that tests move.
#[derive(Default)]
struct Steps(Mutex<SignedDuration>);

impl Steady for Steps {
    fn elapsed(&self) -> SignedDuration {
        *self.0.lock().unwrap()
    }
}

/// A source that says what the test wrote down.
struct Script(Mutex<Result<Comparison, String>>);

impl TimeSource for Script {
    fn name(&self) -> String {
        "脚本".to_owned()
    }

    fn compare(&self) -> Comparing<'_> {
        let said = self.0.lock().unwrap().clone();
        Box::pin(async move { said })
    }
}

fn millis(count: i64) -> SignedDuration {
    SignedDuration::from_millis(count)
}

fn says(offset: i64) -> Result<Comparison, String> {
    Ok(Comparison { offset: millis(offset), error: millis(20), with: "脚本".to_owned() })
}

/// A world with an authority, its clocks and its source.
struct Desk {
    world: World,
    issuer: Issuer,
    steady: Arc<Steps>,
    source: Option<Arc<Script>>,
    config: TimestampConfig,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let issuer = world.mute_issuer("颁发者").await;
        let mut config = TimestampConfig::new(vec![POLICY, OTHER]);
        // Looks are made by the tests.
        config.look_every = Duration::from_secs(3600);
        config.compare_every = Duration::from_secs(3600);
        let desk = Self { world, issuer, steady: Arc::default(), source: None, config };
        desk.certify(1, at(365 * 86_400)).await;
        desk
    }

    /// With an outside source and an accuracy of one second.
    async fn with_source() -> Self {
        let mut desk = Self::new().await;
        desk.source = Some(Arc::new(Script(Mutex::new(Err("没有回答".to_owned())))));
        desk.config.clock.accuracy = Some(millis(1_000));
        desk
    }

    /// A key `tsa-number` with a certificate.
    async fn certify(&self, number: u64, end: Timestamp) -> Certificate {
        let label = KeyLabel::new(format!("tsa-{number}")).unwrap();
        let mut session = self.world.device.session().unwrap();
        let made = session.generate(&label, KeyKind::Sm2Sign).unwrap();
        drop(session);
        let key = made.public_key.unwrap();
        let purposes = ExtendedKeyUsage(vec![oid::TIME_STAMPING]).to_extension(true);
        let by = (self.issuer.certificate.subject(), &self.issuer.key);
        let number = 800 + number;
        let certificate = certify(by, &name("时间戳服务"), &key, (number, end), &[purposes]);
        let der = Some(certificate.der().to_vec());
        self.world.insert(&self.issuer, number, key.fingerprint(), der, end).await;
        certificate
    }

    async fn open(&self) -> TimestampAuthority {
        self.open_on(&self.world.store).await
    }

    async fn open_on(&self, store: &Store) -> TimestampAuthority {
        let source = self.source.clone().map(|source| source as Arc<dyn TimeSource>);
        let ports =
            Ports { device: self.world.device.clone(), steady: self.steady.clone(), source };
        TimestampAuthority::open(store.clone(), ports, self.config.clone()).await.unwrap()
    }

    /// Both clocks go on alike.
    fn pass(&self, by: SignedDuration) {
        self.world.clock.advance(by);
        *self.steady.0.lock().unwrap() += by;
    }

    fn hear(&self, said: Result<Comparison, String>) {
        *self.source.as_ref().unwrap().0.lock().unwrap() = said;
    }
}

fn request(nonce: u64) -> Request {
    let nonce = Nonce::new(&nonce.to_be_bytes()).unwrap();
    Request::new(Imprint::of(HashAlgorithm::Sm3, DATA), None, Some(nonce), true)
}

async fn stamp(authority: &TimestampAuthority) -> Stamped {
    authority.stamp(request(7).der(), Format::Gm).await
}

fn token(stamped: &Stamped) -> Box<Token> {
    match Reply::from_der(&stamped.body).unwrap() {
        Reply::Granted(token) => token,
        Reply::Refused { failure, text } => panic!("{failure:?} {text:?}"),
    }
}

fn serial(stamped: &Stamped) -> Serial {
    match stamped.outcome {
        StampOutcome::Granted(serial) => serial,
        other => panic!("{other:?}"),
    }
}

async fn records(store: &Store, kind: &str) -> Vec<store::Stored> {
    let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
    store.records(&filter, Page { limit: 1000, ..Page::default() }).await.unwrap()
}

#[tokio::test]
async fn a_token_is_believed_recorded_and_answers_its_request() {
    let desk = Desk::new().await;
    let authority = desk.open().await;
    let certificate = authority.certificate().unwrap();
    for format in Format::ALL {
        let asked = request(7);
        let stamped = authority.stamp(asked.der(), format).await;
        let token = token(&stamped);
        token.answers(&asked).unwrap();
        token.verify_signature(&certificate, &UserId::default()).unwrap();
        let info = token.info();
        assert_eq!((token.format(), info.gen_time, info.policy), (format, at(0), POLICY));
        assert_eq!(info.accuracy, None, "nobody vouches for the clock, so nothing is claimed");
        let kept = authority.fingerprint_of(&info.serial).await.unwrap();
        assert_eq!(kept, Some(sm3::hash(token.der()).to_hex()));
    }
    let records = records(&desk.world.store, "timestamp.issued").await;
    assert_eq!(records.iter().map(|record| record.body["count"].as_u64().unwrap()).sum::<u64>(), 2);
    assert_eq!(authority.fingerprint_of(&Serial::from_hex("01").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn policies_of_others_extensions_and_what_is_no_request_are_refused_and_leave_nothing() {
    let desk = Desk::new().await;
    let authority = desk.open().await;
    let imprint = || Imprint::of(HashAlgorithm::Sha256, DATA);
    let own = Request::new(imprint(), Some(OTHER), None, false);
    let stamped = authority.stamp(own.der(), Format::Gm).await;
    assert_eq!(token(&stamped).info().policy, OTHER);
    let strange = Request::new(imprint(), Some(Oid::new("1.2.156.99.9")), None, false);
    let mut trailing = own.der().to_vec();
    trailing.push(0);
    for (der, failure) in [
        (strange.der(), Failure::UnacceptedPolicy),
        (&trailing, Failure::BadDataFormat),
        (&vec![0; 1 << 20], Failure::BadRequest),
        (&Vec::new(), Failure::BadDataFormat),
    ] {
        let stamped = authority.stamp(der, Format::Gm).await;
        assert_eq!(stamped.outcome, StampOutcome::Refused(failure));
        let Reply::Refused { failure: told, text } = Reply::from_der(&stamped.body).unwrap() else {
            panic!("granted")
        };
        assert_eq!((told, text), (Some(failure), vec![failure.chinese().to_owned()]));
    }
    assert_eq!(records(&desk.world.store, "timestamp.issued").await.len(), 1);
}

#[tokio::test]
async fn a_clock_that_was_set_issues_nothing_until_it_ran_evenly_for_a_while() {
    let desk = Desk::new().await;
    let authority = desk.open().await;
    serial(&stamp(&authority).await);
    desk.world.clock.advance(SignedDuration::from_secs(5));
    let refused = StampOutcome::Refused(Failure::TimeNotAvailable);
    assert_eq!(stamp(&authority).await.outcome, refused);
    assert!(matches!(authority.look(), Some(Doubt::Stepped { .. })));
    assert!(!authority.health().is_able());
    for _ in 0..60 {
        assert_eq!(stamp(&authority).await.outcome, refused);
        desk.pass(SignedDuration::from_secs(1));
        authority.look();
    }
    serial(&stamp(&authority).await);
    assert_eq!(authority.health().steps, 1);
}

#[tokio::test]
async fn no_token_is_older_than_the_last_one_even_after_a_restart() {
    let desk = Desk::new().await;
    desk.pass(SignedDuration::from_secs(100));
    let authority = desk.open().await;
    serial(&stamp(&authority).await);
    drop(authority);
    // Set back while nobody looked.
    desk.world.clock.advance(SignedDuration::from_secs(-50));
    let authority = desk.open().await;
    let refused = StampOutcome::Refused(Failure::TimeNotAvailable);
    assert_eq!(stamp(&authority).await.outcome, refused);
    assert_eq!(authority.health().doubt, Some(Doubt::WentBack { last: at(100) }));
    desk.pass(SignedDuration::from_secs(50));
    serial(&stamp(&authority).await);
}

#[tokio::test]
async fn a_claimed_accuracy_is_only_given_while_the_source_vouches_for_it() {
    let desk = Desk::with_source().await;
    let authority = desk.open().await;
    let refused = StampOutcome::Refused(Failure::TimeNotAvailable);
    assert_eq!(stamp(&authority).await.outcome, refused);
    assert_eq!(authority.compare().await, Err("没有回答".to_owned()));
    assert_eq!(authority.health().complaint.as_deref(), Some("没有回答"));
    desk.hear(says(30));
    authority.compare().await.unwrap();
    let given = token(&stamp(&authority).await).info().accuracy;
    assert_eq!(given.map(|accuracy| accuracy.micros()), Some(1_000_000));
    // The source falls silent: after its term, nothing more.
    desk.hear(Err("没有回答".to_owned()));
    desk.pass(SignedDuration::from_mins(15));
    serial(&stamp(&authority).await);
    desk.pass(SignedDuration::from_secs(1));
    assert_eq!(stamp(&authority).await.outcome, refused);
    desk.hear(says(990));
    authority.compare().await.unwrap();
    assert!(matches!(authority.health().doubt, Some(Doubt::Inexact { .. })));
    assert_eq!(stamp(&authority).await.outcome, refused);
    desk.hear(says(-5));
    authority.compare().await.unwrap();
    serial(&stamp(&authority).await);
}

#[tokio::test]
async fn what_the_clock_does_is_on_record() {
    let mut desk = Desk::new().await;
    desk.config.look_every = Duration::from_millis(5);
    let authority = desk.open().await;
    desk.world.clock.advance(SignedDuration::from_secs(5));
    let store = &desk.world.store;
    let wait = async |kind: &str| {
        while records(store, kind).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    wait("timestamp.clock-doubted").await;
    let doubted = records(store, "timestamp.clock-doubted").await;
    assert_eq!(doubted[0].body["why"], "stepped");
    while authority.health().doubt.is_some() {
        desk.pass(SignedDuration::from_millis(150));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    wait("timestamp.clock-trusted").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn serials_never_repeat_over_eight_callers_and_a_restart() {
    let desk = Desk::new().await;
    let mut seen = HashSet::new();
    for is_again in [false, true] {
        let store = match is_again {
            true => desk.world.again().await,
            false => desk.world.store.clone(),
        };
        let authority = desk.open_on(&store).await;
        let callers: Vec<_> = (0..8_u64)
            .map(|caller| {
                let authority = authority.clone();
                tokio::spawn(async move {
                    let mut serials = Vec::new();
                    for number in 0..1_000 {
                        let asked = request(caller << 32 | number);
                        serials.push(serial(&authority.stamp(asked.der(), Format::Rfc).await));
                    }
                    serials
                })
            })
            .collect();
        for caller in callers {
            for serial in caller.await.unwrap() {
                assert!(seen.insert(serial), "{serial} twice");
            }
        }
        store.close().await;
    }
    assert_eq!(seen.len(), 16_000);
    let store = desk.world.again().await;
    let records = records(&store, "timestamp.issued").await;
    assert!(!records.is_empty());
    let authority = desk.open_on(&store).await;
    for serial in seen.iter().take(100) {
        assert!(authority.fingerprint_of(serial).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn rows_that_were_changed_removed_or_put_in_do_not_agree_with_the_journal() {
    let desk = Desk::new().await;
    let authority = desk.open().await;
    for _ in 0..3 {
        serial(&stamp(&authority).await);
    }
    let sound = authority.compare_with_journal().await.unwrap();
    assert_eq!((sound.tokens, sound.findings.len()), (3, 0));
    for statement in [
        "UPDATE timestamp_token SET gen_millis = gen_millis - 1 WHERE seq = \
         (SELECT MIN(seq) FROM timestamp_token)",
        "DELETE FROM timestamp_token WHERE seq = (SELECT MAX(seq) FROM timestamp_token)",
        "INSERT INTO timestamp_token SELECT 'ff', key_hash, policy, algorithm, imprint, \
         gen_millis, fingerprint, -1 FROM timestamp_token LIMIT 1",
    ] {
        let work = unit(move |tx| {
            Box::pin(async move {
                sqlx::query(statement).execute(tx.conn()).await?;
                Ok(())
            })
        });
        desk.world.store.commit(work).await.unwrap();
    }
    let found = authority.compare_with_journal().await.unwrap();
    assert_eq!((found.tokens, found.findings.len()), (1, 3), "{:?}", found.findings);
}

/// Invariant 4: a token is an act; what cannot be recorded is not given out.
#[tokio::test]
async fn a_halted_store_issues_no_tokens() {
    let desk = Desk::new().await;
    desk.world.store.clone().close().await;
    std::fs::remove_dir_all(desk.world.folder.path().join("anchor")).unwrap();
    let halted = desk.world.again().await;
    assert!(matches!(halted.standing(), Standing::Halted { .. }));
    let authority = desk.open_on(&halted).await;
    let refused = StampOutcome::Refused(Failure::SystemFailure);
    assert_eq!(stamp(&authority).await.outcome, refused);
}

/// T-10: what a broken device signs does not leave.
#[tokio::test]
async fn a_wrong_signature_leaves_no_token_and_no_record() {
    let desk = Desk::new().await;
    let authority = desk.open().await;
    desk.world.device.fail_next(Counted::Signatures, Fault::WrongSignature);
    let refused = StampOutcome::Refused(Failure::SystemFailure);
    assert_eq!(stamp(&authority).await.outcome, refused);
    assert!(records(&desk.world.store, "timestamp.issued").await.is_empty());
    serial(&stamp(&authority).await);
}

#[tokio::test]
async fn a_busy_device_and_too_many_requests_are_told_to_come_again() {
    let mut desk = Desk::new().await;
    let authority = desk.open().await;
    desk.world.device.fail_next(Counted::Signatures, Fault::Busy);
    assert_eq!(stamp(&authority).await.outcome, StampOutcome::Busy);
    serial(&stamp(&authority).await);
    desk.config.signing = 0;
    let authority = desk.open().await;
    assert_eq!(stamp(&authority).await.outcome, StampOutcome::Busy);
}

#[tokio::test]
async fn the_newest_certificate_signs_and_a_revoked_one_does_not() {
    let desk = Desk::new().await;
    let authority = desk.open().await;
    let first = authority.certificate().unwrap();
    let second = desk.certify(2, at(700 * 86_400)).await;
    authority.refresh().await.unwrap();
    assert_eq!(authority.certificate(), Some(second.clone()));
    let signed = token(&stamp(&authority).await);
    signed.verify_signature(&second, &UserId::default()).unwrap();
    desk.world.change(&desk.issuer, 802, "revoked", Some(1)).await;
    authority.refresh().await.unwrap();
    assert_eq!(authority.certificate(), Some(first));
    desk.world.change(&desk.issuer, 801, "revoked", Some(1)).await;
    authority.refresh().await.unwrap();
    let refused = StampOutcome::Refused(Failure::SystemFailure);
    assert_eq!(stamp(&authority).await.outcome, refused);
    assert!(!authority.health().is_able());
}

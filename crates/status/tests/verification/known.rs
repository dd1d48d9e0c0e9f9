//! What is known of a certificate by a responder counts against every other word on it: lists that came later and know
//! less, answers and lists that are enclosed, what another node keeps, and a responder at another address (Invariant 7,
//! T-09, RFC 6960).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use pki::Certificate;
use pki::crl::{Crl, Reason};
use pki::ext::{ExtendedKeyUsage, TypedExtension};
use pki::ocsp::{BasicResponse, CertStatus, HashAlgorithm, Reply};
use pki::oid;
use status::foreign::responder::{Ask, AskConfig, ForeignResponder, Responders};
use status::foreign::{Address, Authority, Fetch, FollowConfig, Follower, Source};
use status::verification::{CertificateQuestion, Evidence, Outcome, Purpose, Trust, Verifier};
use store::Store;

use crate::family::{List, Made, answer, answer_by, ca, instant, list, user};
use crate::world::World;

const LIST: &str = "http://other.example/ca.crl";
const OCSP: &str = "http://other.example/ocsp";
const END: &str = "2026-11-23T00:00:00Z";

/// The other institution: its list and the word of its responder, each as long as there is one.
struct Other {
    root: Made,
    list: Arc<Mutex<Option<Vec<u8>>>>,
    word: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

/// How a node asks.
struct Asking {
    has_list: bool,
    address: &'static str,
    pinned: Vec<Certificate>,
    keep: SignedDuration,
}

/// A node over a store, as it is after a start.
struct Node {
    verifier: Verifier,
    follower: Follower,
    authorities: Vec<Authority>,
    root: Made,
}

fn asking() -> Asking {
    Asking { has_list: false, address: OCSP, pinned: Vec::new(), keep: SignedDuration::ZERO }
}

fn with_list() -> Asking {
    Asking { has_list: true, ..asking() }
}

fn revoked(reason: Reason) -> CertStatus {
    CertStatus::Revoked { at: instant("2026-11-22T03:00:00Z"), reason }
}

fn gone() -> CertStatus {
    revoked(Reason::KeyCompromise)
}

fn held() -> CertStatus {
    revoked(Reason::CertificateHold)
}

impl Other {
    fn new() -> Self {
        let root = ca("他根").self_signed();
        Self { root, list: Arc::default(), word: Arc::default(), asked: Arc::default() }
    }

    fn person(&self, name: &str) -> Made {
        user(name).by(&self.root)
    }

    /// An answer by the issuer.
    fn answer(&self, made: &Made, status: CertStatus, at: &str) -> Vec<u8> {
        answer((made, &self.root), status, (at, END), &self.root.key)
    }

    fn says(&self, made: &Made, status: CertStatus, at: &str) {
        self.word(Some(self.answer(made, status, at)));
    }

    fn word(&self, word: Option<Vec<u8>>) {
        *self.word.lock().unwrap() = word;
    }

    fn publishes(&self, list: &List) {
        *self.list.lock().unwrap() = Some(list.made().der().to_vec());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn node(&self, store: &Store, how: Asking) -> Node {
        let (word, list, asked) = (self.word.clone(), self.list.clone(), self.asked.clone());
        let ask: Ask = Arc::new(move |_, _, _| {
            asked.fetch_add(1, Ordering::SeqCst);
            let word = word.lock().unwrap().clone();
            Box::pin(async move { word.ok_or_else(|| "没有应答".to_owned()) })
        });
        let fetch: Fetch = Arc::new(move |_, _| {
            let list = list.lock().unwrap().clone();
            Box::pin(async move { list.ok_or_else(|| "没有列表".to_owned()) })
        });
        let config = AskConfig { patience: Duration::from_secs(60), keep: how.keep };
        let responders = Responders::new(store.clone(), ask, config);
        let following = FollowConfig {
            every: SignedDuration::from_hours(1),
            most_octets: 65_536,
            lease: SignedDuration::from_secs(60),
        };
        let follower = Follower::new(store.clone(), fetch, following);
        let responder = ForeignResponder {
            address: Address::parse(how.address).unwrap(),
            hash: HashAlgorithm::Sha1,
            pinned: how.pinned,
            is_nonce_required: false,
        };
        let address = Address::parse(LIST).unwrap();
        let source = Source { address, is_delta: false, point: None };
        let authorities = vec![Authority {
            name: "他根".to_owned(),
            certificates: vec![self.root.certificate.clone()],
            sources: if how.has_list { vec![source] } else { Vec::new() },
            responder: Some(Arc::new(responder)),
        }];
        follower.round(&authorities).await.unwrap();
        let verifier = Verifier::asking(store.clone(), follower.clone(), responders);
        Node { verifier, follower, authorities, root: self.root.clone() }
    }
}

impl Node {
    /// Fetches the list now.
    async fn round(&self) {
        self.follower.hasten(LIST).await.unwrap();
        self.follower.round(&self.authorities).await.unwrap();
    }

    async fn found(&self, made: &Made) -> (Outcome, String) {
        self.with(made, Evidence::default(), None).await
    }

    async fn with(&self, made: &Made, evidence: Evidence, at: Option<&str>) -> (Outcome, String) {
        let trust = Arc::new(Trust::of([self.root.certificate.clone()]).unwrap());
        let question = CertificateQuestion {
            der: made.certificate.der().to_vec(),
            evidence,
            at: at.map(instant),
            purpose: Purpose::Signature,
            policies: Vec::new(),
        };
        let report = self.verifier.verify_certificate(trust, question).await.unwrap();
        let row = report.judged.checks.iter().find(|check| check.check == "status").unwrap();
        (row.outcome, row.code.clone())
    }
}

fn read(der: &[u8]) -> BasicResponse {
    match Reply::from_der(der) {
        Ok(Reply::Answered(answer)) => *answer,
        _ => panic!("no answer"),
    }
}

fn enclosed(der: &[u8]) -> Evidence {
    Evidence { answers: vec![read(der)], ..Evidence::default() }
}

fn listed(list: Crl) -> Evidence {
    Evidence { lists: vec![list], ..Evidence::default() }
}

fn is(outcome: Outcome, code: &str) -> (Outcome, String) {
    (outcome, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_came_later_and_knows_less_makes_nothing_good_that_was_revoked() {
    let (world, other) = (World::new().await, Other::new());
    let (person, neighbour) = (other.person("甲"), other.person("乙"));
    let node = other.node(&world.store, with_list()).await;
    other.says(&person, gone(), "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&person).await, is(Outcome::Failed, "status.revoked"));
    // The source is back, with the list of the day before.
    other.publishes(&list(&other.root));
    node.round().await;
    let there = world.again().await;
    let after = other.node(&there, with_list()).await;
    let asked = other.asked();
    for one in [&node, &after] {
        assert_eq!(one.found(&person).await, is(Outcome::Failed, "status.revoked"));
        assert_eq!(one.found(&neighbour).await, is(Outcome::Passed, "status.follow-good"));
    }
    assert_eq!(other.asked(), asked, "the list decides about the neighbour, the memory about them");
}

/// A suspension may be lifted: whoever says that has to know of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_from_before_a_suspension_does_not_lift_it_and_one_from_after_does() {
    let (world, other) = (World::new().await, Other::new());
    let person = other.person("甲");
    let node = other.node(&world.store, with_list()).await;
    other.says(&person, held(), "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&person).await, is(Outcome::Failed, "status.suspended"));
    other.publishes(&list(&other.root));
    node.round().await;
    assert_eq!(node.found(&person).await, is(Outcome::Failed, "status.suspended"), "asked again");
    let early = Some("2026-11-22T03:40:00Z");
    let before = node.with(&person, Evidence::default(), early).await;
    assert_eq!(before, is(Outcome::Passed, "status.follow-good"), "of an instant before it");
    other.word(None);
    assert_eq!(node.found(&person).await, is(Outcome::Unknown, "status.follow-silent"));
    let after = other.node(&world.store, with_list()).await;
    other.says(&person, CertStatus::Good, "2026-11-22T03:55:00Z");
    assert_eq!(after.found(&person).await, is(Outcome::Passed, "status.asked-good"), "lifted");
    other.word(None);
    other.publishes(&list(&other.root).number(27).window("2026-11-22T03:56:00Z", END));
    after.round().await;
    assert_eq!(after.found(&person).await, is(Outcome::Passed, "status.follow-good"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_enclosed_makes_good_what_was_suspended_later() {
    let (world, other) = (World::new().await, Other::new());
    let person = other.person("甲");
    let node = other.node(&world.store, asking()).await;
    other.says(&person, held(), "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&person).await, is(Outcome::Failed, "status.suspended"));
    // Whoever sits on the way silences the responder, and encloses what it said before.
    other.word(None);
    let before = enclosed(&other.answer(&person, CertStatus::Good, "2026-11-22T03:30:00Z"));
    let after = enclosed(&other.answer(&person, CertStatus::Good, "2026-11-22T03:51:00Z"));
    let (older, newer) =
        (list(&other.root), list(&other.root).number(27).window("2026-11-22T03:51:00Z", END));
    for evidence in [before.clone(), listed(older.made())] {
        assert_eq!(node.with(&person, evidence, None).await.0, Outcome::Unknown);
    }
    assert_eq!(node.with(&person, after, None).await, is(Outcome::Passed, "status.answer-good"));
    let newer = node.with(&person, listed(newer.made()), None).await;
    assert_eq!(newer, is(Outcome::Passed, "status.list-good"));
    // Of an instant before the suspension an answer of then is right.
    let early = Some("2026-11-22T03:40:00Z");
    assert_eq!(node.with(&person, before, early).await, is(Outcome::Passed, "status.answer-good"));
}

/// Nor what was good by a later answer: of that moment it is said there, and nothing earlier counts.
#[tokio::test(flavor = "multi_thread")]
async fn an_enclosed_answer_from_before_one_that_was_believed_shows_nothing() {
    let (world, other) = (World::new().await, Other::new());
    let person = other.person("甲");
    let node = other.node(&world.store, asking()).await;
    other.says(&person, CertStatus::Good, "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&person).await, is(Outcome::Passed, "status.asked-good"));
    other.word(None);
    for (at, expected) in
        [("2026-11-22T03:44:00Z", Outcome::Unknown), ("2026-11-22T03:45:00Z", Outcome::Passed)]
    {
        let evidence = enclosed(&other.answer(&person, CertStatus::Good, at));
        assert_eq!(node.with(&person, evidence, None).await.0, expected, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_can_not_be_read_what_is_known_nothing_shows_that_a_certificate_is_good() {
    let (world, other) = (World::new().await, Other::new());
    let (person, neighbour) = (other.person("甲"), other.person("乙"));
    let node = other.node(&world.store, with_list()).await;
    other.says(&person, gone(), "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&person).await.0, Outcome::Failed);
    let harm = world.store.commit(|tx| {
        Box::pin(async move {
            let text = "UPDATE foreign_answer SET revocation = 'x'";
            let done = sqlx::query::<sqlx::Any>(text).execute(tx.conn()).await;
            Ok::<_, store::Error>(done.unwrap().rows_affected())
        })
    });
    assert_eq!(harm.await.unwrap(), 1);
    let after = other.node(&world.store, with_list()).await;
    let good = || enclosed(&other.answer(&person, CertStatus::Good, "2026-11-22T03:58:00Z"));
    let fresh = || list(&other.root).window("2026-11-22T03:58:00Z", END);
    for evidence in [Evidence::default(), good(), listed(fresh().made())] {
        assert_eq!(after.with(&person, evidence, None).await.0, Outcome::Unknown);
    }
    other.publishes(&fresh());
    after.round().await;
    assert_eq!(after.found(&person).await.0, Outcome::Unknown, "nor a list that is followed");
    assert_eq!(after.found(&neighbour).await, is(Outcome::Passed, "status.follow-good"));
    assert_eq!(after.with(&person, good(), None).await.0, Outcome::Unknown);
    // What says revoked is heard.
    let word = enclosed(&other.answer(&person, gone(), "2026-11-22T03:30:00Z"));
    assert_eq!(after.with(&person, word, None).await, is(Outcome::Failed, "status.revoked"));
}

/// RFC 6960 §4.2.2.2.1: who answers for the issuer may have lost that since. Until a list shows it, nothing is shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_by_a_signer_of_unknown_status_lets_nothing_enclosed_pass() {
    let (world, other) = (World::new().await, Other::new());
    let person = other.person("甲");
    let purposes = ExtendedKeyUsage(vec![oid::OCSP_SIGNING]).to_extension(false);
    let delegate = user("应答者").with(purposes).by(&other.root);
    let node = other.node(&world.store, with_list()).await;
    let window = ("2026-11-22T03:50:00Z", END);
    other.word(Some(answer_by((&person, &other.root), gone(), window, &delegate)));
    assert_eq!(node.found(&person).await.0, Outcome::Unknown);
    other.word(None);
    let good = enclosed(&other.answer(&person, CertStatus::Good, "2026-11-22T03:55:00Z"));
    assert_eq!(node.with(&person, good, None).await.0, Outcome::Unknown);
    // A list that came later names neither: the signer was not revoked, so what it said counts.
    world.clock.advance(SignedDuration::from_secs(60));
    other.publishes(&list(&other.root).window("2026-11-22T04:00:30Z", END));
    node.round().await;
    assert_eq!(node.found(&person).await, is(Outcome::Failed, "status.revoked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_learned_counts_on_another_that_keeps_an_earlier_answer() {
    let (world, other) = (World::new().await, Other::new());
    let (person, neighbour) = (other.person("甲"), other.person("乙"));
    let keeping = || Asking { keep: SignedDuration::from_hours(1), ..asking() };
    let there = world.again().await;
    let (one, second) =
        (other.node(&world.store, keeping()).await, other.node(&there, keeping()).await);
    let good = is(Outcome::Passed, "status.asked-good");
    for made in [&person, &neighbour] {
        other.says(made, CertStatus::Good, "2026-11-22T03:40:00Z");
        assert_eq!(one.found(made).await, good);
    }
    let asked = other.asked();
    assert_eq!(one.found(&person).await, good);
    assert_eq!(other.asked(), asked, "it is kept");
    other.says(&person, gone(), "2026-11-22T03:50:00Z");
    assert_eq!(second.found(&person).await, is(Outcome::Failed, "status.revoked"));
    assert_eq!(one.found(&person).await, is(Outcome::Failed, "status.revoked"));
    other.says(&neighbour, held(), "2026-11-22T03:50:00Z");
    assert_eq!(second.found(&neighbour).await, is(Outcome::Failed, "status.suspended"));
    assert_eq!(one.found(&neighbour).await, is(Outcome::Failed, "status.suspended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_that_moves_or_is_pinned_anew_forgets_nothing() {
    let (world, other) = (World::new().await, Other::new());
    let (person, neighbour) = (other.person("甲"), other.person("乙"));
    let node = other.node(&world.store, asking()).await;
    other.says(&person, gone(), "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&person).await.0, Outcome::Failed);
    other.says(&neighbour, held(), "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&neighbour).await.0, Outcome::Failed);
    let moved = || Asking {
        address: "http://other.example/elsewhere",
        pinned: vec![other.root.certificate.clone()],
        ..asking()
    };
    let after = other.node(&world.store, moved()).await;
    let asked = other.asked();
    other.says(&person, CertStatus::Good, "2026-11-22T03:55:00Z");
    assert_eq!(after.found(&person).await, is(Outcome::Failed, "status.revoked"));
    assert_eq!(other.asked(), asked, "nobody is asked again");
    other.says(&neighbour, CertStatus::Good, "2026-11-22T03:30:00Z");
    assert_eq!(after.found(&neighbour).await.0, Outcome::Unknown, "of before the suspension");
}

/// The rows of a program from before have no name of the certificate.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_from_before_believed_stays_believed() {
    let (world, other) = (World::new().await, Other::new());
    let person = other.person("甲");
    let node = other.node(&world.store, asking()).await;
    other.says(&person, gone(), "2026-11-22T03:50:00Z");
    assert_eq!(node.found(&person).await.0, Outcome::Failed);
    let older = world.store.commit(|tx| {
        Box::pin(async move {
            let text = "UPDATE foreign_answer SET about = NULL, held_at = NULL";
            let done = sqlx::query::<sqlx::Any>(text).execute(tx.conn()).await;
            Ok::<_, store::Error>(done.unwrap().rows_affected())
        })
    });
    assert_eq!(older.await.unwrap(), 1);
    other.says(&person, CertStatus::Good, "2026-11-22T03:55:00Z");
    let upgraded = other.node(&world.store, asking()).await;
    assert_eq!(upgraded.found(&person).await, is(Outcome::Failed, "status.revoked"));
    let moved = Asking { address: "http://other.example/elsewhere", ..asking() };
    let moved = other.node(&world.store, moved).await;
    assert_eq!(moved.found(&person).await, is(Outcome::Failed, "status.revoked"));
}

/// RFC 6960 §4.2.2.2: where the trust list names who answers, that holds for what is enclosed too.
#[tokio::test(flavor = "multi_thread")]
async fn an_enclosed_answer_is_by_whom_the_trust_list_names_or_shows_revocations_alone() {
    let (world, other) = (World::new().await, Other::new());
    let person = other.person("甲");
    let named = user("指定的应答者").self_signed();
    let pinned = Asking { pinned: vec![named.certificate.clone()], ..asking() };
    let node = other.node(&world.store, pinned).await;
    let window = ("2026-11-22T03:50:00Z", END);
    let by_issuer = |status| enclosed(&other.answer(&person, status, window.0));
    let by_named = |status| enclosed(&answer_by((&person, &other.root), status, window, &named));
    let good = CertStatus::Good;
    assert_eq!(node.with(&person, by_issuer(good), None).await.0, Outcome::Unknown);
    let found = node.with(&person, by_named(good), None).await;
    assert_eq!(found, is(Outcome::Passed, "status.answer-good"));
    for word in [by_issuer(gone()), by_named(gone())] {
        assert_eq!(node.with(&person, word, None).await, is(Outcome::Failed, "status.revoked"));
    }
}

//! What a responder of another institution once said counts after a start and on other nodes: nothing that was sent before
//! brings a certificate back (Invariant 7, RFC 6960).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use pki::crl::Reason;
use pki::ocsp::{CertStatus, HashAlgorithm};
use status::foreign::responder::{Ask, AskConfig, ForeignResponder, Responders};
use status::foreign::{Address, Authority, Fetch, FollowConfig, Follower};
use status::verification::{CertificateQuestion, Evidence, Outcome, Purpose, Trust, Verifier};
use store::Store;
use testkit::together::{at_once, call};

use crate::family::{Made, answer, ca, instant, user};
use crate::postgres::postgres;
use crate::world::World;

/// A responder that says what it is told to say, and counts.
#[derive(Clone, Default)]
struct Said {
    der: Arc<Mutex<Vec<u8>>>,
    asked: Arc<AtomicUsize>,
}

impl Said {
    fn put(&self, der: Vec<u8>) {
        *self.der.lock().unwrap() = der;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn ask(&self) -> Ask {
        let this = self.clone();
        Arc::new(move |_, _, _| {
            this.asked.fetch_add(1, Ordering::SeqCst);
            let der = this.der.lock().unwrap().clone();
            Box::pin(async move { Ok(der) })
        })
    }
}

/// A node over a store, as it is after a start.
async fn node(store: &Store, said: &Said, root: &Made) -> Verifier {
    let config = AskConfig { patience: Duration::from_secs(60), keep: SignedDuration::ZERO };
    let responders = Responders::new(store.clone(), said.ask(), config);
    let fetch: Fetch = Arc::new(|_, _| Box::pin(async { Err("没有列表".to_owned()) }));
    let following = FollowConfig {
        every: SignedDuration::from_hours(1),
        most_octets: 65_536,
        lease: SignedDuration::from_secs(60),
    };
    let follower = Follower::new(store.clone(), fetch, following);
    let responder = ForeignResponder {
        address: Address::parse("http://other.example/ocsp").unwrap(),
        hash: HashAlgorithm::Sha1,
        pinned: Vec::new(),
        is_nonce_required: false,
    };
    let authority = Authority {
        name: "他根".to_owned(),
        certificates: vec![root.certificate.clone()],
        sources: Vec::new(),
        responder: Some(Arc::new(responder)),
    };
    follower.round(&[authority]).await.unwrap();
    Verifier::asking(store.clone(), follower, responders)
}

async fn outcome(verifier: &Verifier, (made, root): (&Made, &Made)) -> Outcome {
    let trust = Arc::new(Trust::of([root.certificate.clone()]).unwrap());
    let question = CertificateQuestion {
        der: made.certificate.der().to_vec(),
        evidence: Evidence::default(),
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    let report = verifier.verify_certificate(trust, question).await.unwrap();
    report.judged.checks.iter().find(|check| check.check == "status").unwrap().outcome
}

async fn story(world: World) {
    let (root, said) = (ca("他根").self_signed(), Said::default());
    let (person, other) = (user("甲").by(&root), user("乙").by(&root));
    let end = "2026-11-23T00:00:00Z";
    let says = |made: &Made, status, at| {
        said.put(answer((made, &root), status, (at, end), &root.key));
    };
    let revoked = |reason| CertStatus::Revoked { at: instant("2026-11-22T03:00:00Z"), reason };
    let (good, held) = (CertStatus::Good, revoked(Reason::CertificateHold));
    let first = node(&world.store, &said, &root).await;
    says(&person, good, "2026-11-22T03:30:00Z");
    assert_eq!(outcome(&first, (&person, &root)).await, Outcome::Passed);
    says(&person, held, "2026-11-22T03:50:00Z");
    assert_eq!(outcome(&first, (&person, &root)).await, Outcome::Failed);
    // After a start, and on another node, somebody sends the good answer again.
    let there = world.again().await;
    for store in [&world.store, &there] {
        let after = node(store, &said, &root).await;
        says(&person, good, "2026-11-22T03:30:00Z");
        assert_eq!(outcome(&after, (&person, &root)).await, Outcome::Unknown, "not good again");
    }
    let second = node(&there, &said, &root).await;
    says(&person, good, "2026-11-22T03:55:00Z");
    assert_eq!(outcome(&second, (&person, &root)).await, Outcome::Passed, "resumed since");
    // Both nodes ask at once, and either takes what the other knows.
    says(&other, good, "2026-11-22T03:55:00Z");
    let both = at_once(
        [&first, &second].map(|one| call(outcome(one, (&other, &root)))).into_iter().collect(),
    );
    assert_eq!(both, [Outcome::Passed; 2]);
    // A revocation is final, on every node and after each start, and nobody is asked again.
    says(&other, revoked(Reason::KeyCompromise), "2026-11-22T03:57:00Z");
    assert_eq!(outcome(&first, (&other, &root)).await, Outcome::Failed);
    let asked = said.asked();
    says(&other, good, "2026-11-22T03:59:00Z");
    let after = node(&there, &said, &root).await;
    for one in [&second, &after] {
        assert_eq!(outcome(one, (&other, &root)).await, Outcome::Failed);
    }
    assert_eq!(said.asked(), asked);
    // What is written down and can't be read leaves it unknown.
    let harm = there.commit(|tx| {
        Box::pin(async move {
            let text = "UPDATE foreign_answer SET revocation = 'x' WHERE revocation IS NOT NULL";
            let done = sqlx::query::<sqlx::Any>(text).execute(tx.conn()).await;
            Ok::<_, store::Error>(done.unwrap().rows_affected())
        })
    });
    assert_eq!(harm.await.unwrap(), 1);
    let after = node(&there, &said, &root).await;
    assert_eq!(outcome(&after, (&other, &root)).await, Outcome::Unknown);
    assert_eq!(outcome(&after, (&person, &root)).await, Outcome::Unknown, "another's answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_believed_counts_after_a_start_and_on_other_nodes() {
    story(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_what_was_believed_counts_after_a_start_and_on_other_nodes() {
    let Some(url) = postgres("answers").await else { return };
    story(World::over(Some(url)).await).await;
}

//! Who waits for a responder of another institution keeps nobody else waiting.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use pki::ocsp::HashAlgorithm;
use status::foreign::responder::{Ask, AskConfig, ForeignResponder, Responders};
use status::foreign::{Address, Authority, Fetch, FollowConfig, Follower};
use status::verification::{CertificateQuestion, Evidence, Outcome, Purpose, Trust, Verifier};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::family::{Made, ca, user};
use crate::world::World;

/// Questions that may wait in all, and at one responder.
const MOST_WAITING: usize = 16;
const MOST_AT_ONE: usize = 4;

fn root(number: usize) -> Made {
    ca(&format!("他根{number}")).self_signed()
}

/// Responders that answer nothing before `gate` opens; `arrived` counts who asks.
fn held_up(gate: &Arc<Semaphore>, arrived: &Arc<Semaphore>) -> Ask {
    let (gate, arrived) = (gate.clone(), arrived.clone());
    Arc::new(move |_, _, _| {
        let (gate, arrived) = (gate.clone(), arrived.clone());
        Box::pin(async move {
            arrived.add_permits(1);
            drop(gate.acquire().await);
            Err("没有应答".to_owned())
        })
    })
}

fn authority(number: usize) -> Authority {
    let address = Address::parse(&format!("http://other.example/{number}")).unwrap();
    let responder = ForeignResponder {
        address,
        hash: HashAlgorithm::Sm3,
        pinned: Vec::new(),
        is_nonce_required: false,
    };
    Authority {
        name: format!("他根{number}"),
        certificates: vec![root(number).certificate],
        sources: Vec::new(),
        responder: Some(Arc::new(responder)),
    }
}

async fn code(verifier: Verifier, (made, root): (Made, Made)) -> (Outcome, String) {
    let trust = Arc::new(Trust::of([root.certificate]).unwrap());
    let question = CertificateQuestion {
        der: made.certificate.der().to_vec(),
        evidence: Evidence::default(),
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    let report = verifier.verify_certificate(trust, question).await.unwrap();
    let row = report.judged.checks.iter().find(|check| check.check == "status").unwrap();
    (row.outcome, row.code.clone())
}

/// A verifier that asks these responders for so many roots.
async fn asking(world: &World, ask: Ask, roots: usize) -> Verifier {
    let config = AskConfig { patience: Duration::from_secs(3_600), keep: SignedDuration::ZERO };
    let responders = Responders::new(world.store.clone(), ask, config);
    let fetch: Fetch = Arc::new(|_, _| Box::pin(async { Err("没有列表".to_owned()) }));
    let following = FollowConfig {
        every: SignedDuration::from_hours(1),
        most_octets: 65_536,
        lease: SignedDuration::from_secs(60),
    };
    let follower = Follower::new(world.store.clone(), fetch, following);
    let authorities: Vec<_> = (0..roots).map(authority).collect();
    follower.round(&authorities).await.unwrap();
    Verifier::asking(world.store.clone(), follower, responders)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_responder_keeps_nobody_waiting_who_does_not_need_it() {
    let world = World::new().await;
    let (gate, arrived) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let dead = MOST_WAITING / MOST_AT_ONE;
    let verifier = asking(&world, held_up(&gate, &arrived), dead + 1).await;
    let mut waiting = JoinSet::new();
    for number in 0..MOST_WAITING {
        let root = root(number % dead);
        let person = user(&format!("甲{number}")).by(&root);
        waiting.spawn(code(verifier.clone(), (person, root)));
    }
    drop(arrived.acquire_many(MOST_WAITING as u32).await.unwrap());
    // Every place is taken. One question more is told so, and others have theirs answered.
    let silent = (Outcome::Unknown, "status.asked-silent".to_owned());
    let more = user("乙").by(&root(dead));
    assert_eq!(code(verifier.clone(), (more, root(dead))).await, silent);
    let unasked = user("丙").by(&root(dead + 1));
    let none = (Outcome::Unknown, "status.no-source".to_owned());
    assert_eq!(code(verifier, (unasked, root(dead + 1))).await, none);
    gate.add_permits(MOST_WAITING);
    assert!(waiting.join_all().await.iter().all(|found| *found == silent));
}

/// Who hangs up leaves their question behind: the transport works on it, and its place isn't free before that is over.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_makes_no_room_for_another_question() {
    let world = World::new().await;
    let (gate, arrived) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let roots = 2 * MOST_WAITING / MOST_AT_ONE;
    let verifier = asking(&world, held_up(&gate, &arrived), roots).await;
    for number in 0..3 * MOST_WAITING {
        let root = root(number % roots);
        let person = user(&format!("甲{number}")).by(&root);
        let begun = arrived.available_permits();
        let asking = tokio::spawn(code(verifier.clone(), (person, root)));
        // Until it is at the responder, or was told that all are busy.
        while !asking.is_finished() && arrived.available_permits() == begun {
            tokio::task::yield_now().await;
        }
        asking.abort();
        drop(asking.await);
    }
    assert_eq!(
        arrived.available_permits(),
        MOST_WAITING,
        "as many as there are places, and no more"
    );
}

/// Whoever waits for a place at one responder takes none of those of the others.
#[tokio::test(flavor = "multi_thread")]
async fn one_slow_responder_makes_the_others_not_busy() {
    let world = World::new().await;
    let (gate, arrived) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let verifier = asking(&world, held_up(&gate, &arrived), 2).await;
    let mut waiting = JoinSet::new();
    for number in 0..2 * MOST_WAITING {
        let person = user(&format!("甲{number}")).by(&root(0));
        waiting.spawn(code(verifier.clone(), (person, root(0))));
    }
    let places = u32::try_from(MOST_AT_ONE).unwrap();
    arrived.acquire_many(places).await.unwrap().forget();
    let person = user("乙").by(&root(1));
    let other = tokio::spawn(code(verifier, (person, root(1))));
    while !other.is_finished() && arrived.available_permits() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!other.is_finished(), "it is asked all the same");
    gate.add_permits(4 * MOST_WAITING);
    let silent = (Outcome::Unknown, "status.asked-silent".to_owned());
    assert_eq!(other.await.unwrap(), silent);
    assert!(waiting.join_all().await.iter().all(|found| *found == silent));
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_responder_keeps_nobody_waiting_who_does_not_need_it() {
    let world = World::new().await;
    let (gate, arrived) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let config = AskConfig { patience: Duration::from_secs(3_600), keep: SignedDuration::ZERO };
    let responders = Responders::new(held_up(&gate, &arrived), world.store.clock(), config);
    let fetch: Fetch = Arc::new(|_, _| Box::pin(async { Err("没有列表".to_owned()) }));
    let following = FollowConfig {
        every: SignedDuration::from_hours(1),
        most_octets: 65_536,
        lease: SignedDuration::from_secs(60),
    };
    let follower = Follower::new(world.store.clone(), fetch, following);
    let dead = MOST_WAITING / MOST_AT_ONE;
    let authorities: Vec<_> = (0..dead).map(authority).collect();
    follower.round(&authorities).await.unwrap();
    let verifier = Verifier::asking(world.store.clone(), follower, responders);
    let mut waiting = JoinSet::new();
    for number in 0..MOST_WAITING {
        let root = root(number % dead);
        let person = user(&format!("甲{number}")).by(&root);
        waiting.spawn(code(verifier.clone(), (person, root)));
    }
    drop(arrived.acquire_many(MOST_WAITING as u32).await.unwrap());
    // Every place is taken. One question more is told so, and others have theirs answered.
    let silent = (Outcome::Unknown, "status.asked-silent".to_owned());
    let more = user("乙").by(&root(0));
    assert_eq!(code(verifier.clone(), (more, root(0))).await, silent);
    let unasked = user("丙").by(&root(dead));
    let none = (Outcome::Unknown, "status.no-source".to_owned());
    assert_eq!(code(verifier, (unasked, root(dead))).await, none);
    gate.add_permits(MOST_WAITING);
    assert!(waiting.join_all().await.iter().all(|found| *found == silent));
}

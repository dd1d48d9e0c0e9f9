//! Following the lists of another institution: what the rows keep when certificates change, when nodes have different
//! trust lists, and when a row is damaged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use pki::crl::Crl;
use status::foreign::{Address, Authority, Fetch, FollowConfig, Follower, Source, SourceState};
use status::verification::{CertificateQuestion, Evidence, Outcome, Purpose, Trust, Verifier};
use store::Store;

use crate::family::{List, Made, ca, list, user};
use crate::world::World;

const COMPLETE: &str = "http://other.example/ca.crl";
const DELTA: &str = "http://other.example/delta.crl";

/// What the other institution publishes, by address.
#[derive(Clone, Default)]
struct Served(Arc<Mutex<HashMap<String, Vec<u8>>>>);

impl Served {
    fn put(&self, address: &str, list: &List) {
        self.0.lock().unwrap().insert(address.to_owned(), list.made().der().to_vec());
    }

    fn follower(&self, store: &Store) -> Follower {
        let served = self.0.clone();
        let fetch: Fetch = Arc::new(move |address, _| {
            let found = served.lock().unwrap().get(address.as_str()).cloned();
            Box::pin(async move { found.ok_or_else(|| "HTTP 404".to_owned()) })
        });
        let config = FollowConfig {
            every: SignedDuration::from_hours(1),
            most_octets: 65_536,
            lease: SignedDuration::from_secs(60),
        };
        Follower::new(store.clone(), fetch, config)
    }
}

fn root() -> Made {
    ca("他根").self_signed()
}

/// The trust list with these certificates of the other institution.
fn authorities(certificates: &[&Made]) -> Vec<Authority> {
    let source = |address, is_delta| Source {
        address: Address::parse(address).unwrap(),
        is_delta,
        point: None,
    };
    vec![Authority {
        name: "他根".to_owned(),
        certificates: certificates.iter().map(|made| made.certificate.clone()).collect(),
        sources: vec![source(COMPLETE, false), source(DELTA, true)],
        responder: None,
    }]
}

async fn complete(follower: &Follower, authorities: &[Authority]) -> SourceState {
    follower.states(authorities).await.unwrap().swap_remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_with_different_certificates_take_nothing_from_each_other_and_numbers_go_on() {
    let (world, served) = (World::new().await, Served::default());
    let (old, new) = (authorities(&[&root()]), {
        let second = ca("他根").key_of("他根的新密钥").self_signed();
        authorities(&[&root(), &second])
    });
    let (one, other) = (served.follower(&world.store), served.follower(&world.store));
    served.put(COMPLETE, &list(&root()).number(26));
    one.round(&old).await.unwrap();
    assert_eq!(complete(&one, &old).await.number, "1a");
    // Yesterday's list is refused although it would be the first under the new certificates.
    served.put(COMPLETE, &list(&root()).number(25));
    other.round(&new).await.unwrap();
    let state = complete(&other, &new).await;
    assert!(!state.holds() && state.trouble.contains("旧列表"), "{state:?}");
    served.put(COMPLETE, &list(&root()).number(27));
    assert!(other.hasten(COMPLETE).await.unwrap());
    other.round(&new).await.unwrap();
    assert_eq!(complete(&other, &new).await.number, "1b");
    // The node that still has the old trust list has lost nothing.
    assert_eq!(complete(&one, &old).await.number, "1a");
    one.round(&old).await.unwrap();
    assert_eq!(complete(&one, &old).await.number, "1b");
    assert_eq!(complete(&other, &new).await.number, "1b");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_makes_nothing_good_and_heals_with_the_next_fetch() {
    let (world, served, known) = (World::new().await, Served::default(), authorities(&[&root()]));
    let person = user("甲").by(&root());
    let whole = list(&root()).number(26);
    served.put(COMPLETE, &whole);
    let delta = list(&root()).number(27).delta(26);
    served.put(DELTA, &delta.revokes(&person, 1, "2026-11-22T00:00:00Z"));
    served.follower(&world.store).round(&known).await.unwrap();
    damage(&world.store, DELTA).await;

    let follower = served.follower(&world.store);
    let enclosed = || vec![whole.made()];
    assert_eq!(
        verdict(&world, &follower, &person, enclosed()).await,
        (Outcome::Unknown, "status.follow-missing".to_owned()),
        "nothing was read yet"
    );
    follower.round(&known).await.unwrap();
    assert_eq!(
        verdict(&world, &follower, &person, enclosed()).await,
        (Outcome::Unknown, "status.follow-missing".to_owned()),
        "what the delta said is not known"
    );
    // The same octets once more.
    follower.hasten(DELTA).await.unwrap();
    follower.round(&known).await.unwrap();
    assert_eq!(
        verdict(&world, &follower, &person, enclosed()).await,
        (Outcome::Failed, "status.follow-revoked".to_owned())
    );
}

async fn damage(store: &Store, address: &'static str) {
    let unit = store.commit(move |tx| {
        Box::pin(async move {
            sqlx::query("UPDATE foreign_list SET der = $1 WHERE address = $2")
                .bind(vec![0x30_u8, 0])
                .bind(address)
                .execute(tx.conn())
                .await?;
            Ok::<_, store::Error>(())
        })
    });
    unit.await.unwrap();
}

/// Verdict and code of the status.
async fn verdict(
    world: &World,
    follower: &Follower,
    made: &Made,
    lists: Vec<Crl>,
) -> (Outcome, String) {
    let verifier = Verifier::following(world.store.clone(), follower.clone());
    let trust = Arc::new(Trust::of([root().certificate]).unwrap());
    let question = CertificateQuestion {
        der: made.certificate.der().to_vec(),
        evidence: Evidence { lists, ..Evidence::default() },
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    let report = verifier.verify_certificate(trust, question).await.unwrap();
    let row = report.judged.checks.iter().find(|check| check.check == "status").unwrap();
    (row.outcome, row.code.clone())
}

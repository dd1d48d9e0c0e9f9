//! I8 (GM/T 0038 §7.6.2): whatever happens in whatever order, 备用 + 在用 + 历史 is what was
//! generated, and every answer is the one that a simple model expects.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::HashMap;

use common::{World, opened, order, person, restore, serial};
use gm::sm2::PrivateKey;
use kmc::Ca;
use proptest::prelude::*;

const SERIALS: u32 = 5;
const PEOPLE: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Refill,
    Batch(u32),
    Apply { ca: usize, serial: u32, person: usize },
    Restore { ca: usize, serial: u32, person: usize },
    Revoke { ca: usize, serial: u32 },
    Days(i64),
    Expire,
    Restart,
}

/// What the model knows of a certificate's key.
#[derive(Clone)]
struct Known {
    secret: Vec<u8>,
    holder: usize,
    restored: bool,
    past: Vec<usize>,
    ended: bool,
    expires_on_day: i64,
}

fn any_step() -> impl Strategy<Value = Step> {
    let (ca, serial, person) = (0..2_usize, 1..=SERIALS, 0..PEOPLE);
    prop_oneof![
        1 => Just(Step::Refill),
        1 => (1..4_u32).prop_map(Step::Batch),
        6 => (ca.clone(), serial.clone(), person.clone())
            .prop_map(|(ca, serial, person)| Step::Apply { ca, serial, person }),
        4 => (ca.clone(), serial.clone(), person)
            .prop_map(|(ca, serial, person)| Step::Restore { ca, serial, person }),
        2 => (ca, serial).prop_map(|(ca, serial)| Step::Revoke { ca, serial }),
        1 => (1..200_i64).prop_map(Step::Days),
        1 => Just(Step::Expire),
        1 => Just(Step::Restart),
    ]
}

struct Play {
    world: World,
    cas: [Ca; 2],
    people: Vec<PrivateKey>,
    known: HashMap<(usize, u32), Known>,
    day: i64,
}

impl Play {
    async fn new() -> Self {
        let world = World::sqlite().await;
        let cas = [world.ca("甲机构").await.0, world.ca("乙机构").await.0];
        let people = (0..PEOPLE).map(|_| person()).collect();
        Self { world, cas, people, known: HashMap::new(), day: 0 }
    }

    async fn step(mut self, step: &Step) -> Self {
        let kmc = self.world.kmc.clone();
        match *step {
            Step::Refill => drop(kmc.refill().await.unwrap()),
            Step::Batch(pairs) => kmc.generate_batch(pairs).await.unwrap(),
            Step::Apply { ca, serial, person } => self.apply(ca, serial, person).await,
            Step::Restore { ca, serial, person } => self.restore(ca, serial, person).await,
            Step::Revoke { ca, serial } => self.revoke(ca, serial).await,
            Step::Days(days) => {
                self.day += days;
                self.world.advance_days(days);
            }
            Step::Expire => self.expire().await,
            Step::Restart => {
                drop(kmc);
                self.world = self.world.restarted().await;
            }
        }
        self.check().await;
        self
    }

    /// Every order is for the year that starts on the first day.
    async fn apply(&mut self, ca: usize, number: u32, who: usize) {
        let wanted = order(number, self.people[who].public_key());
        let answer = self.world.kmc.apply(&self.cas[ca], wanted).await;
        let expected = match self.known.get(&(ca, number)) {
            None if self.day >= 365 => "kmc.validity",
            Some(known) if known.holder != who => "kmc.serial_taken",
            Some(known) if known.ended => "kmc.key_ended",
            _ => {
                let key = opened(&answer.unwrap(), &self.people[who]).to_bytes().to_vec();
                let fresh = Known {
                    secret: key.clone(),
                    holder: who,
                    restored: false,
                    past: vec![who],
                    ended: false,
                    expires_on_day: 365,
                };
                assert_eq!(self.known.entry((ca, number)).or_insert(fresh).secret, key);
                return;
            }
        };
        assert_eq!(answer.unwrap_err().code(), expected);
    }

    async fn restore(&mut self, ca: usize, number: u32, who: usize) {
        let wanted = restore(number, self.people[who].public_key());
        let answer = self.world.kmc.restore(&self.cas[ca], wanted).await;
        let Some(known) = self.known.get_mut(&(ca, number)) else {
            assert_eq!(answer.unwrap_err().code(), "kmc.unknown_certificate");
            return;
        };
        let again = known.holder == who && known.restored;
        if known.past.contains(&who) && !again {
            assert_eq!(answer.unwrap_err().code(), "kmc.restore_needs_new_key");
            return;
        }
        let key = opened(&answer.unwrap(), &self.people[who]);
        assert_eq!(key.to_bytes().to_vec(), known.secret);
        (known.holder, known.restored) = (who, true);
        known.past.push(who);
    }

    async fn revoke(&mut self, ca: usize, number: u32) {
        let answer = self.world.kmc.revoke(&self.cas[ca], serial(number)).await;
        match self.known.get_mut(&(ca, number)) {
            None => assert_eq!(answer.unwrap_err().code(), "kmc.unknown_certificate"),
            Some(known) => {
                answer.unwrap();
                known.ended = true;
            }
        }
    }

    async fn expire(&mut self) {
        let due = |known: &&mut Known| !known.ended && known.expires_on_day < self.day;
        let due: Vec<&mut Known> = self.known.values_mut().filter(due).collect();
        assert_eq!(self.world.kmc.expire().await.unwrap(), due.len() as u64);
        due.into_iter().for_each(|known| known.ended = true);
    }

    async fn check(&self) {
        let statistics = self.world.kmc.statistics().await.unwrap();
        assert!(statistics.conserved(), "{statistics:?}");
        let ended = self.known.values().filter(|known| known.ended).count() as u64;
        assert_eq!(statistics.history(), ended);
        assert_eq!(statistics.in_use(), self.known.len() as u64 - ended);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn counts_are_conserved_under_any_sequence(
        steps in proptest::collection::vec(any_step(), 5..30),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut play = Play::new().await;
            for step in &steps {
                play = play.step(step).await;
            }
            play.world.assert_sound().await;
        });
    }
}

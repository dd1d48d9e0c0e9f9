//! Asking: within limits of time, size and number, so that a dead responder costs those who ask about its certificates
//! a moment, and nobody else anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gm::{OsRandom, Random};
use jiff::{SignedDuration, Timestamp};
use pki::ocsp::{Nonce, Request};
use store::Clock;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::model::{Ask, ResponderQuestion, ResponderState, Said, Told, Untold};
use super::rules;
use crate::foreign::model::Address;

/// Questions that wait in all. More are told that it is busy.
const MOST_WAITING: usize = 16;
/// Questions to one responder at a time.
const MOST_AT_ONE: usize = 4;
/// Largest answer, in octets: one certificate's, with the responder's own.
const MOST_OCTETS: usize = 64 << 10;
/// Most answers that are kept.
const MOST_KEPT: usize = 10_000;
/// For how long a refused answer isn't asked for again.
const REFUSED: SignedDuration = SignedDuration::from_mins(1);
/// Octets of a nonce (RFC 9654 §2.1).
const NONCE: usize = 32;
/// What a transport that overruns its own limit gets on top.
const GRACE: Duration = Duration::from_secs(2);

/// How responders are asked.
#[derive(Debug, Clone)]
pub struct AskConfig {
    /// How long an answer may take.
    pub patience: Duration,
    /// How long an answer is kept at most.
    pub keep: SignedDuration,
}

/// Asks responders of other institutions. Clones are the same.
#[derive(Clone)]
pub struct Responders(Arc<Inner>);

struct Inner {
    ask: Ask,
    clock: Arc<dyn Clock>,
    config: AskConfig,
    waiting: Semaphore,
    kept: Mutex<HashMap<[u8; 32], Kept>>,
    desks: Mutex<HashMap<Address, Arc<Desk>>>,
}

struct Kept {
    told: Told,
    until: Timestamp,
}

/// One responder.
struct Desk {
    places: Semaphore,
    state: Mutex<ResponderState>,
}

impl Responders {
    /// Over a transport.
    pub fn new(ask: Ask, clock: Arc<dyn Clock>, config: AskConfig) -> Self {
        let (kept, desks) = (Mutex::default(), Mutex::default());
        let waiting = Semaphore::new(MOST_WAITING);
        Self(Arc::new(Inner { ask, clock, config, waiting, kept, desks }))
    }

    /// What was told before and counts still.
    pub(crate) fn kept(&self, question: &ResponderQuestion) -> Option<Told> {
        let (kept, now) = (self.all_kept(), self.now());
        let found = kept.get(&question.key()).filter(|kept| now < kept.until);
        found.map(|kept| kept.told.clone())
    }

    /// Asks all of these at once.
    pub(crate) async fn ask(&self, questions: Vec<ResponderQuestion>) -> HashMap<[u8; 32], Told> {
        let mut running = JoinSet::new();
        for question in questions.into_iter().take(MOST_WAITING) {
            let this = self.clone();
            running.spawn(async move { (question.key(), this.one(&question).await) });
        }
        let mut told = HashMap::new();
        while let Some(done) = running.join_next().await {
            match done {
                Ok((key, one)) => drop(told.insert(key, one)),
                Err(error) => tracing::error!(%error, "asking a responder broke down"),
            }
        }
        told
    }

    /// How a responder is doing.
    pub fn state(&self, address: &Address) -> ResponderState {
        self.desk(address).state().clone()
    }

    async fn one(&self, question: &ResponderQuestion) -> Told {
        let Ok(_waiting) = self.0.waiting.try_acquire() else { return Err(Untold::Busy) };
        let desk = self.desk(&question.responder.address);
        let place = timeout(self.0.config.patience, desk.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(Untold::Busy) };
        // Who had the place before may have asked the same.
        if let Some(told) = self.kept(question) {
            return told;
        }
        desk.enter(self.now(), self.0.config.patience)?;
        let told = self.put(question).await;
        let now = self.now();
        desk.leave(now, &told);
        if let Err(why) = &told {
            let address = &question.responder.address;
            tracing::warn!(%address, %why, "a responder of another institution was not believed");
        }
        self.keep(question, &told, now);
        told
    }

    /// Puts the question, and judges the answer.
    async fn put(&self, question: &ResponderQuestion) -> Told {
        let failed = |why: &str| Untold::NoAnswer(why.to_owned());
        let mut octets = vec![0; NONCE];
        OsRandom.fill(&mut octets).map_err(|_| failed("本机的随机数发生器故障"))?;
        let nonce = Nonce::new(octets).map_err(|why| failed(&why.to_string()))?;
        let request = Request::new(vec![question.id.clone()], Some(nonce.clone()));
        let request = request.map_err(|why| failed(&why.to_string()))?;
        let address = question.responder.address.clone();
        let answer = (self.0.ask)(address, request.der().to_vec(), MOST_OCTETS);
        let patience = self.0.config.patience.saturating_add(GRACE);
        let der = match timeout(patience, answer).await {
            Ok(der) => der.map_err(Untold::NoAnswer)?,
            Err(_) => return Err(failed("没有在限定的时间内应答")),
        };
        rules::take(&der, question, &nonce, self.now()).map(Arc::new)
    }

    fn keep(&self, question: &ResponderQuestion, told: &Told, now: Timestamp) {
        let until = match told {
            Ok(said) => rules::kept_until(said, self.0.config.keep),
            Err(why) if why.is_outage() => None,
            Err(_) => now.checked_add(REFUSED).ok(),
        };
        let Some(until) = until else { return };
        let mut kept = self.all_kept();
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, one| now < one.until);
        }
        // Whatever is left out is asked again.
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(question.key(), Kept { told: told.clone(), until });
    }

    fn desk(&self, address: &Address) -> Arc<Desk> {
        let mut desks = self.0.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let places = Semaphore::new(MOST_AT_ONE);
            Arc::new(Desk { places, state: Mutex::default() })
        };
        desks.entry(address.clone()).or_insert_with(new).clone()
    }

    fn all_kept(&self) -> MutexGuard<'_, HashMap<[u8; 32], Kept>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, ResponderState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it may be asked now. After a rest one question goes first, and the others wait for how it ends.
    fn enter(&self, now: Timestamp, patience: Duration) -> Result<(), Untold> {
        let mut state = self.state();
        if let Some(until) = state.rests_until {
            if now < until {
                return Err(Untold::Rests(until, state.trouble.clone()));
            }
            let trial = patience.saturating_add(GRACE);
            state.rests_until = now.checked_add(trial).ok();
        }
        state.asked = state.asked.saturating_add(1);
        state.asked_at = Some(now);
        Ok(())
    }

    fn leave(&self, now: Timestamp, told: &Result<Arc<Said>, Untold>) {
        let mut state = self.state();
        let is_outage = told.as_ref().is_err_and(Untold::is_outage);
        state.failures = if is_outage { state.failures.saturating_add(1) } else { 0 };
        let rest = rules::rest(state.failures);
        state.rests_until = rest.and_then(|rest| now.checked_add(rest).ok());
        match told {
            Ok(_) => {
                state.answered = state.answered.saturating_add(1);
                state.answered_at = Some(now);
                state.trouble.clear();
            }
            Err(why) => state.trouble = why.to_string(),
        }
    }
}

impl std::fmt::Debug for Responders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Responders")
    }
}

//! Asking: within limits of time, size and number, so that a dead responder costs those who ask about its certificates
//! a moment, and nobody else anything.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gm::{OsRandom, Random};
use jiff::{SignedDuration, Timestamp};
use pki::ocsp::{Nonce, Request};
use store::Store;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::memory::{Known, Memory};
use super::model::{Ask, ResponderQuestion, ResponderState, Said, Told, Untold};
use super::sql::Place;
use super::{rules, sql};
use crate::error::Error;
use crate::foreign::model::Address;

/// Questions that are put at a time in all. More are told that it is busy.
const MOST_WAITING: usize = 16;
/// Questions to one responder at a time.
const MOST_AT_ONE: usize = 4;
/// Questions that wait for a place at one responder, beside those.
const MOST_QUEUED: usize = 8;
/// Largest answer, in octets: one certificate's, with the responder's own.
const MOST_OCTETS: usize = 64 << 10;
/// Most answers that are kept.
const MOST_KEPT: usize = 10_000;
/// For how long a refused answer isn't asked for again.
const REFUSED: SignedDuration = SignedDuration::from_mins(1);
/// So often what is written down is looked through for what nobody needs any more, beginning with the first time.
const PRUNED_EVERY: u64 = 256;
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
    store: Store,
    ask: Ask,
    config: AskConfig,
    waiting: Semaphore,
    kept: Mutex<HashMap<[u8; 32], Kept>>,
    memory: Mutex<Memory>,
    written: AtomicU64,
    desks: Mutex<HashMap<Address, Arc<Desk>>>,
}

impl From<&ResponderQuestion> for Place {
    fn from(question: &ResponderQuestion) -> Self {
        Self { about: question.about(), question: question.key() }
    }
}

struct Kept {
    told: Told,
    until: Timestamp,
}

/// One responder. Whoever waits for a place at it takes none of those of the others.
struct Desk {
    queue: Semaphore,
    places: Semaphore,
    state: Mutex<ResponderState>,
}

impl Responders {
    /// Over a transport, and the store in which all nodes remember what was believed.
    pub fn new(store: Store, ask: Ask, config: AskConfig) -> Self {
        let (kept, memory, desks) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (waiting, written) = (Semaphore::new(MOST_WAITING), AtomicU64::new(0));
        Self(Arc::new(Inner { store, ask, config, waiting, kept, memory, written, desks }))
    }

    /// What is known of the certificate in question, on all nodes: whatever else says something of it is held against
    /// that. One look into the store, and none for what is revoked for good.
    ///
    /// # Errors
    /// When it can't be looked up: nothing shows then that the certificate is good.
    pub(crate) async fn known(&self, question: &ResponderQuestion) -> Result<Known, Untold> {
        if let Some(revoked) = self.memory().revoked(&question.about()) {
            return Ok(Known { revoked: Some(revoked), ..Known::default() });
        }
        self.recall(question.into()).await
    }

    /// What was told before and counts still, by what is known.
    pub(crate) fn kept(&self, question: &ResponderQuestion, known: &Known) -> Option<Told> {
        if let Some(revoked) = known.direct() {
            return Some(Ok(revoked));
        }
        let (kept, now) = (self.all_kept(), self.now());
        let found = kept.get(&question.key()).filter(|kept| now < kept.until);
        found.filter(|kept| !known.outruns(&kept.told)).map(|kept| kept.told.clone())
    }

    /// Asks all of these at once. What was begun comes to its end, whoever hangs up meanwhile: the transport goes on in
    /// any case, and its place isn't free, nor its failure uncounted, before it is over.
    pub(crate) async fn ask(&self, questions: Vec<ResponderQuestion>) -> HashMap<[u8; 32], Told> {
        let begin = |question: ResponderQuestion| {
            let this = self.clone();
            tokio::spawn(async move { (question.key(), this.one(&question).await) })
        };
        let running: Vec<_> = questions.into_iter().take(MOST_WAITING).map(begin).collect();
        let mut told = HashMap::new();
        for one in running {
            match one.await {
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
        // Also what was believed before this process began, or by another node; whether the responder rests or not.
        if let Some(told) = self.kept(question, &self.known(question).await?) {
            return told;
        }
        let desk = self.desk(&question.responder.address);
        desk.is_open(self.now())?;
        let Ok(_queued) = desk.queue.try_acquire() else { return Err(Untold::Busy) };
        let place = timeout(self.0.config.patience, desk.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(Untold::Busy) };
        // Who had the place before may have asked the same.
        if let Some(told) = self.kept(question, &self.known(question).await?) {
            return told;
        }
        let Ok(_waiting) = self.0.waiting.try_acquire() else { return Err(Untold::Busy) };
        let begun = self.now();
        desk.enter(begun, self.0.config.patience)?;
        let told = self.put(question).await;
        let now = self.now();
        let told = match told {
            Ok(said) => self.believe(question.into(), said).await,
            Err(why) => Err(why),
        };
        desk.leave((begun, now), &told);
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

    /// What is known of a certificate: in the store, and here. What can't be looked up leaves the status unknown.
    async fn recall(&self, place: Place) -> Result<Known, Untold> {
        let held = async {
            let mut reader = self.0.store.read().await?;
            sql::known(&mut reader, &place).await
        };
        match held.await {
            Ok((known, is_unnamed)) => {
                if is_unnamed {
                    self.adopt(place).await;
                }
                Ok(self.memory().learn(place.about, known))
            }
            Err(error) => {
                tracing::error!(%error, "what was believed of a responder can't be read");
                Err(Untold::Unrecorded)
            }
        }
    }

    /// Names a row from before by its certificate, so that it counts when the responder moves. Until that could be
    /// written it counts for the question that it came of.
    async fn adopt(&self, place: Place) {
        let unit = self
            .0
            .store
            .commit(move |tx| Box::pin(async move { sql::adopt(tx.conn(), &place).await }));
        if let Err(error) = unit.await {
            tracing::warn!(%error, "what was believed of a responder can't be named");
        }
    }

    /// Believes what was said, unless more is known. The unit decides: what another node learned meanwhile counts.
    /// While the store takes nothing down, what is known here and there has to do.
    async fn believe(&self, place: Place, said: Arc<Said>) -> Told {
        let known = self.recall(place).await?;
        let (told, next) = known.take(said.clone());
        let Some(next) = next else { return told };
        let next = self.memory().learn(place.about, next);
        let is_due = self.0.written.fetch_add(1, Ordering::Relaxed).is_multiple_of(PRUNED_EVERY);
        let unit = self.0.store.commit(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let (held, _) = sql::known(tx.conn(), &place).await?;
                let (told, _) = held.take(said);
                sql::remember(tx.conn(), (&place, &held.with(next)), now).await?;
                if is_due {
                    sql::prune(tx.conn(), now, sql::MOST_ROWS).await?;
                }
                Ok::<_, Error>(told)
            })
        });
        unit.await.unwrap_or_else(|error| {
            tracing::error!(%error, "what was believed of a responder can't be written down");
            told
        })
    }

    fn keep(&self, question: &ResponderQuestion, told: &Told, now: Timestamp) {
        let until = match told {
            Ok(said) => rules::kept_until(said, self.0.config.keep),
            // What is kept is newer.
            Err(Untold::Older(_) | Untold::Unrecorded) => None,
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
            let queue = Semaphore::new(MOST_AT_ONE + MOST_QUEUED);
            Arc::new(Desk { queue, places, state: Mutex::default() })
        };
        desks.entry(address.clone()).or_insert_with(new).clone()
    }

    fn all_kept(&self) -> MutexGuard<'_, HashMap<[u8; 32], Kept>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.0.store.clock().now()
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, ResponderState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it rests: nobody waits to be told so.
    fn is_open(&self, now: Timestamp) -> Result<(), Untold> {
        let state = self.state();
        match state.rests_until {
            Some(until) if now < until => Err(Untold::Rests(until, state.trouble.clone())),
            _ => Ok(()),
        }
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

    /// Questions that were at work when another failed fail of the same outage, and count as one with it.
    fn leave(&self, (begun, now): (Timestamp, Timestamp), told: &Result<Arc<Said>, Untold>) {
        let mut state = self.state();
        let is_outage = told.as_ref().is_err_and(Untold::is_outage);
        let is_same = state.failed_at.is_some_and(|failed_at| begun < failed_at);
        match (is_outage, is_same) {
            (true, true) => {}
            (true, false) => {
                state.failures = state.failures.saturating_add(1);
                state.failed_at = Some(now);
            }
            (false, _) => (state.failures, state.failed_at) = (0, None),
        }
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

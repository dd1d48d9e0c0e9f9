//! Fetching what is due, keeping what is taken, and the snapshot of what is held.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use gm::{OsRandom, Random, sm3};
use jiff::{SignedDuration, Timestamp};
use pki::crl::Crl;
use store::{Standing, Store};
use tokio::sync::{Mutex as Turn, Semaphore};
use tokio::task::JoinSet;

use super::model::{
    Authority, Cited, Fetch, Followed, FollowedAuthority, Group, Source, SourceState,
};
use super::rules::{self, Refused, Taken};
use super::sql::{self, Key};
use crate::error::Error;

/// Sources that are fetched at a time.
const AT_ONCE: usize = 4;
/// The longest text that is kept about a trouble, in letters.
const MOST_LETTERS: usize = 300;

/// How lists are followed.
#[derive(Debug, Clone)]
pub struct FollowConfig {
    /// Between two fetches of a list.
    pub every: SignedDuration,
    /// Largest list.
    pub most_octets: usize,
    /// For how long a node has a source to itself: longer than a fetch can take.
    pub lease: SignedDuration,
}

/// Follows lists of other institutions. Clones are the same.
#[derive(Clone)]
pub struct Follower(Arc<Inner>);

struct Inner {
    store: Store,
    fetch: Fetch,
    config: FollowConfig,
    held: RwLock<Arc<Followed>>,
    /// Lists that were read, by the digests of their group.
    read: Mutex<HashMap<String, Arc<Vec<Crl>>>>,
    turn: Turn<()>,
    /// Of two who build the snapshot the later one has the newer rows.
    reading: Turn<()>,
}

/// How long a row is kept after the certificates of its authority changed and no node asks for it any more.
const UNUSED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Issuer and state of each row.
type States = HashMap<Key, (String, SourceState)>;

/// A source that is due, with what is held of it.
struct Due {
    authority: Authority,
    source: Source,
    held: SourceState,
}

impl Follower {
    /// A follower over the institution's tables; nothing is fetched before [`Follower::round`].
    pub fn new(store: Store, fetch: Fetch, config: FollowConfig) -> Self {
        let nothing_yet = Followed { is_pending: true, ..Followed::default() };
        let held = RwLock::new(Arc::new(nothing_yet));
        let (read, turn, reading) = (Mutex::default(), Turn::default(), Turn::default());
        Self(Arc::new(Inner { store, fetch, config, held, read, turn, reading }))
    }

    /// What is held now; pending until the first round has read it.
    pub fn followed(&self) -> Arc<Followed> {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches what is due and takes over what other nodes fetched.
    ///
    /// # Errors
    /// When the database can't be read or written. What is wrong with a source is kept beside it.
    pub async fn round(&self, authorities: &[Authority]) -> Result<(), Error> {
        let (_turn, mut done) = (self.0.turn.lock().await, Ok(()));
        // A halted store takes no note of what is fetched; what is held goes on being read.
        if self.0.store.standing() == Standing::Sound {
            self.begin(authorities).await?;
            self.refresh(authorities).await?;
            let mut running = self.start(self.due(authorities).await?);
            // One that fails ends no other: the set is drained whatever comes.
            while let Some(one) = running.join_next().await {
                let one = one.unwrap_or_else(|error| {
                    tracing::error!(%error, "following a list broke down");
                    Err(Error::Closing)
                });
                done = done.and(one).and(self.refresh(authorities).await);
            }
        }
        self.refresh(authorities).await.and(done)
    }

    /// Reads what is held, without fetching anything: a question right after a start need not wait for a round.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn read_held(&self, authorities: &[Authority]) -> Result<(), Error> {
        self.refresh(authorities).await
    }

    /// Has a source fetched in the next round; whether there is such a source.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn hasten(&self, address: &str) -> Result<bool, Error> {
        let address = address.to_owned();
        let unit = self
            .0
            .store
            .commit(move |tx| Box::pin(async move { sql::hasten(tx.conn(), &address).await }));
        unit.await
    }

    /// How each source of these authorities is doing, in their order.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn states(&self, authorities: &[Authority]) -> Result<Vec<SourceState>, Error> {
        let states = self.read_states().await?;
        let pairs = authorities.iter().flat_map(|one| one.sources.iter().map(move |s| (one, s)));
        Ok(pairs.map(|(one, source)| state_of(&states, one, source)).collect())
    }

    async fn read_states(&self) -> Result<States, Error> {
        let rows = sql::sources(&mut *self.0.store.read().await?).await?;
        let keyed = rows.into_iter().map(|row| {
            let (key, issuer, state) = row.parts();
            (key, (issuer, state))
        });
        Ok(keyed.collect())
    }

    /// Makes the rows of sources that are new, or of an authority whose certificates changed: numbers go on from what
    /// was held under the same name.
    async fn begin(&self, authorities: &[Authority]) -> Result<(), Error> {
        let states = self.read_states().await?;
        let now = self.now();
        let unused = now.saturating_sub(UNUSED).unwrap_or(now).as_second();
        for authority in authorities {
            let issuer = authority.issuer();
            for source in &authority.sources {
                let key = key_of(authority, source);
                if states.contains_key(&key) {
                    continue;
                }
                let before = states
                    .iter()
                    .filter(|(other, (name, _))| other.address == key.address && *name == issuer);
                let floor = rules::floor(before.map(|(_, (_, state))| state));
                let issuer = issuer.clone();
                let unit = self.0.store.commit(move |tx| {
                    Box::pin(
                        async move { sql::begin(tx.conn(), &key, (&issuer, &floor), unused).await },
                    )
                });
                unit.await?;
            }
        }
        Ok(())
    }

    async fn due(&self, authorities: &[Authority]) -> Result<Vec<Due>, Error> {
        let (states, now) = (self.read_states().await?, self.now().as_second());
        let mut due = Vec::new();
        for authority in authorities {
            for source in &authority.sources {
                let held = state_of(&states, authority, source);
                if held.next_at <= now {
                    let (authority, source) = (authority.clone(), source.clone());
                    due.push(Due { authority, source, held });
                }
            }
        }
        Ok(due)
    }

    /// Fetches several sources at a time.
    fn start(&self, due: Vec<Due>) -> JoinSet<Result<(), Error>> {
        let (places, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        for one in due {
            let (this, places) = (self.clone(), places.clone());
            running.spawn(async move {
                let _place = places.acquire().await.map_err(|_| Error::Closing)?;
                this.follow(one).await
            });
        }
        running
    }

    /// One source: claim, fetch, judge, keep.
    async fn follow(&self, due: Due) -> Result<(), Error> {
        let key = key_of(&due.authority, &due.source);
        if !self.claim(&key).await? {
            return Ok(());
        }
        let most = self.0.config.most_octets;
        let failures = due.held.failures.saturating_add(1);
        let later = |now| rules::after_failure(now, failures, jitter());
        let der = match (self.0.fetch)(due.source.address.clone(), most).await {
            Ok(der) => der,
            Err(why) => return self.failed(&key, later(self.now()), why).await,
        };
        let (now, held) = (self.now(), due.held.clone());
        // A long list takes the processor, and others wait for answers.
        let judged = tokio::task::spawn_blocking(move || {
            rules::judge(der, (&due.authority, &due.source), &due.held, (now, most))
        });
        let refused = match judged.await.map_err(|_| Error::Closing)? {
            Ok(taken) => return self.keep(&key, &held, taken).await,
            Err(refused) => refused,
        };
        tracing::warn!(address = %key.address, %refused, "a list of another institution was not taken");
        let next = match refused {
            Refused::Future(start) => rules::after_early(now, start, failures, jitter()),
            _ => later(now),
        };
        self.failed(&key, next, refused.to_string()).await
    }

    async fn claim(&self, key: &Key) -> Result<bool, Error> {
        let now = self.now();
        let until = now.saturating_add(self.0.config.lease).unwrap_or(now).as_second();
        let (key, now) = (key.clone(), now.as_second());
        let unit = self.0.store.commit(move |tx| {
            Box::pin(async move { sql::claim(tx.conn(), &key, (now, until)).await })
        });
        unit.await
    }

    async fn failed(&self, key: &Key, next: Timestamp, why: String) -> Result<(), Error> {
        let (key, now, next) = (key.clone(), self.now().as_second(), next.as_second());
        let why: String = why.chars().take(MOST_LETTERS).collect();
        let unit = self.0.store.commit(move |tx| {
            Box::pin(async move { sql::failed(tx.conn(), &key, (now, next), &why).await })
        });
        unit.await
    }

    /// The octets are written also when the list is the one that is held: a damaged row heals.
    async fn keep(&self, key: &Key, held: &SourceState, taken: Taken) -> Result<(), Error> {
        let (now, key) = (self.now(), key.clone());
        let next = rules::after_success(now, taken.next_update, self.0.config.every, jitter());
        let state = SourceState {
            next_at: next.as_second(),
            tried_at: now.as_second(),
            number: taken.number,
            this_update: taken.list.this_update().as_second(),
            next_update: taken.next_update.as_second(),
            digest: taken.digest,
            entries: u64::try_from(taken.list.len()).unwrap_or(u64::MAX),
            ..SourceState::default()
        };
        let before = held.digest.clone();
        let unit = self.0.store.commit(move |tx| {
            Box::pin(async move {
                if sql::taken(tx.conn(), &key, &before, &state).await? {
                    sql::keep(tx.conn(), &key, taken.list.der()).await?;
                }
                Ok(())
            })
        });
        unit.await
    }

    /// Builds the snapshot anew; lists that were read before are not read again.
    async fn refresh(&self, authorities: &[Authority]) -> Result<(), Error> {
        let _reading = self.0.reading.lock().await;
        let states = self.read_states().await?;
        let (mut built, mut in_use) = (Vec::new(), HashSet::new());
        for authority in authorities {
            built.push(self.authority(authority, &states, &mut in_use).await?);
        }
        self.read().retain(|key, _| in_use.contains(key));
        let followed = Arc::new(Followed { authorities: built, is_pending: false });
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = followed;
        Ok(())
    }

    async fn authority(
        &self,
        authority: &Authority,
        states: &States,
        in_use: &mut HashSet<String>,
    ) -> Result<FollowedAuthority, Error> {
        let certificates = authority.certificates.clone();
        let (has_lists, responder) = (!authority.sources.is_empty(), authority.responder.clone());
        let mut held =
            FollowedAuthority { certificates, has_lists, responder, ..Default::default() };
        let state = |source| (key_of(authority, source), state_of(states, authority, source));
        let (deltas, complete): (Vec<_>, Vec<_>) =
            authority.sources.iter().partition(|source| source.is_delta);
        let deltas: Vec<_> =
            deltas.into_iter().map(state).filter(|(_, state)| state.holds()).collect();
        for source in complete.into_iter().map(state) {
            let (key, state) = &source;
            if !state.holds() {
                if !held.is_damaged {
                    held.trouble = format!("{}：{}", key.address, state.trouble);
                }
                continue;
            }
            match self.group(&source, &deltas, in_use).await? {
                Some(group) => held.groups.push(group),
                None => {
                    held.trouble = format!("{}：已存的列表损坏，等待重新取得", key.address);
                    held.is_damaged = true;
                }
            }
        }
        Ok(held)
    }

    /// A complete list with the deltas that are held beside it; `None` when the octets of any are not those of its row:
    /// without a delta that was taken, what it revoked would be good again.
    async fn group(
        &self,
        complete: &(Key, SourceState),
        deltas: &[(Key, SourceState)],
        in_use: &mut HashSet<String>,
    ) -> Result<Option<Group>, Error> {
        let all = || std::iter::once(complete).chain(deltas);
        let digests: Vec<&str> = all().map(|(_, state)| state.digest.as_str()).collect();
        let name = digests.join(" ");
        let known = self.read().get(&name).cloned();
        let lists = match known {
            Some(lists) => lists,
            None => {
                let mut lists = Vec::new();
                for (key, state) in all() {
                    let Some(list) = self.load(key, state).await? else { return Ok(None) };
                    lists.push(list);
                }
                Arc::new(lists)
            }
        };
        self.read().insert(name.clone(), lists.clone());
        in_use.insert(name);
        let mut troubles = all().map(|(_, state)| state.trouble.as_str());
        let trouble = troubles.find(|text| !text.is_empty()).unwrap_or_default().to_owned();
        let cited = all().map(cited).collect();
        Ok(Some(Group { lists, cited, trouble }))
    }

    /// The list of a row, if its octets are those that were taken.
    async fn load(&self, key: &Key, state: &SourceState) -> Result<Option<Crl>, Error> {
        let der = sql::list(&mut *self.0.store.read().await?, key).await?;
        let whole = der.filter(|der| sm3::hash(der).to_hex() == state.digest);
        let list = whole.and_then(|der| {
            let most = der.len();
            Crl::from_der_within(der, most).ok()
        });
        if list.is_none() {
            tracing::error!(address = %key.address, "a followed list is not the one of its row");
        }
        Ok(list)
    }

    fn read(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Vec<Crl>>>> {
        self.0.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.0.store.clock().now()
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Follower")
    }
}

fn key_of(authority: &Authority, source: &Source) -> Key {
    Key { address: source.address.as_str().to_owned(), authority: authority.mark() }
}

/// What is known of a source.
fn state_of(states: &States, authority: &Authority, source: &Source) -> SourceState {
    let known = states.get(&key_of(authority, source));
    known.map(|(_, state)| state.clone()).unwrap_or_default()
}

fn cited((key, state): &(Key, SourceState)) -> Cited {
    Cited {
        address: key.address.clone(),
        digest: state.digest.clone(),
        fetched_at: Timestamp::from_second(state.fetched_at).unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

/// Some number. Without randomness everybody comes at the same time, which is a pity and no danger.
fn jitter() -> u32 {
    let mut octets = [0; 4];
    match OsRandom.fill(&mut octets) {
        Ok(()) => u32::from_be_bytes(octets),
        Err(_) => 0,
    }
}

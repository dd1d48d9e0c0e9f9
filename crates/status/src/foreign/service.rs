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
use super::rules::{self, Taken};
use super::sql;
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
}

/// State by address; the mark says whose.
type States = HashMap<String, (String, SourceState)>;

/// A source that is due, with what is held of it.
struct Due {
    authority: Authority,
    source: Source,
    held: SourceState,
}

impl Follower {
    /// A follower over the institution's tables; nothing is fetched before [`Follower::round`].
    pub fn new(store: Store, fetch: Fetch, config: FollowConfig) -> Self {
        let (held, read, turn) = (RwLock::default(), Mutex::default(), Turn::default());
        Self(Arc::new(Inner { store, fetch, config, held, read, turn }))
    }

    /// What is held now.
    pub fn followed(&self) -> Arc<Followed> {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches what is due and takes over what other nodes fetched.
    ///
    /// # Errors
    /// When the database can't be read or written. What is wrong with a source is kept beside it.
    pub async fn round(&self, authorities: &[Authority]) -> Result<(), Error> {
        let _turn = self.0.turn.lock().await;
        // A halted store takes no note of what is fetched; what is held goes on being read.
        if self.0.store.standing() == Standing::Sound {
            self.begin(authorities).await?;
            self.refresh(authorities).await?;
            let mut running = self.start(self.due(authorities).await?);
            while let Some(done) = running.join_next().await {
                done.map_err(|_| Error::Closing)??;
                self.refresh(authorities).await?;
            }
        }
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
            let (address, mark, state) = row.parts();
            (address, (mark, state))
        });
        Ok(keyed.collect())
    }

    /// Makes the rows of sources that are new, or of another authority than before.
    async fn begin(&self, authorities: &[Authority]) -> Result<(), Error> {
        let states = self.read_states().await?;
        for authority in authorities {
            let mark = authority.mark();
            for source in &authority.sources {
                let address = source.address.as_str().to_owned();
                if states.get(&address).is_some_and(|(known, _)| *known == mark) {
                    continue;
                }
                let mark = mark.clone();
                let unit = self.0.store.commit(move |tx| {
                    Box::pin(async move { sql::begin(tx.conn(), &address, &mark).await })
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
        let address = due.source.address.as_str().to_owned();
        if !self.claim(&address).await? {
            return Ok(());
        }
        let most = self.0.config.most_octets;
        let der = match (self.0.fetch)(due.source.address.clone(), most).await {
            Ok(der) => der,
            Err(why) => return self.failed(&address, due.held.failures, why).await,
        };
        let now = self.now();
        let (held, failures) = (due.held.clone(), due.held.failures);
        // A long list takes the processor, and others wait for answers.
        let judged = tokio::task::spawn_blocking(move || {
            rules::judge(der, (&due.authority, &due.source), &due.held, (now, most))
        });
        match judged.await.map_err(|_| Error::Closing)? {
            Ok(taken) => self.keep(&address, &held, taken).await,
            Err(refused) => {
                tracing::warn!(%address, %refused, "a list of another institution was not taken");
                self.failed(&address, failures, refused.to_string()).await
            }
        }
    }

    async fn claim(&self, address: &str) -> Result<bool, Error> {
        let now = self.now();
        let until = now.saturating_add(self.0.config.lease).unwrap_or(now).as_second();
        let (address, now) = (address.to_owned(), now.as_second());
        let unit = self.0.store.commit(move |tx| {
            Box::pin(async move { sql::claim(tx.conn(), &address, (now, until)).await })
        });
        unit.await
    }

    async fn failed(&self, address: &str, failures: u32, why: String) -> Result<(), Error> {
        let now = self.now();
        let next_at = rules::after_failure(now, failures.saturating_add(1), jitter()).as_second();
        let (address, now) = (address.to_owned(), now.as_second());
        let why: String = why.chars().take(MOST_LETTERS).collect();
        let unit = self.0.store.commit(move |tx| {
            Box::pin(async move { sql::failed(tx.conn(), &address, (now, next_at), &why).await })
        });
        unit.await
    }

    async fn keep(&self, address: &str, held: &SourceState, taken: Taken) -> Result<(), Error> {
        let (now, address) = (self.now(), address.to_owned());
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
        let (before, is_new) = (held.digest.clone(), held.digest != state.digest);
        let unit = self.0.store.commit(move |tx| {
            Box::pin(async move {
                let is_ours = sql::taken(tx.conn(), &address, &before, &state).await?;
                if is_ours && is_new {
                    sql::keep(tx.conn(), &address, taken.list.der()).await?;
                }
                Ok(())
            })
        });
        unit.await
    }

    /// Builds the snapshot anew; lists that were read before are not read again.
    async fn refresh(&self, authorities: &[Authority]) -> Result<(), Error> {
        let states = self.read_states().await?;
        let (mut built, mut in_use) = (Vec::new(), HashSet::new());
        for authority in authorities {
            let mut held = FollowedAuthority {
                certificates: authority.certificates.clone(),
                ..FollowedAuthority::default()
            };
            let states = authority.sources.iter().map(|s| (s, state_of(&states, authority, s)));
            let (deltas, complete): (Vec<_>, Vec<_>) = states.partition(|(s, _)| s.is_delta);
            for (source, state) in complete {
                if !state.holds() {
                    held.trouble = format!("{}：{}", source.address, state.trouble);
                    continue;
                }
                let group = self.group((source, &state), &deltas, &mut in_use).await?;
                held.groups.extend(group);
            }
            built.push(held);
        }
        self.read().retain(|key, _| in_use.contains(key));
        let followed = Arc::new(Followed { authorities: built });
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = followed;
        Ok(())
    }

    /// A complete list with the deltas that are held beside it; `None` when its octets are not those of its row.
    async fn group(
        &self,
        (source, state): (&Source, &SourceState),
        deltas: &[(&Source, SourceState)],
        in_use: &mut HashSet<String>,
    ) -> Result<Option<Group>, Error> {
        let deltas: Vec<_> = deltas.iter().filter(|(_, state)| state.holds()).collect();
        let digests = std::iter::once(&state.digest).chain(deltas.iter().map(|(_, s)| &s.digest));
        let key = digests.map(String::as_str).collect::<Vec<_>>().join(" ");
        let known = self.read().get(&key).cloned();
        let lists = match known {
            Some(lists) => lists,
            None => {
                let mut lists: Vec<Crl> = self.load(source, state).await?.into_iter().collect();
                if lists.is_empty() {
                    return Ok(None);
                }
                for (source, state) in &deltas {
                    lists.extend(self.load(source, state).await?);
                }
                Arc::new(lists)
            }
        };
        self.read().insert(key.clone(), lists.clone());
        in_use.insert(key);
        let troubles = std::iter::once(state).chain(deltas.iter().map(|(_, state)| state));
        let trouble = troubles.map(|state| state.trouble.as_str()).find(|text| !text.is_empty());
        let fetched_at = Timestamp::from_second(state.fetched_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let (address, digest) = (source.address.to_string(), state.digest.clone());
        let cited = Cited { address, digest, fetched_at };
        Ok(Some(Group { lists, cited, trouble: trouble.unwrap_or_default().to_owned() }))
    }

    /// The list of a row, if its octets are those that were taken.
    async fn load(&self, source: &Source, state: &SourceState) -> Result<Option<Crl>, Error> {
        let der = sql::list(&mut *self.0.store.read().await?, source.address.as_str()).await?;
        let whole = der.filter(|der| sm3::hash(der).to_hex() == state.digest);
        if whole.is_none() {
            tracing::error!(address = %source.address, "a followed list is not the one of its row");
        }
        Ok(whole.map(Crl::from_der).transpose()?)
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

/// What is known of a source; nothing when its row is another authority's.
fn state_of(states: &States, authority: &Authority, source: &Source) -> SourceState {
    let known = states.get(source.address.as_str());
    let own = known.filter(|(mark, _)| *mark == authority.mark());
    own.map(|(_, state)| state.clone()).unwrap_or_default()
}

/// Some number. Without randomness everybody comes at the same time, which is a pity and no danger.
fn jitter() -> u32 {
    let mut octets = [0; 4];
    match OsRandom.fill(&mut octets) {
        Ok(()) => u32::from_be_bytes(octets),
        Err(_) => 0,
    }
}

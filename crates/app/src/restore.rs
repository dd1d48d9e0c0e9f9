//! After a backup was restored or an anchor was lost: a journal gets a new anchor, for which two
//! people answer, and the institution goes on behind what it had published (T-27).

use std::sync::Arc;

use ca::Ca;
use ca::rules::account::{AfterLoss, Balance};
use gm::soft::SoftDevice;
use gm::{Device, UserId};
use pki::Certificate;
use pki::crl::Crl;
use pki::profile::ProfileSet;
use store::{Filter, Page, Standing, Store, StoreConfig, Stored, SystemClock, Warrant};

use crate::error::Error;
use crate::institution::{ca_config, kmc_store_config, store_config};
use crate::layout::Layout;
use crate::root_list;
use crate::settings::Settings;

/// The record of a new anchor.
const REANCHORED: &str = "journal.reanchored";

/// Whose journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The institution's.
    Institution,
    /// The key centre's.
    KeyCentre,
}

/// A journal that is looked at while nothing is served.
pub struct Shelf {
    which: Which,
    settings: Settings,
    config: StoreConfig,
    device: Arc<dyn Device>,
}

/// What stands in the way of a journal.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Records in the database.
    pub size: u64,
    /// Records that the anchor remembers; `None`: missing or not to be believed.
    pub anchored: Option<u64>,
    /// Why it is halted; `None` when it is sound.
    pub halted: Option<String>,
    /// Whether it was anchored anew before: what was to be done after that may be left.
    pub was_reanchored: bool,
    /// The generations of the issuing CA and of the root that the database knows.
    pub publishers: Vec<Publisher>,
    /// The accounts of signatures that catching up would look at, by the labels of the keys.
    pub accounts: Vec<(String, Fate)>,
}

/// What becomes of the account of a key's signatures, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is closed: it is not in alarm.
    Sound(Balance),
    /// It is closed: what it lacks was lost with the records that the new anchor gave up.
    OfLoss(Balance),
    /// It is closed, although it is in alarm: those who answer said so.
    Ordered(Balance),
    /// It stays as it is: it is in alarm, and the loss does not explain that (T-06).
    Left(Balance),
    /// It stays as it is: it could not be drawn, for this reason.
    Unread(String),
}

impl Fate {
    fn of((balance, says): (Balance, AfterLoss), is_ordered: bool) -> Self {
        match says {
            AfterLoss::Sound => Self::Sound(balance),
            AfterLoss::OfLoss => Self::OfLoss(balance),
            AfterLoss::Alarm if is_ordered => Self::Ordered(balance),
            AfterLoss::Alarm => Self::Left(balance),
        }
    }

    /// Whether somebody still has to look at it.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        matches!(self, Self::Left(_) | Self::Unread(_))
    }
}

/// What those who answer say for catching up.
#[derive(Debug, Clone, Copy)]
pub struct Orders<'o> {
    /// The last lists that are out there.
    pub lists: &'o [Crl],
    /// Labels of keys whose account is closed although it is in alarm: they looked into it.
    pub alarms: &'o [String],
    /// Who, and why.
    pub warrant: &'o Warrant,
}

/// A generation whose lists are out there.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// Its name: of its list's file.
    pub name: String,
    /// Whether it is one of the root.
    pub is_root: bool,
    /// Whether it publishes lists now: its last one must be given.
    pub is_needed: bool,
    certificate: Certificate,
}

impl Publisher {
    fn of(ca: &Ca, is_root: bool) -> Vec<Self> {
        let signing: Vec<_> =
            ca.signing_generations().iter().map(|one| one.name().to_owned()).collect();
        let of = |one: Ca| Self {
            name: one.name().to_owned(),
            is_root,
            is_needed: signing.iter().any(|name| name == one.name())
                && one.generation().is_ok_and(|generation| !generation.is_waiting),
            certificate: one.certificate().clone(),
        };
        ca.generations().into_iter().map(of).collect()
    }

    /// Whether a list bears its name; keys of the root share one (ADR 15).
    #[must_use]
    pub fn is_named_in(&self, list: &Crl) -> bool {
        self.certificate.subject() == list.issuer()
    }

    /// Whether a list is of its key: by the key identifier and by the signature.
    #[must_use]
    pub fn made(&self, list: &Crl) -> bool {
        let own = self.certificate.ski().map(|ski| ski.0);
        let is_own = list.authority_key().is_none_or(|id| Some(id) == own.as_deref());
        let key = self.certificate.public_key();
        is_own
            && self.is_named_in(list)
            && key.is_ok_and(|key| list.verify(&key, &UserId::default()).is_ok())
    }
}

/// What came of catching up.
#[derive(Debug, Default)]
pub struct CaughtUp {
    /// Serial numbers that must be revoked again.
    pub missing: Vec<String>,
    /// What became of the accounts of signatures, by the labels of the keys.
    pub accounts: Vec<(String, Fate)>,
}

impl Seen {
    /// Records that are gone for good.
    #[must_use]
    pub fn lost(&self) -> Option<u64> {
        self.anchored.map(|anchored| anchored.saturating_sub(self.size))
    }
}

impl Shelf {
    /// The journal of a data folder.
    pub fn of(layout: &Layout, which: Which, passphrase: &[u8]) -> Result<Self, Error> {
        let settings = Settings::load(&layout.settings())?;
        let (config, folder) = match which {
            Which::Institution => (store_config(layout, &settings), layout.device()),
            Which::KeyCentre => (kmc_store_config(layout, &settings), layout.kmc_device()),
        };
        Ok(Self {
            which,
            settings,
            config,
            device: Arc::new(SoftDevice::open(&folder, passphrase)?),
        })
    }

    /// The name of the journal in checkpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.config.origin
    }

    /// Looks, and changes nothing: what would become of accounts if those in alarm of `alarms` were to be closed.
    pub async fn look(&self, alarms: &[String]) -> Result<Seen, Error> {
        let store = self.open(self.config.clone()).await?;
        let halted = match store.standing() {
            Standing::Sound => None,
            Standing::Halted { reason } => Some(reason.to_string()),
        };
        let mut seen = Seen {
            size: store.size().await?,
            anchored: store.anchored_size().await?,
            halted,
            was_reanchored: reanchored(&store).await?.is_some(),
            publishers: self.publishers(&store).await?,
            accounts: Vec::new(),
        };
        if self.which == Which::Institution {
            seen.accounts = self.accounts(&store, &seen, alarms).await?;
        }
        store.close().await;
        Ok(seen)
    }

    /// Gives the journal a new anchor. Its records are all verified; when they do not lead to its
    /// head, or the head was not sealed by this device, nothing helps and the journal stays halted.
    pub async fn reanchor(&self, warrant: Warrant) -> Result<Store, Error> {
        self.open_sound(self.config.clone().reanchored_by(warrant)).await
    }

    /// The journal as it is, if it is sound: to catch up again after a run that did not come to its end.
    pub async fn sound(&self) -> Result<Store, Error> {
        self.open_sound(self.config.clone()).await
    }

    async fn open_sound(&self, config: StoreConfig) -> Result<Store, Error> {
        let store = self.open(config).await?;
        match store.standing() {
            Standing::Sound => Ok(store),
            Standing::Halted { reason } => {
                store.close().await;
                Err(store::Error::Halted(reason).into())
            }
        }
    }

    /// What the certification side still has to do after its journal was anchored anew: numbers
    /// of lists go on after the last ones that were published, and signatures whose records were
    /// lost are closed in the accounts. Done again it changes nothing but what was left: numbers only grow, and an alarm
    /// that the loss does not explain stands until those who answer name its key.
    pub async fn catch_up(&self, store: &Store, orders: Orders<'_>) -> Result<CaughtUp, Error> {
        let (ca, roots) = (self.ca(store).await?, self.roots(store).await?);
        let mut done = CaughtUp::default();
        for list in orders.lists {
            let is_of_root = roots.generations().iter().any(|one| one.publishes(list));
            let line = if is_of_root { &roots } else { &ca };
            done.missing.extend(line.follow_list(list, orders.warrant).await?);
        }
        // Of each key that may be on the device: one that can't be asked holds up no other.
        for one in ca.keyed_generations() {
            let fate = close(store, &one, orders).await;
            let fate = fate.unwrap_or_else(|error| Fate::Unread(error.to_string()));
            done.accounts.push((one.key_label().to_string(), fate));
        }
        Ok(done)
    }

    /// What catching up would find now, or after a new anchor where the journal is halted.
    async fn accounts(
        &self,
        store: &Store,
        seen: &Seen,
        alarms: &[String],
    ) -> Result<Vec<(String, Fate)>, Error> {
        let mut accounts = Vec::new();
        for one in self.ca(store).await?.keyed_generations() {
            let label = one.key_label().to_string();
            let lost = match seen.halted {
                Some(_) => seen.lost().unwrap_or(0),
                None => lost_with_anchor(store, &label).await?,
            };
            let fate = match one.account_after_loss(lost).await {
                Ok((found, says)) => Fate::of((found.balance, says), alarms.contains(&label)),
                Err(error) => Fate::Unread(error.to_string()),
            };
            accounts.push((label, fate));
        }
        Ok(accounts)
    }

    async fn ca(&self, store: &Store) -> Result<Ca, Error> {
        let profiles = Arc::new(ProfileSet::embedded()?);
        let (config, clock) = (ca_config(&self.settings), Arc::new(SystemClock));
        Ok(Ca::open(store.clone(), self.device.clone(), clock, profiles, config).await?)
    }

    async fn roots(&self, store: &Store) -> Result<Ca, Error> {
        let profiles = Arc::new(ProfileSet::embedded()?);
        let (config, clock) = (root_list::config(&self.settings), Arc::new(SystemClock));
        Ok(Ca::open(store.clone(), self.device.clone(), clock, profiles, config).await?)
    }

    async fn publishers(&self, store: &Store) -> Result<Vec<Publisher>, Error> {
        if self.which == Which::KeyCentre {
            return Ok(Vec::new());
        }
        let mut all = Publisher::of(&self.ca(store).await?, false);
        all.extend(Publisher::of(&self.roots(store).await?, true));
        Ok(all)
    }

    async fn open(&self, config: StoreConfig) -> Result<Store, Error> {
        Ok(Store::open(config, self.device.clone(), Arc::new(SystemClock)).await?)
    }
}

/// The record of the last new anchor.
async fn reanchored(store: &Store) -> Result<Option<Stored>, Error> {
    let filter = Filter { kind: Some(REANCHORED.to_owned()), ..Filter::default() };
    let newest = Page { limit: 1, newest_first: true, ..Page::default() };
    Ok(store.records(&filter, newest).await?.pop())
}

/// How many records the last new anchor gave up, as long as the account of this key was not closed since: once it was, they
/// explain no signature any more. None where nobody knows how many there were.
async fn lost_with_anchor(store: &Store, label: &str) -> Result<u64, Error> {
    let Some(record) = reanchored(store).await? else { return Ok(0) };
    let closed = Filter {
        kind: Some("signer.account-closed".to_owned()),
        subject: Some(format!("key:{label}")),
        first: Some(record.seq),
        ..Filter::default()
    };
    if store.count(&closed).await? > 0 {
        return Ok(0);
    }
    let of = |name: &str| record.body.get(name).and_then(serde_json::Value::as_u64);
    Ok(of("anchored").zip(of("size")).map_or(0, |(anchored, size)| anchored.saturating_sub(size)))
}

async fn close(store: &Store, ca: &Ca, orders: Orders<'_>) -> Result<Fate, Error> {
    let label = ca.key_label().as_str();
    let lost = lost_with_anchor(store, label).await?;
    let (found, says) = ca.close_account_after_loss(lost, orders.warrant).await?;
    let is_ordered = orders.alarms.iter().any(|alarm| alarm == label);
    if says == AfterLoss::Alarm && is_ordered {
        return Ok(Fate::Ordered(ca.close_account(orders.warrant).await?.balance));
    }
    Ok(Fate::of((found.balance, says), false))
}

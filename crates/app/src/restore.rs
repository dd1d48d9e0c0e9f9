//! After a backup was restored or an anchor was lost: a journal gets a new anchor, for which two
//! people answer, and the institution goes on behind what it had published (T-27).

use std::sync::Arc;

use ca::{Ca, Reconciliation};
use gm::soft::SoftDevice;
use gm::{Device, UserId};
use pki::Certificate;
use pki::crl::Crl;
use pki::profile::ProfileSet;
use store::{Filter, Standing, Store, StoreConfig, SystemClock, Warrant};

use crate::error::Error;
use crate::institution::{ca_config, kmc_store_config, store_config};
use crate::layout::Layout;
use crate::root_list;
use crate::settings::Settings;

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
    /// The accounts that were closed.
    pub accounts: Vec<Reconciliation>,
    /// Labels of keys whose account could not be closed, with why.
    pub unclosed: Vec<(String, Error)>,
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

    /// Looks, and changes nothing.
    pub async fn look(&self) -> Result<Seen, Error> {
        let store = self.open(self.config.clone()).await?;
        let halted = match store.standing() {
            Standing::Sound => None,
            Standing::Halted { reason } => Some(reason.to_string()),
        };
        let kind = Some("journal.reanchored".to_owned());
        let reanchored = Filter { kind, ..Filter::default() };
        let seen = Seen {
            size: store.size().await?,
            anchored: store.anchored_size().await?,
            halted,
            was_reanchored: store.count(&reanchored).await? > 0,
            publishers: self.publishers(&store).await?,
        };
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
    /// lost are closed in the accounts. Done again it changes nothing but what was left: numbers only grow.
    pub async fn catch_up(
        &self,
        store: &Store,
        (lists, warrant): (&[Crl], &Warrant),
    ) -> Result<CaughtUp, Error> {
        let (ca, roots) = (self.ca(store).await?, self.roots(store).await?);
        let mut done = CaughtUp::default();
        for list in lists {
            let is_of_root = roots.generations().iter().any(|one| one.publishes(list));
            let line = if is_of_root { &roots } else { &ca };
            done.missing.extend(line.follow_list(list, warrant).await?);
        }
        // Of each key that may be on the device: one that can't be asked holds up no other.
        for one in ca.keyed_generations() {
            match one.close_account(warrant).await {
                Ok(closed) => done.accounts.push(closed),
                Err(error) => done.unclosed.push((one.key_label().to_string(), error.into())),
            }
        }
        Ok(done)
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

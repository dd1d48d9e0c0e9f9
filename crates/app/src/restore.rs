//! After a backup was restored or an anchor was lost: a journal gets a new anchor, for which two
//! people answer, and the institution goes on behind what it had published (T-27).

use std::sync::Arc;

use ca::{Ca, Reconciliation};
use gm::Device;
use gm::soft::SoftDevice;
use pki::Name;
use pki::crl::Crl;
use pki::profile::ProfileSet;
use store::{Standing, Store, StoreConfig, SystemClock, Warrant};

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
    /// The generations of the issuing CA that publish lists, with the names that these bear.
    pub publishers: Vec<(String, Name)>,
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
        let seen = Seen {
            size: store.size().await?,
            anchored: store.anchored_size().await?,
            halted,
            publishers: self.publishers(&store).await?,
        };
        store.close().await;
        Ok(seen)
    }

    /// Gives the journal a new anchor. Its records are all verified; when they do not lead to its
    /// head, or the head was not sealed by this device, nothing helps and the journal stays halted.
    pub async fn reanchor(&self, warrant: Warrant) -> Result<Store, Error> {
        let store = self.open(self.config.clone().reanchored_by(warrant)).await?;
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
    /// lost are closed in the accounts.
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

    /// The generations of the issuing CA whose last lists are out there, with the names that these
    /// lists bear.
    async fn publishers(&self, store: &Store) -> Result<Vec<(String, Name)>, Error> {
        if self.which == Which::KeyCentre {
            return Ok(Vec::new());
        }
        let of = |one: &Ca| (one.name().to_owned(), one.certificate().subject().clone());
        Ok(self.ca(store).await?.signing_generations().iter().map(of).collect())
    }

    async fn open(&self, config: StoreConfig) -> Result<Store, Error> {
        Ok(Store::open(config, self.device.clone(), Arc::new(SystemClock)).await?)
    }
}

//! After a backup was restored or an anchor was lost: a journal gets a new anchor, for which two
//! people answer, and the institution goes on behind what it had published (T-27).

use std::sync::Arc;

use ca::{Ca, Reconciliation};
use gm::Device;
use gm::soft::SoftDevice;
use pki::crl::Crl;
use pki::profile::ProfileSet;
use store::{Standing, Store, StoreConfig, SystemClock, Warrant};

use crate::error::Error;
use crate::institution::{ca_config, kmc_store_config, store_config};
use crate::layout::Layout;
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
        Ok(Self { settings, config, device: Arc::new(SoftDevice::open(&folder, passphrase)?) })
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
        let seen =
            Seen { size: store.size().await?, anchored: store.anchored_size().await?, halted };
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
    /// of lists go on after the last one that was published, and signatures whose records were
    /// lost are closed in the account. Answers the serials that must be revoked again.
    pub async fn catch_up(
        &self,
        store: &Store,
        (list, warrant): (Option<&Crl>, &Warrant),
    ) -> Result<(Vec<String>, Reconciliation), Error> {
        let profiles = Arc::new(ProfileSet::embedded()?);
        let config = ca_config(&self.settings);
        let clock = Arc::new(SystemClock);
        let ca = Ca::open(store.clone(), self.device.clone(), clock, profiles, config).await?;
        let missing = match list {
            Some(list) => ca.follow_list(list, warrant).await?,
            None => Vec::new(),
        };
        Ok((missing, ca.close_account(warrant).await?))
    }

    async fn open(&self, config: StoreConfig) -> Result<Store, Error> {
        Ok(Store::open(config, self.device.clone(), Arc::new(SystemClock)).await?)
    }
}

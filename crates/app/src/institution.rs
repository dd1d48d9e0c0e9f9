//! A running institution: its store, devices, CA, key centre and status service, opened together.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use access::Access;
use ca::{Ca, CaConfig, GENERATION};
use directory::Directory;
use gm::soft::SoftDevice;
use gm::{Device, DeviceError, KeyLabel};
use jiff::SignedDuration;
use kmc::{KeyCentre, Kmc, Local};
use letters::Letters;
use pki::Urls;
use pki::attestation::Products;
use ra::Ra;
use status::timestamp::TimestampAuthority;
use status::{Lists, Responder};
use store::{Clock, Engine, Opening, Schema, Store, StoreConfig, SystemClock};
use zeroize::Zeroizing;

use crate::breakdown::Broken;
use crate::centre;
use crate::ends::Served;
use crate::error::Error;
use crate::kinds::Kinds;
use crate::layout::Layout;
use crate::publication;
use crate::refusals::Refusals;
use crate::registration::{self, Failing};
use crate::replica::Replica;
use crate::root_list;
use crate::settings::Settings;
use crate::signing::Signing;
use crate::verification::Verification;

/// The name of the issuing CA, of its first generation, and of its registration at the key centre.
pub const ISSUER: &str = "issuing";
/// How long caches on the way may keep a revocation list at most.
const LISTS_MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// The passphrases of the software devices.
pub struct Secrets {
    /// Of the institution's device.
    pub device: Zeroizing<Vec<u8>>,
    /// Of the key centre's device, where the centre is embedded.
    pub kmc: Option<Zeroizing<Vec<u8>>>,
}

/// A running institution. Cheap to clone.
#[derive(Clone)]
pub struct Institution(Arc<Inner>);

struct Inner {
    layout: Layout,
    settings: Settings,
    store: Store,
    device: Arc<dyn Device>,
    clock: Arc<dyn Clock>,
    ca: Ca,
    roots: Ca,
    centre: Arc<dyn KeyCentre>,
    kmc: Option<Kmc>,
    responder: Responder,
    lists: Arc<Lists>,
    directory: Directory,
    directory_for_clients: Directory,
    replica: Option<Replica>,
    timestamp: Option<TimestampAuthority>,
    access: Access,
    kinds: Kinds,
    products: Arc<Products>,
    ra: Option<Ra>,
    letters: Option<Letters>,
    verification: Verification,
    signing: Signing,
    broken: Broken,
    failing: Failing,
    refusals: Refusals,
    served: Served,
}

/// What an institution is opened with.
pub struct Parts {
    /// The data folder.
    pub layout: Layout,
    /// The settings.
    pub settings: Settings,
    /// The institution's device.
    pub device: Arc<dyn Device>,
    /// The key centre's device, where the centre is embedded.
    pub kmc_device: Option<Arc<dyn Device>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether databases may be new.
    pub opening: Opening,
}

impl Parts {
    /// The parts of a data folder: settings file, software devices, system clock. Nobody else may have the devices.
    pub fn of(layout: Layout, secrets: &Secrets) -> Result<Self, Error> {
        let settings = Settings::load(&layout.settings())?;
        Self::with(layout, settings, secrets, SoftDevice::open)
    }

    /// The same for a node that serves: where the databases are on a server, other nodes of this machine may serve
    /// beside it and share the devices (ADR 17).
    pub fn of_node(layout: Layout, secrets: &Secrets) -> Result<Self, Error> {
        let settings = Settings::load(&layout.settings())?;
        let open = match has_room_for_nodes(&settings) {
            true => SoftDevice::open_shared,
            false => SoftDevice::open,
        };
        Self::with(layout, settings, secrets, open)
    }

    fn with(
        layout: Layout,
        settings: Settings,
        secrets: &Secrets,
        open: fn(&Path, &[u8]) -> Result<SoftDevice, DeviceError>,
    ) -> Result<Self, Error> {
        let device = open(&layout.device(), &secrets.device)?;
        let kmc_device = match (&secrets.kmc, settings.kmc.remote.is_empty()) {
            (Some(phrase), true) => Some(arc(open(&layout.kmc_device(), phrase)?)),
            (None, true) => {
                return Err(Error::Setup("密钥管理中心为内置方式，需要其密码设备的口令".into()));
            }
            (_, false) => None,
        };
        Ok(Self {
            layout,
            settings,
            device: arc(device),
            kmc_device,
            clock: Arc::new(SystemClock),
            opening: Opening::Existing,
        })
    }
}

impl Parts {
    /// Opens the institution's store alone: for work on keys while nothing is served.
    pub async fn open_store(&self) -> Result<Store, Error> {
        open_store(self).await
    }
}

fn arc(device: impl Device + 'static) -> Arc<dyn Device> {
    Arc::new(device)
}

impl Institution {
    /// Opens everything. The ceremony must have been held.
    pub async fn open(parts: Parts) -> Result<Self, Error> {
        let profiles = Arc::new(parts.settings.profiles()?);
        let kinds = Kinds::of(&profiles);
        parts.settings.check_kinds(&kinds)?;
        let config = ca_config(&parts.settings);
        let store = open_store(&parts).await?;
        let ca = Ca::open(
            store.clone(),
            parts.device.clone(),
            parts.clock.clone(),
            profiles.clone(),
            config,
        )
        .await?;
        check_shards(&parts.settings, &ca)?;
        let roots = root_list::open(&parts, &store, &profiles).await?;
        let products = Arc::new(crate::devices::read_products(&parts.layout)?);
        let ra = registration::open(&parts, &store, (&ca, &profiles, &products)).await?;
        let letters = crate::letters::open(&parts, &store, ra.as_ref())?;
        let kmc = match &parts.kmc_device {
            Some(device) => Some(open_kmc(&parts, device.clone()).await?),
            None => None,
        };
        let centre: Arc<dyn KeyCentre> = match &kmc {
            Some(kmc) => Arc::new(Local::new(kmc.clone(), ISSUER).await?),
            None => centre::remote(&parts, &ca).await?,
        };
        let (responder, lists) = open_status(&parts, &store).await?;
        let lists = Arc::new(lists);
        let directory = publication::open(&parts, &store, lists.clone())?;
        let directory_for_clients = publication::for_clients(&parts, &directory)?;
        let replica = crate::replica::open(&parts, &store, &directory)?;
        let timestamp = crate::timestamp::open(&parts, &store).await?;
        let access = Access::new(store.clone(), parts.device.clone(), parts.clock.clone())?;
        let verification = Verification::open(&parts.settings.verification, store.clone())?;
        let signing = Signing::new();
        let refusals = Refusals::new(parts.settings.limits.refused_per_minute);
        let Parts { layout, settings, device, clock, .. } = parts;
        let inner = Inner {
            layout,
            settings,
            store,
            device,
            clock,
            ca,
            roots,
            centre,
            kmc,
            responder,
            lists,
            directory,
            directory_for_clients,
            replica,
            timestamp,
            access,
            kinds,
            products,
            ra,
            letters,
            verification,
            signing,
            broken: Broken::default(),
            failing: Failing::default(),
            refusals,
            served: Served::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The data folder.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Database and journal.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The institution's device.
    #[must_use]
    pub fn device(&self) -> &Arc<dyn Device> {
        &self.0.device
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The issuing CA with all its generations.
    #[must_use]
    pub fn ca(&self) -> &Ca {
        &self.0.ca
    }

    /// The root with all its generations. Its keys are with custodians, not on the device.
    #[must_use]
    pub fn roots(&self) -> &Ca {
        &self.0.roots
    }

    /// The key centre, wherever it is.
    #[must_use]
    pub fn centre(&self) -> &dyn KeyCentre {
        &*self.0.centre
    }

    /// The embedded key centre.
    #[must_use]
    pub fn kmc(&self) -> Option<&Kmc> {
        self.0.kmc.as_ref()
    }

    /// The status service.
    #[must_use]
    pub fn responder(&self) -> &Responder {
        &self.0.responder
    }

    /// The revocation lists in force.
    #[must_use]
    pub fn lists(&self) -> &Lists {
        &self.0.lists
    }

    /// The certificate directory.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// The certificate directory as applications see it that signed in.
    #[must_use]
    pub fn directory_for_clients(&self) -> &Directory {
        &self.0.directory_for_clients
    }

    /// Publishing into another directory, where there is one.
    #[must_use]
    pub fn replica(&self) -> Option<&Replica> {
        self.0.replica.as_ref()
    }

    /// The timestamp service, where it is switched on.
    #[must_use]
    pub fn timestamp(&self) -> Option<&TimestampAuthority> {
        self.0.timestamp.as_ref()
    }

    /// Who may do what.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// Which requests of API clients were refused.
    #[must_use]
    pub fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    /// The kinds of certificates that can be ordered.
    #[must_use]
    pub fn kinds(&self) -> &Kinds {
        &self.0.kinds
    }

    /// The register of certified products.
    #[must_use]
    pub fn products(&self) -> &Products {
        &self.0.products
    }

    /// Registration, where it is open.
    pub(crate) fn ra(&self) -> Option<&Ra> {
        self.0.ra.as_ref()
    }

    /// The letters, where registration is open.
    pub(crate) fn letters_if_open(&self) -> Option<&Letters> {
        self.0.letters.as_ref()
    }

    /// The verification service.
    pub(crate) fn verification(&self) -> &Verification {
        &self.0.verification
    }

    /// The signing service for applications.
    pub(crate) fn signing(&self) -> &Signing {
        &self.0.signing
    }

    /// Work in the background that broke down in this process.
    pub(crate) fn broken(&self) -> &Broken {
        &self.0.broken
    }

    /// What was decided and fails each time.
    pub(crate) fn failing(&self) -> &Failing {
        &self.0.failing
    }

    /// Transport certificates that this process serves.
    pub(crate) fn served(&self) -> &Served {
        &self.0.served
    }

    /// 128 random bits of the device, in hexadecimal.
    pub fn draw_nonce(&self) -> Result<String, Error> {
        let mut octets = [0; 16];
        self.device().session()?.fill(&mut octets)?;
        Ok(hex::encode(octets))
    }

    /// Signs a last checkpoint and lets go of databases.
    pub async fn close(self) {
        self.store().clone().close().await;
        if let Some(kmc) = self.kmc() {
            kmc.store().clone().close().await;
        }
    }
}

/// Whether more than one process may serve an institution: an embedded database belongs to one.
fn has_room_for_nodes(settings: &Settings) -> bool {
    let is_server = |url: &str| matches!(Engine::of(url), Ok(Engine::Postgres));
    is_server(&settings.storage.url)
        && (!settings.kmc.remote.is_empty() || is_server(&settings.kmc.url))
}

/// The institution's store.
pub(crate) async fn open_store(parts: &Parts) -> Result<Store, Error> {
    let config = store_config(&parts.layout, &parts.settings).opening(parts.opening);
    Ok(Store::open(config, parts.device.clone(), parts.clock.clone()).await?)
}

/// Where the institution's store is.
pub(crate) fn store_config(layout: &Layout, settings: &Settings) -> StoreConfig {
    let storage = &settings.storage;
    let url = match storage.url.is_empty() {
        true => Layout::database_url(&layout.database()),
        false => storage.url.clone(),
    };
    let anchor = match storage.anchor.is_empty() {
        true => layout.anchor(),
        false => storage.anchor.clone().into(),
    };
    let origin = &settings.institution.origin;
    let mut config = StoreConfig::new(url, Schema::Institution, anchor, origin);
    config.checkpoint_every = Duration::from_secs(storage.checkpoint_seconds.max(1));
    config
}

/// The embedded key centre.
pub(crate) async fn open_kmc(parts: &Parts, device: Arc<dyn Device>) -> Result<Kmc, Error> {
    let config = kmc_store_config(&parts.layout, &parts.settings).opening(parts.opening);
    let store = Store::open(config, device.clone(), parts.clock.clone()).await?;
    let config = centre::config(&parts.settings)?;
    Ok(Kmc::open(store, device, parts.clock.clone(), config).await?)
}

/// Where the key centre's store is.
pub(crate) fn kmc_store_config(layout: &Layout, settings: &Settings) -> StoreConfig {
    let url = match settings.kmc.url.is_empty() {
        true => Layout::database_url(&layout.kmc_database()),
        false => settings.kmc.url.clone(),
    };
    let origin = format!("{}-kmc", settings.institution.origin);
    StoreConfig::new(url, Schema::Kmc, layout.kmc_anchor(), origin)
}

/// The status services: answers by the delegated key, and the lists in force.
async fn open_status(parts: &Parts, store: &Store) -> Result<(Responder, Lists), Error> {
    let label = KeyLabel::new(ca::ceremony::RESPONDER_KEY)
        .map_err(|_| Error::Stored("状态应答密钥的名称无效"))?;
    let lists = Lists::new(store.clone(), LISTS_MAX_AGE);
    let config = parts.settings.ocsp.config(label)?;
    let responder = Responder::open(store.clone(), parts.device.clone(), config).await?;
    Ok((responder, lists))
}

/// Certificates name the list of their shard: where settings and ceremony differ, they would name
/// one that there is not.
fn check_shards(settings: &Settings, ca: &Ca) -> Result<(), Error> {
    let (said, made) = (settings.crl.shards, ca.shards());
    match said == made {
        true => Ok(()),
        false => Err(Error::Setup(format!(
            "配置项 [crl] shards 为 {said}，而密钥仪式中确定的分片数是 {made}；请改正 yinxin.toml 后重新启动"
        ))),
    }
}

/// The CA's configuration out of the settings.
pub(crate) fn ca_config(settings: &Settings) -> CaConfig {
    let mut config = CaConfig::new(ISSUER, urls(settings));
    config.crl = settings.crl.policy();
    config.renewals_keep_key = settings.ca.profiles_that_keep_keys();
    config.status_kept = settings.ocsp.retention();
    config
}

/// The addresses that certificates carry, of each generation.
pub(crate) fn urls(settings: &Settings) -> Urls {
    let base = settings.server.public_url.trim_end_matches('/');
    Urls {
        crl: vec![settings.crl.full(base, GENERATION)],
        freshest_crl: settings.crl.freshest(base, GENERATION),
        ocsp: vec![format!("{base}/ocsp")],
        ca_issuers: vec![format!("{base}/ca/{GENERATION}.cer")],
        cps: None,
    }
}

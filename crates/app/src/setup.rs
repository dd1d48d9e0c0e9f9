//! The founding of an institution: devices, databases, the key ceremony, the key centre and the
//! first API client. Cut off and run again with the same plan, it goes on where it stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::{Access, Client, NewClient};
use ca::ceremony::{
    Ceremony, CeremonyPlan, CeremonyReport, ISSUING_KEY, Participants, Quorum, RESPONDER_KEY, ROOT,
};
use gm::passphrase::Stretch;
use gm::soft::SoftDevice;
use gm::{Device, DeviceError, KeyKind, PublicKey, RefusedReason};
use pki::SubjectInput;
use pki::profile::ProfileSet;
use store::{Actor, Opening, Store, SystemClock};

use crate::centre;
use crate::error::Error;
use crate::institution::{self, ISSUER, Parts, Secrets};
use crate::kinds::Kinds;
use crate::layout::Layout;
use crate::root_list;
use crate::settings::Settings;

/// What is to be founded.
pub struct Founding {
    /// Where.
    pub layout: Layout,
    /// The settings; written to the data folder.
    pub settings: Settings,
    /// The passphrases of the devices.
    pub secrets: Secrets,
    /// How hard guessing passphrases is made.
    pub stretch: Stretch,
    /// Names the ceremony; running it again with the same name goes on.
    pub ceremony: String,
    /// Subjects of root, issuing CA and responder.
    pub subjects: Subjects,
    /// Who is there.
    pub participants: Participants,
    /// Shards of the CRL; 0 for none.
    pub shards: u16,
    /// The client that may create the others.
    pub first_client: Option<NewClient>,
    /// The key by which a key centre in another process signs its answers; none: embedded.
    pub centre_key: Option<PublicKey>,
}

/// Names of the institution's own certificates.
pub struct Subjects {
    /// Root.
    pub root: SubjectInput,
    /// Issuing CA.
    pub issuing: SubjectInput,
    /// OCSP responder.
    pub responder: SubjectInput,
}

impl Subjects {
    /// The usual names for an institution.
    #[must_use]
    pub fn of(institution: &str) -> Self {
        let named = |name: String| SubjectInput {
            organization: Some(institution.to_owned()),
            ..SubjectInput::named(name)
        };
        Self {
            root: named(format!("{institution}根CA")),
            issuing: named(format!("{institution}SM2 CA")),
            responder: named(format!("{institution}状态应答")),
        }
    }
}

/// What was founded.
#[derive(Debug)]
pub struct Founded {
    /// Certificates, shares, protocol.
    pub report: CeremonyReport,
    /// The first client.
    pub client: Option<Client>,
    /// The public key that a key centre in another process must register, as a PEM file.
    pub link_key: Option<PathBuf>,
}

/// The devices of an institution: its own, and that of its key centre where the centre is embedded.
pub struct Devices {
    /// The institution's.
    pub own: Arc<dyn Device>,
    /// The key centre's.
    pub centre: Option<Arc<dyn Device>>,
}

impl Founding {
    /// Settings that cannot be issued by are refused before anything is made.
    fn profiles(&self) -> Result<Arc<ProfileSet>, Error> {
        let profiles = Arc::new(self.settings.profiles()?);
        self.settings.check_kinds(&Kinds::of(&profiles))?;
        Ok(profiles)
    }
}

/// Founds an institution on software devices.
pub async fn found(founding: Founding) -> Result<Founded, Error> {
    founding.profiles()?;
    let (layout, secrets) = (&founding.layout, &founding.secrets);
    make_folder(layout.root())?;
    let own = device(&layout.device(), &secrets.device, founding.stretch)?;
    let centre = match (&secrets.kmc, founding.settings.kmc.remote.is_empty()) {
        (Some(phrase), true) => Some(device(&layout.kmc_device(), phrase, founding.stretch)?),
        (None, true) => return Err(Error::Setup("缺少密钥管理中心密码设备的口令".into())),
        (_, false) => None,
    };
    found_on(founding, Devices { own, centre }).await
}

/// Founds an institution on devices of whatever kind.
pub async fn found_on(mut founding: Founding, devices: Devices) -> Result<Founded, Error> {
    let layout = &founding.layout.clone();
    let profiles = founding.profiles()?;
    make_folder(layout.root())?;
    make_folder(&layout.ceremony())?;
    if let Some(key) = &founding.centre_key {
        write_key(&layout.centre_key(), key)?;
        let name = layout.centre_key().file_name().map(|n| n.to_string_lossy().into_owned());
        founding.settings.kmc.remote_key = name.unwrap_or_default();
    }
    founding.settings.crl.shards = founding.shards;
    founding.settings.save(&layout.settings())?;
    let parts = Parts {
        layout: layout.clone(),
        settings: founding.settings.clone(),
        device: devices.own,
        kmc_device: devices.centre,
        clock: Arc::new(SystemClock),
        opening: Opening::New,
    };
    let store = institution::open_store(&parts).await?;
    let plan = plan(&founding);
    let quorum = Quorum::of(founding.participants).map_err(ca::Error::from)?;
    let ceremony = Ceremony::new(
        store.clone(),
        parts.device.clone(),
        parts.clock.clone(),
        profiles,
        (plan, quorum),
    )?;
    let report = ceremony.run().await?;
    register_at_centre(&parts, &report).await?;
    let link_key = link_key(&parts)?;
    let access = Access::new(store.clone(), parts.device.clone(), parts.clock.clone())?;
    let client = match founding.first_client {
        Some(new) => Some(first_client(&access, new).await?),
        None => None,
    };
    note_keys(&parts, &store).await?;
    store.close().await;
    Ok(Founded { report, client, link_key })
}

/// The first client; if an earlier run created it, that one.
async fn first_client(access: &Access, new: NewClient) -> Result<Client, Error> {
    if let Some(found) = access.client_by_key(&new.public_key).await? {
        return Ok(found);
    }
    Ok(access.create_first_client(new).await?)
}

async fn register_at_centre(parts: &Parts, report: &CeremonyReport) -> Result<(), Error> {
    let Some(device) = &parts.kmc_device else {
        return Ok(());
    };
    let kmc = institution::open_kmc(parts, device.clone()).await?;
    let name = kmc::Text::parse("name", ISSUER)?;
    kmc.register_ca(name, report.issuing.public_key()?, Actor::system()).await?;
    kmc.refill().await?;
    kmc.store().clone().close().await;
    Ok(())
}

/// The keys that were made beside the ceremony: of the journal, of sessions, of the way to a key centre
/// (Measures Art. 20 ¶2; check C20-2). Those of the ceremony are on its record.
async fn note_keys(parts: &Parts, store: &Store) -> Result<(), Error> {
    let of_ceremony = [ROOT, ISSUING_KEY, RESPONDER_KEY];
    let mut keys = parts.device.session()?.keys()?;
    keys.retain(|key| !of_ceremony.contains(&key.label.as_str()));
    Ok(store.note_generated(keys, parts.device.info().provenance()).await?)
}

/// The key that signs our requests to a key centre in another process: not the issuing key, whose
/// every signature is accounted for (T-06).
fn link_key(parts: &Parts) -> Result<Option<PathBuf>, Error> {
    if parts.settings.kmc.remote.is_empty() {
        return Ok(None);
    }
    let label = centre::link_label()?;
    let mut session = parts.device.session()?;
    let info = match session.key(&label) {
        Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => {
            session.generate(&label, KeyKind::Sm2Sign)?
        }
        found => found?,
    };
    let key = info.public_key.ok_or(Error::Stored("通信密钥没有公钥"))?;
    let path = parts.layout.ceremony().join("kmc-link.pub.pem");
    write_key(&path, &key)?;
    Ok(Some(path))
}

fn write_key(path: &Path, key: &PublicKey) -> Result<(), Error> {
    let pem = pki::pem::encode("PUBLIC KEY", pki::Spki::of(key).der())?;
    std::fs::write(path, pem)
        .map_err(|e| Error::Setup(format!("无法写入公钥文件 {}：{e}", path.display())))
}

fn plan(founding: &Founding) -> CeremonyPlan {
    let settings = &founding.settings;
    let folder = founding.layout.ceremony();
    CeremonyPlan {
        name: founding.ceremony.clone(),
        institution: settings.institution.name.clone(),
        root: founding.subjects.root.clone(),
        issuing: founding.subjects.issuing.clone(),
        responder: founding.subjects.responder.clone(),
        root_config: root_list::config(settings),
        issuing_config: institution::ca_config(settings),
        shards: founding.shards,
        keep_root: false,
        shares: folder.join("shares"),
        protocol: folder.join("protocol"),
        stretch: founding.stretch,
    }
}

/// A device: made, or opened if an earlier run made it.
pub(crate) fn device(
    folder: &Path,
    passphrase: &[u8],
    stretch: Stretch,
) -> Result<Arc<dyn Device>, Error> {
    match SoftDevice::create(folder, passphrase, stretch) {
        Ok(device) => Ok(Arc::new(device)),
        Err(DeviceError::Refused(RefusedReason::DeviceExists)) => {
            Ok(Arc::new(SoftDevice::open(folder, passphrase)?))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn make_folder(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|e| Error::Setup(format!("无法新建文件夹 {}：{e}", path.display())))
}

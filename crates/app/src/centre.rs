//! The key centre of the settings: its own name, or the way to one in another process.

use std::sync::Arc;

use gm::passphrase::Stretch;
use gm::soft::SoftDevice;
use gm::{Device, KeyLabel};
use kmc::{KeyCentre, Kmc, KmcConfig, RefillPolicy, Remote, RemoteConfig, Retention, Transport};
use pki::oid;
use pki::strict::Tag;
use pki::{Certificate, Name, Serial};

use store::{Opening, SystemClock};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::institution::{self, Parts};
use crate::layout::Layout;
use crate::settings::Settings;
use crate::setup;

/// Serial that an embedded centre gives as its own, until its certificate comes from the
/// national root: GM/T 0014 wants the field.
const OWN_SERIAL: [u8; 1] = [1];

/// Label of the device key that signs requests to a centre in another process.
pub const LINK_KEY: &str = "kmc-link";

pub(crate) fn link_label() -> Result<KeyLabel, Error> {
    KeyLabel::new(LINK_KEY).map_err(|_| Error::Stored("通信密钥的名称无效"))
}

/// How the embedded centre is set up.
pub(crate) fn config(settings: &Settings) -> Result<KmcConfig, Error> {
    let level = settings.kmc.standby.max(2);
    let name = Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, settings.institution.name.as_str()),
        (oid::COMMON_NAME, Tag::UTF8_STRING, "密钥管理中心"),
    ]);
    Ok(KmcConfig {
        name_der: name.der().to_vec(),
        certificate_serial: Serial::from_magnitude(&OWN_SERIAL)?,
        refill: RefillPolicy { low: level / 2, level, batch: level.min(100) },
        retention: Retention::default(),
    })
}

/// Opens the key centre of a data folder alone, for a process of its own.
pub async fn open_centre(
    layout: Layout,
    settings: Settings,
    passphrase: &[u8],
) -> Result<Kmc, Error> {
    let device: Arc<dyn Device> = Arc::new(SoftDevice::open(&layout.kmc_device(), passphrase)?);
    let parts = Parts {
        layout,
        settings,
        device: device.clone(),
        kmc_device: None,
        clock: Arc::new(SystemClock),
        opening: Opening::Existing,
    };
    institution::open_kmc(&parts, device).await
}

/// A key centre to be founded in a data folder of its own.
pub struct NewCentre {
    /// Where.
    pub layout: Layout,
    /// Its settings; written to the data folder.
    pub settings: Settings,
    /// The passphrase of its device.
    pub passphrase: Zeroizing<Vec<u8>>,
    /// How hard guessing the passphrase is made.
    pub stretch: Stretch,
}

/// Founds a key centre: device, database, standby store. It belongs to other hands than the
/// certification side (GM/T 0034 §5), so not in the same folder. Run again, it goes on.
pub async fn found_centre(new: NewCentre) -> Result<Kmc, Error> {
    let NewCentre { layout, settings, passphrase, stretch } = new;
    if layout.device().exists() || layout.database().exists() {
        let text = "该数据目录中已有认证机构；独立的密钥管理中心应另用一个数据目录，由不同的人掌握";
        return Err(Error::Setup(text.into()));
    }
    setup::make_folder(layout.root())?;
    settings.save(&layout.settings())?;
    let device = setup::device(&layout.kmc_device(), &passphrase, stretch)?;
    let parts = Parts {
        layout,
        settings,
        device: device.clone(),
        kmc_device: None,
        clock: Arc::new(SystemClock),
        opening: Opening::New,
    };
    let kmc = institution::open_kmc(&parts, device).await?;
    kmc.refill().await?;
    Ok(kmc)
}

/// A centre in another process: GM/T 0014 over HTTP.
pub(crate) async fn remote(parts: &Parts, ca: &ca::Ca) -> Result<Arc<dyn KeyCentre>, Error> {
    let settings = &parts.settings.kmc;
    let path = parts.layout.root().join(&settings.remote_key);
    let key = std::fs::read(&path).map_err(|e| {
        Error::Setup(format!("无法读取密钥管理中心的公钥或证书 {}：{e}", path.display()))
    })?;
    // The centre knows the CA by its first generation; requests bear a key of their own.
    let first = ca.generations().into_iter().next();
    let certificate = first.as_ref().unwrap_or(ca).certificate();
    let config = RemoteConfig {
        ca_name_der: certificate.subject().der().to_vec(),
        ca_certificate_serial: certificate.serial(),
        signing_label: link_label()?,
        centre_key: centre_key(&key)?,
    };
    let transport = http(settings.remote.clone());
    let remote = Remote::new(parts.device.clone(), parts.clock.clone(), transport, config).await?;
    Ok(Arc::new(remote))
}

/// The centre's signing key: a certificate, or a bare public key in PEM.
fn centre_key(input: &[u8]) -> Result<gm::PublicKey, Error> {
    if let Ok(der) = pki::pem::der_of(input, &["PUBLIC KEY"], 4096)
        && let Ok(spki) = pki::Spki::from_der(&der)
    {
        return Ok(spki.public_key()?);
    }
    Ok(Certificate::from_pem_or_der(input)?.public_key()?)
}

/// POSTs a request. Messages are signed on both sides, so the channel carries them as they are.
fn http(url: String) -> Transport {
    Arc::new(move |message| {
        let url = url.clone();
        Box::pin(async move {
            let send = move || post(&url, &message);
            tokio::task::spawn_blocking(send).await.map_err(|e| e.to_string())?
        })
    })
}

fn post(url: &str, message: &[u8]) -> Result<Vec<u8>, String> {
    let mut answer = ureq::post(url)
        .config()
        .timeout_global(Some(std::time::Duration::from_secs(10)))
        .build()
        .header("Content-Type", "application/octet-stream")
        .send(message)
        .map_err(|e| e.to_string())?;
    answer.body_mut().with_config().limit(1 << 20).read_to_vec().map_err(|e| e.to_string())
}

//! Operations of the CA: load, decide, store, journal.
//!
//! | file | operation |
//! | --- | --- |
//! | `prepare` | plan a certificate and lint it, outside of any unit |
//! | `intend` | record what will be signed, in the caller's unit |
//! | `sign` | sign on the device, verify, open the breaker if wrong |
//! | `keep` | store certificate and journal record, in the caller's unit |
//! | `recover` | finish or explain what a crash left |
//! | `change` | suspend, resume, revoke, expire |
//! | `authority` | certificates of a root, revoked by two people; what lists do not tell yet |
//! | `cross` | cross-certificates: withdrawn, taken in |
//! | `find` | look up, list, count, export |
//! | `evidence` | hold certificates and changes of status against the journal |
//! | `account` | hold the device's counter against the records |
//! | `line` | the generations of an authority, and which of them issues |
//! | `appoint` | a generation that waits for its day issues at once, by order of two people |
//! | `end` | a generation that is over, and the end of its key |
//! | `link` | certificates by which one key of the root vouches for another |
//! | `release` | what two people answer for: a stopped key, an account, a restored database |

mod account;
mod appoint;
mod authority;
mod change;
mod cross;
mod end;
mod evidence;
mod find;
mod intend;
mod keep;
mod line;
mod link;
mod prepare;
mod recover;
mod release;
mod sign;

pub(crate) use account::reconcile_key;
pub(crate) use change::text;
pub(crate) use line::OCSP;
pub(crate) use link::LINK;
pub(crate) use prepare::cross::Recognition;
pub(crate) use prepare::period;

pub use account::Reconciliation;
pub use cross::{
    CrossIssued, CrossReceived, cross_issued, cross_received, own_authorities, take_back, take_in,
};
pub use evidence::Comparison;
pub use find::{CertificatePage, EndMark, Export};
pub use intend::{Intent, IssuanceTicket};
pub use line::Generation;
pub use link::Link;
pub use prepare::PreparedOrder;
pub use recover::{Explanation, Recovery};
pub use sign::SignedCertificate;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gm::{Device, KeyLabel, PublicKey};
use pki::Certificate;
use pki::profile::ProfileSet;
use store::{Clock, Store};

use crate::error::{Error, Invalid, Refusal};
use crate::model::CaConfig;
use crate::sql;

/// An authority: the generations of its key, their certificates, their places in the database. Cheap
/// to clone; all clones share what is known of the generations, and their breakers.
///
/// What concerns certificates that exist concerns those of all generations. What is signed, is signed
/// by the generation that issues at the moment, or by the one of what was recorded before;
/// [`Ca::generations`] are handles for each of them.
#[derive(Clone)]
pub struct Ca {
    line: Arc<line::Line>,
    /// The place of one generation; `None`: of whichever issues.
    at: Option<usize>,
}

/// One generation.
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) device: Arc<dyn Device>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) profiles: Arc<ProfileSet>,
    /// The configuration with this generation's name in its addresses.
    pub(crate) config: CaConfig,
    pub(crate) issuer: Issuing,
    pub(crate) seat: line::Seat,
    /// Open once the device returned a wrong signature; also kept in table `signer`.
    pub(crate) quarantined: AtomicBool,
    /// One CRL is made at a time.
    pub(crate) publishing: tokio::sync::Mutex<()>,
    pub(crate) templates: prepare::Templates,
    /// The random octets of the last serial number, against a stuck source (T-01).
    pub(crate) last_random: std::sync::Mutex<[u8; 16]>,
}

/// The issuer as it was found at opening.
#[derive(Debug, Clone)]
pub(crate) struct Issuing {
    pub(crate) id: i64,
    pub(crate) label: KeyLabel,
    /// SM3 of the public point, hexadecimal.
    pub(crate) key_hash: String,
    /// SM3 of the certificate, hexadecimal.
    pub(crate) fingerprint: String,
    pub(crate) certificate: Certificate,
    pub(crate) public_key: PublicKey,
    pub(crate) shards: u16,
}

impl Ca {
    /// Opens the authority of `config.issuer` with its generations. The issuer must exist (a ceremony
    /// makes it) and the device must hold its key.
    pub async fn open(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        profiles: Arc<ProfileSet>,
        config: CaConfig,
    ) -> Result<Self, Error> {
        config.crl.check()?;
        let mut reader = store.read().await?;
        let row = sql::issuer::by_name(&mut reader, &config.issuer)
            .await?
            .ok_or_else(|| Invalid::NoIssuer(config.issuer.clone()))?;
        let signer = sql::signer::find(&mut reader, &row.key_label).await?;
        drop(reader);
        let inner = Inner {
            store,
            device,
            clock,
            profiles,
            config: config.clone().of_generation(&config.issuer),
            issuer: Issuing::from_row(row)?,
            seat: line::Seat::first(),
            quarantined: AtomicBool::new(signer.is_some_and(|signer| signer.state != "sound")),
            publishing: tokio::sync::Mutex::new(()),
            templates: prepare::Templates::default(),
            last_random: std::sync::Mutex::new([0; 16]),
        };
        check_addresses(&inner.config, inner.issuer.shards)?;
        let ca = Self { line: Arc::new(line::Line::new(config, inner)), at: None };
        ca.follow_line().await?;
        Ok(ca)
    }

    /// Whether the device holds the key that the CA certificate names. A device that is gone
    /// is no obstacle to opening: status and CRL downloads go on without it.
    pub fn check_key(&self) -> Result<(), Error> {
        let issuer = &self.inner().issuer;
        let found = self.inner().device.session()?.key(&issuer.label)?;
        if found.public_key.as_ref() == Some(&issuer.public_key) {
            return Ok(());
        }
        Err(Error::stored(format!("设备中密钥“{}”与 CA 证书不符", issuer.label)))
    }

    /// The CA certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.inner().issuer.certificate
    }

    /// The row of the issuer, as tables of other crates refer to it.
    #[must_use]
    pub fn issuer_id(&self) -> i64 {
        self.inner().issuer.id
    }

    /// Into how many shards its revocation list is divided; 0: into none.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.inner().issuer.shards
    }

    /// The configuration it was opened with.
    #[must_use]
    pub fn config(&self) -> &CaConfig {
        &self.inner().config
    }

    /// The profiles it issues by.
    #[must_use]
    pub fn profiles(&self) -> &ProfileSet {
        &self.inner().profiles
    }

    /// Whether a wrong signature has stopped signing.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.inner().quarantined.load(Ordering::SeqCst)
    }

    /// Refuses while the key is quarantined.
    pub(crate) fn check_sound(&self) -> Result<(), Error> {
        match self.is_quarantined() {
            true => Err(Error::Quarantined(self.inner().issuer.label.to_string())),
            false => Ok(()),
        }
    }
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ca({})", self.name())
    }
}

impl Issuing {
    pub(crate) fn from_row(row: sql::issuer::IssuerRow) -> Result<Self, Error> {
        let certificate = Certificate::from_der(&row.certificate_der)?;
        let label =
            KeyLabel::new(row.key_label).map_err(|_| Error::stored("签发机构的密钥名称无效"))?;
        let shards = u16::try_from(row.shards).map_err(|_| Error::stored("分片数无效"))?;
        let public_key = certificate.public_key()?;
        let fingerprint = gm::sm3::hash(certificate.der()).to_hex();
        let (id, key_hash) = (row.id, row.key_hash);
        Ok(Self { id, label, key_hash, fingerprint, certificate, public_key, shards })
    }

    /// Refuses outside of the validity of the CA certificate.
    pub(crate) fn check_valid(&self, now: jiff::Timestamp) -> Result<(), Refusal> {
        // The last second belongs to it, as for whoever relies on it.
        let now = pki::time::whole_seconds(now);
        let valid = self.certificate.not_before() <= now && now <= self.certificate.not_after();
        if valid { Ok(()) } else { Err(Refusal::IssuerNotValid) }
    }
}

/// With shards, the CRL address of certificates must name the shard.
fn check_addresses(config: &CaConfig, shards: u16) -> Result<(), Invalid> {
    let named = config.urls.crl.iter().all(|url| url.contains(SHARD));
    if shards > 0 && !named {
        let text = format!("证书撤销列表已分片，其地址中应含 {SHARD}");
        return Err(Invalid::Config(text));
    }
    Ok(())
}

/// Stands for the shard number in CRL addresses.
pub(crate) const SHARD: &str = "{shard}";

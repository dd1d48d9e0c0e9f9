//! Whom we answer for: the issuers, and the keys and certificates that let us speak for each.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use gm::{KeyInfo, KeyKind, PublicKey};
use jiff::Timestamp;
use pki::ocsp::IssuerHashes;
use pki::{Certificate, Serial};
use tracing::warn;

use super::Responder;
use super::complaints::Complaint;
use crate::error::Error;
use crate::model::Delegation;
use crate::rules::delegation::{is_responder, signer};
use crate::sql;

/// An issuer as answers need it.
#[derive(Debug)]
pub struct Authority {
    pub id: i64,
    pub name: String,
    pub hashes: IssuerHashes,
    pub certificate: Certificate,
    /// Our keys with their good certificates by this issuer.
    pub delegations: Vec<Arc<Delegation>>,
}

/// All issuers, as of the last look.
#[derive(Debug, Default)]
pub struct Authorities {
    pub all: Vec<Authority>,
    /// Our keys; `None` as long as the device was never there.
    pub keys: Option<Vec<KeyInfo>>,
}

impl Authority {
    /// The key and certificate with which we answer for this issuer now.
    pub fn delegation(&self, now: Timestamp) -> Option<&Arc<Delegation>> {
        let usable =
            |one: &&Arc<Delegation>| is_responder(&one.certificate, &self.certificate, now);
        signer(self.delegations.iter().filter(usable), |one| one.period(), now)
    }
}

impl Authorities {
    /// Issuers that we can answer for, with the end of that, and those we cannot.
    pub fn responders(&self, now: Timestamp) -> (Vec<(String, Timestamp)>, Vec<String>) {
        let (mut able, mut mute) = (Vec::new(), Vec::new());
        for authority in &self.all {
            match authority.delegation(now) {
                Some(one) => able.push((authority.name.clone(), one.certificate.not_after())),
                None => mute.push(authority.name.clone()),
            }
        }
        (able, mute)
    }

    /// Whether one of our own certificates has this serial.
    pub fn is_delegation(&self, serial: &Serial) -> bool {
        self.delegations().any(|one| one.certificate.serial() == *serial)
    }

    fn delegations(&self) -> impl Iterator<Item = &Arc<Delegation>> {
        self.all.iter().flat_map(|authority| &authority.delegations)
    }

    fn find(&self, der: &[u8]) -> Option<&Arc<Delegation>> {
        self.delegations().find(|one| one.certificate.der() == der)
    }
}

impl Responder {
    /// Looks for issuers, keys and certificates anew, one look at a time. A device that is away keeps
    /// what was known of its keys. Where a certificate of ours no longer counts before its end, all that
    /// was signed with it goes as well: its key may be somebody else's now.
    ///
    /// # Errors
    /// When the database cannot be read. Then [`Responder::follow`] tries again if a certificate of ours
    /// changed.
    pub async fn refresh(&self) -> Result<(), Error> {
        let _turn = self.0.refreshing.lock().await;
        // What is told of from here on may be missed, and is read again.
        let told = self.0.told.load(Ordering::SeqCst);
        let before = self.authorities();
        let keys = match self.keys().await {
            Ok(keys) => Some(keys),
            Err(error) => {
                warn!(%error, "the keys of the OCSP responder are not available");
                before.keys.clone()
            }
        };
        let all = self.read_all(&before, keys.as_deref().unwrap_or_default()).await?;
        let (fresh, now) = (Arc::new(Authorities { all, keys }), self.now());
        let is_lost = before.delegations().any(|old| {
            old.certificate.not_after() > now && fresh.find(old.certificate.der()).is_none()
        });
        // First this, then the cache: see `Responder::basis`.
        *self.0.authorities.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        if is_lost {
            self.cache().clear();
        }
        self.0.known.store(told, Ordering::SeqCst);
        Ok(())
    }

    /// Whether a certificate of ours changed and the authorities may not know.
    pub(super) fn is_stale(&self) -> bool {
        self.0.known.load(Ordering::SeqCst) < self.0.told.load(Ordering::SeqCst)
    }

    /// The issuers with our certificates. One that cannot be read is left out, and what it stands for is
    /// not answered for; the others are.
    async fn read_all(
        &self,
        before: &Authorities,
        keys: &[KeyInfo],
    ) -> Result<Vec<Authority>, Error> {
        let (complaints, mut all) = (&self.0.complaints, Vec::new());
        let mut conn = self.0.store.read().await?;
        for row in sql::issuers(&mut conn).await? {
            let Ok(certificate) = Certificate::from_der(&row.certificate_der) else {
                complaints.tell(Complaint::Issuer(row.id));
                continue;
            };
            let hashes = IssuerHashes::of(certificate.subject(), certificate.spki());
            let mut delegations = Vec::new();
            for info in keys {
                let Some(key) = info.public_key else { continue };
                for der in sql::certificates_of_key(&mut conn, row.id, &key.fingerprint()).await? {
                    match delegation(before, info, key, &der) {
                        Ok(delegation) => delegations.push(delegation),
                        Err(_) => complaints.tell(Complaint::Responder(row.id)),
                    }
                }
            }
            all.push(Authority { id: row.id, name: row.name, hashes, certificate, delegations });
        }
        Ok(all)
    }

    /// The keys of the device that sign answers, or will: by their labels.
    ///
    /// # Errors
    /// When the device cannot be asked.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, Error> {
        let inner = self.0.clone();
        let look = move || {
            let mut keys = inner.device.session()?.keys()?;
            keys.retain(|info| info.kind == KeyKind::Sm2Sign && inner.config.is_ours(&info.label));
            Ok(keys)
        };
        tokio::task::spawn_blocking(look).await.map_err(|_| Error::Closing)?
    }

    /// The keys with their good certificates for one issuer, also those that are over.
    pub fn delegations(&self, issuer: &str) -> Vec<Arc<Delegation>> {
        let authorities = self.authorities();
        let found = authorities.all.iter().find(|authority| authority.name == issuer);
        found.map(|authority| authority.delegations.clone()).unwrap_or_default()
    }
}

/// What is known already is not held twice: kept answers point to it.
fn delegation(
    before: &Authorities,
    info: &KeyInfo,
    key: PublicKey,
    der: &[u8],
) -> Result<Arc<Delegation>, Error> {
    if let Some(known) = before.find(der).filter(|known| known.label == info.label) {
        return Ok(known.clone());
    }
    let certificate = Certificate::from_der(der)?;
    Ok(Arc::new(Delegation { label: info.label.clone(), key, certificate }))
}

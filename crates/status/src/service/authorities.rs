//! Whom we answer for: the issuers, and the certificate that lets our key speak for each.

use std::sync::{Arc, PoisonError};

use gm::PublicKey;
use jiff::Timestamp;
use pki::ocsp::IssuerHashes;
use pki::{Certificate, Serial};
use tracing::warn;

use super::Responder;
use crate::error::Error;
use crate::{rules, sql};

/// An issuer as answers need it.
#[derive(Debug)]
pub struct Authority {
    pub id: i64,
    pub name: String,
    pub hashes: IssuerHashes,
    certificate: Certificate,
    /// Good certificates of our key by this issuer, newest first.
    delegations: Vec<Certificate>,
}

/// All issuers, as of the last look.
#[derive(Debug, Default)]
pub struct Authorities {
    pub all: Vec<Authority>,
    /// The public half of the delegated key; `None` while the device is away.
    pub key: Option<PublicKey>,
}

impl Authority {
    /// The certificate under which we answer for this issuer now.
    pub fn delegation(&self, now: Timestamp) -> Option<&Certificate> {
        let mut usable = self.delegations.iter();
        usable.find(|candidate| rules::is_responder(candidate, &self.certificate, now))
    }
}

impl Authorities {
    /// Issuers that we can answer for, with the end of that, and those we cannot.
    pub fn responders(&self, now: Timestamp) -> (Vec<(String, Timestamp)>, Vec<String>) {
        let (mut able, mut mute) = (Vec::new(), Vec::new());
        for authority in &self.all {
            match authority.delegation(now) {
                Some(certificate) => able.push((authority.name.clone(), certificate.not_after())),
                None => mute.push(authority.name.clone()),
            }
        }
        (able, mute)
    }

    /// Whether one of our own certificates has this serial.
    pub fn is_delegation(&self, serial: &Serial) -> bool {
        let mut own = self.all.iter().flat_map(|authority| &authority.delegations);
        own.any(|certificate| certificate.serial() == *serial)
    }
}

impl Responder {
    /// Looks for issuers and certificates of our key anew. A device that is away keeps what
    /// was known of the key.
    pub(super) async fn refresh(&self) -> Result<(), Error> {
        let key = match self.public_key().await {
            Ok(key) => Some(key),
            Err(error) => {
                warn!(%error, "the key of the OCSP responder is not available");
                self.authorities().key
            }
        };
        let mut conn = self.0.store.read().await?;
        let mut all = Vec::new();
        for row in sql::issuers(&mut conn).await? {
            let certificate = Certificate::from_der(&row.certificate_der)?;
            let hashes = IssuerHashes::of(certificate.subject(), certificate.spki());
            let ders = match &key {
                Some(key) => {
                    sql::certificates_of_key(&mut conn, row.id, &key.fingerprint()).await?
                }
                None => Vec::new(),
            };
            let delegations = ders.iter().map(|der| Certificate::from_der(der));
            let delegations = delegations.collect::<Result<_, _>>()?;
            all.push(Authority { id: row.id, name: row.name, hashes, certificate, delegations });
        }
        let fresh = Arc::new(Authorities { all, key });
        *self.0.authorities.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    async fn public_key(&self) -> Result<PublicKey, Error> {
        let (device, label) = (self.0.device.clone(), self.0.config.key.clone());
        let look = move || {
            let key = device.session()?.key(&label)?;
            key.public_key.ok_or_else(|| Error::NoResponder(label.to_string()))
        };
        tokio::task::spawn_blocking(look).await.map_err(|_| Error::Closing)?
    }
}

//! Which keys are certified: the CA's certificates, as `ra` asks for them.

use std::collections::BTreeMap;

use ca::{Ca, Role, Status, StoredCertificate};
use futures_util::future::BoxFuture;
use gm::PublicKey;
use pki::{Serial, SubjectInput};
use ra::{Certified, Held, KeyRegister, Standing};

use crate::error::Error;

/// The register of certified keys over the issuing CA.
pub(super) struct CertifiedKeys(pub(super) Ca);

impl KeyRegister for CertifiedKeys {
    fn certified<'a>(&'a self, key: &'a PublicKey) -> BoxFuture<'a, Result<Certified, String>> {
        Box::pin(async move {
            let found = self.0.of_key(key).await.map_err(|error| error.to_string())?;
            let now = self.0.now();
            let live = found.iter().find(|record| {
                record.role == Role::Sign
                    && record.status == Status::Good
                    && record.not_after >= now
            });
            Ok(match (live, found.is_empty()) {
                (Some(record), _) => Certified::InForce(record.serial),
                (None, false) => Certified::Ended,
                (None, true) => Certified::Never,
            })
        })
    }

    fn certificate<'a>(
        &'a self,
        serial: &'a Serial,
    ) -> BoxFuture<'a, Result<Option<Held>, String>> {
        Box::pin(async move { self.held(serial).await.map_err(|error| error.to_string()) })
    }

    fn certificates<'a>(
        &'a self,
        serials: &'a [Serial],
    ) -> BoxFuture<'a, Result<Vec<Option<Held>>, String>> {
        Box::pin(async move { self.all_held(serials).await.map_err(|error| error.to_string()) })
    }
}

impl CertifiedKeys {
    async fn held(&self, serial: &Serial) -> Result<Option<Held>, Error> {
        Ok(self.all_held(std::slice::from_ref(serial)).await?.pop().flatten())
    }

    /// The signing certificates of the pairs; certificates of the institution itself are none of the
    /// registration's (T-19).
    async fn all_held(&self, serials: &[Serial]) -> Result<Vec<Option<Held>>, Error> {
        let named = self.0.find_all(serials).await?;
        let of_enc = named.iter().filter(|one| one.record.role == Role::Enc);
        let requests: Vec<_> = of_enc.map(|one| one.record.request_id.clone()).collect();
        let partners = self.0.find_requests(&requests, Role::Sign).await?;
        let named: BTreeMap<_, _> =
            named.into_iter().map(|one| (one.record.serial.to_hex(), one)).collect();
        let partners: BTreeMap<_, _> =
            partners.into_iter().map(|one| (one.record.request_id.to_string(), one)).collect();
        let held = |serial: &Serial| {
            let named = named.get(&serial.to_hex())?;
            match named.record.role {
                Role::Sign => Some(named),
                Role::Enc => partners.get(named.record.request_id.as_str()),
                Role::Service | Role::Ca => None,
            }
        };
        serials.iter().map(|serial| held(serial).map(|one| self.as_held(one)).transpose()).collect()
    }

    fn as_held(&self, sign: &StoredCertificate) -> Result<Held, Error> {
        let standing = match sign.record.status {
            Status::Revoked { .. } => Standing::Revoked,
            _ if self.0.now() > sign.record.not_after => Standing::Over,
            Status::Suspended { .. } => Standing::Suspended,
            Status::Good => Standing::Good,
        };
        let profile = &sign.record.profile;
        Ok(Held {
            serial: sign.record.serial,
            kind: profile.strip_suffix("-sign").unwrap_or(profile).to_owned(),
            subject: SubjectInput::from_certificate(&sign.certificate)?,
            standing,
        })
    }
}

//! Which keys are certified: the CA's certificates, as `ra` asks for them.

use ca::{Ca, Role, Status};
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
}

impl CertifiedKeys {
    /// The signing certificate of the pair; certificates of the institution itself are none of the
    /// registration's (T-19).
    async fn held(&self, serial: &Serial) -> Result<Option<Held>, Error> {
        let Some(named) = self.0.find(serial).await? else { return Ok(None) };
        let sign = match named.record.role {
            Role::Sign => Some(named),
            Role::Enc => self.0.find_request(&named.record.request_id, Role::Sign).await?,
            Role::Service | Role::Ca => None,
        };
        let Some(sign) = sign else { return Ok(None) };
        let standing = match sign.record.status {
            Status::Revoked { .. } => Standing::Revoked,
            _ if self.0.now() > sign.record.not_after => Standing::Over,
            Status::Suspended { .. } => Standing::Suspended,
            Status::Good => Standing::Good,
        };
        let profile = &sign.record.profile;
        Ok(Some(Held {
            serial: sign.record.serial,
            kind: profile.strip_suffix("-sign").unwrap_or(profile).to_owned(),
            subject: SubjectInput::from_certificate(&sign.certificate)?,
            standing,
        }))
    }
}

//! Which keys are certified: the CA's certificates, as `ra` asks for them.

use ca::{Ca, Role, Status};
use futures_util::future::BoxFuture;
use gm::PublicKey;
use ra::{Certified, KeyRegister};

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
}

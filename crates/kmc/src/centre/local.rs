//! The embedded default: the centre runs in the same process, with its own database and device.

use pki::Serial;

use super::{Answer, KeyCentre};
use crate::error::Error;
use crate::model::{ApplyOrder, Ca, IssuedKey, RestoreOrder};
use crate::service::Kmc;

/// A centre in the same process, on behalf of one CA.
#[derive(Clone)]
pub struct Local {
    kmc: Kmc,
    ca: Ca,
}

impl Local {
    /// On behalf of the CA registered under this name.
    pub async fn new(kmc: Kmc, ca_name: &str) -> Result<Self, Error> {
        let ca = kmc.ca(ca_name).await?;
        Ok(Self { kmc, ca })
    }
}

impl KeyCentre for Local {
    fn apply(&self, order: ApplyOrder) -> Answer<'_, IssuedKey> {
        Box::pin(self.kmc.apply(&self.ca, order))
    }

    fn restore(&self, order: RestoreOrder) -> Answer<'_, IssuedKey> {
        Box::pin(self.kmc.restore(&self.ca, order))
    }

    fn revoke(&self, cert_serial: Serial) -> Answer<'_, ()> {
        Box::pin(async move { self.kmc.revoke(&self.ca, cert_serial).await.map(drop) })
    }
}

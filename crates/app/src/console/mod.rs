//! 管理台: what administrators and auditors see over several subjects, and what they order by a
//! signed act: audit marks, a revocation list out of turn, more standby keys (GM/T 0034 §6).

mod audit;
mod certificate;
mod figures;
mod order;
mod settings;

use access::{ActKind, Principal, SignedAct};
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::institution::Institution;

pub use audit::{AUDIT_OBJECT, AuditOrder};
pub use certificate::OcspNow;
pub use order::{CRL_OBJECT, CrlOrder, MOST_PAIRS, RefillOrder, STANDBY_OBJECT};
pub use settings::SettingLine;

impl Institution {
    /// Carries out what was signed on a page of the 管理台.
    pub(crate) async fn on_console(
        &self,
        principal: &Principal,
        act: SignedAct,
    ) -> Result<(), Error> {
        let permit = self.permit(principal, act.kind().action())?;
        match act.kind() {
            ActKind::AuditJournal => self.mark_audited(&permit, act).await,
            ActKind::PublishCrl => self.publish_ordered(&permit, act).await,
            ActKind::RefillKmc => self.refill_ordered(&permit, act).await,
            _ => Err(Error::Stored("签名事项")),
        }
    }
}

/// The order that was signed; another shape was not made by our pages.
fn order_of<T: DeserializeOwned>(act: &SignedAct) -> Result<T, Error> {
    serde_json::from_value(act.payload().clone()).map_err(|_| Error::Stored("签名事项的内容"))
}

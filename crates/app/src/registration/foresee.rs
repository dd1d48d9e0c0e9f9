//! Whether what waits for a signature can still be done. Asked when the page of the signature is opened: nobody
//! is led to sign what would be refused. The unit that does it asks again.

use access::{ActKind, PendingAct, Principal};
use serde_json::Value;

use super::direct::StatusOrder;
use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Why an act that waits would be refused now; nothing where it would not, or where that can't be told.
    pub async fn hindrance(
        &self,
        principal: &Principal,
        pending: &PendingAct,
    ) -> Result<Option<Error>, Error> {
        let damaged = || Error::Stored("签名事项");
        let statement: Value = serde_json::from_str(&pending.statement).map_err(|_| damaged())?;
        let payload: Value = serde_json::from_str(&pending.payload).map_err(|_| damaged())?;
        let text = |name: &str| statement.get(name).and_then(Value::as_str).unwrap_or_default();
        let (kind, object): (ActKind, &str) = (text("act").parse()?, text("object"));
        let order = payload.get("payload").cloned().unwrap_or_default();
        match self.foresee(principal, (kind, object), &order).await {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == store::ErrorKind::Fault => Err(error),
            Err(error) => Ok(Some(error)),
        }
    }

    async fn foresee(
        &self,
        principal: &Principal,
        (kind, object): (ActKind, &str),
        order: &Value,
    ) -> Result<(), Error> {
        let Some(ra) = self.ra() else { return Ok(()) };
        let permit = self.permit(principal, kind.action())?;
        let on_certificate =
            matches!(kind, ActKind::SuspendCertificate | ActKind::ResumeCertificate);
        let Some(serial) = object.strip_prefix("certificate:").filter(|_| on_certificate) else {
            return Ok(ra.foresee(&permit, (kind, object), order).await?);
        };
        let order: StatusOrder =
            serde_json::from_value(order.clone()).map_err(|_| Error::Stored("签名事项的内容"))?;
        self.order_of((&permit, kind), serial, (&order, object.to_owned())).await?;
        Ok(())
    }
}

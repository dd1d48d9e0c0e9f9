//! What the device of a key says about it: judged when the key comes, and shown to whoever reviews
//! (Measures Art. 20 ¶2; check C20-1).

use access::Permit;
use gm::PublicKey;
use pki::attestation::{Attestation, Judged, Subject, Verdict};

use super::Ra;
use crate::error::{Error, FieldError, Refusal};
use crate::model::{Application, ApplicationId, State};
use crate::rules::batch::{ATTESTATION, defect};
use crate::sql;

impl Ra {
    /// The verdict about a key that comes now. An attestation that proves nothing is refused, and so is none
    /// where the institution demands one.
    pub(super) fn judged(
        &self,
        (kind, key): (&str, &PublicKey),
        attestation: Option<&[u8]>,
    ) -> Result<Judged, Error> {
        let subject = Subject { kind, key, at: self.now() };
        Ok(self.config().products.judge(&subject, attestation)?)
    }

    /// What came of the attestation of the key that an order of issue is about. A key from before this was
    /// asked came without one.
    pub(super) async fn attestation_of(&self, application: &Application) -> Result<Judged, Error> {
        let State::Requested { attempt, .. } = &application.state else {
            return Err(Refusal::RequestMissing.into());
        };
        let mut reader = self.store().read().await?;
        let kept = sql::attestation::of(&mut reader, (&application.id, *attempt)).await?;
        Ok(kept.unwrap_or_else(|| Judged::kept(Verdict::Absent, None)))
    }

    /// The attestation of a row, to be kept with it: empty for none.
    pub(super) fn attestation_of_row(
        &self,
        (kind, key): (&str, &PublicKey),
        cell: &str,
    ) -> Result<Option<String>, FieldError> {
        let octets = match cell.trim() {
            "" => Ok(None),
            text => Attestation::octets(text).map(Some),
        };
        let judged = octets
            .map_err(Error::from)
            .and_then(|octets| self.judged((kind, key), octets.as_deref()));
        match judged {
            Ok(judged) => Ok(judged.evidence().map(str::to_owned)),
            Err(error) => Err(defect(ATTESTATION, error.code(), error.to_string())),
        }
    }

    /// What came of the attestation of an application's last key, with the attestation itself. None as long
    /// as there is no key, and for keys from before this was asked.
    pub async fn key_attestation(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Option<Judged>, Error> {
        let application = self.application(permit, id).await?;
        let mut reader = self.store().read().await?;
        sql::attestation::last(&mut reader, &application.id).await
    }
}

//! The unit's agreement by certificate: it signed the text for all its applications, the institution signs
//! the same (Measures Art. 21 ¶4; the party is the institution, never an office: Art. 27 ¶3; check C21-4).

use access::Permit;
use gm::{PublicKey, Signature, UserId};
use law::CivilDate;
use ra::{Batch, BatchAgreementSigned, BatchId};

use crate::error::Error;
use crate::institution::Institution;
use crate::registration::seal_label;

impl Institution {
    /// Takes the unit's signature under the text of a day, signs it for the institution, keeps both. What
    /// the unit's signature is not good for is refused before anything is signed.
    pub async fn conclude_batch_agreement(
        &self,
        permit: &Permit,
        (id, version, day): (&BatchId, i64, CivilDate),
        (key, unit): (PublicKey, Signature),
    ) -> Result<Batch, Error> {
        let ra = self.registration()?;
        let text = ra.draw_batch_agreement(permit, id, Some(day)).await?;
        ra.unit_signed(id, &text, (&key, &unit)).await?;
        let institution = self.seal_signature(text.statement()).await?;
        let signed = BatchAgreementSigned { institution, key, unit };
        Ok(ra.agree_batch(permit, (id, version), (text, signed)).await?)
    }

    /// The institution's signature under a statement, by its agreement key.
    pub(super) async fn seal_signature(&self, statement: String) -> Result<Signature, Error> {
        let (label, device) = (seal_label()?, self.device().clone());
        let signing = tokio::task::spawn_blocking(move || {
            device.session()?.sign(&label, &UserId::default(), statement.as_bytes())
        });
        Ok(signing.await.map_err(|_| Error::Interrupted)??)
    }
}

//! The agreement: drawn, signed for the institution by its own key, and by the applicant.

use access::Permit;
use gm::UserId;
use ra::{Agreement, ApplicantSignature, Application, At};

use super::seal_label;
use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// The applicant signed; the institution signs the same statement, and both are kept
    /// (Measures Art. 21 ¶4; the party is the institution, never an office: Art. 27 ¶3).
    pub async fn conclude_agreement(
        &self,
        permit: &Permit,
        at: &At,
        applicant: ApplicantSignature,
    ) -> Result<(Application, Agreement), Error> {
        let ra = self.registration()?;
        let text = ra.draw_agreement(permit, at).await?;
        let label = seal_label()?;
        let statement = text.statement().into_bytes();
        let device = self.device().clone();
        let signing = tokio::task::spawn_blocking(move || {
            device.session()?.sign(&label, &UserId::default(), &statement)
        });
        let signature = signing.await.map_err(|_| Error::Interrupted)??;
        let agreed = ra.agree(permit, at, (signature, applicant)).await?;
        self.letters_after(&at.id).await;
        Ok(agreed)
    }
}

//! Personal data in the clear, for a reason that goes on record (PIPL Art. 6, Art. 51).

use access::Permit;
use ra::{Application, FormView};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Records who looks and why, and shows the personal data of the form.
    pub async fn unmask(
        &self,
        permit: &Permit,
        application: &Application,
        reason: &str,
    ) -> Result<FormView, Error> {
        let ra = self.registration()?;
        let kind = ra.catalogue().kind_for(&application.kind, &application.service)?;
        let personal = kind.fields.iter().filter(|field| field.personal);
        let fields: Vec<&str> = personal.map(|field| field.name.as_str()).collect();
        let about = (application.id.as_str(), &application.object());
        let unmasked = self.access().unmask(permit, about, &fields, reason).await?;
        Ok(ra.unmasked(permit, &application.id, &unmasked).await?)
    }
}

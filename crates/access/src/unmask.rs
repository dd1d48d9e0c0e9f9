//! Personal data is masked; who must see it says why, and it is recorded (PIPL Art. 51).

use crate::service::record;
use crate::{Access, Action, Error, Object, Permit};
use serde_json::json;
use zeroize::Zeroizing;

/// That a look at personal data was recorded. Only [`Access::unmask`] makes it; what shows the
/// data takes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Unmasked {
    application: String,
    fields: Vec<String>,
}

impl Unmasked {
    /// The application whose data may be shown.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// Whether this field may be shown.
    pub fn covers(&self, application: &str, field: &str) -> bool {
        self.application == application && self.fields.iter().any(|named| named == field)
    }
}

impl Access {
    /// Records that somebody looks at fields of an application, and why. The reason may name
    /// people: it is sealed, the record has its commitment.
    pub async fn unmask(
        &self,
        permit: &Permit,
        (application, object): (&str, &Object),
        fields: &[&str],
        reason: &str,
    ) -> Result<Unmasked, Error> {
        permit.covers_object(Action::UnmaskApplication, object)?;
        let reason = reason.trim();
        let fits = (4..=200).contains(&reason.chars().count());
        if !fits || reason.chars().any(char::is_control) || fields.is_empty() {
            return Err(Error::Reason);
        }
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let sealed = Zeroizing::new(reason.as_bytes().to_vec());
        let sealed = self.store().seal_blob(sealed, "access-unmask").await?;
        let (actor, id, named) = (permit.actor(), application.to_owned(), fields.clone());
        self.commit(move |tx| {
            Box::pin(async move {
                let reason = sealed.insert(tx).await?;
                let body = json!({ "fields": named, "reason": reason.to_json() });
                record(tx, "application.unmasked", actor, &id, body).await
            })
        })
        .await?;
        Ok(Unmasked { application: application.to_owned(), fields })
    }
}

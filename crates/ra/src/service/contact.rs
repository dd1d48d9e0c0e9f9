//! Whom to tell of what happens to a certificate: the program asks, nobody is shown it.

use super::Ra;
use crate::catalogue::FieldKind;
use crate::error::Error;
use crate::model::Application;
use crate::sql;

/// Where the holder of a certificate wants to be told.
pub struct Contact {
    /// The number of the application that led to it.
    pub number: String,
    /// The telephone of its form.
    pub phone: Option<String>,
    /// The mailbox of its form.
    pub email: Option<String>,
}

/// Personal data stay out of logs.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contact({})", self.number)
    }
}

impl Ra {
    /// The application that led to a certificate, if one did.
    pub async fn origin_of(&self, serial: &str) -> Result<Option<Application>, Error> {
        let mut reader = self.store().read().await?;
        match sql::application::by_serial(&mut reader, serial).await? {
            Some(id) => Ok(Some(sql::application::load(&mut reader, &id).await?)),
            None => Ok(None),
        }
    }

    /// The contact of the holder of a certificate, if somebody applied for it here.
    pub async fn contact_of(&self, serial: &str) -> Result<Option<Contact>, Error> {
        let Some(application) = self.origin_of(serial).await? else { return Ok(None) };
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let value = |wanted: FieldKind| {
            let field = form.filled(kind).find(|field| field.kind == wanted);
            field.map(|field| form.value(&field.name).to_owned())
        };
        let (phone, email) = (value(FieldKind::Phone), value(FieldKind::Email));
        Ok(Some(Contact { number: application.number.to_string(), phone, email }))
    }
}

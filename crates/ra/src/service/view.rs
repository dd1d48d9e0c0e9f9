//! What is shown of an application: masked unless there is a reason (PIPL Art. 6, Art. 51).

use access::{Action, Permit, Unmasked, Who};

use super::Ra;
use crate::error::Error;
use crate::model::{Application, ApplicationId, Form, FormRow, FormView, State};
use crate::rules;

impl Ra {
    /// An application without its personal data.
    pub async fn application(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Application, Error> {
        let application = self.load(id).await?;
        permit.covers_object(Action::ReadApplication, &application.object())?;
        Ok(application)
    }

    /// The form. The applicant sees all of it while it may be changed, and the clerk who fills it in
    /// with a permit to create; everybody else, and everybody later, sees personal data masked.
    pub async fn form(&self, permit: &Permit, id: &ApplicationId) -> Result<FormView, Error> {
        let application = self.load(id).await?;
        let editing = permit.is_for(Action::CreateApplication).is_ok();
        let action = if editing { Action::CreateApplication } else { Action::ReadApplication };
        permit.covers_object(action, &application.object())?;
        let open = matches!(application.state, State::Draft | State::Returned { .. });
        let own = matches!(permit.who(), Who::Applicant { .. });
        self.shown(application, &|_| !(open && (own || editing))).await
    }

    /// The form with the fields whose showing was recorded, for whoever gave a reason
    /// ([`access::Access::unmask`]); the others stay masked.
    pub async fn unmasked(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        unmasked: &Unmasked,
    ) -> Result<FormView, Error> {
        let application = self.load(id).await?;
        permit.covers_object(Action::UnmaskApplication, &application.object())?;
        let hidden = |field: &str| !unmasked.covers(id.as_str(), field);
        self.shown(application, &hidden).await
    }

    async fn shown(
        &self,
        application: Application,
        hidden: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<FormView, Error> {
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let row = |field: &crate::catalogue::Field| {
            let raw = form.raw(&field.name);
            let hides = hidden(&field.name);
            let value = if hides { rules::mask::masked(field, raw.trim()) } else { raw.to_owned() };
            let shown = field.shown(&value).to_owned();
            FormRow { name: field.name.clone(), label: field.label.clone(), value, shown }
        };
        let rows = kind.fields.iter().map(row).collect();
        let errors = if form == Form::default() {
            Vec::new()
        } else {
            rules::form::check(kind, &form, self.today())
        };
        let masked = kind.fields.iter().any(|field| field.personal && hidden(&field.name));
        Ok(FormView { application, rows, masked, errors })
    }
}

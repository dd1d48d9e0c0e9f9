//! The applicant's way: begun, opened again by number and check code, and from the key on carried to
//! its end in one go. Cut off anywhere, it goes on when the applicant comes back.

use access::{Action, Arrival, Permit, Principal, SignedIn};
use pki::ProofOfPossession;
use ra::{Application, At, Created, NewApplication, State};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// What somebody may do, or why not.
    pub fn permit(&self, principal: &Principal, action: Action) -> Result<Permit, Error> {
        Ok(self.access().permit(principal, action)?)
    }

    /// Begins an application and lets its applicant in: the check code is shown once.
    pub async fn begin_application(
        &self,
        new: NewApplication,
        arrival: Arrival<'_>,
    ) -> Result<(Created, SignedIn), Error> {
        if !super::is_online(&new.service) {
            let text = "此项业务暂不能在网上办理，请联系本机构或到受理点办理";
            return Err(Error::NotApplicable(text));
        }
        let created = self.registration()?.begin(new).await?;
        let id = created.application.id.as_str();
        let signed_in = self.access().open_applicant_session(id, arrival).await?;
        Ok((created, signed_in))
    }

    /// Lets an applicant in by number and check code.
    pub async fn open_application(
        &self,
        (number, code): (&str, &str),
        arrival: Arrival<'_>,
    ) -> Result<(Application, SignedIn), Error> {
        let application = self.registration()?.open_by_number(number, code).await?;
        let id = application.id.as_str();
        let signed_in = self.access().open_applicant_session(id, arrival).await?;
        Ok((application, signed_in))
    }

    /// Takes the applicant's request, with what the device says about its key, and goes on as far as it can.
    pub async fn submit_key(
        &self,
        principal: &Principal,
        at: &At,
        (possession, attestation): (&ProofOfPossession, Option<&[u8]>),
    ) -> Result<Application, Error> {
        let permit = self.permit(principal, Action::RequestCertificate)?;
        let ra = self.registration()?;
        let read = self.permit(principal, Action::ReadApplication)?;
        let application = ra.application(&read, &at.id).await?;
        self.may_keep_key(&application, possession.public_key()).await?;
        let application = ra.request(&permit, at, (possession, attestation)).await?;
        self.go_on(principal, application).await
    }

    /// Issues what is requested and delivers what is issued.
    pub async fn go_on(
        &self,
        principal: &Principal,
        mut application: Application,
    ) -> Result<Application, Error> {
        if matches!(application.state, State::Requested { .. }) {
            let permit = self.permit(principal, Action::IssueApplication)?;
            application = self.issue_application(&permit, &application.at()).await?;
        }
        if matches!(application.state, State::Issued { .. }) {
            let permit = self.permit(principal, Action::DeliverCertificate)?;
            application = self.deliver_application(&permit, &application.at()).await?;
        }
        Ok(application)
    }
}

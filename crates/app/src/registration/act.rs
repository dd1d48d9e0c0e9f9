//! What a person of the staff signed with the own key is carried out: exactly the payload that was
//! signed, and nothing that a form says afterwards (GM/T 0034 §6).

use access::{ActKind, Invitation, Principal, SignedAct};

use ra::State;

use crate::error::Error;
use crate::institution::Institution;

/// What came of a signed act.
#[derive(Debug)]
pub struct Done {
    /// What kind of act.
    pub kind: ActKind,
    /// What was done, in Chinese.
    pub title: &'static str,
    /// What it was done to: `application:…`, `office:…`, `person:…`.
    pub object: String,
    /// The code for a person who was created or invited anew: known to nobody after this.
    pub invitation: Option<Invitation>,
    /// Another check code for an applicant: shown once.
    pub check_code: Option<String>,
}

impl Institution {
    /// Completes the pending act with its signature and carries it out.
    pub async fn complete_act(
        &self,
        principal: &Principal,
        (id, signature): (&str, &[u8]),
    ) -> Result<Done, Error> {
        let act = self.access().complete_act(principal, id, signature).await?;
        let (kind, object) = (act.kind(), act.object().to_owned());
        let mut done =
            Done { kind, title: kind.chinese(), object, invitation: None, check_code: None };
        match act.kind() {
            ActKind::EnterApplication
            | ActKind::ProofIdentity
            | ActKind::ReturnApplication
            | ActKind::DeclineApplication
            | ActKind::ReviewApplication => self.on_application(principal, act).await?,
            ActKind::IssueCheckCode => {
                done.check_code = Some(self.on_check_code(principal, act).await?);
            }
            ActKind::SuspendCertificate | ActKind::ResumeCertificate => {
                self.on_certificate(principal, act).await?;
            }
            ActKind::EnterRevocation
            | ActKind::ReviewRevocation
            | ActKind::EnterLifting
            | ActKind::ReviewLifting
            | ActKind::RevokeCertificate => {
                self.on_revocation(principal, act).await?;
            }
            ActKind::EnterBatch | ActKind::BatchProof | ActKind::BatchReview => {
                self.on_batch(principal, act).await?
            }
            ActKind::ManageOffice | ActKind::SuspendOffice => {
                self.on_office(principal, act).await?
            }
            ActKind::AuditJournal | ActKind::PublishCrl | ActKind::RefillKmc => {
                self.on_console(principal, act).await?;
            }
            ActKind::CreatePerson
            | ActKind::ChangePerson
            | ActKind::InvitePerson
            | ActKind::DisablePerson
            | ActKind::EndSessions => done.invitation = self.on_person(principal, act).await?,
            ActKind::AddKey | ActKind::SetPassphrase => self.on_own(principal, act).await?,
            ActKind::OrderSigning
            | ActKind::ConfirmSigning
            | ActKind::StopSigning
            | ActKind::RevokeSigning => {
                self.on_signing(principal, act).await?;
            }
            ActKind::ReviewSample => self.on_sample(principal, act).await?,
            ActKind::RequeueMessages => self.on_messages(principal, act).await?,
            ActKind::AnswerRating | ActKind::HandleComplaint => {
                self.on_voice(principal, act).await?;
            }
            kind => {
                tracing::warn!(kind = kind.name(), "a signed act that pages do not carry out");
                return Err(Error::NotApplicable("此项业务不在网页办理，请使用命令行或接口"));
            }
        }
        Ok(done)
    }

    async fn on_application(&self, principal: &Principal, act: SignedAct) -> Result<(), Error> {
        let (ra, kind) = (self.registration()?, act.kind());
        let permit = self.permit(principal, kind.action())?;
        let id = below(&act, "application:")?.parse()?;
        match kind {
            ActKind::EnterApplication => drop(ra.enter(&permit, &id, act).await?),
            ActKind::ProofIdentity => drop(ra.proof(&permit, &id, act).await?),
            ActKind::ReturnApplication => drop(ra.send_back(&permit, &id, act).await?),
            ActKind::DeclineApplication => drop(ra.decline(&permit, &id, act).await?),
            _ => {
                let application = ra.review(&permit, &id, act).await?;
                let service = ra.catalogue().service(&application.service)?;
                if !service.issues() && matches!(application.state, State::Reviewed { .. }) {
                    self.soon(self.carry_out_application(&application.at()).await);
                }
            }
        }
        self.letters_after(&id).await;
        Ok(())
    }

    async fn on_check_code(&self, principal: &Principal, act: SignedAct) -> Result<String, Error> {
        let permit = self.permit(principal, act.kind().action())?;
        let id = below(&act, "application:")?.parse()?;
        Ok(self.registration()?.reissue_check_code(&permit, &id, act).await?)
    }

    /// A caller's certificate is suspended, a confirmed list revoked and a confirmed lifting done at once, as far
    /// as it goes.
    async fn on_revocation(&self, principal: &Principal, act: SignedAct) -> Result<(), Error> {
        let (ra, kind) = (self.registration()?, act.kind());
        let permit = self.permit(principal, kind.action())?;
        let id = below(&act, "revocation:")?.parse()?;
        match kind {
            ActKind::EnterRevocation | ActKind::EnterLifting | ActKind::RevokeCertificate => {
                drop(ra.enter_revocation(&permit, &id, act).await?);
            }
            _ => drop(ra.review_revocation(&permit, &id, act).await?),
        }
        self.soon(self.carry_out_decisions().await);
        Ok(())
    }

    async fn on_batch(&self, principal: &Principal, act: SignedAct) -> Result<(), Error> {
        let (ra, kind) = (self.registration()?, act.kind());
        let permit = self.permit(principal, kind.action())?;
        let id = below(&act, "batch:")?.parse()?;
        match kind {
            ActKind::EnterBatch => drop(ra.enter_batch(&permit, &id, act).await?),
            ActKind::BatchProof => drop(ra.proof_batch(&permit, &id, act).await?),
            _ => drop(ra.review_batch(&permit, &id, act).await?),
        }
        Ok(())
    }

    async fn on_office(&self, principal: &Principal, act: SignedAct) -> Result<(), Error> {
        let (ra, kind) = (self.registration()?, act.kind());
        let permit = self.permit(principal, kind.action())?;
        let id = match below(&act, "office:")? {
            "new" => None,
            id => Some(id.parse()?),
        };
        match (kind, &id) {
            (ActKind::SuspendOffice, Some(id)) => {
                drop(ra.suspend_office(&permit, id, act).await?);
            }
            _ => drop(ra.manage_office(&permit, id.as_ref(), act).await?),
        }
        Ok(())
    }
}

fn below<'a>(act: &'a SignedAct, family: &str) -> Result<&'a str, Error> {
    act.object().strip_prefix(family).ok_or(Error::Stored("签名事项的对象"))
}

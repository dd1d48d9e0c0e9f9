//! What a person of the staff signed with the own key is carried out: exactly the payload that was
//! signed, and nothing that a form says afterwards (GM/T 0034 §6).

use access::{ActKind, Principal, SignedAct};

use crate::error::Error;
use crate::institution::Institution;

/// What came of a signed act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What was done, in Chinese.
    pub title: &'static str,
    /// What it was done to: `application:…`, `office:…`, `person:…`.
    pub object: String,
}

impl Institution {
    /// Completes the pending act with its signature and carries it out.
    pub async fn complete_act(
        &self,
        principal: &Principal,
        (id, signature): (&str, &[u8]),
    ) -> Result<Done, Error> {
        let act = self.access().complete_act(principal, id, signature).await?;
        let done = Done { title: act.kind().chinese(), object: act.object().to_owned() };
        match act.kind() {
            ActKind::EnterApplication
            | ActKind::ProofIdentity
            | ActKind::ReturnApplication
            | ActKind::ReviewApplication => self.on_application(principal, act).await?,
            ActKind::ManageOffice | ActKind::SuspendOffice => {
                self.on_office(principal, act).await?
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
            _ => drop(ra.review(&permit, &id, act).await?),
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

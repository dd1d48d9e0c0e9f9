//! Holds of courts and of the administration are lifted by who ordered them: one person enters the document
//! that lifts, with its evidence, another reviews it, and the program carries it out (Measures Art. 18;
//! GM/T 0034 §6; ADR 6). It goes the way of a revocation on others' word, and its list names holds.

use access::{Action, Permit};

use super::Ra;
use crate::error::{Error, Refusal};
use crate::model::{HoldId, LiftingDraft, Revocation};
use crate::port::Standing;
use crate::{rules, sql};

impl Ra {
    /// Writes down which holds are to be lifted on which document. Nothing counts before it is signed.
    pub async fn draft_lifting(
        &self,
        permit: &Permit,
        draft: LiftingDraft,
    ) -> Result<Revocation, Error> {
        permit.covers(Action::ResumeCertificate)?;
        let person = permit.person().ok_or(Refusal::SignedActNeeded)?.id.to_string();
        let ground = self.catalogue().ground(&draft.ground)?.clone();
        let power = rules::hold::reviewed_power_of(&ground).ok_or(Refusal::HoldBeyond)?;
        let names: Vec<&str> = draft.evidence.iter().map(|(name, _)| name.as_str()).collect();
        rules::revocation::complete(&ground, &draft.particulars, &names)?;
        let mut items = Vec::new();
        for id in &draft.holds {
            let hold = self.hold_to_lift(id).await?;
            rules::hold::reaches(&power, &hold)
                .map_err(|refusal| refusal.at(rules::hold::told(std::slice::from_ref(&hold))))?;
            let item = (hold.serial, Some(hold.id));
            if !items.contains(&item) {
                items.push(item);
            }
        }
        let most = rules::revocation::MOST_SERIALS;
        if items.is_empty() || items.len() > most {
            return Err(Refusal::HoldGone.at(format!("须写明 1 至 {most} 项暂停")));
        }
        let on_file = (draft.particulars, draft.evidence);
        self.write_down(permit.actor(), (ground, None, person), (items, on_file)).await
    }

    async fn hold_to_lift(&self, id: &HoldId) -> Result<crate::model::Hold, Error> {
        let mut reader = self.store().read().await?;
        let hold = sql::hold::load(&mut reader, id).await?.ok_or(Refusal::HoldGone)?;
        if sql::revocation::is_lifted_elsewhere(&mut reader, id).await? {
            return Err(Refusal::HoldGone.at("已有一件解除登记正在办理这项暂停"));
        }
        drop(reader);
        match self.certificate(&hold.serial).await?.standing {
            Standing::Suspended => Ok(hold),
            other => Err(Refusal::CertificateUnfit.at(format!("它{}", other.chinese()))),
        }
    }
}

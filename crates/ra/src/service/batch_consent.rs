//! The unit agrees for all: on paper before two witnesses, or by its own certificate under a text that
//! names the list (Measures Art. 21 ¶4; checks C21-4, C27-3). The agreement of each application is made
//! and signed by the institution when the batch runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::{Action, Permit};
use gm::{PublicKey, Signature};
use law::CivilDate;
use serde_json::json;

use super::Ra;
use super::agreement::{paper_of, witnesses_of};
use super::batch::SERVICE;
use crate::error::{Error, Refusal};
use crate::model::{
    Batch, BatchAgreementSigned, BatchAgreementText, BatchConsent, BatchId, CONSENT_FORM,
    KeptConsent, RunConsent,
};
use crate::port::Certified;
use crate::rules;
use crate::sql;

impl Ra {
    /// Keeps the paper with which the unit agrees for all: scan and two witnesses.
    pub async fn keep_batch_agreement(
        &self,
        permit: &Permit,
        id: &BatchId,
        (scan, witnesses): (Vec<u8>, [String; 2]),
    ) -> Result<Batch, Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::AgreeApplication, &batch.object())?;
        rules::material::media(&scan)?;
        let party = self.party_of(&batch).await?;
        let parties = rules::agreement::Parties {
            holder: party.unit_name,
            number: party.credit_code,
            agent: Some(party.contact_name),
        };
        rules::agreement::witnesses(&witnesses, &parties)?;
        let blob = self.seal(paper_of(&witnesses, &scan), "ra-agreement").await?;
        let (actor, version) = (permit.actor(), batch.version);
        self.change_batch((id, version), ("batch.agreement-kept", actor), move |tx, mut batch| {
            Box::pin(async move {
                rules::batch::open(batch.state, "交存协议")?;
                let paper = blob.insert(tx).await?;
                batch.has_agreement = true;
                batch.paper = Some(paper.id.clone());
                Ok((batch, json!({ "paper": paper.to_json() })))
            })
        })
        .await
    }

    /// The text that the unit signs for all approved applications, as of a day; today's if none is named.
    pub async fn draw_batch_agreement(
        &self,
        permit: &Permit,
        id: &BatchId,
        day: Option<CivilDate>,
    ) -> Result<BatchAgreementText, Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::AgreeApplication, &batch.object())?;
        rules::batch::open(batch.state, "签署协议")?;
        let mut reader = self.store().read().await?;
        let (members, approved) = sql::batch_act::approved(&mut reader, id).await?;
        let is_at_work = sql::batch_act::is_open(&mut reader, id).await?;
        drop(reader);
        // Nobody agrees before the review is through (check C21-5).
        let approved = approved.filter(|_| !is_at_work);
        let approved = approved
            .ok_or_else(|| Refusal::ReviewMissing.at("审核全部完成后，单位才能签署协议"))?;
        let template = self.catalogue().agreement();
        let approved_on = CivilDate::of(approved);
        let day = rules::batch_consent::day(template, (day, approved_on), self.today())?;
        let kind = self.catalogue().kind_for(&batch.kind, SERVICE)?;
        let service = self.catalogue().service(SERVICE)?;
        let party = self.party_of(&batch).await?;
        let of = (&batch, &party);
        let by = (self.institution(), day);
        rules::batch_consent::text(template, of, (kind, service), by, members)
    }

    /// Both sides signed the text: the institution by its agreement key, the unit by a certificate of
    /// its own that is in force. The list must still be the one that was signed.
    pub async fn agree_batch(
        &self,
        permit: &Permit,
        (id, version): (&BatchId, i64),
        (text, signed): (BatchAgreementText, BatchAgreementSigned),
    ) -> Result<Batch, Error> {
        if text != self.draw_batch_agreement(permit, id, Some(text.day)).await? {
            return Err(Refusal::AgreementText.into());
        }
        let statement = text.statement();
        let ours = &self.institution().agreement_key;
        rules::agreement::statement_signed(&statement, ours, &signed.institution)?;
        let serial = self.unit_signed(id, &text, (&signed.key, &signed.unit)).await?;
        let kept = KeptConsent {
            form: CONSENT_FORM.to_owned(),
            serial,
            key: hex::encode(signed.key.to_sec1()),
            unit: hex::encode(signed.unit.to_der()),
            institution: hex::encode(signed.institution.to_der()),
            text,
        };
        let content = serde_json::to_vec(&kept).map_err(|_| Error::Stored("agreement"))?;
        let blob = self.seal(content, "ra-agreement").await?;
        let kind = ("batch.agreement-signed", permit.actor());
        self.change_batch((id, version), kind, move |tx, mut batch| {
            Box::pin(async move {
                let (now, _) = sql::batch_act::approved(tx.conn(), &batch.id).await?;
                rules::batch::open(batch.state, "签署协议")?;
                if now != kept.text.members {
                    return Err(Error::Changed);
                }
                let blob = blob.insert(tx).await?;
                batch.has_agreement = true;
                batch.paper = Some(blob.id.clone());
                let body = json!({ "text": kept.text.version, "sm3": kept.text.hash().to_hex(),
                    "day": kept.text.day, "count": kept.text.members.len(),
                    "list_sm3": kept.text.list_sm3, "statement": statement,
                    "way": "certificate", "serial": kept.serial, "key": kept.key,
                    "unit": kept.unit, "institution": kept.institution,
                    "content": blob.to_json() });
                Ok((batch, body))
            })
        })
        .await
    }

    /// The serial of the certificate that signed the text, if it is one of this very unit.
    pub async fn unit_signed(
        &self,
        id: &BatchId,
        text: &BatchAgreementText,
        (key, signature): (&PublicKey, &Signature),
    ) -> Result<String, Error> {
        rules::agreement::statement_signed(&text.statement(), key, signature)?;
        let keys = &self.config().keys;
        let held = match keys.certified(key).await.map_err(Error::Port)? {
            Certified::InForce(serial) => keys.certificate(&serial).await.map_err(Error::Port)?,
            Certified::Never | Certified::Ended => None,
        };
        let party = self.party_of(&self.batch_as_it_is(id).await?).await?;
        rules::batch_consent::of_unit(held.as_ref(), &party)?;
        held.map(|held| held.serial.to_hex()).ok_or(Error::Stored("serial"))
    }

    /// How the unit agreed, if it did.
    pub async fn batch_consent(
        &self,
        permit: &Permit,
        id: &BatchId,
    ) -> Result<Option<BatchConsent>, Error> {
        let batch = self.batch(permit, id).await?;
        Ok(match self.run_consent(&batch).await?.as_deref() {
            None => None,
            Some(RunConsent::Paper { witnesses, .. }) => {
                Some(BatchConsent::Paper { witnesses: witnesses.clone() })
            }
            Some(RunConsent::Certificate { kept, .. }) => Some(BatchConsent::Certificate {
                serial: kept.serial.clone(),
                count: kept.text.count(),
                statement: kept.text.statement(),
            }),
        })
    }

    /// The unit's agreement as it is kept.
    pub(super) async fn run_consent(
        &self,
        batch: &Batch,
    ) -> Result<Option<Arc<RunConsent>>, Error> {
        let Some(blob) = batch.paper.clone() else { return Ok(None) };
        let content = self.store().open_blob(&blob).await?;
        let kept = serde_json::from_slice::<KeptConsent>(&content).ok();
        let consent = match kept.filter(|kept| kept.form == CONSENT_FORM) {
            Some(kept) => {
                let members: BTreeSet<_> = kept.text.members.iter().cloned().collect();
                RunConsent::Certificate { blob, kept: Box::new(kept), members }
            }
            None => {
                let witnesses = witnesses_of(&content).ok_or(Error::Stored("agreement"))?;
                RunConsent::Paper { blob, witnesses }
            }
        };
        Ok(Some(Arc::new(consent)))
    }
}

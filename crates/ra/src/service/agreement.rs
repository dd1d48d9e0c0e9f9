//! The service agreement, signed by both sides (Measures Art. 21 ¶4; its party is always the
//! institution, Art. 27 ¶3).

use access::{Action, Permit};
use gm::Signature;
use law::CivilDate;
use serde_json::json;
use store::{Record, SealedBlob};

use super::turn::Turn;
use super::{Ra, second};
use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{Agreement, AgreementText, ApplicantSignature, Application, ApplicationId, At};
use crate::rules;
use crate::sql;
use crate::sql::signing::{AgreementRow, Signatures};

impl Ra {
    /// Makes the text that is to be signed, and keeps it. The same day the same text; another day, or
    /// after a new version is in force, it is made anew as long as nobody signed.
    pub async fn draw_agreement(&self, permit: &Permit, at: &At) -> Result<AgreementText, Error> {
        let application = self.reached((permit, Action::AgreeApplication), at).await?;
        rules::order::permitted(self.service_of(&application)?, &application.state, Step::Agree)?;
        let text = self.made(&application).await?;
        if let Some(there) = self.drawn(&application).await?
            && there == text
        {
            return Ok(there);
        }
        let content = serde_json::to_vec(&text).map_err(|_| Error::Stored("agreement"))?;
        let blob = self.seal(content, "ra-agreement").await?;
        let (kept, hash, actor) = (text.clone(), text.hash().to_hex(), permit.actor());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let blob = blob.insert(tx).await?;
                    let row = (&*kept.version, &*hash, &*blob.id);
                    let now = second(tx.now());
                    sql::signing::draw(tx.conn(), &application, row, now).await?;
                    let body = json!({ "text": kept.version, "sm3": hash,
                        "content": blob.to_json() });
                    let subject = application.subject();
                    tx.append(Record::new("application.agreement-drawn", actor, subject, body))
                        .await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(text)
    }

    pub(super) async fn made(&self, application: &Application) -> Result<AgreementText, Error> {
        let form = self.form_of(application).await?;
        let of = (application, self.kind_of(application)?, self.service_of(application)?);
        rules::agreement::text(
            self.catalogue().agreement(),
            of,
            &form,
            self.institution(),
            self.today(),
        )
    }

    async fn drawn(&self, application: &Application) -> Result<Option<AgreementText>, Error> {
        let mut reader = self.store().read().await?;
        let row = sql::signing::agreement(&mut reader, application).await?;
        drop(reader);
        match row {
            Some(row) => Ok(Some(self.opened(&row).await?)),
            None => Ok(None),
        }
    }

    async fn opened(&self, row: &AgreementRow) -> Result<AgreementText, Error> {
        let content = self.store().open_blob(&row.text_blob).await?;
        let text: AgreementText =
            serde_json::from_slice(&content).map_err(|_| Error::Stored("agreement"))?;
        if text.hash().to_hex() == row.text_hash {
            Ok(text)
        } else {
            Err(Error::Stored("agreement"))
        }
    }

    /// The text as drawn or signed, for both sides.
    pub async fn agreement_text(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Option<AgreementText>, Error> {
        let application = self.application(permit, id).await?;
        self.drawn(&application).await
    }

    /// Both sides have signed [`AgreementText::statement`]: the institution by its agreement key, the
    /// applicant by a key or by hand before two witnesses.
    pub async fn agree(
        &self,
        permit: &Permit,
        at: &At,
        (institution, applicant): (Signature, ApplicantSignature),
    ) -> Result<(Application, Agreement), Error> {
        let application = self.reached((permit, Action::AgreeApplication), at).await?;
        rules::order::permitted(self.service_of(&application)?, &application.state, Step::Agree)?;
        let text = self.drawn(&application).await?.ok_or(Refusal::AgreementMissing)?;
        self.held(&application, &text).await?;
        rules::agreement::signed(&text, &self.institution().agreement_key, &institution)?;
        let (signed, paper) =
            self.applicant_side(&application, &text, (institution, applicant)).await?;
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        let kept = (text.version.clone(), text.hash().to_hex());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::AgreeApplication);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Agree)).await?;
                    keep(tx, turn, kept, (signed, paper)).await
                })
            })
            .await
    }

    /// The text is the one that would be made: its party is the institution, and it is in force.
    async fn held(&self, application: &Application, text: &AgreementText) -> Result<(), Error> {
        let version = self.catalogue().agreement().on(self.today());
        let in_force = version.is_some_and(|version| version.number == text.version);
        let institution = self.institution();
        let names = |part: &str| text.lines.iter().any(|line| line.text.contains(part));
        let party = names(&institution.name) && names(&institution.credit_code);
        if in_force && party && text.application == application.id {
            Ok(())
        } else {
            Err(Refusal::AgreementText.into())
        }
    }

    async fn applicant_side(
        &self,
        application: &Application,
        text: &AgreementText,
        (institution, applicant): (Signature, ApplicantSignature),
    ) -> Result<(Signatures, Option<SealedBlob>), Error> {
        let mut signed = Signatures {
            institution: institution.to_der(),
            way: applicant.way(),
            applicant_key: None,
            applicant: None,
            certified: false,
            paper: None,
        };
        let paper = match applicant {
            ApplicantSignature::Key { public_key, signature } => {
                rules::agreement::signed(text, &public_key, &signature)?;
                signed.certified = self.is_of_concerned(application, &public_key).await?;
                signed.applicant_key = Some(public_key.to_sec1().to_vec());
                signed.applicant = Some(signature.to_der());
                None
            }
            ApplicantSignature::Handwritten { scan, witnesses } => {
                rules::material::media(&scan)?;
                let form = self.form_of(application).await?;
                let parties = rules::agreement::parties(self.kind_of(application)?, &form);
                rules::agreement::witnesses(&witnesses, &parties)?;
                Some(self.seal(paper_of(&witnesses, &scan), "ra-agreement").await?)
            }
        };
        Ok((signed, paper))
    }
}

/// Names of the witnesses on the first two lines, then the scan.
pub(super) fn paper_of([first, second]: &[String; 2], scan: &[u8]) -> Vec<u8> {
    let mut paper = format!("{}\n{}\n", first.trim(), second.trim()).into_bytes();
    paper.extend(scan);
    paper
}

/// The names of the witnesses of such a paper.
pub(super) fn witnesses_of(paper: &[u8]) -> Option<[String; 2]> {
    let mut lines = paper.splitn(3, |octet| *octet == b'\n');
    let mut name = || String::from_utf8(lines.next()?.to_vec()).ok();
    Some([name()?, name()?])
}

async fn keep(
    tx: &mut store::Tx,
    mut turn: Turn,
    (version, hash): (String, String),
    (mut signed, paper): (Signatures, Option<SealedBlob>),
) -> Result<(Application, Agreement), Error> {
    let row = sql::signing::agreement(tx.conn(), &turn.application).await?;
    if row.is_none_or(|row| row.text_hash != hash) {
        return Err(Refusal::AgreementText.into());
    }
    let mut paper_json = serde_json::Value::Null;
    if let Some(paper) = paper {
        let paper = paper.insert(tx).await?;
        paper_json = paper.to_json();
        signed.paper = Some(paper.id);
    }
    if !sql::signing::sign(tx.conn(), &turn.application, &signed, turn.now).await? {
        return Err(Error::Changed);
    }
    let agreement = Agreement {
        application: turn.application.id.clone(),
        version: version.clone(),
        text_hash: hash.clone(),
        at: turn.now,
    };
    turn.enter(crate::model::State::Agreed { agreement: version.clone() });
    let body = json!({
        "text": version,
        "sm3": hash,
        "day": CivilDate::of(turn.now),
        "institution": hex::encode(&signed.institution),
        "way": signed.way,
        "key": signed.applicant_key.as_deref().map(hex::encode),
        "applicant": signed.applicant.as_deref().map(hex::encode),
        "paper": paper_json,
    });
    Ok((turn.finish(tx, "application.agreed", body).await?, agreement))
}

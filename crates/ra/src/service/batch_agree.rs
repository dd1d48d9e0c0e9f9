//! The agreement and the request of one application of a batch that runs: what is held against the
//! unit's agreement, signed by the institution, and kept with the key of the row in one unit (Measures
//! Art. 21 ¶4, Art. 27 ¶3; checks C21-4, C21-5).

use gm::{Signature, UserId};
use law::CivilDate;
use pki::csr::CertificationRequest;
use serde_json::{Value, json};
use store::{Record, SealedBlob, Tx};

use super::turn::Turn;
use super::{Ra, second};
use crate::catalogue::Step;
use crate::error::{Error, Refusal};
use crate::model::{
    Application, ApplicationId, At, BatchRun, RunAgreement, RunConsent, RunRequest, State,
};
use crate::port::Certified;
use crate::rules;
use crate::sql;
use crate::sql::signing::Signatures;

impl Ra {
    /// The agreement of an application, as it stands today: what the institution signs. The unit has
    /// agreed for this application, on paper before witnesses or by its certificate.
    pub async fn run_agreement(
        &self,
        run: &BatchRun,
        application: &Application,
    ) -> Result<RunAgreement, Error> {
        self.member_of(run, &application.id).await?;
        let (kind, service) = (self.kind_of(application)?, self.service_of(application)?);
        rules::order::permitted(service, &application.state, Step::Agree)?;
        let form = self.form_of(application).await?;
        if let RunConsent::Paper { witnesses, .. } = &*run.consent {
            let parties = rules::agreement::parties(kind, &form);
            rules::agreement::witnesses(witnesses, &parties)?;
        }
        let of = (application, kind, service);
        let template = self.catalogue().agreement();
        let text = rules::agreement::text(template, of, &form, self.institution(), self.today())?;
        rules::batch_consent::covers(&run.consent, application, &text.version)?;
        // A key that will not do is the next step's to tell.
        let request = self.request_of(&application.id).await.ok();
        Ok(RunAgreement { at: application.at(), text, request })
    }

    /// Both sides have signed: the institution this text, the unit for all of the batch. The key of the
    /// row becomes the application's request in the same unit.
    pub async fn run_agree(
        &self,
        run: &BatchRun,
        (made, signature): (RunAgreement, Signature),
    ) -> Result<Application, Error> {
        rules::agreement::signed(&made.text, &self.institution().agreement_key, &signature)?;
        let content = serde_json::to_vec(&made.text).map_err(|_| Error::Stored("agreement"))?;
        let blob = self.seal(content, "ra-agreement").await?;
        let (ra, run) = (self.clone(), run.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let step = (&made.at, Step::Agree);
                    let turn = Turn::begin_for(&ra, tx, &run.actor, step).await?;
                    let agreed = agree(tx, turn, (&run, &made), (blob, signature)).await?;
                    store::fault::point("ra.30-agreed");
                    match made.request {
                        Some(request) => {
                            let step = (&agreed.at(), Step::Request);
                            let turn = Turn::begin_for(&ra, tx, &run.actor, step).await?;
                            keep_request(tx, turn, &request).await
                        }
                        None => Ok(agreed),
                    }
                })
            })
            .await
    }

    /// The key that came with the row becomes the application's request.
    pub async fn run_request(&self, run: &BatchRun, at: &At) -> Result<Application, Error> {
        self.member_of(run, &at.id).await?;
        let request = self.request_of(&at.id).await?;
        let (ra, run, at) = (self.clone(), run.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let turn = Turn::begin_for(&ra, tx, &run.actor, (&at, Step::Request)).await?;
                    keep_request(tx, turn, &request).await
                })
            })
            .await
    }

    /// The request of a row: its possession proven, its key certified by nobody.
    async fn request_of(&self, id: &ApplicationId) -> Result<RunRequest, Error> {
        let mut reader = self.store().read().await?;
        let (fingerprint, csr) = sql::batch::request(&mut reader, id).await?;
        let chain = sql::attestation::of_row(&mut reader, id).await?;
        let kind = sql::application::load(&mut reader, id).await?.kind;
        drop(reader);
        let possession =
            CertificationRequest::from_der(&csr)?.prove_possession(&UserId::default())?;
        let key = *possession.public_key();
        if key.fingerprint() != fingerprint {
            return Err(Error::Stored("csr"));
        }
        if self.config().keys.certified(&key).await.map_err(Error::Port)? != Certified::Never {
            return Err(Refusal::KeyUsed.into());
        }
        // Judged when the row was taken, and again now that it counts.
        let judged = self.judged((&kind, &key), chain.as_deref().map(str::as_bytes))?;
        Ok(RunRequest { key, csr, judged })
    }
}

async fn keep_request(
    tx: &mut Tx,
    turn: Turn,
    RunRequest { key, csr, judged }: &RunRequest,
) -> Result<Application, Error> {
    super::issue::keep(tx, turn, (key, false), (csr, judged)).await
}

/// Text and signatures in one unit: nobody signs a text that is not kept.
async fn agree(
    tx: &mut Tx,
    mut turn: Turn,
    (run, made): (&BatchRun, &RunAgreement),
    (blob, signature): (SealedBlob, Signature),
) -> Result<Application, Error> {
    let (version, hash) = (made.text.version.clone(), made.text.hash().to_hex());
    let blob = blob.insert(tx).await?;
    let row = (&*version, &*hash, &*blob.id);
    sql::signing::draw(tx.conn(), &turn.application, row, turn.now).await?;
    let drawn = json!({ "text": version, "sm3": hash, "content": blob.to_json() });
    let subject = turn.application.subject();
    let kind = "application.agreement-drawn";
    tx.append(Record::new(kind, run.actor.clone(), subject, drawn)).await?;
    let signed = signatures(&run.consent, &signature)?;
    if !sql::signing::sign(tx.conn(), &turn.application, &signed, turn.now).await? {
        return Err(Error::Changed);
    }
    turn.enter(State::Agreed { agreement: version.clone() });
    let hexed = |octets: &Option<Vec<u8>>| octets.as_deref().map(hex::encode);
    let (paper, consent) = evidence(run);
    let body = json!({ "text": version, "sm3": hash, "day": CivilDate::of(second(turn.now)),
        "institution": hex::encode(&signed.institution), "way": signed.way,
        "key": hexed(&signed.applicant_key), "applicant": hexed(&signed.applicant),
        "paper": paper, "consent": consent });
    turn.finish(tx, "application.agreed", body).await
}

/// What stands under the agreement of one application: of the unit, what it put under that of all.
fn signatures(consent: &RunConsent, institution: &Signature) -> Result<Signatures, Error> {
    let octets = |text: &str| hex::decode(text).map_err(|_| Error::Stored("agreement"));
    let by_hand = Signatures {
        institution: institution.to_der(),
        way: "handwritten",
        applicant_key: None,
        applicant: None,
        certified: false,
        paper: None,
    };
    Ok(match consent {
        RunConsent::Paper { blob, .. } => Signatures { paper: Some(blob.clone()), ..by_hand },
        RunConsent::Certificate { blob, kept, .. } => Signatures {
            way: "key",
            applicant_key: Some(octets(&kept.key)?),
            applicant: Some(octets(&kept.unit)?),
            // By a certificate in force, so that the request is of another key.
            certified: true,
            paper: Some(blob.clone()),
            ..by_hand
        },
    })
}

/// Where the unit's agreement is: the paper, or the text that it signed for all.
fn evidence(run: &BatchRun) -> (Value, Value) {
    let batch = run.batch.as_str();
    match &*run.consent {
        RunConsent::Paper { blob, .. } => (json!({ "blob": blob, "batch": batch }), Value::Null),
        RunConsent::Certificate { blob, kept, .. } => {
            let consent = json!({ "blob": blob, "batch": batch, "serial": kept.serial,
                "list_sm3": kept.text.list_sm3, "statement": kept.text.statement() });
            (Value::Null, consent)
        }
    }
}

//! The applicant's key, and the one-use permission to order certificates.

use access::{Action, Permit};
use gm::{PublicKey, UserId};
use pki::attestation::Judged;
use pki::csr::{CertificationRequest, ProofOfPossession};
use serde_json::json;
use store::Tx;

use super::Ra;
use super::status::owe_end;
use super::turn::Turn;
use crate::catalogue::{Ground, Step};
use crate::error::{Error, Refusal};
use crate::model::{Agreement, Application, At, Form, ReadyToIssue, Serials, State};
use crate::port::Certified;
use crate::rules;
use crate::rules::dossier::Dossier;
use crate::sql;

impl Ra {
    /// Takes the applicant's request for a certificate. The key was never certified, belongs to no
    /// other application, and is the one that signed the agreement if a new key did. With it may come what its
    /// device says about it: an attestation that proves nothing is refused (Measures Art. 20 ¶2).
    pub async fn request(
        &self,
        permit: &Permit,
        at: &At,
        (possession, attestation): (&ProofOfPossession, Option<&[u8]>),
    ) -> Result<Application, Error> {
        let application = self.reached((permit, Action::RequestCertificate), at).await?;
        rules::order::permitted(self.service_of(&application)?, &application.state, Step::Request)?;
        let key = *possession.public_key();
        let keeps = self.keeps_key(&application, &key).await?;
        let judged = self.judged((&application.kind, &key), attestation)?;
        let csr = possession.csr_der().to_vec();
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::RequestCertificate);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Request)).await?;
                    keep(tx, turn, (&key, keeps), (&csr, &judged)).await
                })
            })
            .await
    }

    /// Whether the key stays the one of the certificate that is renewed; any other key has to be new.
    async fn keeps_key(&self, application: &Application, key: &PublicKey) -> Result<bool, Error> {
        if application.service == "renew" && self.is_of_concerned(application, key).await? {
            return Ok(true);
        }
        match self.config().keys.certified(key).await.map_err(Error::Port)? {
            Certified::Never => Ok(false),
            Certified::InForce(_) | Certified::Ended => Err(Refusal::KeyUsed.into()),
        }
    }

    /// Everything that the law wants is there: looks at the evidence itself, not at the state alone.
    pub async fn ready_to_issue(&self, permit: &Permit, at: &At) -> Result<ReadyToIssue, Error> {
        let application = self.reached((permit, Action::IssueApplication), at).await?;
        self.ready(application).await
    }

    /// The same for whoever may.
    pub(super) async fn ready(&self, application: Application) -> Result<ReadyToIssue, Error> {
        let service = self.service_of(&application)?;
        rules::order::permitted(service, &application.state, Step::Issue)?;
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let (mut dossier, csr) = self.dossier(&application, Step::Issue).await?;
        let attestation = self.attestation_of(&application).await?;
        rules::dossier::informed(self.catalogue(), &dossier.acknowledgements)?;
        let elements = rules::form::elements(kind, &form);
        let (proof, review) = rules::dossier::proofed_and_reviewed(&mut dossier, &elements)?;
        let agreement = rules::dossier::agreed(service, &mut dossier)?;
        let State::Requested { key, attempt } = application.state.clone() else {
            return Err(Refusal::RequestMissing.into());
        };
        let request = CertificationRequest::from_der(&csr.ok_or(Refusal::RequestMissing)?)?;
        let possession = request.prove_possession(&UserId::default())?;
        if possession.public_key().fingerprint() != key {
            return Err(Error::Stored("csr"));
        }
        Ok(ReadyToIssue {
            acknowledgements: dossier.acknowledgements,
            subject: self.subject_of(&application, &form)?,
            term_years: rules::subject::term_years(&form),
            application,
            proof,
            review,
            agreement,
            possession,
            attestation,
            attempt,
        })
    }

    fn subject_of(
        &self,
        application: &Application,
        form: &Form,
    ) -> Result<pki::SubjectInput, Error> {
        rules::subject::subject(self.kind_of(application)?, form)
    }

    /// All evidence of the present submission, and the request of the last attempt, for a step that the office may take.
    pub(super) async fn dossier(
        &self,
        application: &Application,
        step: Step,
    ) -> Result<(Dossier, Option<Vec<u8>>), Error> {
        let mut reader = self.store().read().await?;
        let goes_on = rules::office::goes_on(&application.service, step);
        if let Some(office) = application.office.as_ref().filter(|_| !goes_on) {
            rules::office::in_force(&sql::office::load(&mut reader, office).await?)?;
        }
        let review = sql::evidence::review(&mut reader, application).await?;
        let agreement = sql::signing::agreement(&mut reader, application).await?;
        let agreement = agreement.and_then(|row| {
            let id = application.id.clone();
            row.signed_at.map(|at| Agreement {
                application: id,
                version: row.version,
                text_hash: row.text_hash,
                at,
            })
        });
        let dossier = Dossier {
            acknowledgements: sql::evidence::acknowledgements(&mut reader, &application.id).await?,
            proof: sql::evidence::proof(&mut reader, application).await?.map(|(proof, _)| proof),
            evidence: sql::evidence::evidence(&mut reader, application).await?,
            review: review.filter(|(approves, ..)| *approves).map(|(_, review, _)| review),
            hands: sql::evidence::hands(&mut reader, &application.id).await?,
            agreement,
        };
        let attempt = match &application.state {
            State::Requested { attempt, .. } => *attempt,
            _ => 0,
        };
        let csr = sql::signing::csr(&mut reader, (&application.id, attempt)).await?;
        Ok((dossier, csr))
    }

    /// The certificates exist. Uses the permission up.
    pub async fn issued(
        &self,
        permit: &Permit,
        ready: ReadyToIssue,
        serials: Serials,
    ) -> Result<Application, Error> {
        // A key in strange hands ends its certificate as soon as there is another; what was merely
        // replaced ends when its holder has the other (Measures Art. 20; ESL Art. 15).
        let ground = self.ground_of(&ready.application).await?;
        let ground = ground.filter(|one| one.reason == pki::crl::Reason::KeyCompromise);
        let (ra, permit) = (self.clone(), permit.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::IssueApplication);
                    let turn = Turn::begin(&ra, tx, by, (&ready.at(), Step::Issue)).await?;
                    keep_issued(tx, turn, (&ready, serials), ground.as_ref()).await
                })
            })
            .await
    }

    /// The order of issue was refused for good: the applicant hands in another key. Uses the permission
    /// up. `code` is the stable code of the refusal.
    pub async fn issue_failed(
        &self,
        permit: &Permit,
        ready: ReadyToIssue,
        code: &str,
    ) -> Result<Application, Error> {
        let (ra, permit, code) = (self.clone(), permit.clone(), code.to_owned());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::IssueApplication);
                    let mut turn = Turn::begin(&ra, tx, by, (&ready.at(), Step::Issue)).await?;
                    let body = json!({ "request": ready.request_id(), "code": code });
                    turn.enter(State::Agreed { agreement: ready.agreement.version });
                    turn.finish(tx, "application.issue-failed", body).await
                })
            })
            .await
    }
}

/// From requested to issued.
pub(super) async fn keep_issued(
    tx: &mut Tx,
    mut turn: Turn,
    (ready, serials): (&ReadyToIssue, Serials),
    ground: Option<&Ground>,
) -> Result<Application, Error> {
    owe_end(tx, &turn, ground).await?;
    let id = turn.application.id.clone();
    for serial in [Some(&serials.sign), serials.enc.as_ref()].into_iter().flatten() {
        sql::application::certified(tx.conn(), &id, serial).await?;
    }
    let body = json!({ "request": ready.request_id(), "sign": serials.sign, "enc": serials.enc });
    turn.enter(State::Issued { serials });
    turn.finish(tx, "application.issued", body).await
}

/// From agreed to requested.
pub(super) async fn keep(
    tx: &mut Tx,
    mut turn: Turn,
    (key, keeps): (&PublicKey, bool),
    (csr, judged): (&[u8], &Judged),
) -> Result<Application, Error> {
    let fingerprint = key.fingerprint();
    let id = turn.application.id.clone();
    if !keeps && sql::signing::key_elsewhere(tx.conn(), &id, &fingerprint).await? {
        return Err(Refusal::KeyUsed.into());
    }
    let agreement = sql::signing::agreement(tx.conn(), &turn.application).await?;
    let agreement = agreement.filter(|row| row.signed_at.is_some());
    let agreement = agreement.ok_or(Refusal::AgreementMissing)?;
    let by_new_key = agreement.applicant_key.filter(|_| !agreement.certified);
    if by_new_key.is_some_and(|signed_by| signed_by != key.to_sec1()) {
        return Err(Refusal::KeyDiffers.into());
    }
    let attempt = sql::signing::attempts(tx.conn(), &id).await? + 1;
    let request = (&*fingerprint, csr);
    sql::signing::add_key(tx.conn(), (&id, attempt), request, turn.now).await?;
    sql::attestation::add(tx.conn(), (&id, attempt), judged).await?;
    turn.enter(State::Requested { key: fingerprint.clone(), attempt });
    // Whether it is proven in which device the key is: check C20-1.
    let body = json!({ "key": fingerprint, "attempt": attempt, "csr": gm::sm3::hash(csr).to_hex(),
        "attestation": judged.verdict().entry() });
    turn.finish(tx, "application.requested", body).await
}

//! Handing in, and the four notices (Measures Art. 21 ¶1 and ¶2).

use access::{ActKind, Action, Permit, SignedAct};
use gm::{PublicKey, Signature, UserId};
use law::CivilDate;
use serde_json::{Value, json};
use store::Tx;

use super::draft::entered;
use super::turn::Turn;
use super::{Ra, ordered};
use crate::catalogue::{Catalogue, Notice, NoticeVersion, Step};
use crate::error::{Error, FieldError, Refusal};
use crate::model::{Acknowledgement, Application, ApplicationId, At, EnterOrder, Form, State};
use crate::port::Certified;
use crate::rules;
use crate::sql;

/// One of the four notices as an applicant finds it.
#[derive(Debug, Clone)]
pub struct NoticeStatus<'a> {
    /// The notice.
    pub notice: &'a Notice,
    /// The version in force.
    pub version: &'a NoticeVersion,
    /// Whether this version was acknowledged.
    pub acknowledged: Option<Acknowledgement>,
}

impl Ra {
    /// The four notices in force, and which of them were acknowledged.
    pub async fn notices(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<NoticeStatus<'_>>, Error> {
        self.application(permit, id).await?;
        let mut reader = self.store().read().await?;
        let given = sql::evidence::acknowledgements(&mut reader, id).await?;
        let today = self.today();
        self.catalogue()
            .notices()
            .iter()
            .map(|notice| {
                let version = current(notice, today)?;
                let is_it = |one: &&Acknowledgement| {
                    one.notice == notice.name && one.version == version.number
                };
                let acknowledged = given.iter().find(is_it).cloned();
                Ok(NoticeStatus { notice, version, acknowledged })
            })
            .collect()
    }

    /// The applicant acknowledges one notice in the version in force. With all four, an application
    /// that was handed in goes on, and the clock of the review runs (check C21-1).
    pub async fn acknowledge(
        &self,
        permit: &Permit,
        at: &At,
        (notice, version): (&str, &str),
    ) -> Result<(Application, Acknowledgement), Error> {
        let notice = self.catalogue().notice(notice)?;
        let text = current(notice, self.today())?;
        if text.number != version {
            return Err(Refusal::NoticeSuperseded.at(format!("《{}》", notice.title)));
        }
        let hash = text.hash().to_hex();
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        let (name, number) = (notice.name.clone(), text.number.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::AcknowledgeNotice);
                    let mut turn = Turn::begin(&ra, tx, by, (&at, Step::Acknowledge)).await?;
                    let given = Acknowledgement {
                        application: at.id.clone(),
                        notice: name,
                        version: number,
                        at: turn.now,
                    };
                    let actor = turn.actor().to_string();
                    sql::evidence::acknowledge(tx.conn(), &given, (&hash, &actor)).await?;
                    let submitted = matches!(turn.application.state, State::Submitted { .. });
                    if submitted && ra.is_informed(tx, &turn).await? {
                        turn.application.clock_from = Some(turn.now);
                        turn.enter(State::Acknowledged { at: turn.now });
                    }
                    let body =
                        json!({ "notice": given.notice, "text": given.version, "sm3": hash });
                    Ok((turn.finish(tx, "application.acknowledged", body).await?, given))
                })
            })
            .await
    }

    /// Whether all four notices are acknowledged in the versions in force.
    async fn is_informed(&self, tx: &mut Tx, turn: &Turn) -> Result<bool, Error> {
        let given = sql::evidence::acknowledgements(tx.conn(), &turn.application.id).await?;
        all_current(self.catalogue(), &given, CivilDate::of(turn.now))
    }

    /// All that stands in the way of handing in, at once; empty if nothing does.
    pub async fn open_points(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<FieldError>, Error> {
        let application = self.application(permit, id).await?;
        let form = self.form_of(&application).await?;
        self.defects(&application, &form).await
    }

    /// The applicant hands the application in.
    pub async fn submit(&self, permit: &Permit, at: &At) -> Result<Application, Error> {
        if permit.person().is_some() {
            return Err(Refusal::SignedActNeeded.at("录入员提交申请须签名"));
        }
        self.submit_by(permit, Action::SubmitApplication, at, Value::Null).await
    }

    /// A clerk hands it in for the applicant and signs for having entered it.
    pub async fn enter(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        act: SignedAct,
    ) -> Result<Application, Error> {
        let on = (ActKind::EnterApplication, &*format!("application:{id}"));
        let order: EnterOrder = ordered(&act, permit, on)?;
        let at = At { id: id.clone(), version: order.version };
        self.submit_by(permit, Action::CreateApplication, &at, act.to_json()).await
    }

    async fn submit_by(
        &self,
        permit: &Permit,
        action: Action,
        at: &At,
        act: Value,
    ) -> Result<Application, Error> {
        let application = self.reached((permit, action), at).await?;
        rules::order::permitted(self.service_of(&application)?, &application.state, Step::Submit)?;
        let form = self.form_of(&application).await?;
        let errors = self.defects(&application, &form).await?;
        if !errors.is_empty() {
            return Err(Error::Form(errors));
        }
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let turn = Turn::begin(&ra, tx, (&permit, action), (&at, Step::Submit)).await?;
                    entered(tx, &turn, &permit).await?;
                    ra.take(tx, turn, act).await
                })
            })
            .await
    }

    pub(super) async fn take(
        &self,
        tx: &mut Tx,
        mut turn: Turn,
        act: Value,
    ) -> Result<Application, Error> {
        turn.application.round += 1;
        let day = CivilDate::of(turn.now);
        if let Some(id) = turn.application.office.clone() {
            let office = sql::office::load(tx.conn(), &id).await?;
            let kind = turn.application.kind.clone();
            let taken = sql::application::taken(tx.conn(), &id, &kind, day).await?;
            rules::office::may_take(&office, &kind, taken)?;
            sql::application::take(tx.conn(), &turn.application, &id, day).await?;
        }
        sql::content::submit_form(tx.conn(), &turn.application).await?;
        let issues = self.service_of(&turn.application)?.issues();
        let informed = issues && self.is_informed(tx, &turn).await?;
        turn.application.clock_from = (informed || !issues).then_some(turn.now);
        turn.enter(if informed || !issues {
            State::Acknowledged { at: turn.now }
        } else {
            State::Submitted { at: turn.now }
        });
        let body = json!({
            "form": turn.application.form,
            "round": turn.application.round,
            "act": act,
        });
        turn.finish(tx, "application.submitted", body).await
    }

    /// What is wrong with form and materials; where nothing is, whether the profile takes the subject.
    async fn defects(
        &self,
        application: &Application,
        form: &Form,
    ) -> Result<Vec<FieldError>, Error> {
        let kind = self.kind_of(application)?;
        let materials =
            sql::content::materials(&mut *self.store().read().await?, &application.id).await?;
        let mut errors = rules::form::check(kind, form, self.today());
        let issues = self.service_of(application)?.issues();
        if errors.is_empty() && issues {
            errors.extend(self.profile_defect(application, form)?);
        }
        if errors.is_empty() {
            errors.extend(self.concern_defects(application, form).await?);
        }
        // Who signs with the very certificate needs no paper to have its status changed.
        let mut reader = self.store().read().await?;
        if issues || !sql::evidence::is_endorsed(&mut reader, application).await? {
            errors.extend(rules::material::missing(kind, &materials));
        }
        Ok(errors)
    }

    pub(super) fn profile_defect(
        &self,
        application: &Application,
        form: &Form,
    ) -> Result<Option<FieldError>, Error> {
        let kind = self.kind_of(application)?;
        let profile = self.config().profiles.by_name(&kind.sign_profile);
        let profile = profile.ok_or_else(|| Error::Catalogue(kind.sign_profile.clone()))?;
        let subject = rules::subject::subject(kind, form)?;
        Ok(subject.check(profile).err().map(|error| FieldError {
            field: "subject".to_owned(),
            label: "证书内容".to_owned(),
            code: error.code(),
            text: format!("不能写入证书：{error}"),
        }))
    }

    /// What an applicant signs to be recognised by the certificate that the application is about: one
    /// line that names the application, the version of its form and the SM3 of its content.
    pub async fn endorsement_statement(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<String, Error> {
        let application = self.application(permit, id).await?;
        self.statement_of(&application).await
    }

    async fn statement_of(&self, application: &Application) -> Result<String, Error> {
        let form = self.form_of(application).await?;
        let content = serde_json::to_vec(&form).map_err(|_| Error::Stored("form"))?;
        let hash = gm::sm3::hash_parts(&[application.id.as_str().as_bytes(), b"\n", &content]);
        Ok(format!(
            "yinxin-application/1 {} {} sm3:{}",
            application.number,
            application.form,
            hash.to_hex()
        ))
    }

    /// Takes the applicant's signature under the form, made by the certificate in question: evidence
    /// for the proofing method `certificate` (ESL Art. 14).
    pub async fn endorse(
        &self,
        permit: &Permit,
        at: &At,
        (key, signature): (PublicKey, Signature),
    ) -> Result<Application, Error> {
        let application = self.reached((permit, Action::CreateApplication), at).await?;
        let statement = self.statement_of(&application).await?;
        gm::sm2::verify(&key, &UserId::default(), statement.as_bytes(), &signature)
            .map_err(|_| Error::from(Refusal::AgreementSignature))?;
        if !self.is_of_concerned(&application, &key).await? {
            return Err(Refusal::MeansUnfit.at("签名所用证书不是本次申请所针对的有效证书"));
        }
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::CreateApplication);
                    let turn = Turn::begin(&ra, tx, by, (&at, Step::Save)).await?;
                    let signed = (&key, &signature);
                    sql::evidence::endorse(tx.conn(), &turn.application, signed, turn.now).await?;
                    let body = json!({
                        "statement": statement,
                        "key": hex::encode(key.to_sec1()),
                        "signature": hex::encode(signature.to_der()),
                    });
                    turn.finish(tx, "application.endorsed", body).await
                })
            })
            .await
    }

    /// Whether a key is that of the certificate that the application is about, in force.
    pub(crate) async fn is_of_concerned(
        &self,
        application: &Application,
        key: &PublicKey,
    ) -> Result<bool, Error> {
        let certified = self.config().keys.certified(key).await.map_err(Error::Port)?;
        Ok(match (certified, &application.concerns) {
            (Certified::InForce(serial), Some(concerned)) => serial.to_hex() == *concerned,
            _ => false,
        })
    }
}

/// The version of a notice in force.
fn current(notice: &Notice, day: CivilDate) -> Result<&NoticeVersion, Error> {
    notice.on(day).ok_or_else(|| Error::Catalogue(format!("《{}》没有现行版本", notice.title)))
}

fn all_current(
    catalogue: &Catalogue,
    given: &[Acknowledgement],
    day: CivilDate,
) -> Result<bool, Error> {
    for notice in catalogue.notices() {
        let version = current(notice, day)?;
        let is_it =
            |one: &Acknowledgement| one.notice == notice.name && one.version == version.number;
        if !given.iter().any(is_it) {
            return Ok(false);
        }
    }
    Ok(true)
}

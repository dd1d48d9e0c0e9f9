//! Changes of status that were approved, and the ends of certificates that were replaced: the program
//! carries out what people decided, once, whatever cuts it off (Measures Art. 18; Invariant 3).

use access::Permit;
use pki::Serial;
use serde_json::json;
use store::{Actor, Record};

use super::ready::ApprovedChanges;
use super::turn::Turn;
use super::{Ra, second};
use crate::catalogue::{GROUND_FIELD, Ground, Service, Step};
use crate::error::{Error, FieldError, Refusal};
use crate::model::{
    Application, ApplicationId, At, Ending, Form, Mark, ReadyToCarryOut, RefusalStage, State,
};
use crate::port::Held;
use crate::rules;
use crate::sql;
use crate::sql::list::Listed;

/// Endings and approvals taken up in one go.
const BATCH: u32 = 100;
/// Where a search for what can't be carried out stops.
const MOST_UNFIT: usize = 20;

impl Ra {
    /// The certificate of a serial, whichever of its pair is named, or that there is none.
    pub async fn certificate(&self, serial: &str) -> Result<Held, Error> {
        let serial = Serial::from_hex(serial)
            .map_err(|_| Error::Input { field: "证书序列号", why: "应为十六进制数" })?;
        let found = self.config().keys.certificate(&serial).await.map_err(Error::Port)?;
        found.ok_or_else(|| Error::Unknown { what: "证书", name: serial.to_hex() })
    }

    /// The signing certificates of these serials, in their order. The first that there is not, or that is no
    /// serial, is named.
    pub(super) async fn certificates(&self, given: &[String]) -> Result<Vec<Held>, Error> {
        let serial = |text: &String| {
            let why = "应为十六进制数，一行一个";
            Serial::from_hex(text).map_err(|_| Error::Input { field: "证书序列号", why })
        };
        let serials = given.iter().map(serial).collect::<Result<Vec<_>, _>>()?;
        let found = self.config().keys.certificates(&serials).await.map_err(Error::Port)?;
        let known = |(held, serial): (Option<Held>, &Serial)| {
            held.ok_or_else(|| Error::Unknown { what: "证书", name: serial.to_hex() })
        };
        found.into_iter().zip(&serials).map(known).collect()
    }

    /// What can be applied for about a certificate that stands so.
    pub async fn services_for(&self, held: &Held) -> Result<Vec<&Service>, Error> {
        let kind = self.catalogue().kind(&held.kind)?;
        let holds = self.holds_on(held).await?;
        let all = self.catalogue().services().list.iter().filter(|service| service.replaces);
        let fits = |one: &&Service| rules::concern::fits(&one.name, kind, (held, &holds)).is_ok();
        Ok(all.filter(fits).collect())
    }

    /// Whether the present form was signed by the certificate that the application is about.
    pub async fn is_endorsed(&self, permit: &Permit, id: &ApplicationId) -> Result<bool, Error> {
        let application = self.application(permit, id).await?;
        sql::evidence::is_endorsed(&mut *self.store().read().await?, &application).await
    }

    /// Why the applicant wants it, as the form says.
    pub(crate) async fn ground_of(
        &self,
        application: &Application,
    ) -> Result<Option<Ground>, Error> {
        let form = self.form_of(application).await?;
        let name = form.value(GROUND_FIELD);
        if name.is_empty() {
            return Ok(None);
        }
        let ground = self.catalogue().ground(name)?;
        Ok(Some(ground).filter(|ground| ground.is_for(&application.service)).cloned())
    }

    /// What of the form does not agree with the certificate that the application names.
    pub(super) async fn concern_defects(
        &self,
        application: &Application,
        form: &Form,
    ) -> Result<Vec<FieldError>, Error> {
        let Some(serial) = &application.concerns else { return Ok(Vec::new()) };
        let held = self.certificate(serial).await?;
        let full = self.catalogue().kind(&application.kind)?;
        let holds = self.holds_on(&held).await?;
        rules::concern::fits(&application.service, full, (&held, &holds))?;
        let mut errors = rules::concern::differs(&application.service, full, form, &held)?;
        let mut reader = self.store().read().await?;
        if let Some(before) = sql::application::by_serial(&mut reader, serial).await? {
            let before = sql::content::indexed(&mut reader, &before).await?;
            let now = self.indexes(application, form)?;
            let other = rules::concern::another_holder(&application.service, full, &before, &now);
            errors.extend(other);
        }
        Ok(errors)
    }

    /// Proofed and reviewed: what `suspend`, `resume` and `revoke` need to be carried out. Looks at the
    /// evidence itself; who asks is the program, because the decision was the reviewer's.
    pub async fn ready_to_carry_out(&self, at: &At) -> Result<ReadyToCarryOut, Error> {
        let application = self.loaded(at).await?;
        let service = self.service_of(&application)?;
        rules::order::permitted(service, &application.state, Step::CarryOut)?;
        let form = self.form_of(&application).await?;
        let elements = rules::form::elements(self.kind_of(&application)?, &form);
        let (mut dossier, _) = self.dossier(&application, Step::CarryOut).await?;
        let (proof, review) = rules::dossier::proofed_and_reviewed(&mut dossier, &elements)?;
        let serial = application.concerns.clone().ok_or(Refusal::CertificateMissing)?;
        let ground = self.ground_of(&application).await?.ok_or(Error::Stored("ground"))?;
        Ok(ReadyToCarryOut { application, proof, review, serial, ground })
    }

    /// The certificate's status is as ordered. Uses the permission up. `still_held`: a hold of the holder was
    /// lifted and another stands, so that the certificate stays suspended.
    pub async fn carried_out(
        &self,
        ready: ReadyToCarryOut,
        still_held: bool,
    ) -> Result<Application, Error> {
        let ra = self.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let at = (&ready.application.at(), Step::CarryOut);
                    let mut turn = Turn::begin_by_itself(&ra, tx, at).await?;
                    if still_held {
                        let (kind, subject) =
                            ("application.still-held", turn.application.subject());
                        let body = json!({ "serial": ready.serial });
                        tx.append(Record::new(kind, Actor::system(), subject, body)).await?;
                    }
                    let body = json!({ "serial": ready.serial, "ground": ready.ground.name,
                        "reason": ready.ground.reason.code() });
                    turn.enter(State::CarriedOut { serial: ready.serial });
                    turn.finish(tx, "application.carried-out", body).await
                })
            })
            .await
    }

    /// The CA refused for good, because the certificate is over or was revoked meanwhile: the
    /// application ends with that. Uses the permission up.
    pub async fn not_carried_out(
        &self,
        ready: ReadyToCarryOut,
        (code, why): (&str, &str),
    ) -> Result<Application, Error> {
        let (ra, code, why) = (self.clone(), code.to_owned(), why.to_owned());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let at = (&ready.application.at(), Step::CarryOut);
                    let mut turn = Turn::begin_by_itself(&ra, tx, at).await?;
                    let body = json!({ "serial": ready.serial, "code": code });
                    let person = "system".to_owned();
                    turn.enter(State::Refused { stage: RefusalStage::End, person, basis: why });
                    turn.finish(tx, "application.not-carried-out", body).await
                })
            })
            .await
    }

    /// Changes of status that were approved and are not carried out yet, the longest waiting first: a page of them
    /// behind a place. A row that can't be read is named and holds up no other (Measures Art. 18).
    pub async fn approved(&self, behind: Option<&Mark>) -> Result<ApprovedChanges, Error> {
        let services = self.catalogue().services().list.iter().filter(|one| !one.issues());
        let services: Vec<String> = services.map(|one| one.name.clone()).collect();
        let mut reader = self.store().read().await?;
        let page = sql::list::decided(&mut reader, &services, (behind, BATCH)).await?;
        drop(reader);
        let is_full = u32::try_from(page.len()).is_ok_and(|rows| rows >= BATCH);
        let mut approved = ApprovedChanges {
            next: page.iter().rev().find_map(Listed::mark).filter(|_| is_full),
            ..ApprovedChanges::default()
        };
        for one in page {
            match one.found {
                Ok(application) => approved.ready.push(application.at()),
                Err((number, error)) => {
                    self.tell_once(&number, &error);
                    approved.unfit.push((number, error));
                }
            }
        }
        Ok(approved)
    }

    /// Applications whose approved change can't be carried out as things are, with what stands in the way; at most so
    /// many, there is enough to know then.
    pub async fn unfit_changes(&self) -> Result<Vec<(String, Error)>, Error> {
        let (mut unfit, mut behind) = (Vec::new(), None);
        loop {
            let page = self.approved(behind.as_ref()).await?;
            unfit.extend(page.unfit);
            for at in &page.ready {
                match self.ready_to_carry_out(at).await {
                    Ok(_) | Err(Error::Changed) => {}
                    // That is no word about the application.
                    Err(Error::Store(error)) if error.is_outage() => return Err(error.into()),
                    Err(error) => unfit.push((self.load(&at.id).await?.number.to_string(), error)),
                }
            }
            match page.next {
                Some(next) if unfit.len() < MOST_UNFIT => behind = Some(next),
                _ => return Ok(unfit),
            }
        }
    }

    /// Certificates whose replacement was received and that are not revoked yet.
    pub async fn endings(&self) -> Result<Vec<Ending>, Error> {
        let rows = sql::ending::owed(&mut *self.store().read().await?, BATCH.into()).await?;
        let mut endings = Vec::new();
        for (application, serial, ground) in rows {
            let ground = self.catalogue().ground(&ground).cloned();
            let ground = self.readable(&format!("application {application}"), ground)?;
            endings.extend(ground.map(|ground| Ending { application, serial, ground }));
        }
        Ok(endings)
    }

    /// It is revoked, or the CA refused for good (`refusal`: its code).
    pub async fn ended(&self, ending: Ending, refusal: Option<&str>) -> Result<(), Error> {
        let refusal = refusal.map(str::to_owned);
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let at = second(tx.now());
                    let id = &ending.application;
                    if !sql::ending::settle(tx.conn(), id, refusal.as_deref(), at).await? {
                        return Ok(());
                    }
                    let body = json!({ "serial": ending.serial, "ground": ending.ground.name,
                        "reason": ending.ground.reason.code(), "refusal": refusal });
                    let about = format!("application:{id}");
                    let record =
                        Record::new("application.replaced-ended", Actor::system(), about, body);
                    tx.append(record).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

/// The certificate that an application replaces is to end, on the applicant's ground.
pub(super) async fn owe_end(
    tx: &mut store::Tx,
    turn: &Turn,
    ground: Option<&Ground>,
) -> Result<(), Error> {
    match (&turn.application.concerns, ground) {
        (Some(serial), Some(ground)) => {
            let what = (&**serial, &*ground.name);
            sql::ending::owe(tx.conn(), &turn.application.id, what, turn.now).await
        }
        _ => Ok(()),
    }
}

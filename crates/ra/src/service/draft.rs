//! A new application, and filling in its form.

use access::{Action, Object, Permit};
use law::CivilDate;
use pki::Serial;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::turn::Turn;
use super::{Ra, second};
use crate::catalogue::{SearchField, Step};
use crate::error::{Error, Refusal};
use crate::model::{
    Application, ApplicationId, At, Created, Form, NewApplication, Number, OfficeId, Saved, State,
};
use crate::rules;
use crate::sql;
use crate::sql::code::Purpose;

impl Ra {
    /// Begins an application for whoever comes to the public pages: no permit is needed to apply, and
    /// the check code is what opens the application from then on.
    pub async fn begin(&self, new: NewApplication) -> Result<Created, Error> {
        self.create_by(new, None).await
    }

    /// Begins an application at the counter. The clerk has a hand in it from here on.
    pub async fn create(&self, permit: &Permit, new: NewApplication) -> Result<Created, Error> {
        let office = new.office.as_ref().map(OfficeId::as_str);
        permit.covers_object(Action::CreateApplication, &Object::of_office(office))?;
        self.create_by(new, Some(permit.clone())).await
    }

    async fn create_by(
        &self,
        new: NewApplication,
        permit: Option<Permit>,
    ) -> Result<Created, Error> {
        let kind = self.catalogue().kind(&new.kind)?;
        let mut concerns = concerned(self.catalogue().service(&new.service)?.replaces, &new)?;
        if let Some(serial) = &mut concerns {
            let held = self.certificate(serial).await?;
            let holds = self.holds_on(&held).await?;
            rules::concern::fits(&new.service, kind, (&held, &holds))?;
            *serial = held.serial.to_hex();
        }
        let id = ApplicationId::from_random(self.random()?);
        let check_code = self.draw_code()?;
        let index = self.code_index(&id, Purpose::Check, &check_code)?;
        let new = NewApplication { concerns, ..new };
        let application = self
            .store()
            .commit(move |tx| {
                Box::pin(async move { insert(tx, (id, new), &index, permit.as_ref()).await })
            })
            .await?;
        Ok(Created { application, check_code })
    }

    /// Keeps what was filled in, right or wrong, and tells at once all that is wrong.
    pub async fn save_form(&self, permit: &Permit, at: &At, form: Form) -> Result<Saved, Error> {
        let application = self.reached((permit, Action::CreateApplication), at).await?;
        let kind = self.kind_of(&application)?;
        rules::form::keepable(kind, &form)?;
        let errors = rules::form::check(kind, &form, self.today());
        let indexes = self.indexes(&application, &form)?;
        let content = serde_json::to_vec(&form).map_err(|_| Error::Stored("form"))?;
        let blob = self.seal(content, "ra-form").await?;
        let (ra, permit, at) = (self.clone(), permit.clone(), at.clone());
        let wrong = errors.len();
        let application = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let by = (&permit, Action::CreateApplication);
                    let mut turn = Turn::begin(&ra, tx, by, (&at, Step::Save)).await?;
                    entered(tx, &turn, &permit).await?;
                    turn.application.form += 1;
                    let blob = blob.insert(tx).await?;
                    sql::content::add_form(tx.conn(), &turn.application, &blob.id, turn.now)
                        .await?;
                    sql::content::index(tx.conn(), &at.id, &indexes).await?;
                    let body = json!({ "form": turn.application.form, "errors": wrong,
                        "content": blob.to_json() });
                    turn.finish(tx, "application.saved", body).await
                })
            })
            .await?;
        Ok(Saved { application, errors })
    }

    /// The blind indexes of a form: what it can be found under.
    pub(super) fn indexes(
        &self,
        application: &Application,
        form: &Form,
    ) -> Result<Vec<(SearchField, String)>, Error> {
        let kind = self.kind_of(application)?;
        let mut indexes = Vec::new();
        for field in form.filled(kind) {
            if let Some(index) = field.index {
                indexes.push((index, self.search_index(index, form.value(&field.name))?));
            }
        }
        Ok(indexes)
    }

    pub(crate) fn search_index(&self, field: SearchField, value: &str) -> Result<String, Error> {
        Ok(self.store().blind_index(&format!("ra.{}", field.word()), value)?)
    }
}

/// Whoever of the staff changes an application does not review it (Invariant 9).
pub(crate) async fn entered(tx: &mut Tx, turn: &Turn, permit: &Permit) -> Result<(), Error> {
    if let Some(person) = permit.person() {
        let by = (person.id.as_str(), "entered");
        sql::evidence::add_hand(tx.conn(), &turn.application.id, by, turn.now).await?;
    }
    Ok(())
}

/// The certificate that a service is about, by its serial as we write it.
fn concerned(replaces: bool, new: &NewApplication) -> Result<Option<String>, Error> {
    let given = new.concerns.as_deref().map(str::trim).filter(|serial| !serial.is_empty());
    match (replaces, given) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(Error::Input {
            field: "证书序列号",
            why: "不用填写：此项业务不针对已有证书",
        }),
        (true, None) => Err(Refusal::CertificateMissing.into()),
        (true, Some(serial)) => {
            let serial = Serial::from_hex(serial)
                .map_err(|_| Error::Input {
                    field: "证书序列号", why: "应为十六进制数"
                })?;
            Ok(Some(serial.to_hex()))
        }
    }
}

async fn insert(
    tx: &mut Tx,
    (id, new): (ApplicationId, NewApplication),
    code: &str,
    permit: Option<&Permit>,
) -> Result<Application, Error> {
    let now = second(tx.now());
    let day = CivilDate::of(now);
    if let Some(office) = &new.office {
        let office = sql::office::load(tx.conn(), office).await?;
        rules::office::may_take(&office, &new.kind, 0)?;
    }
    let application = Application {
        number: Number::of(day, sql::application::next_number(tx.conn(), day).await?),
        service: new.service,
        kind: new.kind,
        office: new.office,
        concerns: new.concerns,
        state: State::Draft,
        since: now,
        version: 1,
        form: 0,
        round: 0,
        created_at: now,
        clock_from: None,
        id,
    };
    sql::application::insert(tx.conn(), &application).await?;
    sql::code::put(tx.conn(), &application.id, Purpose::Check, code).await?;
    let mut actor = Actor::new(format!("applicant:{}", application.id));
    if let Some(permit) = permit {
        actor = permit.actor();
        if let Some(person) = permit.person() {
            let by = (person.id.as_str(), "entered");
            sql::evidence::add_hand(tx.conn(), &application.id, by, now).await?;
        }
    }
    let body = json!({
        "number": application.number.as_str(),
        "service": application.service,
        "kind": application.kind,
        "office": application.office.as_ref().map(OfficeId::as_str),
        "concerns": application.concerns,
        "state": application.state.word(),
        "version": application.version,
    });
    tx.append(Record::new("application.created", actor, application.subject(), body)).await?;
    Ok(application)
}

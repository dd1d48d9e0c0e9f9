//! One change of one application inside a unit: load, may it be, store, journal.

use access::{Action, Permit};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Actor, Record, Tx};

use super::{Ra, second};
use crate::catalogue::Step;
use crate::error::Error;
use crate::model::{Application, At, State};
use crate::rules;
use crate::sql;

/// A change under way.
pub(crate) struct Turn {
    pub application: Application,
    pub now: Timestamp,
    actor: Actor,
}

impl Turn {
    /// Loads the application and asks: is it permitted to whoever asks (a clerk of an office reaches its
    /// own applications alone, check C27-1), is it what was read, does the step have its place, may the
    /// office act.
    pub async fn begin(
        ra: &Ra,
        tx: &mut Tx,
        (permit, action): (&Permit, Action),
        (at, step): (&At, Step),
    ) -> Result<Self, Error> {
        let application = sql::application::load(tx.conn(), &at.id).await?;
        permit.covers_object(action, &application.object())?;
        let turn = Self { application, now: second(tx.now()), actor: permit.actor() };
        turn.checked(ra, tx, (at, step)).await
    }

    /// The same for the program itself.
    pub async fn begin_by_itself(
        ra: &Ra,
        tx: &mut Tx,
        (at, step): (&At, Step),
    ) -> Result<Self, Error> {
        let application = sql::application::load(tx.conn(), &at.id).await?;
        let turn = Self { application, now: second(tx.now()), actor: Actor::system() };
        turn.checked(ra, tx, (at, step)).await
    }

    /// The same in the name of who ordered it for many at once: what they may was asked with the order.
    pub async fn begin_for(
        ra: &Ra,
        tx: &mut Tx,
        actor: &Actor,
        (at, step): (&At, Step),
    ) -> Result<Self, Error> {
        let application = sql::application::load(tx.conn(), &at.id).await?;
        let turn = Self { application, now: second(tx.now()), actor: actor.clone() };
        turn.checked(ra, tx, (at, step)).await
    }

    async fn checked(self, ra: &Ra, tx: &mut Tx, (at, step): (&At, Step)) -> Result<Self, Error> {
        let application = &self.application;
        if application.version != at.version {
            return Err(Error::Changed);
        }
        rules::order::permitted(ra.service_of(application)?, &application.state, step)?;
        let goes_on = rules::office::goes_on(&application.service, step);
        if let Some(office) = application.office.as_ref().filter(|_| !goes_on) {
            rules::office::in_force(&sql::office::load(tx.conn(), office).await?)?;
        }
        Ok(self)
    }

    /// Who acts, as the journal names it.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Goes into a state.
    pub fn enter(&mut self, state: State) {
        self.application.state = state;
        self.application.since = self.now;
    }

    /// Stores the application, one version on, with its record.
    pub async fn finish(
        mut self,
        tx: &mut Tx,
        kind: &'static str,
        particulars: Value,
    ) -> Result<Application, Error> {
        self.application.version += 1;
        sql::application::update(tx.conn(), &self.application).await?;
        let application = self.application;
        let mut body = json!({
            "number": application.number.as_str(),
            "service": application.service,
            "kind": application.kind,
            "state": application.state.word(),
            "version": application.version,
        });
        if let (Value::Object(body), Value::Object(particulars)) = (&mut body, particulars) {
            body.extend(particulars);
        }
        tx.append(Record::new(kind, self.actor, application.subject(), body)).await?;
        Ok(application)
    }
}

//! An applicant's door: the number and the check code of the receipt.

use jiff::SignedDuration;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::{Ra, second};
use crate::error::{Error, Refusal};
use crate::model::{Application, ApplicationId, Number};
use crate::sql;
use crate::sql::code::Purpose;

/// So many wrong codes in a row lock it.
const MOST_FAILURES: u64 = 5;
/// For so long.
const LOCKED_MINUTES: i64 = 15;

/// What trying a code led to.
pub(super) enum Tried {
    /// It is the code.
    Right,
    /// It is not.
    Wrong,
    /// It is locked, whatever was tried.
    Locked,
}

impl Ra {
    /// Opens an application for whoever has its number and check code. Whether the number exists is
    /// not told; five wrong codes lock the number for 15 minutes.
    pub async fn open_by_number(&self, number: &str, code: &str) -> Result<Application, Error> {
        let number: Number = number.parse().map_err(|_| Error::WrongCode)?;
        let mut reader = self.store().read().await?;
        let application = sql::application::by_number(&mut reader, &number).await?;
        drop(reader);
        // The keyed hash is reckoned in any case: the time taken does not tell either.
        let nobody = ApplicationId::from_random([0; 16]);
        let id = application.as_ref().map_or(&nobody, |application| &application.id).clone();
        let index = self.code_index(&id, Purpose::Check, code.trim())?;
        let application = application.ok_or(Error::WrongCode)?;
        let tried = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let actor = Actor::new(format!("applicant:{id}"));
                    try_code(tx, (&id, Purpose::Check), &index, &actor).await
                })
            })
            .await?;
        match tried {
            Tried::Right => Ok(application),
            Tried::Wrong => Err(Error::WrongCode),
            Tried::Locked => Err(Refusal::Locked.into()),
        }
    }
}

/// Tries a code. What it led to is stored even where it was wrong: the caller answers with an error
/// only after the unit is kept.
pub(super) async fn try_code(
    tx: &mut Tx,
    (id, purpose): (&ApplicationId, Purpose),
    index: &str,
    actor: &Actor,
) -> Result<Tried, Error> {
    let now = second(tx.now());
    let Some(code) = sql::code::load(tx.conn(), id, purpose).await? else {
        return Ok(Tried::Wrong);
    };
    if code.locked_until.is_some_and(|until| now < until) {
        return Ok(Tried::Locked);
    }
    if code.index == index {
        sql::code::tried(tx.conn(), id, purpose, (0, None)).await?;
        return Ok(Tried::Right);
    }
    let failures = if code.locked_until.is_some() { 1 } else { code.failures + 1 };
    let locked = failures >= MOST_FAILURES;
    let until = locked.then(|| now + SignedDuration::from_mins(LOCKED_MINUTES));
    sql::code::tried(tx.conn(), id, purpose, (failures, until)).await?;
    if locked {
        let body = json!({ "code": purpose.word(), "minutes": LOCKED_MINUTES });
        let subject = format!("application:{id}");
        tx.append(Record::new("application.locked", actor.clone(), subject, body)).await?;
    }
    Ok(Tried::Wrong)
}

//! What becomes of a caller's stop when the revocation comes to nothing: rejected by the other person, or
//! not decided in time. The hold that this call made is lifted, and no other (Measures Art. 18; ADR 6). Until that is settled the row says so, whatever cut the program off.

use access::Permit;
use law::Due;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::revocation::finish;
use super::{Ra, second};
use crate::catalogue::{CALL_LAPSED, CALL_REJECTED, Source};
use crate::error::{Error, Refusal};
use crate::model::{Hold, OpenStop, Revocation, RevocationState, StopEnd};
use crate::rules::revocation as rules;
use crate::sql;

impl Ra {
    /// By when another person has to decide on a call, while it waits for that.
    pub fn decide_by(&self, revocation: &Revocation) -> Option<Due> {
        let waits = revocation.state == RevocationState::Entered
            && revocation.ground.source == Source::Phone
            && revocation.called_at.is_some();
        let days = self.catalogue().services().call_working_days;
        let from = revocation.term_from.unwrap_or(revocation.since);
        waits.then(|| rules::decide_by(&self.config().calendar, days, from))
    }

    /// Ends the calls that nobody decided in time; how many. One that can't be ended holds up no other: its error
    /// is answered after them.
    pub async fn lapse_calls(&self) -> Result<usize, Error> {
        let mut reader = self.store().read().await?;
        let (now, mut all) = (self.now(), Vec::new());
        for (id, number) in sql::revocation::calls(&mut reader, false).await? {
            let one = self.named(&mut reader, &id).await;
            all.extend(self.readable(&number, one)?);
        }
        drop(reader);
        let is_late = |one: &Revocation| self.decide_by(one).is_some_and(|due| due.is_over(now));
        let (mut lapsed, mut failure) = (0, None);
        for late in all.into_iter().filter(is_late) {
            match self.lapse(late).await {
                Ok(is_lapsed) => lapsed += usize::from(is_lapsed),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(lapsed), Err)
    }

    async fn lapse(&self, late: Revocation) -> Result<bool, Error> {
        let ra = self.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut found =
                        sql::revocation::load(tx.conn(), &late.id, ra.catalogue()).await?;
                    if found.state != RevocationState::Entered || found.version != late.version {
                        return Ok(false);
                    }
                    found.state = RevocationState::Lapsed;
                    let now = second(tx.now());
                    sql::revocation::lapse(tx.conn(), &found.id, now).await?;
                    let what = ("revocation.lapsed", json!({}));
                    finish(tx, found, what, Actor::system()).await?;
                    Ok::<_, Error>(true)
                })
            })
            .await
    }

    /// Stops of calls that came to nothing, not settled yet, each with the ground on which it ends.
    pub async fn open_stops(&self) -> Result<Vec<OpenStop>, Error> {
        let mut reader = self.store().read().await?;
        let mut open = Vec::new();
        for (id, number) in sql::revocation::open_stops(&mut reader).await? {
            let stop = self.open_stop(&mut reader, &id).await;
            open.extend(self.readable(&number, stop)?);
        }
        Ok(open)
    }

    pub(super) async fn open_stop(
        &self,
        reader: &mut sql::Connection,
        id: &str,
    ) -> Result<OpenStop, Error> {
        let revocation = self.named(reader, id).await?;
        let items = sql::revocation::items(reader, &revocation.id, false).await?;
        let serial = items.into_iter().next().ok_or(Refusal::ListDiffers)?.serial;
        let name = match revocation.state {
            RevocationState::Lapsed => CALL_LAPSED,
            _ => CALL_REJECTED,
        };
        let ground = self.catalogue().ground(name)?.clone();
        Ok(OpenStop { revocation, serial, ground })
    }

    /// How a stop ends as things are in this unit, with the hold that it was; none where it is settled
    /// already, or not to be said yet.
    pub async fn stop_end(
        &self,
        tx: &mut Tx,
        stop: &OpenStop,
    ) -> Result<Option<(StopEnd, Vec<Hold>)>, Error> {
        let id = &stop.revocation.id;
        let found = sql::revocation::load(tx.conn(), id, self.catalogue()).await?;
        if found.stop_end.is_some() || !found.state.came_to_nothing() {
            return Ok(None);
        }
        let origin = found.subject();
        let standing = sql::hold::standing(tx.conn(), &stop.serial).await?;
        let (own, others): (Vec<Hold>, Vec<Hold>) =
            standing.into_iter().partition(|hold| hold.origin == origin);
        let elsewhere =
            sql::revocation::is_open_elsewhere(tx.conn(), &stop.serial, Some(id)).await?;
        let end = rules::stop_end((!own.is_empty(), !others.is_empty()), elsewhere);
        Ok(end.map(|end| (end, own)))
    }

    /// Notes how a stop ended, in the unit that ends it.
    pub async fn end_stop(&self, tx: &mut Tx, stop: &OpenStop, end: StopEnd) -> Result<(), Error> {
        let kind = match end {
            StopEnd::Lifted | StopEnd::Held => "revocation.stop-lifted",
            StopEnd::Moot | StopEnd::Kept => "revocation.stop-kept",
        };
        let at = second(tx.now());
        if !sql::revocation::end_stop(tx.conn(), &stop.revocation.id, (end, at)).await? {
            return Err(Error::Changed);
        }
        let body = json!({ "number": stop.revocation.number.as_str(), "serial": stop.serial,
            "ground": stop.ground.name, "reason": stop.ground.reason.code(), "end": end.word() });
        let subject = stop.revocation.subject();
        tx.append(Record::new(kind, Actor::system(), subject, body)).await?;
        Ok(())
    }

    /// Whether somebody signed for a revocation of a certificate that is not at its end: whoever resumes
    /// the certificate would undo what it waits for.
    pub async fn has_open_revocation(&self, tx: &mut Tx, serial: &str) -> Result<bool, Error> {
        sql::revocation::is_open_elsewhere(tx.conn(), serial, None).await
    }

    /// The same for a page, within the reach of whoever asks.
    pub async fn awaits_revocation(&self, permit: &Permit, serial: &str) -> Result<bool, Error> {
        permit.is_for(access::Action::ReadCertificate)?;
        let mut reader = self.store().read().await?;
        sql::revocation::is_open_elsewhere(&mut reader, serial, None).await
    }
}

//! A holder who calls: the one-time code goes to the telephone on file, and with it read back the
//! certificate is suspended at once, by one clerk, until another person has decided (Measures Art. 18).

use access::{Action, Permit};
use jiff::SignedDuration;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::revocation::finish;
use super::{Ra, second};
use crate::catalogue::{FieldKind, Source};
use crate::error::{Error, Refusal};
use crate::model::{Number, Revocation, RevocationId, RevocationState};
use crate::{rules, sql};

/// A one-time code counts for so long.
const CODE_MINUTES: i64 = 10;
/// So many wrong codes, and the call proves nothing any more.
const MOST_FAILURES: u64 = 5;

/// A call whose certificates are to be suspended at once: its name, its number, their serial numbers.
pub type UrgentStop = (RevocationId, Number, Vec<String>);

/// A one-time code for a caller, told once: `app` sends it to the number on file.
#[derive(Debug)]
pub struct Called {
    /// Eight digits.
    pub code: String,
    /// The number of the application that issued the certificate.
    pub phone: String,
    /// The number of the revocation, for the message.
    pub number: Number,
    /// For the name of the message.
    pub nonce: String,
}

impl Ra {
    /// Draws a one-time code for a caller. It goes to the telephone of the application that issued the
    /// certificate, to no other; without one a call proves nothing.
    pub async fn call_back(&self, permit: &Permit, id: &RevocationId) -> Result<Called, Error> {
        let revocation = self.revocation_for(permit, Action::EnterRevocation, id).await?;
        rules::revocation::in_turn(revocation.state, (RevocationState::Draft, "发送一次性代码"))?;
        if revocation.ground.source != Source::Phone {
            return Err(Refusal::CallerUnproven.at("这件登记不是来电登记，不发送一次性代码"));
        }
        let phone = self.phone_on_file(id).await?;
        let code = self.draw_code()?;
        let index = self.call_index(id, &code)?;
        let (actor, subject, id) = (permit.actor(), revocation.subject(), id.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let until = second(tx.now()) + SignedDuration::from_mins(CODE_MINUTES);
                    sql::revocation::put_code(tx.conn(), &id, (&index, until)).await?;
                    tx.append(Record::new("revocation.code-sent", actor, subject, json!({})))
                        .await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        let nonce = hex::encode(self.random::<4>()?);
        Ok(Called { code, phone, number: revocation.number, nonce })
    }

    async fn phone_on_file(&self, id: &RevocationId) -> Result<String, Error> {
        let nowhere =
            || Refusal::CallerUnproven.at("该证书没有登记的手机号码，请改由到场或来函办理");
        let mut reader = self.store().read().await?;
        let item = sql::revocation::items(&mut reader, id, false).await?.into_iter().next();
        let serial = item.ok_or(Refusal::ListDiffers)?.serial;
        let origin = sql::application::by_serial(&mut reader, &serial).await?;
        drop(reader);
        let application = self.load(&origin.ok_or_else(nowhere)?).await?;
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let field = form.filled(kind).find(|field| field.kind == FieldKind::Phone);
        field.map(|field| form.value(&field.name).to_owned()).ok_or_else(nowhere)
    }

    fn call_index(&self, id: &RevocationId, code: &str) -> Result<String, Error> {
        Ok(self.store().blind_index("ra.code.call", &format!("{id}/{code}"))?)
    }

    /// The caller read a code back. Ten minutes, five tries.
    pub async fn answer_call(
        &self,
        permit: &Permit,
        id: &RevocationId,
        code: &str,
    ) -> Result<Revocation, Error> {
        let index = self.call_index(id, code.trim())?;
        let (ra, permit, id) = (self.clone(), permit.clone(), id.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut found = sql::revocation::load(tx.conn(), &id, ra.catalogue()).await?;
                    permit.covers_object(Action::EnterRevocation, &found.object())?;
                    let wants = (RevocationState::Draft, "核对来电人");
                    rules::revocation::in_turn(found.state, wants)?;
                    let waits = sql::revocation::code(tx.conn(), &id).await?;
                    let now = second(tx.now());
                    let in_time = waits.until.is_some_and(|until| now < until);
                    if waits.failures >= MOST_FAILURES || !in_time {
                        return Ok(Err(
                            Refusal::CallerUnproven.at("代码已失效，请重新发送或改由到场办理")
                        ));
                    }
                    if waits.index.as_deref() != Some(&*index) {
                        sql::revocation::failed(tx.conn(), &id).await?;
                        return Ok(Err(Refusal::CallerUnproven.at("代码不正确，请来电人重新报出")));
                    }
                    found.called_at = Some(now);
                    let what = ("revocation.caller-proven", json!({}));
                    finish(tx, found, what, permit.actor()).await.map(Ok)
                })
            })
            .await?
    }

    /// Calls that were signed for and whose certificates are not suspended yet. One that can't be read is told
    /// of and left; the others are stopped at once.
    pub async fn urgent_stops(&self) -> Result<Vec<UrgentStop>, Error> {
        let mut reader = self.store().read().await?;
        let mut stops = Vec::new();
        for (id, number) in sql::revocation::calls(&mut reader, true).await? {
            let stop = self.urgent_stop(&mut reader, &id).await;
            stops.extend(self.readable(&number, stop)?);
        }
        Ok(stops)
    }

    pub(super) async fn urgent_stop(
        &self,
        reader: &mut sql::Connection,
        id: &str,
    ) -> Result<UrgentStop, Error> {
        let one = self.named(reader, id).await?;
        let items = sql::revocation::items(reader, &one.id, false).await?;
        Ok((one.id, one.number, items.into_iter().map(|item| item.serial).collect()))
    }

    /// They are suspended.
    pub async fn stopped(&self, id: &RevocationId) -> Result<(), Error> {
        let (ra, id) = (self.clone(), id.clone());
        self.store().commit(move |tx| Box::pin(async move { ra.note_stopped(tx, &id).await })).await
    }

    /// Whether the stop is still to be made: asked in the unit that makes it, for the other person may
    /// have decided meanwhile.
    pub async fn is_to_stop(&self, tx: &mut Tx, id: &RevocationId) -> Result<bool, Error> {
        let found = sql::revocation::load(tx.conn(), id, self.catalogue()).await?;
        Ok(found.state == RevocationState::Entered && found.stopped_at.is_none())
    }

    /// The certificates of a call are suspended, in this very unit.
    pub async fn note_stopped(&self, tx: &mut Tx, id: &RevocationId) -> Result<(), Error> {
        let mut found = sql::revocation::load(tx.conn(), id, self.catalogue()).await?;
        if found.stopped_at.is_some() || found.state != RevocationState::Entered {
            return Ok(());
        }
        found.stopped_at = Some(second(tx.now()));
        let what = ("revocation.stopped", json!({}));
        finish(tx, found, what, Actor::system()).await.map(drop)
    }
}

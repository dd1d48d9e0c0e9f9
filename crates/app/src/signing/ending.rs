//! The end of the certificates of a key that was stopped (ADR 12). One person stops a key: it signs nothing
//! more, and its certificates are held. Another confirms the cause, and they are revoked for the reason that
//! follows from it (Invariant 9; T-14; ADR 6). What is cut off the sweep goes on with; what was issued while the
//! key was being stopped is found by the rows that say what was begun.

use access::{ActKind, Permit, SignedAct};
use ca::{Revocation, RevocationReason, Status};
use pki::Serial;
use serde_json::json;
use store::{Actor, Record};

use super::model::{EndingOrder, KeyState, Pair, PairState, SigningKey, StopCause};
use super::order::{about, number_of, order_of};
use super::sql::{self, pair};
use super::{Refusal, key, rules};
use crate::enrol::State;
use crate::error::Error;
use crate::institution::Institution;
use crate::registration::{Asked, HoldAsked, Why};

/// What is still to be done about certificates that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// They are to be held.
    Hold,
    /// They are to be revoked.
    Revoke(StopCause),
    /// They are at their end, in this way.
    Ended(&'static str),
    /// Nothing, until somebody confirms.
    Nothing,
}

impl Institution {
    /// Another person than the one who stopped a key signs for what its certificates are revoked.
    pub(super) async fn confirm_ending(
        &self,
        permit: &Permit,
        act: SignedAct,
    ) -> Result<(), Error> {
        let number = number_of(&act)?;
        act.covers(permit, ActKind::RevokeSigning, &about(number))?;
        let order: EndingOrder = order_of(&act)?;
        let (actor, signed) = (permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let key = sql::by_number(tx.conn(), number).await?;
                    let key = key.ok_or(Refusal::NoKey(number))?;
                    if key.stopped_by.as_deref() == Some(actor.as_str()) {
                        return Err(Refusal::StoppedByOne.into());
                    }
                    let by = (actor.as_str().to_owned(), tx.now().as_second());
                    let confirmed = is_same(&key, &order)
                        && sql::confirm_ending(tx.conn(), number, (&by.0, by.1)).await?;
                    if !confirmed {
                        return Err(Refusal::Changed.into());
                    }
                    let body = json!({ "cause": order.cause.word(), "act": signed });
                    let record =
                        Record::new("signing.ending_confirmed", actor, about(number), body);
                    tx.append(record).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// Holds the certificates of stopped keys, and revokes those of which it was confirmed. Doing it again
    /// changes nothing; one that fails holds up no other.
    pub async fn end_stopped_keys(&self) -> Result<(), Error> {
        let open = pair::open_of_stopped(&mut *self.store().read().await?).await?;
        let mut first = Ok(());
        for (number, pair) in open {
            let generation = pair.generation;
            if let Err(error) = self.end_pair(number, pair).await {
                tracing::warn!(number, generation, %error, "certificates of a stopped key: tried again");
                first = first.and(Err(error));
            }
        }
        first
    }

    async fn end_pair(&self, number: i64, pair: Pair) -> Result<(), Error> {
        let which = (number, pair.generation);
        let serial = match &pair.state {
            PairState::Failed => return Ok(()),
            PairState::Made(sign, _) => sign.clone(),
            PairState::Making { since } => {
                let Some((sign, enc)) = self.issued_for(which, *since).await? else {
                    return Ok(());
                };
                let body = json!({ "generation": pair.generation, "sign_serial": sign,
                    "enc_serial": enc });
                self.note_pair(which, (sign.clone(), enc), body).await?;
                sign
            }
        };
        let key = sql::by_number(&mut *self.store().read().await?, number).await?;
        let key = key.ok_or(Error::Stored("签名密钥"))?;
        let serial = Serial::from_hex(&serial)?;
        match self.left_of(&key, (&serial, pair.is_held)).await? {
            Left::Nothing => Ok(()),
            Left::Hold => self.hold_pair(&key, which, serial).await,
            Left::Revoke(cause) => self.revoke_pair(&key, which, (serial, cause)).await,
            Left::Ended(how) => {
                let note = self.store().commit(move |tx| {
                    Box::pin(async move {
                        pair::ended(tx.conn(), which, how).await?;
                        Ok::<_, Error>(())
                    })
                });
                note.await
            }
        }
    }

    /// What was issued for a pair that was begun; none as long as that isn't known, or if nothing was.
    async fn issued_for(
        &self,
        which: (i64, i64),
        since: jiff::Timestamp,
    ) -> Result<Option<(String, String)>, Error> {
        let found = match self.enrolment(&key::request(which.0, which.1)?).await {
            Ok(found) => Some(found),
            Err(Error::NoRequest(_)) => None,
            Err(error) => return Err(error),
        };
        let is_nothing = match &found {
            Some(found) => matches!(found.state, State::Refused(_)),
            None => rules::is_given_up(since, self.clock().now()),
        };
        if is_nothing {
            self.give_pair_up(which).await?;
        }
        let issued = found.filter(|found| found.state == State::Issued);
        Ok(issued.and_then(|one| Some((one.sign_serial.to_hex(), one.enc_serial?.to_hex()))))
    }

    async fn left_of(
        &self,
        key: &SigningKey,
        (serial, is_held): (&Serial, bool),
    ) -> Result<Left, Error> {
        let found = self.ca().find(serial).await?.ok_or(Error::Stored("签名密钥的证书"))?;
        let (record, cause) = (found.record, key.stop_cause.unwrap_or(StopCause::Cessation));
        let is_over = record.not_after < self.clock().now();
        Ok(match (&record.status, key.state, key.revoked_by.is_some()) {
            (_, KeyState::Making | KeyState::Active, _) => Left::Nothing,
            // A compromise says more than what it was revoked for before.
            (Status::Revoked { reason, .. }, _, is_confirmed)
                if cause == StopCause::Compromise
                    && *reason != RevocationReason::KeyCompromise
                    && !is_over =>
            {
                if is_confirmed {
                    Left::Revoke(cause)
                } else {
                    Left::Nothing
                }
            }
            (Status::Revoked { .. }, ..) => Left::Ended("revoked"),
            _ if is_over => Left::Ended("over"),
            (_, _, true) => Left::Revoke(cause),
            _ if is_held => Left::Nothing,
            _ => Left::Hold,
        })
    }

    /// The hold is the institution's, set by whoever stopped the key.
    async fn hold_pair(
        &self,
        key: &SigningKey,
        which: (i64, i64),
        serial: Serial,
    ) -> Result<(), Error> {
        let asked = Asked::Hold(HoldAsked {
            source: ra::Source::Institution,
            ground: None,
            origin: about(key.number),
            once: true,
        });
        let planned = self.plan(serial, asked, Why::Brought { ground: None, number: None }).await?;
        let done = self.change_as(planned, actor(key.stopped_by.as_deref()), move |tx, _| {
            Box::pin(async move {
                let at = tx.now().as_second();
                Ok(pair::held(tx.conn(), which, at).await?)
            })
        });
        done.await.map(drop)
    }

    async fn revoke_pair(
        &self,
        key: &SigningKey,
        which: (i64, i64),
        (serial, cause): (Serial, StopCause),
    ) -> Result<(), Error> {
        let asked = Asked::Revoke(Revocation::because(cause.reason()));
        let planned = self.plan(serial, asked, Why::Brought { ground: None, number: None }).await?;
        let done = self.change_as(planned, actor(key.revoked_by.as_deref()), move |tx, _| {
            Box::pin(async move { Ok(pair::ended(tx.conn(), which, "revoked").await?) })
        });
        done.await.map(drop)
    }
}

fn actor(by: Option<&str>) -> Actor {
    by.map_or_else(Actor::system, |by| Actor::new(by.to_owned()))
}

/// What was confirmed is what the key was stopped for.
fn is_same(key: &SigningKey, order: &EndingOrder) -> bool {
    key.stop_cause == Some(order.cause)
        && key.end_reason.as_deref().unwrap_or_default() == order.reason
}

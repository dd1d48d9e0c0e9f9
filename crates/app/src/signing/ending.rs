//! The end of the certificates of a key that was stopped (ADR 12). One person stops a key: it signs nothing
//! more, and its certificates are held. Another confirms the cause, and they are revoked for the reason that
//! follows from it (Invariant 9; T-14; ADR 6). What is cut off the sweep goes on with; what was issued while the
//! key was being stopped is found by the rows that say what was begun.

use access::{ActKind, Permit, SignedAct};
use ca::{Revocation, Role};
use jiff::Timestamp;
use pki::Serial;
use serde_json::json;
use store::Actor;

use super::model::{EndingOrder, KeyState, Pair, PairState, SigningKey, StopCause};
use super::order::{Ordered, about};
use super::pair::Issued;
use super::rules::{Left, Stopped};
use super::sql::{self, pair};
use super::{Refusal, key, rules};
use crate::enrol::State;
use crate::error::Error;
use crate::institution::Institution;
use crate::registration::{Asked, HoldAsked, Why};

/// Whether certificates of a stopped key wait for another person's word.
pub(super) fn waits_for_another(key: &SigningKey, pairs: &[Issued], now: Timestamp) -> bool {
    let is_open = |one: &Issued| {
        let record = &one.sign.record;
        let left = rules::left(stopped(key, true), &record.status, record.not_after < now);
        !matches!(left, Left::Ended(_))
    };
    key.state == KeyState::Stopped && key.revoked_by.is_none() && pairs.iter().any(is_open)
}

fn stopped(key: &SigningKey, is_held: bool) -> Stopped {
    let cause = key.stop_cause.unwrap_or(StopCause::Cessation);
    Stopped { cause, is_confirmed: key.revoked_by.is_some(), is_held }
}

impl Institution {
    /// Another person than the one who stopped a key signs for what its certificates are revoked.
    pub(super) async fn confirm_ending(
        &self,
        permit: &Permit,
        act: SignedAct,
    ) -> Result<(), Error> {
        let ordered: Ordered<EndingOrder> = Ordered::of(permit, &act, ActKind::RevokeSigning)?;
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let key = ordered.key(tx).await?;
                    if key.stopped_by.as_deref() == Some(ordered.actor.as_str()) {
                        return Err(Refusal::StoppedByOne.into());
                    }
                    let ((by, at), number) = (ordered.by(tx), ordered.number);
                    let is_done = is_same(&key, &ordered.order)
                        && sql::confirm_ending(tx.conn(), number, (&by, at)).await?;
                    let body = json!({ "cause": ordered.order.cause.word() });
                    ordered.done(tx, (is_done, "signing.ending_confirmed"), body).await
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
        let key = sql::by_number(&mut *self.store().read().await?, number).await?;
        let key = key.ok_or(Error::Stored("签名密钥"))?;
        let serial = match &pair.state {
            PairState::Made(sign, _) => sign.clone(),
            unknown => {
                let Some((sign, enc)) = self.issued_for(which).await? else {
                    return self.nothing_issued(which, (unknown, key.stopped_at)).await;
                };
                let body = json!({ "generation": pair.generation, "sign_serial": sign,
                    "enc_serial": enc });
                self.note_pair(which, (sign.clone(), enc), body).await?;
                sign
            }
        };
        let serial = Serial::from_hex(&serial)?;
        let found = self.ca().find(&serial).await?.ok_or(Error::Stored("签名密钥的证书"))?;
        let is_over = found.record.not_after < self.clock().now();
        match rules::left(stopped(&key, pair.is_held), &found.record.status, is_over) {
            Left::Wait => Ok(()),
            Left::Hold => self.hold_pair(&key, which, serial).await,
            Left::Revoke(cause) => self.revoke_pair(&key, which, (serial, cause)).await,
            Left::Ended(how) => self.note_ended(which, how).await,
        }
    }

    /// What was issued for a pair of which nothing is noted. The CA itself is asked: also an order that was
    /// given up may have come to certificates, when recovery went on with it.
    async fn issued_for(&self, which: (i64, i64)) -> Result<Option<(String, String)>, Error> {
        let name = key::request(which.0, which.1)?;
        let sign = self.ca().find_request(&name, Role::Sign).await?;
        let enc = self.ca().find_request(&name, Role::Enc).await?;
        let serial = |one: ca::StoredCertificate| one.record.serial.to_hex();
        Ok(sign.map(serial).zip(enc.map(serial)))
    }

    /// Nothing was issued: it is waited for as long as something may come. However long ago a pair was begun, another
    /// node may have been about to order it when its key was stopped, so the wait begins then.
    async fn nothing_issued(
        &self,
        which: (i64, i64),
        (state, stopped_at): (&PairState, Option<Timestamp>),
    ) -> Result<(), Error> {
        let now = self.clock().now();
        let latest = |begun: Timestamp| stopped_at.map_or(begun, |stopped| stopped.max(begun));
        match state {
            PairState::Failed { since } if rules::is_forgotten(latest(*since), now) => {
                self.note_ended(which, "over").await
            }
            PairState::Making { since } => {
                let is_nothing = match self.enrolment(&key::request(which.0, which.1)?).await {
                    Ok(found) => matches!(found.state, State::Refused(_)),
                    Err(Error::NoRequest(_)) => rules::is_given_up(latest(*since), now),
                    Err(error) => return Err(error),
                };
                if is_nothing { self.give_pair_up(which).await } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    async fn note_ended(&self, which: (i64, i64), how: &'static str) -> Result<(), Error> {
        let note = self.store().commit(move |tx| {
            Box::pin(async move {
                pair::ended(tx.conn(), which, how).await?;
                Ok::<_, Error>(())
            })
        });
        note.await
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

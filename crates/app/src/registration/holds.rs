//! Holds and the CA's status, in one unit: a certificate is suspended with its first hold and resumed with the end
//! of its last one (Measures Art. 18; ADR 6). A hold more or less in between changes neither CRL nor OCSP.

use ca::Revocation;
use jiff::Timestamp;
use pki::Serial;
use ra::{HoldEnd, Named, NewHold, Power, Source};
use store::{Actor, Tx};

use super::sql;
use super::told::{ChangeWord, StatusNotice};
use crate::error::Error;
use crate::institution::{ISSUER, Institution};
use crate::lifecycle::{Change, Planned};

/// Who sets the hold of a proof that a key leaked: anybody.
const PUBLIC: &str = "public";

/// What is asked about a certificate.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// One more hold.
    Hold(HoldAsked),
    /// Holds are to be lifted.
    Lift(LiftAsked),
    /// It is to be revoked, and with it ends every hold.
    Revoke(Revocation),
}

/// A hold that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct HoldAsked {
    /// On whose word.
    pub source: Source,
    /// On which ground.
    pub ground: Option<String>,
    /// What it comes of.
    pub origin: String,
    /// Whether asking again for the same origin changes nothing: the program takes up what was cut off.
    pub once: bool,
}

/// A lifting that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct LiftAsked {
    /// On which basis.
    pub power: Power,
    /// Which holds.
    pub named: Named,
    /// What it comes of.
    pub origin: String,
    /// How the holds end.
    pub end: HoldEnd,
    /// Only what stood by then: who asked then knew of no later hold.
    pub until: Option<Timestamp>,
    /// Whether asking again for the same origin changes nothing: the program takes up what was cut off.
    pub once: bool,
}

/// What came of it in the unit.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Effect {
    /// Whether a hold stands on the certificate after it.
    pub held: bool,
}

/// The journal's name of a certificate.
fn about(serial: &str) -> String {
    format!("certificate:{ISSUER}/{serial}")
}

impl LiftAsked {
    /// Whether a certificate that is good already is what was wanted: nobody is told no who has it.
    const fn is_content(&self) -> bool {
        matches!(
            self.power,
            Power::Holder | Power::Call { .. } | Power::Authority | Power::Regulator
        )
    }

    /// Whether one person or program asks: nobody undoes alone what a revocation that was signed for waits for.
    const fn is_alone(&self) -> bool {
        matches!(self.power, Power::Unit { .. } | Power::Institution { .. } | Power::Program)
    }
}

impl Institution {
    /// Sets a hold; the first one suspends.
    pub(crate) async fn hold_in(
        &self,
        tx: &mut Tx,
        (planned, asked): (&Planned, &HoldAsked),
        actor: &Actor,
    ) -> Result<Effect, Error> {
        let serial = planned.held();
        if asked.once && ra::has_held(tx.conn(), (serial, &asked.origin)).await? {
            return Ok(Effect { held: true });
        }
        let standing = ra::standing_holds(tx.conn(), serial).await?;
        let now = tx.now().as_second();
        let (status, is_over) = sql::standing_of(tx.conn(), serial, now).await?;
        let again = standing.iter().any(|hold| hold.origin == asked.origin);
        let changed = status != "suspended" || again;
        if changed {
            // Also says no to what is revoked or over, and to who asks twice.
            self.change_all(tx, planned, (&Change::Suspend, actor)).await?;
        } else if is_over {
            return Err(ca::Error::from(ca::Refusal::Expired).into());
        }
        let HoldAsked { source, ground, origin, .. } = asked.clone();
        let new = NewHold { serial: serial.to_owned(), source, ground, origin };
        ra::set_hold(tx, (&new, &about(serial)), actor).await?;
        let word = if changed { ChangeWord::Suspend } else { ChangeWord::HoldAdded };
        // Who applied for it has the letter of the application.
        if !planned.is_applied() {
            self.tell(tx, planned.notice(), word).await?;
        }
        Ok(Effect { held: true })
    }

    /// Lifts holds; with the last one the certificate is resumed.
    pub(crate) async fn lift_in(
        &self,
        tx: &mut Tx,
        (planned, asked): (&Planned, &LiftAsked),
        actor: &Actor,
    ) -> Result<Effect, Error> {
        let serial = planned.held();
        let mut standing = ra::standing_holds(tx.conn(), serial).await?;
        let held = !standing.is_empty();
        let named = (serial, &asked.named);
        if asked.once && ra::has_lifted(tx.conn(), named, &asked.origin).await? {
            return Ok(Effect { held });
        }
        let now = tx.now().as_second();
        let (status, _) = sql::standing_of(tx.conn(), serial, now).await?;
        if status == "good" && asked.is_content() {
            return Ok(Effect::default());
        }
        if status != "suspended" {
            // The CA says why it does not.
            self.change_all(tx, planned, (&Change::Resume, actor)).await?;
        }
        let kept = self.kept_from(tx, asked, &mut standing).await?;
        let chosen = ra::to_lift(&asked.power, &asked.named, &standing)?;
        if chosen.iter().any(|hold| hold.set_by == PUBLIC)
            && self.is_blocked(tx, planned.serials()).await?
        {
            // Were it not the last one, that would be one that ends by itself, and with nothing to resume.
            return Err(ca::Error::from(ca::Refusal::KeyBlocked).into());
        }
        let others = standing.len() + kept > chosen.len();
        let (calls, own): (Vec<_>, Vec<_>) = chosen
            .into_iter()
            .partition(|hold| hold.source == Source::Phone && asked.power == Power::Holder);
        let about = about(serial);
        ra::end_holds(tx, (&own, &about), (asked.end, &asked.origin), actor).await?;
        ra::end_holds(tx, (&calls, &about), (HoldEnd::Closed, &asked.origin), actor).await?;
        if !others {
            if asked.is_alone() {
                self.may_resume(tx, serial).await?;
            }
            self.change_all(tx, planned, (&Change::Resume, actor)).await?;
        }
        for call in &calls {
            let closed = self.registration()?.close_call(tx, call, (&asked.origin, others)).await?;
            if let (Some(number), Some(notice)) = (closed, planned.notice()) {
                let ground = Some(ra::catalogue::CALL_WITHDRAWN.to_owned());
                let number = Some(number.to_string());
                let notice = StatusNotice { ground, number, ..notice.clone() };
                self.tell(tx, Some(&notice), ChangeWord::CallClosed).await?;
            }
        }
        match (others, planned.is_applied()) {
            (true, _) => self.tell(tx, planned.notice(), ChangeWord::HoldLifted).await?,
            (false, false) => self.tell(tx, planned.notice(), ChangeWord::Resume).await?,
            (false, true) => {}
        }
        Ok(Effect { held: others })
    }

    /// Whether a key of the certificate or its partner was proved to be compromised.
    pub(super) async fn is_blocked(&self, tx: &mut Tx, serials: &[Serial]) -> Result<bool, Error> {
        for serial in serials {
            if self.ca().is_key_blocked(tx, serial).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes out of a holder's reach what came after the application, such as a call that the key was stolen, and
    /// the holds of calls that were confirmed: they end with the revocation that is on its way. How many.
    async fn kept_from(
        &self,
        tx: &mut Tx,
        asked: &LiftAsked,
        standing: &mut Vec<ra::Hold>,
    ) -> Result<usize, Error> {
        let before = standing.len();
        if asked.power == Power::Holder {
            let mut open = Vec::new();
            for hold in standing.drain(..) {
                let is_later = asked.until.is_some_and(|until| hold.since > until);
                if !is_later && !self.registration()?.is_being_revoked(tx, &hold).await? {
                    open.push(hold);
                }
            }
            *standing = open;
        }
        Ok(before - standing.len())
    }

    /// Revokes, and ends every hold.
    pub(crate) async fn revoke_in(
        &self,
        tx: &mut Tx,
        (planned, revocation): (&Planned, &Revocation),
        actor: &Actor,
    ) -> Result<Effect, Error> {
        let serial = planned.held();
        let change = Change::Revoke(*revocation);
        let changed = self.change_all(tx, planned, (&change, actor)).await?;
        let standing = ra::standing_holds(tx.conn(), serial).await?;
        let by = (HoldEnd::Revoked, actor.as_str());
        ra::end_holds(tx, (&standing, &about(serial)), by, actor).await?;
        if changed && !planned.is_applied() {
            self.tell(tx, planned.notice(), ChangeWord::Revoke).await?;
        }
        Ok(Effect { held: false })
    }

    /// Writes down, in this unit, what the holder is to be told.
    async fn tell(
        &self,
        tx: &mut Tx,
        notice: Option<&StatusNotice>,
        change: ChangeWord,
    ) -> Result<(), Error> {
        let Some(notice) = notice else { return Ok(()) };
        let at = tx.now();
        let notice = StatusNotice { at, change, ..notice.clone() };
        Ok(sql::tell_of(tx.conn(), &notice).await?)
    }
}

//! Holds set and ended, in the unit of whoever changes the certificate's status with them (Measures Art. 18).
//! What is here needs no open registration: programs of the institution suspend certificates without one.

use access::{Action, Permit};
use serde_json::json;
use sqlx::AnyConnection;
use store::{Actor, Record, Tx};

use super::{Ra, second};
use crate::catalogue::{Ground, Source};
use crate::error::{Error, Refusal};
use crate::model::{Hold, HoldEnd, HoldId, Named, NewHold, Power, RevocationId, RevocationState};
use crate::port::Held;
use crate::rules;
use crate::sql;

/// The holds that stand on a certificate (the signing one of a pair), the oldest first.
pub async fn standing_holds(conn: &mut AnyConnection, serial: &str) -> Result<Vec<Hold>, Error> {
    sql::hold::standing(conn, serial).await
}

/// Whether a hold of a certificate ever came of something.
pub async fn has_held(
    conn: &mut AnyConnection,
    (serial, origin): (&str, &str),
) -> Result<bool, Error> {
    Ok(sql::hold::number(conn, serial, Some(origin)).await? > 0)
}

/// Whether something has ended what it was to end: each hold that is named, or any of the certificate.
pub async fn has_lifted(
    conn: &mut AnyConnection,
    (serial, named): (&str, &Named),
    by: &str,
) -> Result<bool, Error> {
    let Named::These(ids) = named else {
        return Ok(sql::hold::ended_by(conn, (serial, by)).await? > 0);
    };
    for id in ids {
        if !sql::hold::was_ended_by(conn, (id, by)).await? {
            return Ok(false);
        }
    }
    Ok(!ids.is_empty())
}

/// Which holds a basis lifts, or why none.
pub fn to_lift(power: &Power, named: &Named, standing: &[Hold]) -> Result<Vec<Hold>, Error> {
    rules::hold::chosen(power, named, standing)
}

/// Sets a hold, with its record about the certificate.
pub async fn set_hold(
    tx: &mut Tx,
    (new, about): (&NewHold, &str),
    actor: &Actor,
) -> Result<HoldId, Error> {
    let number = sql::hold::number(tx.conn(), &new.serial, None).await?;
    let id = HoldId::of(&new.serial, &new.origin, number);
    let at = second(tx.now());
    sql::hold::insert(tx.conn(), (&id, new, number), (actor.as_str(), at)).await?;
    let body = json!({ "hold": id.as_str(), "source": new.source.word(), "ground": new.ground,
        "origin": new.origin });
    tx.append(Record::new("certificate.held", actor.clone(), about.to_owned(), body)).await?;
    Ok(id)
}

/// Ends holds, each with its record about the certificate.
pub async fn end_holds(
    tx: &mut Tx,
    (holds, about): (&[Hold], &str),
    (end, by): (HoldEnd, &str),
    actor: &Actor,
) -> Result<(), Error> {
    let at = second(tx.now());
    for hold in holds {
        if !sql::hold::end(tx.conn(), &hold.id, (end, by, at)).await? {
            return Err(Error::Changed);
        }
        let body = json!({ "hold": hold.id.as_str(), "source": hold.source.word(),
            "end": end.word(), "by": by });
        let record = Record::new("certificate.hold-ended", actor.clone(), about.to_owned(), body);
        tx.append(record).await?;
    }
    Ok(())
}

/// On what a ground lifts holds by one person's signature; refused for one that needs two people, or none.
pub fn power_of(ground: &Ground, (by, is_party): (&str, bool)) -> Result<Power, Error> {
    match (rules::hold::power_of(ground, (by, is_party)), ground.is_lifting()) {
        (Some(power), _) => Ok(power),
        (None, true) => Err(Refusal::LiftingSecondPerson.into()),
        (None, false) => Err(Refusal::HoldBeyond.into()),
    }
}

/// On what a ground that two people answered for lifts holds.
pub fn reviewed_power_of(ground: &Ground) -> Result<Power, Error> {
    rules::hold::reviewed_power_of(ground).ok_or_else(|| Refusal::HoldBeyond.into())
}

impl Ra {
    /// The holds that stand on a certificate, whichever of its pair is named; for everybody who may read
    /// certificates.
    pub async fn holds(&self, permit: &Permit, serial: &str) -> Result<Vec<Hold>, Error> {
        permit.is_for(Action::ReadCertificate)?;
        let held = self.certificate(serial).await?;
        sql::hold::standing(&mut *self.store().read().await?, &held.serial.to_hex()).await
    }

    /// The same of the certificate that came of an application or that it is about, for who reads that.
    pub async fn holds_of(&self, permit: &Permit, held: &Held) -> Result<Vec<Hold>, Error> {
        permit.is_for(Action::ReadApplication)?;
        sql::hold::standing(&mut *self.store().read().await?, &held.serial.to_hex()).await
    }

    /// The holds of a certificate, for what is decided about it here.
    pub(crate) async fn holds_on(&self, held: &Held) -> Result<Vec<Hold>, Error> {
        sql::hold::standing(&mut *self.store().read().await?, &held.serial.to_hex()).await
    }

    /// Whether the unit is the holder's side of the agreement: nobody else is named in a certificate of this
    /// kind (Measures Art. 21).
    pub fn is_unit_the_party(&self, held: &Held) -> Result<bool, Error> {
        use crate::catalogue::{Matter, SearchField};
        let kind = self.catalogue().kind(&held.kind)?;
        let has = |matter: Matter, index: SearchField| {
            kind.fields.iter().any(|f| f.matter == Some(matter) && f.index == Some(index))
        };
        let person = has(Matter::Person, SearchField::IdNumber);
        Ok(!person && has(Matter::Unit, SearchField::CreditCode))
    }

    /// A call that was confirmed ends with the revocation and is lifted by nobody in between.
    pub async fn is_being_revoked(&self, tx: &mut Tx, hold: &Hold) -> Result<bool, Error> {
        let Some(call) = call_of(hold) else { return Ok(false) };
        let found = sql::revocation::load(tx.conn(), &call, self.catalogue()).await?;
        Ok(matches!(found.state, RevocationState::Approved))
    }

    /// The holder resumed the certificate: a call in the holder's name is over with that, and says so. Whether
    /// it was open until now.
    pub async fn close_call(
        &self,
        tx: &mut Tx,
        hold: &Hold,
        (by, others_stand): (&str, bool),
    ) -> Result<Option<crate::model::Number>, Error> {
        use crate::model::StopEnd;
        let Some(call) = call_of(hold) else { return Ok(None) };
        let mut found = sql::revocation::load(tx.conn(), &call, self.catalogue()).await?;
        let at = second(tx.now());
        let end = if others_stand { StopEnd::Held } else { StopEnd::Lifted };
        sql::revocation::end_stop(tx.conn(), &call, (end, at)).await?;
        if found.state != RevocationState::Entered {
            return Ok(None);
        }
        sql::revocation::close(tx.conn(), &call, (by, at)).await?;
        found.state = RevocationState::Closed;
        let number = found.number.clone();
        let what = ("revocation.closed", json!({ "by": by, "end": end.word() }));
        super::revocation::finish(tx, found, what, Actor::system()).await?;
        Ok(Some(number))
    }
}

fn call_of(hold: &Hold) -> Option<RevocationId> {
    let is_call = hold.source == Source::Phone;
    hold.origin.strip_prefix("revocation:").filter(|_| is_call)?.parse().ok()
}

//! What is recorded of an enrolment: its row and its journal records.

use ca::{RequestId, Role};
use jiff::Timestamp;
use pki::Serial;
use pki::attestation::Judged;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::{Act, EnrolOrder, Enrolled};
use crate::error::Error;
use crate::institution::Institution;
use crate::kinds::Kind;
use crate::sql::{self, EnrolmentRow};

/// Where an enrolment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Recorded; not carried out yet.
    Accepted,
    /// Carried out.
    Issued,
    /// Refused, for this reason.
    Refused(String),
}

impl State {
    /// The word in the database and the interfaces.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Issued => "issued",
            Self::Refused(_) => "refused",
        }
    }
}

/// An enrolment as it is recorded.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The caller's name of it.
    pub request_id: RequestId,
    /// `new`, `renew` or `rekey`.
    pub act: String,
    /// The kind of certificate.
    pub kind: String,
    /// Serial of the signing (or only) certificate.
    pub sign_serial: Serial,
    /// Serial of the encryption certificate.
    pub enc_serial: Option<Serial>,
    /// Where it stands.
    pub state: State,
    /// The GM/T 0092 answer.
    pub response: Option<Vec<u8>>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    order_index: String,
    actor: Actor,
}

impl Enrolment {
    /// The role of the first certificate.
    pub(super) const fn sign_role(&self) -> Role {
        match self.enc_serial {
            Some(_) => Role::Sign,
            None => Role::Service,
        }
    }
}

/// One page of enrolments, newest first.
#[derive(Debug, Clone)]
pub struct EnrolmentPage {
    /// The rows.
    pub enrolments: Vec<Enrolment>,
    /// The mark to ask for the next page with; none on the last.
    pub next: Option<String>,
}

impl Institution {
    /// Unit A: records the order, or finds it.
    pub(super) async fn accept(&self, order: &EnrolOrder, kind: &Kind) -> Result<Enrolment, Error> {
        let index = self.store().blind_index("enrolment.order", &order.content())?;
        let row = EnrolmentRow {
            request_id: order.request_id.as_str().to_owned(),
            act: order.act.word().to_owned(),
            kind: order.kind.clone(),
            order_index: index.clone(),
            sign_serial: self.ca().draw_serial()?.to_hex(),
            enc_serial: match kind.enc() {
                Some(_) => Some(self.ca().draw_serial()?.to_hex()),
                None => None,
            },
            replaces: order.act.replaces().map(Serial::to_hex),
            state: "accepted".to_owned(),
            refusal: None,
            response: None,
            actor: order.actor.as_str().to_owned(),
            accepted_at: 0,
            finished_at: None,
        };
        let key = order.proof.public_key().fingerprint();
        let judged = order.attestation.clone();
        let found: Enrolment = self
            .store()
            .commit(move |tx| Box::pin(async move { insert(tx, row, (&key, &judged)).await }))
            .await?;
        match found.order_index == index {
            true => Ok(found),
            false => Err(Error::RequestDiffers(order.request_id.to_string())),
        }
    }

    /// Records that an accepted order is refused, and takes back in the same unit what it left: nobody signs it any
    /// more, and no certificate of it stays good. The key centre is told later.
    pub(crate) async fn refuse(&self, row: &Enrolment, why: &Error) -> Result<(), Error> {
        let (row, code, text) = (row.clone(), why.code().to_owned(), why.to_string());
        let this = self.clone();
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                let now = tx.now().as_second();
                if !sql::refuse(tx.conn(), row.request_id.as_str(), &text, now).await? {
                    return Ok(Vec::new());
                }
                if let Some(serial) = &row.enc_serial {
                    sql::owe_notice(tx.conn(), &serial.to_hex(), now).await?;
                }
                let body = json!({ "code": code, "reason": text });
                append(tx, "enrolment.refused", &row, body).await?;
                this.take_back(tx, &row, &text).await
            })
        });
        for serial in unit.await? {
            self.responder().invalidate(&serial);
        }
        Ok(())
    }

    /// Records that an order of an identified client was refused before it became anything
    /// (Measures Art. 21: what comes in is examined). Only what it was about and the code: what
    /// was ordered may hold personal data, which the journal has not.
    ///
    /// What cannot be read as an order at all (a body that is no order, an id that is none) is not
    /// an act, and not recorded.
    pub async fn note_refused_order(
        &self,
        about: String,
        actor: Actor,
        code: &str,
    ) -> Result<(), Error> {
        let body = json!({ "code": code });
        let record = Record::new("order.refused", actor, about, body);
        self.store()
            .commit(move |tx| Box::pin(async move { tx.append(record).await.map(drop) }))
            .await
            .map_err(|error: store::Error| error.into())
    }

    /// The enrolment of this id.
    pub async fn enrolment(&self, id: &RequestId) -> Result<Enrolment, Error> {
        let mut reader = self.store().read().await?;
        let row = sql::find(&mut reader, id.as_str()).await?;
        row.ok_or_else(|| Error::NoRequest(id.to_string()))?.try_into()
    }

    /// What an order of this name led to, if it was carried out.
    pub(crate) async fn enrolled(&self, id: &RequestId) -> Result<Option<Enrolled>, Error> {
        match self.enrolment(id).await {
            Ok(row) if row.state == State::Issued => Ok(Some(self.answered(row).await?)),
            Ok(_) | Err(Error::NoRequest(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Serials of certificates that are good though their order was refused, a few at most: there should be none.
    pub(crate) async fn good_though_refused(&self) -> Result<Vec<String>, Error> {
        let (now, most) = (self.clock().now().as_second(), 20);
        Ok(sql::good_though_refused(&mut *self.store().read().await?, now, most).await?)
    }

    /// How many orders are accepted and not carried out.
    pub async fn open_orders(&self) -> Result<i64, Error> {
        Ok(sql::count(&mut *self.store().read().await?, "accepted").await?)
    }

    /// A page of enrolments, newest first; `state` empty: any.
    pub async fn enrolments(
        &self,
        state: &str,
        mark: Option<&str>,
        limit: u32,
    ) -> Result<EnrolmentPage, Error> {
        let (at, id) = mark.map_or(Ok((i64::MAX, "")), |mark| split_mark(mark))?;
        let limit = i64::from(limit.clamp(1, 500));
        let mut reader = self.store().read().await?;
        let rows = sql::page(&mut reader, state, (at, id), limit).await?;
        let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
        let next = rows
            .last()
            .filter(|_| full)
            .map(|row| format!("{}/{}", row.accepted_at, row.request_id));
        let enrolments = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(EnrolmentPage { enrolments, next })
    }
}

fn split_mark(mark: &str) -> Result<(i64, &str), Error> {
    let wrong = || Error::Ca(ca::Error::Invalid(ca::Invalid::Page));
    let (at, id) = mark.split_once('/').ok_or_else(wrong)?;
    Ok((at.parse().map_err(|_| wrong())?, id))
}

async fn insert(
    tx: &mut Tx,
    mut row: EnrolmentRow,
    (key, judged): (&str, &Judged),
) -> Result<Enrolment, Error> {
    row.accepted_at = tx.now().as_second();
    if !sql::accept(tx.conn(), &row).await? {
        let found = sql::find(tx.conn(), &row.request_id).await?;
        return found.ok_or(Error::Stored("申请记录缺失"))?.try_into();
    }
    sql::keep_attestation(tx.conn(), &row.request_id, judged).await?;
    let enrolment = Enrolment::try_from(row)?;
    let body = json!({
        "act": enrolment.act,
        "kind": enrolment.kind,
        "key": key,
        "sign_serial": enrolment.sign_serial.to_hex(),
        "enc_serial": enrolment.enc_serial.map(|s| s.to_hex()),
        "attestation": judged.verdict().entry(),
    });
    append(tx, "enrolment.accepted", &enrolment, body).await?;
    Ok(enrolment)
}

/// Asked first in each unit that goes on with an order: one that was refused meanwhile, by another node or because
/// nobody repeated it, is gone on with no more.
pub(super) async fn check_open(tx: &mut Tx, request: &RequestId) -> Result<(), Error> {
    found(tx, request).await.map(drop)
}

/// The enrolment as it stands in this unit, unless it was refused.
async fn found(tx: &mut Tx, request: &RequestId) -> Result<Enrolment, Error> {
    let found = sql::find(tx.conn(), request.as_str()).await?;
    let found: Enrolment = found.ok_or(Error::Stored("申请记录缺失"))?.try_into()?;
    match found.state {
        State::Refused(reason) => Err(Error::RequestRefused(reason)),
        State::Accepted | State::Issued => Ok(found),
    }
}

/// Finishes an enrolment in the caller's unit. If another call finished it first, its answer
/// is the one.
pub(super) async fn finish(
    tx: &mut Tx,
    row: Enrolment,
    response: Vec<u8>,
) -> Result<Enrolment, Error> {
    let now = tx.now();
    if !sql::finish(tx.conn(), row.request_id.as_str(), &response, now.as_second()).await? {
        return found(tx, &row.request_id).await;
    }
    let body = json!({ "response_sm3": gm::sm3::hash(&response).to_hex() });
    append(tx, "enrolment.issued", &row, body).await?;
    Ok(Enrolment { state: State::Issued, response: Some(response), finished_at: Some(now), ..row })
}

async fn append(
    tx: &mut Tx,
    kind: &'static str,
    row: &Enrolment,
    body: serde_json::Value,
) -> Result<(), Error> {
    let subject = format!("enrolment:{}", row.request_id);
    tx.append(Record::new(kind, row.actor.clone(), subject, body)).await?;
    Ok(())
}

impl TryFrom<EnrolmentRow> for Enrolment {
    type Error = Error;

    fn try_from(row: EnrolmentRow) -> Result<Self, Error> {
        let instant =
            |at: i64| Timestamp::from_second(at).map_err(|_| Error::Stored("申请的时间无效"));
        let state = match (row.state.as_str(), row.refusal) {
            ("accepted", _) => State::Accepted,
            ("issued", _) => State::Issued,
            ("refused", Some(reason)) => State::Refused(reason),
            _ => return Err(Error::Stored("申请的状态无效")),
        };
        Ok(Self {
            request_id: RequestId::new(row.request_id).map_err(ca::Error::from)?,
            act: row.act,
            kind: row.kind,
            sign_serial: Serial::from_hex(&row.sign_serial)?,
            enc_serial: row.enc_serial.map(|hex| Serial::from_hex(&hex)).transpose()?,
            state,
            response: row.response,
            accepted_at: instant(row.accepted_at)?,
            finished_at: row.finished_at.map(instant).transpose()?,
            order_index: row.order_index,
            actor: Actor::new(row.actor),
        })
    }
}

impl Act {
    /// The act of a recorded enrolment.
    #[must_use]
    pub fn chinese(word: &str) -> &'static str {
        match word {
            "renew" => "更新",
            "rekey" => "更换密钥",
            _ => "新办",
        }
    }
}

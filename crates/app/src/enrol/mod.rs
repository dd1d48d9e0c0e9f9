//! From an order to two certificates and an answer: three durable units (ADR 1).
//!
//! | step | unit | what is true afterwards |
//! | --- | --- | --- |
//! | accept | A | the order is known by its id, both serial numbers are fixed |
//! | key | – | the key centre has a pair in use for the encryption serial |
//! | intend | B | both to-be-signed certificates are recorded, linted |
//! | sign | – | two signatures exist, verified over the recorded bytes |
//! | keep | C | both certificates, their records and the answer are stored |
//!
//! Every step may be the last before a power cut. The same order with the same id goes on where
//! it stopped; the same id with another order is refused.

mod order;
mod record;

pub use crate::sql::refused_open_query;
pub use order::{Act, EnrolOrder};
pub use record::{Enrolment, EnrolmentPage, State};

use ca::{Intent, IssueOrder, RequestId, Role, SignedCertificate, StoredCertificate};
use kmc::{ApplyOrder, IssuedKey};
use pki::Serial;
use pki::response::{CsrResponse, Encryption};
use store::{ErrorKind, fault};

use crate::disclosure::names;
use crate::error::Error;
use crate::institution::Institution;
use crate::kinds::Kind;

/// What an enrolment led to.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// The signing certificate.
    pub sign: StoredCertificate,
    /// The encryption certificate of the pair.
    pub enc: Option<StoredCertificate>,
    /// The GM/T 0092 answer in DER.
    pub response: Vec<u8>,
}

/// The two certificates on their way.
struct Intents {
    tickets: Vec<ca::IssuanceTicket>,
    issued: Vec<StoredCertificate>,
}

impl Institution {
    /// Carries out an order, or answers as before when it was carried out before.
    pub async fn enrol(&self, order: EnrolOrder) -> Result<Enrolled, Error> {
        let (kind, row) = match self.admit(&order).await {
            Ok(admitted) => admitted,
            Err(error) => return Err(self.turned_away(&order, error).await),
        };
        match row.state.clone() {
            State::Issued => self.answered(row).await,
            State::Refused(reason) => Err(Error::RequestRefused(reason)),
            State::Accepted => {
                fault::point("app.10-accepted");
                let mut done = self.carry_out(&order, &kind, row.clone()).await;
                if done.as_ref().is_err_and(is_superseded) {
                    // The next generation took over between two steps: it issues what isn't recorded.
                    self.follow_generations().await?;
                    done = self.carry_out(&order, &kind, row.clone()).await;
                }
                match done {
                    Ok(done) => Ok(done),
                    Err(error) => Err(self.settle(&row, error).await),
                }
            }
        }
    }

    /// The kind and the row of an order; nothing is accepted that cannot be told apart.
    async fn admit(&self, order: &EnrolOrder) -> Result<(Kind, Enrolment), Error> {
        let kind = self.kinds().find(&order.kind)?;
        let row = self.accept(order, &kind).await?;
        Ok((kind, row))
    }

    /// An order that is not accepted is recorded as refused, in place of an enrolment.
    async fn turned_away(&self, order: &EnrolOrder, error: Error) -> Error {
        if error.kind() == ErrorKind::Fault || error.is_unavailable() {
            return error;
        }
        let about = format!("enrolment:{}", order.request_id);
        match self.note_refused_order(about, order.actor.clone(), error.code()).await {
            Ok(()) => error,
            Err(fault) => fault,
        }
    }

    /// Steps after acceptance.
    async fn carry_out(
        &self,
        order: &EnrolOrder,
        kind: &Kind,
        row: Enrolment,
    ) -> Result<Enrolled, Error> {
        // Between the key's coming and the order may lie days, in which its device was reported stolen.
        self.still_trust(&order.attestation)?;
        let first = issue_order(order, kind.sign(), &row, None);
        let sign = match order.act {
            Act::RenewOwn(_) => self.ca().prepare_keeping_key(first)?,
            _ => self.ca().prepare(first)?,
        };
        let key = match &row.enc_serial {
            Some(serial) => Some(self.ask_for_key(order, &sign, *serial).await?),
            None => None,
        };
        fault::point("app.20-key");
        let enc = match (&key, kind.enc()) {
            (Some(key), Some(profile)) => {
                let enc_order = issue_order(order, profile, &row, Some(key));
                Some(self.ca().prepare_beside(enc_order, &sign)?)
            }
            _ => None,
        };
        let intents = self.intend(row.request_id.clone(), sign, enc).await?;
        fault::point("app.30-intended");
        let signed = self.ca().sign(intents.tickets).await?;
        fault::point("app.40-signed");
        self.keep(row, signed, intents.issued, key).await
    }

    async fn ask_for_key(
        &self,
        order: &EnrolOrder,
        sign: &ca::PreparedOrder,
        cert_serial: Serial,
    ) -> Result<IssuedKey, Error> {
        let apply = ApplyOrder {
            cert_serial,
            signing_key: *order.proof.public_key(),
            not_before: sign.not_before(),
            not_after: sign.not_after(),
            user_name: Some(order.subject.common_name.clone().into_bytes()),
        };
        Ok(self.centre().apply(apply).await?)
    }

    /// Unit B.
    async fn intend(
        &self,
        request: RequestId,
        sign: ca::PreparedOrder,
        enc: Option<ca::PreparedOrder>,
    ) -> Result<Intents, Error> {
        let ca = self.ca().clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    record::check_open(tx, &request).await?;
                    let mut intents = Intents { tickets: Vec::new(), issued: Vec::new() };
                    for prepared in [Some(sign), enc].into_iter().flatten() {
                        match ca.intend(tx, prepared).await? {
                            Intent::Ticket(ticket) => intents.tickets.push(*ticket),
                            Intent::Issued(stored) => intents.issued.push(*stored),
                        }
                    }
                    Ok::<_, Error>(intents)
                })
            })
            .await
    }

    /// Unit C.
    pub(crate) async fn keep(
        &self,
        row: Enrolment,
        signed: Vec<SignedCertificate>,
        mut issued: Vec<StoredCertificate>,
        key: Option<IssuedKey>,
    ) -> Result<Enrolled, Error> {
        let ca = self.ca().clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    record::check_open(tx, &row.request_id).await?;
                    for certificate in signed {
                        let stored = ca.store(tx, certificate).await?;
                        names::note(tx, &stored).await?;
                        issued.push(stored);
                    }
                    let (sign, enc) = split(issued)?;
                    let chain = ca.issuer_of(&sign.record)?;
                    let response = answer(&sign, enc.as_ref(), key, chain).encode();
                    let enrolment = record::finish(tx, row, response.clone()).await?;
                    fault::point("app.50-kept");
                    Ok::<_, Error>(Enrolled { enrolment, sign, enc, response })
                })
            })
            .await
    }

    /// The answer of an enrolment that was carried out before: the same bytes.
    async fn answered(&self, enrolment: Enrolment) -> Result<Enrolled, Error> {
        let response = enrolment.response.clone().ok_or(Error::Stored("申请的应答缺失"))?;
        let sign = self.ca().find(&enrolment.sign_serial).await?;
        let sign = sign.ok_or(Error::Stored("申请的签名证书缺失"))?;
        let enc = match &enrolment.enc_serial {
            Some(serial) => self.ca().find(serial).await?,
            None => None,
        };
        Ok(Enrolled { enrolment, sign, enc, response })
    }

    /// A refusal is final and recorded; a fault leaves the enrolment open for a retry.
    async fn settle(&self, row: &Enrolment, error: Error) -> Error {
        if error.kind() == ErrorKind::Fault || error.is_unavailable() {
            return error;
        }
        match self.refuse(row, &error).await {
            Ok(()) => error,
            Err(fault) => fault,
        }
    }
}

const fn is_superseded(error: &Error) -> bool {
    matches!(error, Error::Ca(ca::Error::Refused(ca::Refusal::Superseded)))
}

/// One certificate of the order.
fn issue_order(
    order: &EnrolOrder,
    profile: &str,
    row: &Enrolment,
    key: Option<&IssuedKey>,
) -> IssueOrder {
    let (role, serial, public_key) = match key {
        Some(key) => (Role::Enc, row.enc_serial, key.public_key),
        None => (row.sign_role(), Some(row.sign_serial), *order.proof.public_key()),
    };
    let replaces = match role {
        Role::Enc => None,
        _ => order.act.replaces().copied(),
    };
    IssueOrder {
        request_id: order.request_id.clone(),
        role,
        profile: profile.to_owned(),
        subject: order.subject.clone(),
        key: public_key,
        serial,
        validity: order.validity,
        pair: row.enc_serial.map(|_| order.request_id.clone()),
        replaces,
        actor: order.actor.clone(),
    }
}

fn split(
    issued: Vec<StoredCertificate>,
) -> Result<(StoredCertificate, Option<StoredCertificate>), Error> {
    let (mut enc, mut sign): (Vec<_>, Vec<_>) =
        issued.into_iter().partition(|stored| stored.record.role == Role::Enc);
    let sign = sign.pop().ok_or(Error::Stored("没有签名证书"))?;
    Ok((sign, enc.pop()))
}

fn answer(
    sign: &StoredCertificate,
    enc: Option<&StoredCertificate>,
    key: Option<IssuedKey>,
    issuer: pki::Certificate,
) -> CsrResponse {
    let encryption = enc.zip(key).map(|(enc, key)| Encryption {
        certificates: vec![enc.certificate.clone()],
        key: key.enveloped,
    });
    CsrResponse { sign_certificates: vec![sign.certificate.clone(), issuer], encryption }
}

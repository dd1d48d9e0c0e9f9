//! Judicial recovery: open the record, take both signatures, envelope the key to the judicial key,
//! tell the subscriber unless silence was ordered.

use gm::{Signature, WrappedKey};
use serde_json::json;
use store::{Actor, Record, Tx, fault};

use super::{Kmc, whole_second};
use crate::error::Error;
use crate::model::IssuedKey;
use crate::recovery::{
    Approval, Notice, Officer, RecoveryCase, RecoveryOrder, SIGNING_TIME, TwoParties, approve,
};
use crate::sql::{self, recovery::Stored};

/// Octets of the random number of a case.
const TOKEN_OCTETS: usize = 16;

/// What a judicial recovery hands over.
#[derive(Debug)]
pub struct RecoveredKey {
    /// The case.
    pub case: RecoveryCase,
    /// Whether the subscriber has to be told.
    pub notice: Notice,
    /// The key, enveloped to the judicial key; never in the clear.
    pub key: IssuedKey,
}

impl Kmc {
    /// Opens the record of a judicial recovery. Both parties sign [`RecoveryCase::record`].
    pub async fn open_recovery(
        &self,
        order: RecoveryOrder,
        actor: Actor,
    ) -> Result<RecoveryCase, Error> {
        let token = self
            .on_device(|session| {
                let mut token = [0; TOKEN_OCTETS];
                session.fill(&mut token)?;
                Ok(hex::encode(token))
            })
            .await?;
        self.inner
            .store
            .commit(move |tx| Box::pin(async move { open(tx, order, (token, actor)).await }))
            .await
    }

    /// Carries out a recovery that one operator and one judicial officer have signed. The same two
    /// may ask again within the time for signing, when the answer was lost. A refusal is recorded.
    pub async fn recover(
        &self,
        token: &str,
        approvals: Vec<Approval>,
        actor: Actor,
    ) -> Result<RecoveredKey, Error> {
        let (wanted, by) = (token.to_owned(), actor.clone());
        let done = self
            .inner
            .store
            .commit(move |tx| Box::pin(async move { recover(tx, &wanted, (&approvals, by)).await }))
            .await;
        fault::point("kmc.43-recovery-committed");
        match done {
            Ok((stored, wrapped)) => self.hand_over(stored, wrapped).await,
            Err(refused) => Err(self.record_refusal(token.to_owned(), refused, actor).await),
        }
    }

    /// Cases whose subscribers have still to be told, oldest first.
    pub async fn notices_due(&self) -> Result<Vec<RecoveryCase>, Error> {
        let mut reader = self.inner.store.read().await?;
        sql::recovery::notices_due(&mut reader).await
    }

    /// Records that the subscriber of a case was told.
    pub async fn notice_given(&self, token: &str, actor: Actor) -> Result<(), Error> {
        let token = token.to_owned();
        self.inner
            .store
            .commit(move |tx| Box::pin(async move { tell(tx, &token, actor).await }))
            .await
    }

    async fn hand_over(&self, stored: Stored, wrapped: WrappedKey) -> Result<RecoveredKey, Error> {
        let key = self.envelope(wrapped, stored.case.order.target_key).await?;
        Ok(RecoveredKey { case: stored.case, notice: stored.notice, key })
    }

    /// Refusals of a judicial recovery are legal acts too. Faults are not.
    async fn record_refusal(&self, token: String, refused: Error, actor: Actor) -> Error {
        if refused.kind() != store::ErrorKind::Refusal {
            return refused;
        }
        let code = refused.code();
        let written = self
            .inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let subject = format!("recovery:{}", printable(&token));
                    let body = json!({ "code": code });
                    tx.append(Record::new("recovery.refused", actor, subject, body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await;
        match written {
            Ok(()) => refused,
            Err(fault) => fault,
        }
    }
}

/// A token from outside may be anything; a record takes it only in its own form.
fn printable(token: &str) -> &str {
    let known = token.len() == 2 * TOKEN_OCTETS && token.chars().all(|c| c.is_ascii_hexdigit());
    if known { token } else { "unknown" }
}

async fn open(
    tx: &mut Tx,
    order: RecoveryOrder,
    (token, actor): (String, Actor),
) -> Result<RecoveryCase, Error> {
    let ca = sql::register::ca_by_name(tx.conn(), order.ca.as_str(), true)
        .await?
        .ok_or(Error::UnknownCa)?;
    let pair = sql::pairs::find(tx.conn(), ca.id, &order.cert_serial)
        .await?
        .ok_or(Error::UnknownCertificate)?;
    let opened_at = whole_second(tx.now());
    let case = RecoveryCase {
        id: 0,
        pair_id: pair.id,
        token,
        order,
        public_key: pair.wrapped.public_key,
        opened_at,
        expires_at: opened_at
            .checked_add(SIGNING_TIME)
            .map_err(|_| Error::StoredData("expires_at"))?,
    };
    sql::recovery::lapse(tx.conn(), &case).await?;
    if !sql::recovery::open(tx.conn(), &case).await? {
        return Err(Error::CaseTaken);
    }
    fault::point("kmc.40-case-opened");
    let record = gm::sm3::hash(&case.record());
    record_case(
        tx,
        ("recovery.opened", &case),
        (actor, json!({ "record": hex::encode(record.0) })),
    )
    .await?;
    Ok(case)
}

async fn recover(
    tx: &mut Tx,
    token: &str,
    (approvals, actor): (&[Approval], Actor),
) -> Result<(Stored, WrappedKey), Error> {
    let stored = sql::recovery::find(tx.conn(), token).await?.ok_or(Error::UnknownCase)?;
    let parties = approve(&stored.case, &signers(tx, approvals).await?, tx.now())?;
    let kind = match &stored.done {
        None => finish(tx, &stored.case, &parties).await?,
        Some(done) if same_people(done, &parties) => "recovery.delivered_again",
        Some(_) => return Err(Error::CaseDone),
    };
    let pair = sql::pairs::find_by_id(tx.conn(), stored.case.pair_id).await?;
    let body = json!({
        "record": hex::encode(gm::sm3::hash(&stored.case.record()).0),
        "operator_signature": hex::encode(parties.operator.1.to_der()),
        "judicial_signature": hex::encode(parties.judicial.1.to_der()),
    });
    record_case(tx, (kind, &stored.case), (actor, body)).await?;
    fault::point("kmc.42-recovery-written");
    Ok((stored, pair.wrapped))
}

async fn finish(
    tx: &mut Tx,
    case: &RecoveryCase,
    parties: &TwoParties,
) -> Result<&'static str, Error> {
    let at = whole_second(tx.now());
    if !sql::recovery::finish(tx.conn(), case.id, (parties, at)).await? {
        return Err(Error::CaseDone);
    }
    fault::point("kmc.41-case-signed");
    Ok("recovery.done")
}

async fn signers(tx: &mut Tx, approvals: &[Approval]) -> Result<Vec<(Officer, Signature)>, Error> {
    let mut signers = Vec::with_capacity(approvals.len());
    for approval in approvals {
        let officer = sql::register::officer_by_key(tx.conn(), &approval.signer)
            .await?
            .ok_or(Error::UnknownOfficer)?;
        signers.push((officer, approval.signature));
    }
    Ok(signers)
}

fn same_people(done: &sql::recovery::Done, parties: &TwoParties) -> bool {
    done.operator.0 == parties.operator.0 && done.judicial.0 == parties.judicial.0
}

async fn tell(tx: &mut Tx, token: &str, actor: Actor) -> Result<(), Error> {
    let stored = sql::recovery::find(tx.conn(), token).await?.ok_or(Error::UnknownCase)?;
    let at = whole_second(tx.now());
    if !sql::recovery::tell(tx.conn(), stored.case.id, at).await? {
        return Err(Error::NoNoticeDue);
    }
    record_case(tx, ("recovery.notice_given", &stored.case), (actor, json!({}))).await
}

/// A record of a case always names what the law asks for.
async fn record_case(
    tx: &mut Tx,
    (kind, case): (&'static str, &RecoveryCase),
    (actor, particulars): (Actor, serde_json::Value),
) -> Result<(), Error> {
    let order = &case.order;
    let body = json!({
        "case_number": order.case_number.as_str(),
        "authority": order.authority.as_str(),
        "legal_basis": order.legal_basis.as_str(),
        "ca": order.ca.as_str(),
        "cert_serial": order.cert_serial.to_hex(),
        "public_key": case.public_key.fingerprint(),
        "target_key": order.target_key.fingerprint(),
        "notice_due": order.silence.is_none(),
        "particulars": particulars,
    });
    let subject = format!("recovery:{}", case.token);
    tx.append(Record::new(kind, actor, subject, body)).await?;
    Ok(())
}

//! Recording what will be signed.
//!
//! The intent stands in table `issuance` with the to-be-signed bytes, and in the journal with
//! their SM3, before the device hears of them. A request id that was used before gets what it
//! got then: the certificate, or another permission to sign the very same bytes.

use gm::sm3;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::{Ca, PreparedOrder};
use crate::error::{Error, Refusal};
use crate::model::{IssueOrder, StoredCertificate};
use crate::rules::key::{self, KeyClaim};
use crate::rules::time;
use crate::sql::certificate::CertificateRow;
use crate::sql::issuance::IntentRow;
use crate::sql::{self, seconds};

/// What an intent leads to.
#[derive(Debug)]
pub enum Intent {
    /// Sign this, once.
    Ticket(Box<IssuanceTicket>),
    /// The request was answered before; the same bytes as then.
    Issued(Box<StoredCertificate>),
}

/// The permission to sign one recorded to-be-signed certificate, once. Only [`Ca::intend`]
/// and recovery make it; signing consumes it. It counts only if the unit that made it was
/// committed: what was never recorded cannot be stored.
#[derive(Debug)]
pub struct IssuanceTicket {
    pub(super) row: IntentRow,
    pub(super) linted: pki::Linted,
}

impl Ca {
    /// Records a prepared order in the caller's unit, or finds that it was recorded before.
    ///
    /// A serial is used once (check C19-3).
    ///
    /// Refuses: another order under the same request id, a key of another subject or a
    /// blocked one, a start date before the records, a quarantined signing key, a generation whose
    /// turn it isn't, one whose own certificate was revoked.
    pub async fn intend(&self, tx: &mut Tx, prepared: PreparedOrder) -> Result<Intent, Error> {
        self.of(prepared.issuer_id)?.intend_own(tx, prepared).await
    }

    async fn intend_own(&self, tx: &mut Tx, prepared: PreparedOrder) -> Result<Intent, Error> {
        self.check_sound()?;
        self.inner().issuer.check_valid(tx.now())?;
        let order = &prepared.order;
        let (request, role) = (order.request_id.as_str(), order.role.as_str());
        if let Some(row) = sql::issuance::find(tx.conn(), request, role).await? {
            return self.again(tx, row, &prepared).await;
        }
        self.check_turn(tx, (order.role, order.profile.as_str())).await?;
        self.check_not_revoked(tx).await?;
        self.check_serial(tx, &prepared.serial.to_hex()).await?;
        time::start(prepared.not_before(), tx.now(), self.inner().config.skew)?;
        self.claim_key(tx, &prepared).await?;
        store::fault::point("ca.10-key-claimed");
        let row = self.record(tx, &prepared).await?;
        store::fault::point("ca.11-intended");
        Ok(Intent::Ticket(Box::new(IssuanceTicket { row, linted: prepared.linted })))
    }

    /// A request that is known: answered, open, or given up. What an earlier generation recorded, it
    /// signs, whoever issues by now.
    async fn again(
        &self,
        tx: &mut Tx,
        row: IntentRow,
        prepared: &PreparedOrder,
    ) -> Result<Intent, Error> {
        let by = self.of(row.issuer_id).map_err(|_| Refusal::OtherOrder)?;
        if row.order_hash != prepared.order_hash {
            return Err(Refusal::OtherOrder.into());
        }
        if row.state != "issued" && sql::certificate::key_blocked(tx.conn(), &row.key_hash).await? {
            // Proved to be compromised since (T-31).
            return Err(Refusal::KeyBlocked.into());
        }
        match (row.state.as_str(), &row.reason) {
            ("issued", _) => self.answered(tx, &row).await,
            ("abandoned", Some(reason)) => Err(Refusal::Abandoned(reason.clone()).into()),
            _ => {
                by.check_sound()?;
                by.inner().issuer.check_valid(tx.now())?;
                by.check_not_revoked(tx).await?;
                let linted = by.reopen(&row, tx.now())?;
                by.permit_again(tx, &row, &prepared.order.actor).await?;
                Ok(Intent::Ticket(Box::new(IssuanceTicket { row, linted })))
            }
        }
    }

    pub(super) async fn answered(&self, tx: &mut Tx, row: &IntentRow) -> Result<Intent, Error> {
        let found = self.certificate_of(tx, row).await?;
        let stored = sql::certificate::complete(tx.conn(), found).await?;
        Ok(Intent::Issued(Box::new(stored)))
    }

    pub(super) async fn certificate_of(
        &self,
        tx: &mut Tx,
        row: &IntentRow,
    ) -> Result<CertificateRow, Error> {
        sql::certificate::by_request(tx.conn(), &row.request_id, &row.role)
            .await?
            .ok_or_else(|| Error::stored(format!("申请 {} 的证书缺失", row.request_id)))
    }

    /// One more signature over recorded bytes, noted before it is made (T-06).
    pub(super) async fn permit_again(
        &self,
        tx: &mut Tx,
        row: &IntentRow,
        actor: &Actor,
    ) -> Result<(), Error> {
        let body = json!({ "tbs_sm3": row.tbs_hash, "intent": row.intent_seq });
        let subject = self.name_of(&sql::serial(&row.serial)?);
        let record = Record::new("certificate.permitted-again", actor.clone(), &*subject, body);
        let seq = tx.append(record).await?;
        sql::issuance::permit_again(tx.conn(), row.id).await?;
        let label = self.inner().issuer.label.as_str();
        let place = (seq.to_sql(), seconds(tx.now()));
        sql::signer::note(tx.conn(), label, ("again", &subject), place).await
    }

    async fn claim_key(&self, tx: &mut Tx, prepared: &PreparedOrder) -> Result<(), Error> {
        let order = &prepared.order;
        let subject_hash = sm3::hash(&prepared.subject_der()).to_hex();
        let request = (order.request_id.as_str(), order.role.as_str());
        let fingerprint = order.key.fingerprint();
        let owner =
            sql::certificate::claim_key(tx.conn(), &fingerprint, &subject_hash, request).await?;
        let renews = prepared.may_keep_key && self.renews(tx, order, &fingerprint).await?;
        let keeps_key = prepared.is_link || renews;
        let claim = KeyClaim {
            subject_hash: &subject_hash,
            request: &order.request_id,
            role: order.role,
            keeps_key,
        };
        Ok(key::claim(&owner, &claim)?)
    }

    /// Whether the order replaces a certificate of this very key that is still good.
    async fn renews(&self, tx: &mut Tx, order: &IssueOrder, key: &str) -> Result<bool, Error> {
        let Some(serial) = &order.replaces else {
            return Ok(false);
        };
        let old = self.by_serial(tx.conn(), &serial.to_hex()).await?;
        Ok(old.is_some_and(|old| old.key_hash == key && old.status == "good"))
    }

    async fn record(&self, tx: &mut Tx, prepared: &PreparedOrder) -> Result<IntentRow, Error> {
        let mut row = self.row_of(prepared);
        let mut body = json!({
            "request": row.request_id,
            "role": row.role,
            "profile": row.profile,
            "profile_sm3": row.profile_hash,
            "tbs_sm3": row.tbs_hash,
            "key": row.key_hash,
            "pair": row.pair_request,
            "replaces": row.replaces,
        });
        // The subject of the record names the authority; what isn't its first generation says so.
        if self.name() != self.authority_name()
            && let Some(body) = body.as_object_mut()
        {
            body.insert("generation".into(), self.name().into());
        }
        let subject = self.name_of(&prepared.serial);
        let actor = prepared.order.actor.clone();
        let seq = tx.append(Record::new("certificate.intended", actor, subject, body)).await?;
        row.intent_seq = seq.to_sql();
        row.intended_at = seconds(tx.now());
        row.id = sql::issuance::insert(tx.conn(), &row)
            .await?
            .ok_or(Error::Refused(Refusal::Collision))?;
        Ok(row)
    }

    fn row_of(&self, prepared: &PreparedOrder) -> IntentRow {
        let order = &prepared.order;
        let tbs = prepared.linted.tbs_der().to_vec();
        IntentRow {
            id: 0,
            request_id: order.request_id.to_string(),
            role: order.role.as_str().into(),
            issuer_id: self.issuer_id(),
            serial: prepared.serial.to_hex(),
            profile: order.profile.clone(),
            profile_hash: prepared.profile_hash.clone(),
            order_hash: prepared.order_hash.clone(),
            subject: prepared.subject(),
            subject_der: prepared.subject_der(),
            key_hash: order.key.fingerprint(),
            not_before: seconds(prepared.not_before()),
            not_after: seconds(prepared.not_after()),
            pair_request: order.pair.as_ref().map(ToString::to_string),
            replaces: order.replaces.as_ref().map(pki::Serial::to_hex),
            tbs_hash: sm3::hash(&tbs).to_hex(),
            tbs,
            intent_seq: 0,
            intended_at: 0,
            state: "intended".into(),
            reason: None,
        }
    }
}

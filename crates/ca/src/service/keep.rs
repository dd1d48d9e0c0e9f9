//! Storing: certificate, bytes and journal record in one unit.

use gm::sm3;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::{Ca, SignedCertificate};
use crate::error::{Error, Refusal};
use crate::model::{CertificateRecord, Role, StoredCertificate};
use crate::rules::crl::shard_of;
use crate::sql::certificate::NewCertificate;
use crate::sql::issuance::IntentRow;
use crate::sql::{self, seconds};

impl Ca {
    /// Stores a signed certificate in the caller's unit. It may be handed out once the unit is
    /// committed. If another caller stored the same request first, his certificate is the one
    /// and this signature is forgotten: one certificate for each request (T-02). `KeyBlocked` where its key was proved
    /// to be compromised since the intent, `Abandoned` where that was given up: then no certificate comes of it (T-31).
    pub async fn store(
        &self,
        tx: &mut Tx,
        signed: SignedCertificate,
    ) -> Result<StoredCertificate, Error> {
        let SignedCertificate { row, certificate } = signed;
        let shards = self.of(row.issuer_id)?.shards();
        if !sql::issuance::mark_issued(tx.conn(), row.id).await? {
            return self.stored_or_refused(tx, &row).await;
        }
        let der = certificate.der();
        let fingerprint = sm3::hash(der).to_hex();
        let issued_seq = self.journal_issued(tx, &row, &fingerprint).await?;
        let pair_id = self.pair_of(tx, &row).await?;
        let new = NewCertificate {
            issued_at: seconds(tx.now()),
            shard: shard_of(&certificate.serial(), shards).into(),
            pair_id,
            replaces_id: self.replaced_by(tx, &row).await?,
            fingerprint,
            issued_seq,
            der,
            intent: &row,
        };
        let id = sql::certificate::insert(tx.conn(), &new).await?;
        if let Some(other) = pair_id {
            sql::certificate::tie_pair(tx.conn(), other, id).await?;
        }
        store::fault::point("ca.30-stored");
        let record = record_of(id, &new)?;
        Ok(StoredCertificate { record, certificate })
    }

    /// Why an intent is not open any more.
    async fn stored_or_refused(
        &self,
        tx: &mut Tx,
        row: &IntentRow,
    ) -> Result<StoredCertificate, Error> {
        let (request, role) = (row.request_id.as_str(), row.role.as_str());
        if let Some(found) = sql::certificate::by_request(tx.conn(), request, role).await? {
            return sql::certificate::complete(tx.conn(), found).await;
        }
        if sql::certificate::key_blocked(tx.conn(), &row.key_hash).await? {
            return Err(Refusal::KeyBlocked.into());
        }
        let now = sql::issuance::find(tx.conn(), request, role).await?;
        match now.and_then(|row| row.reason) {
            Some(reason) => Err(Refusal::Abandoned(reason).into()),
            None => Err(Error::stored(format!("申请 {request} 的证书缺失"))),
        }
    }

    async fn journal_issued(
        &self,
        tx: &mut Tx,
        row: &IntentRow,
        fingerprint: &str,
    ) -> Result<i64, Error> {
        let body = json!({
            "request": row.request_id,
            "role": row.role,
            "intent": row.intent_seq,
            "tbs_sm3": row.tbs_hash,
            "sm3": fingerprint,
        });
        let subject = self.name_of(&sql::serial(&row.serial)?);
        let record = Record::new("certificate.issued", Actor::system(), subject, body);
        Ok(tx.append(record).await?.to_sql())
    }

    /// The other certificate of the pair, if it is stored already.
    async fn pair_of(&self, tx: &mut Tx, row: &IntentRow) -> Result<Option<i64>, Error> {
        let other = match (row.role.as_str(), &row.pair_request) {
            ("sign", Some(request)) => (request, Role::Enc),
            ("enc", Some(request)) => (request, Role::Sign),
            _ => return Ok(None),
        };
        sql::certificate::id_by_request(tx.conn(), other.0, other.1.as_str()).await
    }

    async fn replaced_by(&self, tx: &mut Tx, row: &IntentRow) -> Result<Option<i64>, Error> {
        let Some(serial) = &row.replaces else {
            return Ok(None);
        };
        let old = self.by_serial(tx.conn(), serial).await?;
        Ok(old.map(|old| old.id))
    }
}

fn record_of(id: i64, new: &NewCertificate<'_>) -> Result<CertificateRecord, Error> {
    let intent = new.intent;
    sql::certificate::CertificateRow {
        id,
        issuer_id: intent.issuer_id,
        serial: intent.serial.clone(),
        request_id: intent.request_id.clone(),
        role: intent.role.clone(),
        profile: intent.profile.clone(),
        subject: intent.subject.clone(),
        key_hash: intent.key_hash.clone(),
        not_before: intent.not_before,
        not_after: intent.not_after,
        status: "good".into(),
        reason: None,
        changed_at: new.issued_at,
        invalid_since: None,
        issued_at: new.issued_at,
        expired_at: None,
        pair_id: new.pair_id,
        replaces_id: new.replaces_id,
        fingerprint: new.fingerprint.clone(),
    }
    .try_into()
}

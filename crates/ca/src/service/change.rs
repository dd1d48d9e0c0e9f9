//! Suspend, resume, revoke, expire: in the caller's unit, with the journal record.

use jiff::Timestamp;
use pki::Serial;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::Ca;
use crate::error::{Error, Invalid, Refusal};
use crate::model::{CertificateRecord, Status};
use crate::rules::status::{self, Change, Revocation};
use crate::sql::{self, instant, seconds};

impl Ca {
    /// 暂停: certificateHold until it is resumed or revoked.
    pub async fn suspend(
        &self,
        tx: &mut Tx,
        serial: &Serial,
        actor: &Actor,
    ) -> Result<CertificateRecord, Error> {
        let record = self.load(tx, serial).await?;
        let change = status::suspend(&record.status, record.not_after, tx.now())?;
        self.apply(tx, record, change, ("certificate.suspended", actor)).await
    }

    /// 恢复: a suspended certificate becomes good again. `KeyBlocked` where its key was proved to be
    /// compromised since: it can be revoked only (T-31).
    pub async fn resume(
        &self,
        tx: &mut Tx,
        serial: &Serial,
        actor: &Actor,
    ) -> Result<CertificateRecord, Error> {
        let record = self.load(tx, serial).await?;
        let change = status::resume(&record.status, record.not_after, tx.now())?;
        if change != Change::None
            && sql::certificate::key_blocked(tx.conn(), &record.key_hash).await?
        {
            return Err(Refusal::KeyBlocked.into());
        }
        self.apply(tx, record, change, ("certificate.resumed", actor)).await
    }

    /// 撤销: for good. Asked for again with the same reason it answers the same and records
    /// nothing. A compromised key is blocked for ever; its other certificates are the caller's to revoke
    /// ([`Ca::open_beside`]), and the doctor names those that are left good. A CA's reasons know two compromises.
    pub async fn revoke(
        &self,
        tx: &mut Tx,
        serial: &Serial,
        revocation: &Revocation,
        actor: &Actor,
    ) -> Result<CertificateRecord, Error> {
        let record = self.load(tx, serial).await?;
        let standing = (&record.status, record.not_after, record.role);
        let change = status::revoke(standing, revocation, tx.now())?;
        if change != Change::None
            && status::is_compromise(revocation.reason, record.role)
            && !sql::certificate::key_blocked(tx.conn(), &record.key_hash).await?
        {
            self.block(tx, &record.key_hash, "证书因密钥泄露撤销", actor).await?;
        }
        self.apply(tx, record, change, ("certificate.revoked", actor)).await
    }

    /// Blocks a key that somebody proved to be compromised, certified or not (T-31).
    /// `key_hash` is SM3 of the public point, hexadecimal.
    pub async fn block_key(
        &self,
        tx: &mut Tx,
        key: &gm::PublicKey,
        actor: &Actor,
    ) -> Result<(), Error> {
        self.block(tx, &key.fingerprint(), "密钥被报告泄露", actor).await
    }

    async fn block(
        &self,
        tx: &mut Tx,
        key_hash: &str,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), Error> {
        let now = seconds(tx.now());
        sql::certificate::block_key(tx.conn(), key_hash, now, reason).await?;
        let body = json!({ "reason": reason });
        tx.append(Record::new("key.blocked", actor.clone(), format!("key:{key_hash}"), body))
            .await?;
        self.give_up_key(tx, key_hash).await
    }

    /// What was recorded for the key and is not stored yet comes to nothing, with what belongs to it as a pair: in this
    /// unit, so that no retry and no node that has signed already makes a certificate of it.
    async fn give_up_key(&self, tx: &mut Tx, key_hash: &str) -> Result<(), Error> {
        for row in sql::issuance::open_with_key(tx.conn(), key_hash).await? {
            // What another authority of ours recorded is refused when it would be signed or stored.
            if let Ok(by) = self.of(row.issuer_id) {
                by.abandon(tx, &row, "公钥已因泄露被停用").await?;
            }
        }
        Ok(())
    }

    /// Other certificates of the same key as this one that are not revoked and have not ended: generations overlap, and
    /// renewals may keep their key (T-31).
    pub async fn open_beside(
        &self,
        tx: &mut Tx,
        serial: &Serial,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let record = self.load(tx, serial).await?;
        let now = seconds(tx.now());
        let rows = sql::certificate::open_of_key(tx.conn(), &record.key_hash, now).await?;
        let others = rows.into_iter().filter(|row| row.id != record.id);
        others.map(CertificateRecord::try_from).collect()
    }

    /// The certificates of a key that are not revoked and have not ended, as this unit finds them.
    pub async fn open_of_key(
        &self,
        tx: &mut Tx,
        key: &gm::PublicKey,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let (key, now) = (key.fingerprint(), seconds(tx.now()));
        let rows = sql::certificate::open_of_key(tx.conn(), &key, now).await?;
        rows.into_iter().map(CertificateRecord::try_from).collect()
    }

    /// Whether the key of a certificate was proved to be compromised: it is not resumed any more, only revoked.
    pub async fn is_key_blocked(&self, tx: &mut Tx, serial: &Serial) -> Result<bool, Error> {
        let record = self.load(tx, serial).await?;
        sql::certificate::key_blocked(tx.conn(), &record.key_hash).await
    }

    async fn load(&self, tx: &mut Tx, serial: &Serial) -> Result<CertificateRecord, Error> {
        let hex = serial.to_hex();
        self.by_serial(tx.conn(), &hex).await?.ok_or(Invalid::NoCertificate(hex))?.try_into()
    }

    /// Journal record, certificate row and the row that others follow: one unit.
    async fn apply(
        &self,
        tx: &mut Tx,
        record: CertificateRecord,
        change: Change,
        (kind, actor): (&'static str, &Actor),
    ) -> Result<CertificateRecord, Error> {
        let by = self.of(record.issuer_id)?;
        let end = sql::succession::end_of(tx.conn(), record.issuer_id).await?;
        let is_over = end.is_some() || tx.now() > by.certificate().not_after();
        let Change::To(status) = status::told(change, is_over)? else {
            return Ok(record);
        };
        let body = describe(&record, &status);
        let subject = self.name_of(&record.serial);
        let seq = tx.append(Record::new(kind, actor.clone(), subject, body)).await?;
        let place = (seq.to_sql(), seconds(tx.now()));
        let key_hash = &by.inner().issuer.key_hash;
        if !sql::status::change(tx.conn(), key_hash, &record, &status, place).await? {
            return Err(Error::stored(format!("证书 {} 的状态同时被改动", record.serial)));
        }
        store::fault::point("ca.40-status-changed");
        Ok(CertificateRecord { status, ..record })
    }

    /// The journal's name of a certificate: authority and serial number. No two generations of an
    /// authority use the same one.
    pub(crate) fn name_of(&self, serial: &Serial) -> String {
        format!("certificate:{}/{}", self.authority_name(), serial.to_hex())
    }

    /// Notes certificates whose time is over, at most `limit`, each with its journal record;
    /// how many there were. Called by a timer until it answers 0.
    pub async fn expire(&self, limit: u32) -> Result<usize, Error> {
        let ca = self.clone();
        self.inner()
            .store
            .commit(move |tx| Box::pin(async move { ca.expire_in(tx, limit).await }))
            .await
    }

    async fn expire_in(&self, tx: &mut Tx, limit: u32) -> Result<usize, Error> {
        let (now, mut over) = (seconds(tx.now()), Vec::new());
        for id in self.ids() {
            let left = usize::try_from(limit).unwrap_or_default().saturating_sub(over.len());
            let left = i64::try_from(left).unwrap_or_default();
            over.extend(sql::status::over(tx.conn(), id, now, left).await?);
        }
        for certificate in &over {
            sql::status::mark_over(tx.conn(), certificate.id, now).await?;
            let serial = sql::serial(&certificate.serial)?;
            let body = json!({ "not_after": text(instant(certificate.not_after)?) });
            let subject = self.name_of(&serial);
            tx.append(Record::new("certificate.expired", Actor::system(), subject, body)).await?;
        }
        Ok(over.len())
    }
}

fn describe(record: &CertificateRecord, status: &Status) -> serde_json::Value {
    match status {
        Status::Good | Status::Suspended { .. } => json!({ "from": record.status.as_str() }),
        Status::Revoked { since, reason, invalid_since } => json!({
            "from": record.status.as_str(),
            "reason": reason.name(),
            "since": text(*since),
            "invalid_since": invalid_since.map(text),
        }),
    }
}

/// An instant as the journal writes it: RFC 3339, whole seconds.
pub(crate) fn text(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

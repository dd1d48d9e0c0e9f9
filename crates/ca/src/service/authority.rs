//! Certificates of a root (links, issuing CAs) that are revoked by order of two people, and what its lists don't tell yet.

use pki::Serial;
use serde_json::json;
use sqlx::AnyConnection;
use store::{Record, Tx, Warrant};

use super::{Ca, Issuing, LINK};
use crate::CrlKind;
use crate::error::{Error, Invalid, Refusal};
use crate::model::{CertificateRecord, RevocationReason, Role};
use crate::rules::status::{self, Change, Revocation, is_compromise};
use crate::sql::{self, seconds};

impl Issuing {
    /// Since when the very certificate of this generation is not good. A root's own stands by itself: no list revokes
    /// it.
    pub(super) async fn revoked_since(
        &self,
        conn: &mut AnyConnection,
    ) -> Result<Option<i64>, Error> {
        if self.certificate.subject() == self.certificate.issuer() {
            return Ok(None);
        }
        let name = (self.key_hash.as_str(), self.fingerprint.as_str());
        let row = sql::certificate::status_of(conn, name).await?;
        let (status, since) = row.ok_or_else(|| Error::stored("签发机构自己的证书没有记录"))?;
        Ok((status != "good").then_some(since))
    }
}

/// What is revoked so: cross-certificates have an order of their own, and no list revokes a root.
const REVOCABLE: [&str; 2] = [LINK, "subca"];

impl Ca {
    /// Revokes a link or the certificate of an issuing CA, from now on and on the next list of each key of the root,
    /// which is not needed here. `self` is the root. Asked for again it answers the same and records nothing.
    ///
    /// An issuing CA signs its lists and the answers about its certificates as before, and no certificate any more. For a
    /// compromise the key is blocked, and every other certificate of these kinds for it goes with the one that was named
    /// (T-31).
    pub async fn revoke_authority(
        &self,
        serial: &Serial,
        reason: RevocationReason,
        warrant: &Warrant,
    ) -> Result<CertificateRecord, Error> {
        let (ca, serial, warrant) = (self.clone(), *serial, warrant.clone());
        let unit = self.inner().store.commit(move |tx| {
            Box::pin(async move {
                let hex = serial.to_hex();
                let row = ca.by_serial(tx.conn(), &hex).await?;
                let row = row.ok_or(Invalid::NoCertificate(hex))?;
                if !REVOCABLE.contains(&row.profile.as_str()) {
                    let text = "只能撤销根签发的链接证书和签发机构证书；交叉证书请用 yinxin ceremony cross-withdraw";
                    return Err(Refusal::Ceremony(text.into()).into());
                }
                if is_compromise(reason, Role::Ca) {
                    for other in ca.open_beside(tx, &serial).await? {
                        let is_own = ca.of(other.issuer_id).is_ok();
                        if is_own && REVOCABLE.contains(&other.profile.as_str()) {
                            ca.revoke_one(tx, &other, (reason, &warrant)).await?;
                        }
                    }
                }
                ca.revoke_one(tx, &row.try_into()?, (reason, &warrant)).await
            })
        });
        unit.await
    }

    async fn revoke_one(
        &self,
        tx: &mut Tx,
        record: &CertificateRecord,
        (reason, warrant): (RevocationReason, &Warrant),
    ) -> Result<CertificateRecord, Error> {
        let (serial, actor) = (record.serial, warrant.actor());
        let asked = Revocation { reason, invalid_since: None };
        let stands = (&record.status, record.not_after, record.role);
        // What would be refused is refused below, and nothing stays of it.
        if status::revoke(stands, &asked, tx.now()) != Ok(Change::None) {
            let body = warrant.body(json!({ "code": reason.name(), "profile": record.profile }));
            let kind = "authority.revocation-ordered";
            tx.append(Record::new(kind, actor.clone(), self.name_of(&serial), body)).await?;
        }
        self.revoke(tx, &serial, &asked, &actor).await
    }

    /// Refuses while the certificate of this generation is revoked: nobody accepts what it would certify, its responders
    /// included. Asked in the unit that rests on it.
    pub(super) async fn check_not_revoked(&self, tx: &mut Tx) -> Result<(), Error> {
        match self.inner().issuer.revoked_since(tx.conn()).await? {
            None => Ok(()),
            Some(_) => Err(Refusal::IssuerRevoked.into()),
        }
    }

    /// Certificates that are good although their key was proved to be compromised, at most `limit`: there should be none
    /// (T-31).
    pub async fn good_of_blocked(&self, limit: u32) -> Result<Vec<CertificateRecord>, Error> {
        let now = seconds(self.now());
        let mut reader = self.inner().store.read().await?;
        let mut rows = sql::certificate::good_of_blocked(&mut reader, now, limit.into()).await?;
        rows.sort_unstable_by_key(|row| row.id);
        rows.into_iter().map(CertificateRecord::try_from).collect()
    }

    /// What was suspended or revoked under any generation, has not ended, and is not on the list in force of each of
    /// `publishing`: a relying party may look at the list of any (ADR 15). By the numbers of records and not by the clock:
    /// a change that was committed while a list was made is on the next one.
    pub async fn untold(&self, publishing: &[Self]) -> Result<Vec<CertificateRecord>, Error> {
        let now = seconds(self.now());
        let mut reader = self.inner().store.read().await?;
        let mut covered = i64::MAX;
        for one in publishing {
            let (kind, shard) = (CrlKind::Full.as_str(), CrlKind::Full.shard_column());
            let row = sql::crl::current(&mut reader, one.issuer_id(), kind, shard).await?;
            covered = covered.min(row.map_or(i64::MIN, |row| row.covers_seq));
        }
        let mut found = Vec::new();
        for id in self.ids() {
            for row in sql::status::changed_since(&mut reader, id, (covered, now)).await? {
                found.push(CertificateRecord::try_from(row)?);
            }
        }
        Ok(found)
    }
}

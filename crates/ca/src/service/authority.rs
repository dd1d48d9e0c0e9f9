//! Certificates of a root (links, issuing CAs) that are revoked by order of two people, and what its lists don't tell yet.

use pki::Serial;
use serde_json::json;
use store::{Record, Warrant};

use super::{Ca, LINK};
use crate::CrlKind;
use crate::error::{Error, Invalid, Refusal};
use crate::model::{CertificateRecord, RevocationReason};
use crate::rules::status::Revocation;
use crate::sql::{self, seconds};

/// What is revoked so: cross-certificates have an order of their own, and no list revokes a root.
const REVOCABLE: [&str; 2] = [LINK, "subca"];

impl Ca {
    /// Revokes a link or the certificate of an issuing CA, from now on and on the next list of each key of the root,
    /// which is not needed here. `self` is the root. Asked for again it answers the same and records nothing.
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
                if row.status != "revoked" {
                    let body = warrant.body(json!({ "code": reason.name(), "profile": row.profile }));
                    let kind = "authority.revocation-ordered";
                    tx.append(Record::new(kind, warrant.actor(), ca.name_of(&serial), body)).await?;
                }
                let revocation = Revocation { reason, invalid_since: None };
                ca.revoke(tx, &serial, &revocation, &warrant.actor()).await
            })
        });
        unit.await
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

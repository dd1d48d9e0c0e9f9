//! The issuing CA and the OCSP responder.

use gm::sm3;
use pki::{Certificate, SubjectInput};
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use store::{Actor, Tx};

use super::run::{Ceremony, IssuingMade, ResponderMade, RootShared};
use super::{ISSUING, RESPONDER_KEY, Step};
use crate::Ca;
use crate::error::Error;
use crate::model::{IssueOrder, RequestId, Role, StoredCertificate, Validity};
use crate::service::{Intent, OCSP, PreparedOrder, SignedCertificate};
use crate::sql::issuer::{Hashes, NewIssuer};
use crate::sql::{self, seconds};

/// Name of the profile of CAs below a root.
const SUBCA: &str = "subca";
impl Ceremony {
    /// Key, certificate by the root, and the issuer's row.
    pub(super) async fn make_issuing(&self, before: RootShared) -> Result<IssuingMade, Error> {
        if self.row(Step::IssuingCertificate).is_none() {
            self.certify_issuing(&before.root).await?;
        }
        let issuing = self.ca(&self.plan.issuing_config).await?;
        Ok(IssuingMade { before, issuing })
    }

    /// Key, and certificate by the root.
    pub(super) async fn certify_issuing(&self, root: &Ca) -> Result<(), Error> {
        let info = self.key(Step::IssuingKey, &self.made.key).await?;
        let key = info.public_key.ok_or_else(|| Error::stored("签发密钥没有公钥"))?;
        let order = self.order("issuing", (Role::Ca, SUBCA), &self.plan.issuing, key)?;
        let prepared = root.prepare_ca(order, &self.quorum)?;
        self.issue(root, prepared, Step::IssuingCertificate).await
    }

    /// Key, and certificate by the issuing CA.
    pub(super) async fn make_responder(&self, before: IssuingMade) -> Result<ResponderMade, Error> {
        let issuing = &before.issuing;
        if self.row(Step::ResponderCertificate).is_none() {
            let info = self.key(Step::ResponderKey, RESPONDER_KEY).await?;
            let key = info.public_key.ok_or_else(|| Error::stored("应答密钥没有公钥"))?;
            let order = self.order("ocsp", (Role::Service, OCSP), &self.plan.responder, key)?;
            let prepared = issuing.prepare(order)?;
            self.issue(issuing, prepared, Step::ResponderCertificate).await?;
        }
        let request = self.request("ocsp")?;
        let found = issuing.find_request(&request, Role::Service).await?;
        let found = found.ok_or_else(|| Error::stored("状态应答证书缺失"))?;
        Ok(ResponderMade { before, responder: found.certificate })
    }

    fn request(&self, what: &str) -> Result<RequestId, Error> {
        Ok(RequestId::new(format!("ceremony:{}:{what}", self.plan.name))?)
    }

    pub(super) fn order(
        &self,
        what: &str,
        (role, profile): (Role, &str),
        subject: &SubjectInput,
        key: gm::PublicKey,
    ) -> Result<IssueOrder, Error> {
        Ok(IssueOrder {
            request_id: self.request(what)?,
            role,
            profile: profile.into(),
            subject: subject.clone(),
            key,
            serial: None,
            validity: Validity::default(),
            pair: None,
            replaces: None,
            actor: Actor::new(format!("person:{}", self.quorum.participants().leader.id)),
        })
    }

    /// The way of every certificate; the step is recorded in the unit that stores it.
    pub(super) async fn issue(
        &self,
        ca: &Ca,
        prepared: PreparedOrder,
        step: Step,
    ) -> Result<(), Error> {
        let by = ca.clone();
        let intent =
            self.commit(move |tx| Box::pin(async move { by.intend(tx, prepared).await })).await?;
        let signed = match intent {
            Intent::Ticket(ticket) => ca.sign(vec![*ticket]).await?,
            // Stored by a run that was cut off: then the step was recorded with it.
            Intent::Issued(stored) => {
                return Err(Error::stored(format!(
                    "证书 {} 已签发而步骤没有记录",
                    stored.serial()
                )));
            }
        };
        store::fault::point("ca.65-ceremony-signed");
        for signed in signed {
            let (ceremony, by) = (self.clone(), ca.clone());
            self.commit(move |tx| {
                Box::pin(async move { ceremony.store_step(tx, &by, signed, step).await })
            })
            .await?;
        }
        Ok(())
    }

    async fn store_step(
        &self,
        tx: &mut Tx,
        ca: &Ca,
        signed: SignedCertificate,
        step: Step,
    ) -> Result<(), Error> {
        let stored: StoredCertificate = ca.store(tx, signed).await?;
        if step == Step::IssuingCertificate {
            let names = (self.made.name.as_str(), self.made.key.as_str());
            let id = insert_issuer(tx, names, &stored.certificate, self.plan.shards).await?;
            if self.made.generation > 1 {
                let place = (ISSUING, self.made.generation);
                sql::succession::insert(tx.conn(), id, place).await?;
            }
        }
        let detail = json!({
            "serial": stored.serial().to_hex(),
            "sm3": stored.record.fingerprint,
        });
        self.record_in(tx, step, detail).await
    }
}

/// The row of a CA, with the hashes by which OCSP clients name it.
pub(super) async fn insert_issuer(
    tx: &mut Tx,
    (name, label): (&str, &str),
    certificate: &Certificate,
    shards: u16,
) -> Result<i64, Error> {
    let key = certificate.public_key()?;
    let point = key.to_sec1();
    let subject_der = certificate.subject().der();
    let row = NewIssuer {
        name,
        key_label: label,
        subject_der,
        public_key: hex::encode(point),
        key_hash: key.fingerprint(),
        name_hashes: hashes(subject_der),
        key_hashes: hashes(&point),
        certificate_der: certificate.der(),
        not_before: seconds(certificate.not_before()),
        not_after: seconds(certificate.not_after()),
        shards: shards.into(),
        created_at: seconds(tx.now()),
    };
    sql::issuer::insert(tx.conn(), &row).await
}

fn hashes(octets: &[u8]) -> Hashes {
    Hashes {
        sha1: hex::encode(Sha1::digest(octets)),
        sha256: hex::encode(Sha256::digest(octets)),
        sm3: sm3::hash(octets).to_hex(),
    }
}

//! What an officer answers for, with a witness: a stopped key is taken into use again, an account of
//! signatures that cannot be explained is closed, a restored database goes on behind what was
//! published.

use gm::UserId;
use pki::crl::Crl;
use serde_json::json;
use store::{Record, Tx, Warrant};

use super::account::CLOSED;
use super::{Ca, Reconciliation};
use crate::crl::blocking;
use crate::error::{Error, Refusal};
use crate::rules::account::AfterLoss;
use crate::sql::{self, seconds};

/// Signatures tried before a stopped key is used again: one good signature proves little about a
/// device that was wrong now and then (Certum bz1511459).
const TRIALS: u32 = 100;

impl Ca {
    /// Takes a stopped key into use again. The device first makes signatures on trial, recorded
    /// before they are made; one that does not verify stops the key anew (T-10).
    pub async fn release_signer(&self, warrant: &Warrant) -> Result<(), Error> {
        self.pinned().release_own(warrant).await
    }

    async fn release_own(&self, warrant: &Warrant) -> Result<(), Error> {
        if !self.is_quarantined() {
            return Err(Refusal::NotQuarantined.into());
        }
        self.check_key()?;
        self.note_trials(warrant).await?;
        let ca = self.clone();
        if !blocking(move || ca.try_key()).await? {
            return Err(self.quarantine("恢复前的试签名验证不通过").await);
        }
        let (ca, record) = (self.clone(), self.warranted("signer.released", warrant, json!({})));
        self.inner()
            .store
            .commit(move |tx| Box::pin(async move { ca.set_signer_state(tx, None, record).await }))
            .await?;
        self.inner().quarantined.store(false, std::sync::atomic::Ordering::SeqCst);
        Ok(())
    }

    /// The device counts each signature: what is permitted stands in the account first (T-06).
    async fn note_trials(&self, warrant: &Warrant) -> Result<(), Error> {
        let body = json!({ "signatures": TRIALS });
        let (ca, record) = (self.clone(), self.warranted("signer.trial", warrant, body));
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let seq = tx.append(record).await?;
                    let place = (seq.to_sql(), seconds(tx.now()));
                    let label = ca.inner().issuer.label.as_str();
                    for _ in 0..TRIALS {
                        sql::signer::note(tx.conn(), label, ("act", "trial"), place).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Whether every signature on trial verifies. What is signed can be no certificate and no list.
    fn try_key(&self) -> Result<bool, Error> {
        let issuer = &self.inner().issuer;
        let mut session = self.inner().device.session()?;
        for number in 0..TRIALS {
            let text = format!("yinxin: signature {number} on trial, without meaning");
            let signature = session.sign(&issuer.label, &UserId::default(), text.as_bytes())?;
            let key = &issuer.public_key;
            if gm::sm2::verify(key, &UserId::default(), text.as_bytes(), &signature).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Closes an account that does not add up, after it was looked into: what the device counted
    /// is the new baseline. Answers what was closed.
    pub async fn close_account(&self, warrant: &Warrant) -> Result<Reconciliation, Error> {
        let (ca, warrant) = (self.pinned(), warrant.clone());
        self.inner()
            .store
            .commit(move |tx| Box::pin(async move { ca.close_account_in(tx, &warrant).await }))
            .await
    }

    async fn close_account_in(
        &self,
        tx: &mut Tx,
        warrant: &Warrant,
    ) -> Result<Reconciliation, Error> {
        let found = self.reconcile_in(tx).await?;
        self.close_found(tx, &found, warrant).await?;
        Ok(found)
    }

    async fn close_found(
        &self,
        tx: &mut Tx,
        found: &Reconciliation,
        warrant: &Warrant,
    ) -> Result<(), Error> {
        let account = found.account;
        let body = json!({
            "uses": account.uses, "base_uses": account.base_uses, "produced": account.produced,
            "open": account.open, "uncertain": account.uncertain,
        });
        tx.append(self.warranted(CLOSED, warrant, body)).await?;
        let uses =
            i64::try_from(account.uses).map_err(|_| Error::stored("设备签名计数超出范围"))?;
        let now = seconds(tx.now());
        sql::signer::set_base(tx.conn(), found.label.as_str(), uses, now).await
    }

    /// What the account says when so many records were `lost`. Looks, and records nothing.
    pub async fn account_after_loss(
        &self,
        lost: u64,
    ) -> Result<(Reconciliation, AfterLoss), Error> {
        let ca = self.pinned();
        let was_in_alarm = ca.was_in_alarm().await?;
        let mut reader = ca.inner().store.read().await?;
        let found = ca.draw_balance(&mut reader, ca.now()).await?;
        let says = AfterLoss::of(&found.balance, lost, was_in_alarm);
        Ok((found, says))
    }

    /// Closes the account after so many records were `lost`, but not one in alarm that the loss does not explain: that
    /// alarm stands until two people close it knowing why (T-06). Answers what was found, and what it says.
    pub async fn close_account_after_loss(
        &self,
        lost: u64,
        warrant: &Warrant,
    ) -> Result<(Reconciliation, AfterLoss), Error> {
        let (ca, warrant) = (self.pinned(), warrant.clone());
        let was_in_alarm = ca.was_in_alarm().await?;
        let unit = self.inner().store.commit(move |tx| {
            Box::pin(async move {
                let found = ca.reconcile_in(tx).await?;
                let says = AfterLoss::of(&found.balance, lost, was_in_alarm);
                if says != AfterLoss::Alarm {
                    ca.close_found(tx, &found, &warrant).await?;
                }
                Ok::<_, Error>((found, says))
            })
        });
        unit.await
    }

    /// After a backup was restored: numbers go on after those of a list of ours that is out there
    /// already (RFC 5280 §5.2.3: numbers only grow). Answers the serial numbers that the list
    /// revokes and the database does not know as revoked: they must be revoked again.
    pub async fn follow_list(&self, list: &Crl, warrant: &Warrant) -> Result<Vec<String>, Error> {
        // Keys that share a name are told apart by the list's authority key identifier (ADR 15).
        let is_of = |one: &Self| one.publishes(list);
        let own = self.generations().into_iter().find(is_of);
        own.unwrap_or_else(|| self.pinned()).follow_own(list, warrant).await
    }

    /// Whether a list bears the name and the key identifier of this generation.
    #[must_use]
    pub fn publishes(&self, list: &Crl) -> bool {
        let certificate = self.certificate();
        let own = certificate.ski().map(|ski| ski.0);
        let stated = list.authority_key();
        certificate.subject() == list.issuer() && stated.is_none_or(|id| Some(id) == own.as_deref())
    }

    async fn follow_own(&self, list: &Crl, warrant: &Warrant) -> Result<Vec<String>, Error> {
        list.verify(&self.inner().issuer.public_key, &self.inner().config.user_id)?;
        let number = list.number().and_then(|n| i64::from_str_radix(&n.to_hex(), 16).ok());
        let number = number.ok_or_else(|| Error::stored("撤销列表没有编号"))?;
        let record = self.warranted("crl.number-raised", warrant, json!({ "at_least": number }));
        let issuer_id = self.issuer_id();
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    tx.append(record).await?;
                    // The backup's spare has a number of before: handed out, the number would go back (Invariant 7).
                    sql::crl::drop_spares(tx.conn(), issuer_id).await?;
                    sql::crl::raise_number(tx.conn(), issuer_id, number).await
                })
            })
            .await?;
        self.not_revoked(list).await
    }

    async fn not_revoked(&self, list: &Crl) -> Result<Vec<String>, Error> {
        let mut missing = Vec::new();
        let mut reader = self.inner().store.read().await?;
        for entry in list.entries() {
            let serial = entry.revoked.serial.to_hex();
            let row = self.by_serial(&mut reader, &serial).await?;
            if row.is_none_or(|row| row.status == "good") {
                missing.push(serial);
            }
        }
        Ok(missing)
    }

    fn warranted(
        &self,
        kind: &'static str,
        warrant: &Warrant,
        details: serde_json::Value,
    ) -> Record {
        let subject = format!("key:{}", self.inner().issuer.label);
        Record::new(kind, warrant.actor(), subject, warrant.body(details))
    }
}

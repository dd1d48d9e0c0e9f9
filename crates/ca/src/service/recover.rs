//! After a crash: every intent without a certificate is finished or explained.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pki::Serial;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::{Ca, IssuanceTicket};
use crate::error::{Error, Refusal};
use crate::rules::time;
use crate::sql::issuance::IntentRow;
use crate::sql::{self, instant, seconds};

/// Intents handled in one unit.
const BLOCK: i64 = 64;

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// Signed again from the recorded bytes, and stored.
    Finished,
    /// Given up, for this reason; the request must be made anew.
    Abandoned(String),
    /// It could not be signed now, or must not be, for this reason; the intent stays open.
    Waiting(String),
}

/// What recovery did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Each intent that was open, with what became of it.
    pub intents: Vec<(Serial, Explanation)>,
    /// CRL intents whose signature never came out; the next CRL takes their place.
    pub crls: usize,
    /// Whether the signature account was settled anew.
    pub settled: bool,
}

impl Ca {
    /// Finishes or explains every open intent of this CA, of each generation that is not over. Call it before
    /// serving. While another node is issuing, an intent of that node may be signed twice: the same
    /// bytes, and only one of the two is stored. Lists that it may be making are left to it, and the account of
    /// signatures is settled when a node starts alone (ADR 17).
    pub async fn recover(&self) -> Result<Recovery, Error> {
        self.recover_but(&BTreeSet::new()).await
    }

    /// The same, and what was recorded for these requests is not signed: whoever ordered it knows why. It stays open,
    /// unless it can't be finished by anybody any more.
    pub async fn recover_but(&self, left: &BTreeSet<String>) -> Result<Recovery, Error> {
        let mut all = Recovery { settled: true, ..Recovery::default() };
        let all_left = match self.is_pinned() {
            true => vec![self.clone()],
            false => self.generations_left(),
        };
        let mut alone = true;
        for one in all_left {
            let own = one.recover_own(&mut alone, left).await?;
            all.intents.extend(own.intents);
            all.crls += own.crls;
            all.settled &= own.settled;
        }
        Ok(all)
    }

    async fn recover_own(
        &self,
        alone: &mut bool,
        left: &BTreeSet<String>,
    ) -> Result<Recovery, Error> {
        let mut recovery = Recovery::default();
        if self.is_still_alone(alone).await? {
            recovery.crls = self.close_crls().await?;
        }
        // Without a device nothing is permitted in vain.
        let able = self.check_sound().and_then(|()| self.check_key());
        let mut after = 0;
        loop {
            let mut reader = self.inner().store.read().await?;
            let rows = sql::issuance::open(&mut reader, self.issuer_id(), after, BLOCK).await?;
            drop(reader);
            let Some(last) = rows.last() else { break };
            after = last.id;
            match &able {
                Ok(()) => self.recover_block(rows, left, &mut recovery).await?,
                Err(error) => wait(&rows, error, &mut recovery)?,
            }
        }
        // A signature that another node is making would fall out of the account, and be an alarm.
        if able.is_ok() && self.is_still_alone(alone).await? {
            recovery.settled = self.settle().await?;
        }
        Ok(recovery)
    }

    /// Asked each time, until another node was there once: it may start while this one repeats what it found, and what it is
    /// making is none of this one's.
    async fn is_still_alone(&self, alone: &mut bool) -> Result<bool, Error> {
        if *alone {
            *alone = self.inner().store.is_alone().await?;
        }
        Ok(*alone)
    }

    /// Gives up what was recorded and never signed under a generation whose own certificate has ended: nothing of it can
    /// be signed any more, and nobody else would explain what a root's ceremony left.
    pub(super) async fn explain_ended(&self) -> Result<(), Error> {
        let mut reader = self.inner().store.read().await?;
        let is_open = !sql::issuance::open(&mut reader, self.issuer_id(), 0, 1).await?.is_empty();
        let label = self.inner().issuer.label.as_str();
        let lists = sql::crl::open_intents(&mut reader, label).await?;
        drop(reader);
        if !lists.is_empty() {
            self.close_crls().await?;
        }
        let mut left = is_open;
        while left {
            let ca = self.clone();
            let unit = self.inner().store.commit(move |tx| {
                Box::pin(async move {
                    let rows = sql::issuance::open(tx.conn(), ca.issuer_id(), 0, BLOCK).await?;
                    for row in &rows {
                        ca.abandon(tx, row, "签发机构的证书已到期").await?;
                    }
                    Ok::<_, Error>(!rows.is_empty())
                })
            });
            left = unit.await?;
        }
        Ok(())
    }

    async fn recover_block(
        &self,
        rows: Vec<IntentRow>,
        left: &BTreeSet<String>,
        recovery: &mut Recovery,
    ) -> Result<(), Error> {
        let mut tickets = Vec::new();
        for row in rows {
            let serial = sql::serial(&row.serial)?;
            let is_left = left.contains(&row.request_id);
            match self.examine(row, is_left).await? {
                Ok(ticket) => tickets.push((serial, ticket)),
                Err(explanation) => recovery.intents.push((serial, explanation)),
            }
        }
        for (serial, ticket) in tickets {
            let explanation = self.finish(ticket).await?;
            recovery.intents.push((serial, explanation));
        }
        Ok(())
    }

    /// A ticket for an intent that may be finished, or why there is none.
    async fn examine(
        &self,
        row: IntentRow,
        is_left: bool,
    ) -> Result<Result<IssuanceTicket, Explanation>, Error> {
        let ca = self.clone();
        self.inner()
            .store
            .commit(move |tx| Box::pin(async move { ca.examine_in(tx, row, is_left).await }))
            .await
    }

    async fn examine_in(
        &self,
        tx: &mut Tx,
        row: IntentRow,
        is_left: bool,
    ) -> Result<Result<IssuanceTicket, Explanation>, Error> {
        if let Some(reason) = self.obstacle(tx, &row).await? {
            self.abandon(tx, &row, &reason).await?;
            return Ok(Err(Explanation::Abandoned(reason)));
        }
        if is_left {
            return Ok(Err(Explanation::Waiting("申请未能核对，暂不签发".into())));
        }
        match self.reopen(&row, tx.now()) {
            Ok(linted) => {
                self.permit_again(tx, &row, &Actor::system()).await?;
                Ok(Ok(IssuanceTicket { row, linted }))
            }
            Err(error) => {
                let reason = error.to_string();
                self.abandon(tx, &row, &reason).await?;
                Ok(Err(Explanation::Abandoned(reason)))
            }
        }
    }

    async fn obstacle(&self, tx: &mut Tx, row: &IntentRow) -> Result<Option<String>, Error> {
        let now: Timestamp = tx.now();
        if !time::resumable(instant(row.intended_at)?, now, self.inner().config.intent_age) {
            return Ok(Some("签发意向已过期".into()));
        }
        if sql::certificate::key_blocked(tx.conn(), &row.key_hash).await? {
            return Ok(Some("公钥已因泄露被停用".into()));
        }
        if let Err(refusal) = self.inner().issuer.check_valid(now) {
            return Ok(Some(refusal.to_string()));
        }
        if self.inner().issuer.revoked_since(tx.conn()).await?.is_some() {
            return Ok(Some("签发机构的证书已撤销".into()));
        }
        Ok(None)
    }

    /// Gives an intent up: it is explained, its key is free again, its request id is not.
    pub(super) async fn abandon(
        &self,
        tx: &mut Tx,
        row: &IntentRow,
        reason: &str,
    ) -> Result<(), Error> {
        if !sql::issuance::abandon(tx.conn(), row.id, reason).await? {
            return Ok(());
        }
        let subject = self.name_of(&sql::serial(&row.serial)?);
        let body = json!({ "request": row.request_id, "intent": row.intent_seq, "reason": reason });
        let record = Record::new("certificate.abandoned", Actor::system(), subject.as_str(), body);
        let seq = tx.append(record).await?;
        let request = (row.request_id.as_str(), row.role.as_str());
        sql::certificate::release_key(tx.conn(), &row.key_hash, request).await?;
        let label = self.inner().issuer.label.as_str();
        let place = (seq.to_sql(), seconds(tx.now()));
        sql::signer::note(tx.conn(), label, ("lost", &subject), place).await
    }

    async fn finish(&self, ticket: IssuanceTicket) -> Result<Explanation, Error> {
        let signed = match self.sign(vec![ticket]).await {
            Ok(signed) => signed,
            Err(error @ (Error::Device(_) | Error::WrongSignature(_) | Error::Quarantined(_))) => {
                return Ok(Explanation::Waiting(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let ca = self.clone();
        let kept = self.inner().store.commit(move |tx| {
            Box::pin(async move {
                for signed in signed {
                    ca.store(tx, signed).await?;
                }
                Ok::<_, Error>(())
            })
        });
        match kept.await {
            Ok(()) => Ok(Explanation::Finished),
            // Another node blocked its key meanwhile, or gave it up.
            Err(Error::Refused(refusal @ (Refusal::KeyBlocked | Refusal::Abandoned(_)))) => {
                Ok(Explanation::Abandoned(refusal.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// CRLs that were recorded but never published: their numbers stay unused.
    async fn close_crls(&self) -> Result<usize, Error> {
        let ca = self.clone();
        self.inner()
            .store
            .commit(move |tx| Box::pin(async move { ca.close_crls_in(tx).await }))
            .await
    }

    pub(super) async fn close_crls_in(&self, tx: &mut Tx) -> Result<usize, Error> {
        let label = self.inner().issuer.label.as_str();
        let open = sql::crl::open_intents(tx.conn(), label).await?;
        for (id, number) in &open {
            let reason = "签发中断，未发布";
            sql::crl::close_intent(tx.conn(), *id, Some(reason)).await?;
            let subject = format!("crl:{}/{number}", self.name());
            let body = json!({ "number": number, "reason": reason });
            tx.append(Record::new("crl.abandoned", Actor::system(), subject, body)).await?;
        }
        Ok(open.len())
    }
}

fn wait(rows: &[IntentRow], error: &Error, recovery: &mut Recovery) -> Result<(), Error> {
    for row in rows {
        let waiting = Explanation::Waiting(error.to_string());
        recovery.intents.push((sql::serial(&row.serial)?, waiting));
    }
    Ok(())
}

//! The device's signature counter against the records (T-06), and the breaker.

use std::sync::atomic::Ordering;

use gm::{Device, KeyLabel};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::AnyConnection;
use store::{Actor, Filter, Page, Record, Seq, Tx};

use super::Ca;
use crate::error::Error;
use crate::rules::account::{Account, Balance, balance};
use crate::sql::signer::SignerRow;
use crate::sql::{self, instant, seconds};

/// The record of an alarm, and of an account that two people closed.
const ALARM: &str = "signer.alarm";
pub(super) const CLOSED: &str = "signer.account-closed";

/// What was permitted within so long may be in work: no signature takes longer.
const IN_WORK: SignedDuration = SignedDuration::from_hours(1);

fn recent(now: Timestamp) -> i64 {
    seconds(now).saturating_sub(IN_WORK.as_secs())
}

/// What a reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// The key.
    pub label: KeyLabel,
    /// The counts.
    pub account: Account,
    /// What they say.
    pub balance: Balance,
}

/// Holds the device's counter of a key against the records, by its label: of one that no handle stands for. An alarm
/// goes into the journal.
pub(crate) async fn reconcile_key(
    tx: &mut Tx,
    device: &dyn Device,
    label: &KeyLabel,
) -> Result<Reconciliation, Error> {
    let uses = device.session()?.key(label)?.uses;
    let row = sql::signer::find(tx.conn(), label.as_str()).await?;
    let row = row.unwrap_or_else(SignerRow::unknown);
    let counted = (uses, recent(tx.now()));
    let account = sql::signer::account(tx.conn(), label.as_str(), &row, counted).await?;
    let found = Reconciliation { label: label.clone(), balance: balance(&account), account };
    if found.balance.is_alarm() {
        tracing::error!(key = %found.label, balance = ?found.balance, "signatures do not add up");
        tx.append(signer_record(ALARM, &found)).await?;
    }
    Ok(found)
}

impl Ca {
    /// Holds the device's counter of the generation's key against certificates, CRLs and notes. An
    /// alarm goes into the journal as `signer.alarm`; nothing is changed otherwise. Call it
    /// every hour; signatures in work are accounted for.
    pub async fn reconcile(&self) -> Result<Reconciliation, Error> {
        let ca = self.pinned();
        self.inner()
            .store
            .commit(move |tx| Box::pin(async move { ca.reconcile_in(tx).await }))
            .await
    }

    pub(super) async fn reconcile_in(&self, tx: &mut Tx) -> Result<Reconciliation, Error> {
        let now = tx.now();
        let found = self.draw_balance(tx.conn(), now).await?;
        if found.balance.is_alarm() {
            tracing::error!(key = %found.label, balance = ?found.balance, "signatures do not add up");
            let record = signer_record(ALARM, &found);
            tx.append(record).await?;
        }
        Ok(found)
    }

    pub(super) async fn draw_balance(
        &self,
        conn: &mut AnyConnection,
        now: Timestamp,
    ) -> Result<Reconciliation, Error> {
        let label = self.inner().issuer.label.clone();
        // The device is asked first: what is recorded afterwards can only explain more.
        let uses = self.inner().device.session()?.key(&label)?.uses;
        let row = self.baseline(conn).await?;
        // Another node may have opened the breaker.
        self.inner().quarantined.fetch_or(row.state != "sound", Ordering::SeqCst);
        let account = sql::signer::account(conn, label.as_str(), &row, (uses, recent(now))).await?;
        Ok(Reconciliation { label, balance: balance(&account), account })
    }

    async fn baseline(&self, conn: &mut AnyConnection) -> Result<SignerRow, Error> {
        let label = &self.inner().issuer.label;
        sql::signer::find(conn, label.as_str())
            .await?
            .filter(|row| row.base_uses.is_some())
            .ok_or_else(|| Error::stored(format!("密钥“{label}”没有签名计数基线")))
    }

    /// Whether an alarm was recorded since the baseline was drawn. One of the very unit that closed the account is none.
    pub(super) async fn was_in_alarm(&self) -> Result<bool, Error> {
        let store = &self.inner().store;
        let mut reader = store.read().await?;
        let base_at = self.baseline(&mut reader).await?.base_at;
        drop(reader);
        let subject = Some(format!("key:{}", self.inner().issuer.label));
        let of = |kind: &str| Filter {
            kind: Some(kind.to_owned()),
            subject: subject.clone(),
            ..Filter::default()
        };
        let newest = Page { limit: 1, newest_first: true, ..Page::default() };
        let closed = store.records(&of(CLOSED), newest).await?;
        let alarms = Filter {
            from: base_at.map(instant).transpose()?,
            first: closed.first().map(|record| Seq(record.seq.0.saturating_add(1))),
            ..of(ALARM)
        };
        Ok(store.count(&alarms).await? > 0)
    }

    /// Draws a new baseline where the old account is balanced and nothing is in work; false
    /// when something is. Closes the slack that a crash left. Only one node may be signing.
    pub async fn settle(&self) -> Result<bool, Error> {
        let ca = self.pinned();
        self.inner().store.commit(move |tx| Box::pin(async move { ca.settle_in(tx).await })).await
    }

    async fn settle_in(&self, tx: &mut Tx) -> Result<bool, Error> {
        let found = self.reconcile_in(tx).await?;
        if found.balance.is_alarm() || found.account.open > 0 {
            return Ok(false);
        }
        if found.balance != Balance::Exact {
            tx.append(signer_record("signer.settled", &found)).await?;
        }
        let uses =
            i64::try_from(found.account.uses).map_err(|_| Error::stored("设备签名计数超出范围"))?;
        let now = seconds(tx.now());
        sql::signer::set_base(tx.conn(), found.label.as_str(), uses, now).await?;
        Ok(true)
    }

    /// Opens the breaker: nothing is signed until an administrator releases the key. The flag
    /// stands before the record is written; a journal that cannot be written changes nothing
    /// about that.
    pub(crate) async fn quarantine(&self, what: &str) -> Error {
        self.inner().quarantined.store(true, Ordering::SeqCst);
        let label = self.inner().issuer.label.to_string();
        tracing::error!(key = label, what, "device returned a wrong signature: key quarantined");
        let (ca, reason) = (self.clone(), what.to_owned());
        let body = json!({ "reason": reason });
        let record =
            Record::new("signer.quarantined", Actor::system(), format!("key:{label}"), body);
        let written: Result<(), Error> = self
            .inner()
            .store
            .commit(move |tx| {
                Box::pin(async move { ca.set_signer_state(tx, Some(&reason), record).await })
            })
            .await;
        if let Err(error) = written {
            tracing::error!(%error, "quarantine could not be recorded");
        }
        Error::WrongSignature(label)
    }

    pub(super) async fn set_signer_state(
        &self,
        tx: &mut Tx,
        reason: Option<&str>,
        record: Record,
    ) -> Result<(), Error> {
        let label = self.inner().issuer.label.as_str();
        let now = seconds(tx.now());
        sql::signer::set_state(tx.conn(), label, reason, now).await?;
        tx.append(record).await?;
        Ok(())
    }
}

fn signer_record(kind: &'static str, found: &Reconciliation) -> Record {
    let account = found.account;
    let body = json!({
        "uses": account.uses,
        "base_uses": account.base_uses,
        "produced": account.produced,
        "open": account.open,
        "uncertain": account.uncertain,
    });
    Record::new(kind, Actor::system(), format!("key:{}", found.label), body)
}

//! Changes of an issued certificate. The two certificates of a pair are one product to their
//! holder: they are suspended, resumed and revoked together, in one unit; the key centre hears
//! of a revoked encryption certificate afterwards, and until it has heard the debt is a row.

use ca::{CertificateRecord, Revocation, Role, Status, StoredCertificate};
use futures_util::future::BoxFuture;
use pki::Serial;
use store::{Actor, ErrorKind, Tx};

use crate::error::Error;
use crate::institution::{ISSUER, Institution};
use crate::registration::{StatusNotice, Why, status_of, tell_of};
use crate::sql;

/// What to do with a certificate and its partner.
#[derive(Debug, Clone)]
pub enum Change {
    /// 暂停.
    Suspend,
    /// 恢复.
    Resume,
    /// 撤销.
    Revoke(Revocation),
}

/// A change with the certificates that it is about, the one that was named first.
pub(crate) struct Planned {
    serials: Vec<Serial>,
    change: Change,
    notice: Option<StatusNotice>,
}

impl Institution {
    /// Changes a certificate and the other one of its pair; answers what became of each, the
    /// one that was named first. Asked again for a revocation it answers the same. Refuses to resume
    /// what a revocation still waits for.
    pub async fn change(
        &self,
        serial: Serial,
        change: Change,
        actor: Actor,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let why = Why::Brought { ground: None, number: None };
        let planned = self.plan(serial, change, why).await?;
        let resumed = match planned.change {
            Change::Resume => planned.serials.clone(),
            Change::Suspend | Change::Revoke(_) => Vec::new(),
        };
        self.change_as(planned, actor, |tx, institution| {
            Box::pin(async move {
                for serial in resumed {
                    institution.may_resume(tx, &serial).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// What a change comes to: the pair, and what its holder is told.
    pub(crate) async fn plan(
        &self,
        serial: Serial,
        change: Change,
        why: Why,
    ) -> Result<Planned, Error> {
        let serials = self.with_partner(serial).await?;
        let notice = self.notice_of(&serial.to_hex(), (&change, &why)).await?;
        Ok(Planned { serials, change, notice })
    }

    /// Carries a plan out in one unit with what belongs to it. `beside` is asked first, in that very unit:
    /// where it says no, nothing is changed and nothing is answered.
    pub(crate) async fn change_as<F>(
        &self,
        planned: Planned,
        actor: Actor,
        beside: F,
    ) -> Result<Vec<CertificateRecord>, Error>
    where
        F: for<'t> FnOnce(&'t mut Tx, Self) -> BoxFuture<'t, Result<bool, Error>> + Send + 'static,
    {
        let ends = !matches!(planned.change, Change::Resume);
        let named = planned.serials.first().copied();
        let (institution, by) = (self.clone(), actor.clone());
        let done = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    if !beside(tx, institution.clone()).await? {
                        return Ok(Vec::new());
                    }
                    institution.change_in(tx, &planned, &by).await
                })
            })
            .await;
        let changed = match (done, named) {
            (Ok(changed), _) => changed,
            (Err(error), Some(serial)) => {
                return Err(self.not_changed(&serial, actor, error).await);
            }
            (Err(error), None) => return Err(error),
        };
        for record in &changed {
            self.responder().invalidate(&record.serial);
        }
        // Whoever of the staff signs in with it does so no longer (GM/T 0034 §6).
        for record in changed.iter().filter(|_| ends) {
            self.access().end_keys_of_certificate(actor.clone(), record.serial.to_hex()).await?;
        }
        Ok(changed)
    }

    /// A certificate and its partner, and what the holder is told, in this unit.
    async fn change_in(
        &self,
        tx: &mut Tx,
        planned: &Planned,
        actor: &Actor,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let mut done = Vec::new();
        let mut changes = false;
        for serial in &planned.serials {
            let (record, is_new) = self.change_one(tx, serial, &planned.change, actor).await?;
            changes |= is_new;
            done.push(record);
        }
        if let Some(notice) = planned.notice.as_ref().filter(|_| changes) {
            let at = tx.now();
            tell_of(tx.conn(), &StatusNotice { at, ..notice.clone() }).await?;
        }
        Ok(done)
    }

    /// A change that the rules refuse is an order refused, and recorded as one.
    async fn not_changed(&self, serial: &Serial, actor: Actor, error: Error) -> Error {
        if error.kind() != ErrorKind::Refusal || error.is_unavailable() {
            return error;
        }
        let about = format!("certificate:{ISSUER}/{}", serial.to_hex());
        match self.note_refused_order(about, actor, error.code()).await {
            Ok(()) => error,
            Err(fault) => fault,
        }
    }

    /// The kind of which a certificate can be renewed: a signing certificate that is good.
    pub fn renewable(&self, old: &StoredCertificate) -> Result<String, Error> {
        if old.record.role != Role::Sign {
            let text = "更新以签名证书为准，请给出签名证书的序列号";
            return Err(Error::NotApplicable(text));
        }
        if old.record.status != Status::Good {
            let text = "证书已暂停或撤销，不能更新；请先恢复，或重新申请";
            return Err(Error::NotApplicable(text));
        }
        let name = old.record.profile.strip_suffix("-sign").unwrap_or(&old.record.profile);
        Ok(self.kinds().find(name)?.name().to_owned())
    }

    /// The certificate of an issuer by its name: `root`, `issuing`.
    pub async fn authority(&self, name: &str) -> Result<Option<pki::Certificate>, Error> {
        Ok(self.ca().authority(name).await?)
    }

    async fn change_one(
        &self,
        tx: &mut Tx,
        serial: &Serial,
        change: &Change,
        actor: &Actor,
    ) -> Result<(CertificateRecord, bool), Error> {
        let before = status_of(tx.conn(), &serial.to_hex()).await?;
        let record = match change {
            Change::Suspend => self.ca().suspend(tx, serial, actor).await?,
            Change::Resume => self.ca().resume(tx, serial, actor).await?,
            Change::Revoke(revocation) => self.ca().revoke(tx, serial, revocation, actor).await?,
        };
        if matches!(change, Change::Revoke(_)) && record.role == Role::Enc {
            let now = tx.now().as_second();
            sql::owe_notice(tx.conn(), &serial.to_hex(), now).await?;
        }
        let is_new = before.as_deref() != Some(record.status.as_str());
        Ok((record, is_new))
    }

    /// The certificate and, if it has one, its partner that is of the same issuance.
    async fn with_partner(&self, serial: Serial) -> Result<Vec<Serial>, Error> {
        let found = self.ca().find(&serial).await?;
        let found =
            found.ok_or_else(|| ca::Error::from(ca::Invalid::NoCertificate(serial.to_hex())))?;
        let other = match found.record.role {
            Role::Sign => Some(Role::Enc),
            Role::Enc => Some(Role::Sign),
            Role::Service | Role::Ca => None,
        };
        let mut serials = vec![serial];
        if let Some(role) = other {
            let partner = self.ca().find_request(&found.record.request_id, role).await?;
            serials.extend(partner.map(|partner| partner.record.serial));
        }
        Ok(serials)
    }

    /// Tells the key centre of encryption certificates that were revoked; how many it now knows
    /// of. What it cannot be told now stays owed.
    pub async fn settle_key_notices(&self) -> Result<usize, Error> {
        let owed = sql::owed_notices(&mut *self.store().read().await?, 100).await?;
        let mut settled = 0;
        for hex in owed {
            match self.centre().revoke(Serial::from_hex(&hex)?).await {
                Ok(()) => {}
                // The order died before the key centre was asked: nothing to end.
                Err(kmc::Error::UnknownCertificate) => {}
                Err(error) => {
                    tracing::warn!(serial = hex, %error, "key centre not told yet");
                    continue;
                }
            }
            self.store()
                .commit(move |tx| {
                    Box::pin(async move {
                        let now = tx.now().as_second();
                        sql::settle_notice(tx.conn(), &hex, now).await?;
                        Ok::<_, Error>(())
                    })
                })
                .await?;
            settled += 1;
        }
        Ok(settled)
    }
}

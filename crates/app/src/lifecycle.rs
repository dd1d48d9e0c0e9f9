//! Changes of an issued certificate. The two certificates of a pair are one product to their
//! holder: they are suspended, resumed and revoked together, in one unit, with the holds that stand on them; where the
//! key is compromised, every other certificate of it goes with them
//! (ADR 6); the key centre hears of a revoked encryption certificate afterwards, and until it has heard the
//! debt is a row.

use std::collections::HashSet;
use std::sync::Arc;

use access::Access;
use ca::{CertificateRecord, Revocation, RevocationReason, Role, Status, StoredCertificate};
use futures_util::future::BoxFuture;
use pki::Serial;
use status::{ListName, PublishedList};
use store::{Actor, ErrorKind, Tx};

use crate::enrol::Enrolment;
use crate::error::Error;
use crate::institution::{ISSUER, Institution};
use crate::registration::{Asked, Effect, HoldAsked, LiftAsked, StatusNotice, Why, status_of};
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
    held: String,
    asked: Asked,
    notice: Option<StatusNotice>,
    applied: bool,
    beside: Vec<Planned>,
}

impl Planned {
    /// The certificate on which holds stand: the signing one of a pair.
    pub(crate) fn held(&self) -> &str {
        &self.held
    }

    /// The certificates that it is about, the one that was named first.
    pub(crate) fn serials(&self) -> &[Serial] {
        &self.serials
    }

    /// What the holder is told of it, if somebody applied for the certificate here.
    pub(crate) fn notice(&self) -> Option<&StatusNotice> {
        self.notice.as_ref()
    }

    /// Whether it revokes because the key is no secret any more.
    const fn is_for_compromise(&self) -> bool {
        matches!(
            self.asked,
            Asked::Revoke(Revocation { reason: RevocationReason::KeyCompromise, .. })
        )
    }

    /// Whether the holder applied for it, and has the letters of that.
    pub(crate) const fn is_applied(&self) -> bool {
        self.applied
    }
}

/// What came of a change.
pub(crate) struct Changed {
    /// The certificates as they stand now, the one that was named first.
    pub(crate) records: Vec<CertificateRecord>,
    /// Whether a hold stands on them.
    pub(crate) held: bool,
}

impl Institution {
    /// Changes a certificate and the other one of its pair on the word of a program of the institution; answers
    /// what became of each, the one that was named first. Asked again for a revocation it answers the same.
    /// Resumes what programs suspended, and refuses what others hold or a revocation still waits for.
    pub async fn change(
        &self,
        serial: Serial,
        change: Change,
        actor: Actor,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let origin = actor.to_string();
        let asked = match change {
            Change::Suspend => {
                let (source, ground) = (ra::Source::Institution, None);
                Asked::Hold(HoldAsked { source, ground, origin, once: false })
            }
            Change::Resume => Asked::Lift(LiftAsked {
                power: ra::Power::Program,
                named: ra::Named::Reached,
                origin,
                end: ra::HoldEnd::Lifted,
                until: None,
                once: false,
            }),
            Change::Revoke(revocation) => Asked::Revoke(revocation),
        };
        let why = Why::Brought { ground: None, number: None };
        let planned = self.plan(serial, asked, why).await?;
        let done = self.change_as(planned, actor, |_, _| Box::pin(async { Ok(true) })).await?;
        Ok(done.records)
    }

    /// What a change comes to: the pair, and what its holder is told. For a key that is no secret any more, also every
    /// other certificate of that key that is open, each with its pair (T-31): renewals may keep their key.
    pub(crate) async fn plan(
        &self,
        serial: Serial,
        asked: Asked,
        why: Why,
    ) -> Result<Planned, Error> {
        let mut named = self.plan_pair(serial, asked, why.clone()).await?;
        if !named.is_for_compromise() {
            return Ok(named);
        }
        let why = why.of_others();
        let mut queue = named.serials.clone();
        // What the plan is about, and the certificates whose key was asked for all that it has.
        let mut about: HashSet<Serial> = queue.iter().copied().collect();
        let mut asked_for = HashSet::new();
        while let Some(serial) = queue.pop() {
            if !asked_for.insert(serial) {
                continue;
            }
            for other in self.ca().beside(&serial).await? {
                asked_for.insert(other.serial);
                if other.role != Role::Ca && !about.contains(&other.serial) {
                    let asked = named.asked.clone();
                    let plan = self.plan_pair(other.serial, asked, why.clone()).await?;
                    about.extend(&plan.serials);
                    queue.extend(&plan.serials);
                    named.beside.push(plan);
                }
            }
        }
        Ok(named)
    }

    async fn plan_pair(&self, serial: Serial, asked: Asked, why: Why) -> Result<Planned, Error> {
        let (serials, held) = self.with_partner(serial).await?;
        let notice = self.notice_of(&serial.to_hex(), (&asked, &why)).await?;
        let applied = matches!(why, Why::Applied { .. });
        let (held, beside) = (held.to_hex(), Vec::new());
        Ok(Planned { serials, held, asked, notice, applied, beside })
    }

    /// Carries a plan out in one unit with what belongs to it. `beside` is asked first, in that very unit:
    /// where it says no, nothing is changed and nothing is answered.
    pub(crate) async fn change_as<F>(
        &self,
        planned: Planned,
        actor: Actor,
        beside: F,
    ) -> Result<Changed, Error>
    where
        F: for<'t> FnOnce(&'t mut Tx, Self) -> BoxFuture<'t, Result<bool, Error>> + Send + 'static,
    {
        let (serials, named) = (planned.serials.clone(), planned.serials.first().copied());
        let others: Vec<Serial> =
            planned.beside.iter().flat_map(Planned::serials).copied().collect();
        let (institution, by) = (self.clone(), actor.clone());
        let done = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    if !beside(tx, institution.clone()).await? {
                        return Ok(None);
                    }
                    institution.change_in(tx, &planned, &by).await.map(Some)
                })
            })
            .await;
        let effect = match (done, named) {
            (Ok(None), _) => return Ok(Changed { records: Vec::new(), held: false }),
            (Ok(Some(effect)), _) => effect,
            (Err(error), Some(serial)) => {
                return Err(self.not_changed(&serial, actor, error).await);
            }
            (Err(error), None) => return Err(error),
        };
        let mut records = Vec::new();
        for serial in &others {
            self.responder().invalidate(serial);
        }
        for serial in &serials {
            self.responder().invalidate(serial);
            records.extend(self.ca().find(serial).await?.map(|found| found.record));
        }
        Ok(Changed { records, held: effect.held })
    }

    /// Carries a plan out within a unit of somebody else. Whoever does so has the responder forget its certificates after
    /// the commit.
    pub(crate) async fn change_in(
        &self,
        tx: &mut Tx,
        planned: &Planned,
        actor: &Actor,
    ) -> Result<Effect, Error> {
        let effect = match &planned.asked {
            Asked::Lift(lift) => return self.lift_in(tx, (planned, lift), actor).await,
            Asked::Hold(hold) => self.hold_in(tx, (planned, hold), actor).await?,
            Asked::Revoke(revocation) => {
                for other in &planned.beside {
                    self.revoke_in(tx, (other, revocation), actor).await?;
                }
                self.revoke_in(tx, (planned, revocation), actor).await?
            }
        };
        let all = || std::iter::once(planned).chain(&planned.beside).flat_map(Planned::serials);
        // Whoever of the staff signs in with it does so no longer (GM/T 0034 §6).
        for serial in all() {
            Access::end_keys_in(tx, actor, &serial.to_hex()).await?;
        }
        if planned.is_for_compromise() {
            for serial in all() {
                // Renewed since it was planned: with that one, too.
                let left = self.ca().open_beside(tx, serial).await?;
                if left.iter().any(|one| one.role != Role::Ca) {
                    return Err(ca::Error::from(ca::Refusal::KeyMoved).into());
                }
            }
        }
        Ok(effect)
    }

    /// Takes back what an order left that is refused, in the unit of the refusal: its intents are given up, and its
    /// certificates revoked, which nobody was handed. Whoever does so has the responder forget them after the commit.
    pub(crate) async fn take_back(
        &self,
        tx: &mut Tx,
        row: &Enrolment,
        why: &str,
    ) -> Result<Vec<Serial>, Error> {
        let serials: Vec<_> = std::iter::once(row.sign_serial).chain(row.enc_serial).collect();
        let serials = self.ca().give_up(tx, (&row.request_id, &serials), why).await?;
        if let Some(first) = serials.first() {
            let (held, reason) = (first.to_hex(), RevocationReason::CessationOfOperation);
            let asked = Asked::Revoke(Revocation::because(reason));
            let (notice, applied, all) = (None, false, serials.clone());
            let beside = Vec::new();
            let planned = Planned { serials: all, held, asked, notice, applied, beside };
            self.change_in(tx, &planned, &Actor::system()).await?;
        }
        Ok(serials)
    }

    /// The CA's change of a certificate and its partner, in this unit; whether there was one.
    pub(crate) async fn change_all(
        &self,
        tx: &mut Tx,
        planned: &Planned,
        (change, actor): (&Change, &Actor),
    ) -> Result<bool, Error> {
        let mut changes = false;
        for serial in &planned.serials {
            changes |= self.change_one(tx, serial, change, actor).await?;
        }
        Ok(changes)
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

    /// The certificate of an issuer by its name: `root`, `issuing`; or of a root's key by another: `root2-by-root`. None of
    /// a generation that is not appointed (ADR 15).
    pub async fn authority(&self, name: &str) -> Result<Option<pki::Certificate>, Error> {
        let hidden = sql::unappointed(&mut *self.store().read().await?).await?;
        let is_shown = |one: &str| hidden.iter().all(|name| name != one);
        if !is_shown(name) {
            return Ok(None);
        }
        if let Some(found) = self.ca().authority(name).await? {
            return Ok(Some(found));
        }
        if let Some(found) = self.cross_certificate(name).await? {
            return Ok(Some(found));
        }
        let links = self.roots().links().await?.into_iter();
        let mut shown = links.filter(|link| is_shown(&link.by) && is_shown(&link.of));
        Ok(shown.find(|link| link.file() == name).map(|link| link.certificate))
    }

    /// The revocation list in force under a name; none of a generation that is not appointed.
    pub async fn list_in_force(
        &self,
        name: &ListName,
    ) -> Result<Option<Arc<PublishedList>>, Error> {
        let hidden = sql::unappointed(&mut *self.store().read().await?).await?;
        match hidden.contains(&name.issuer) {
            true => Ok(None),
            false => Ok(self.lists().current(name).await?),
        }
    }

    async fn change_one(
        &self,
        tx: &mut Tx,
        serial: &Serial,
        change: &Change,
        actor: &Actor,
    ) -> Result<bool, Error> {
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
        Ok(before.as_deref() != Some(record.status.as_str()))
    }

    /// The certificate and, if it has one, its partner that is of the same issuance; and the one of them on
    /// which holds stand.
    async fn with_partner(&self, serial: Serial) -> Result<(Vec<Serial>, Serial), Error> {
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
        let held = match (other, serials.get(1)) {
            (Some(Role::Sign), Some(partner)) => *partner,
            _ => serial,
        };
        Ok((serials, held))
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

//! What a proof that a key leaked leads to (T-16): every certificate of that key that is open is suspended, whichever of
//! them was named, in the unit that takes the report, and the key is never certified again (T-31). What isn't stopped by
//! itself waits for people, and the doctor fails until somebody took it up.

use std::sync::{Arc, OnceLock};

use ca::{CertificateRecord, Refusal, Role, Status};
use gm::PublicKey;
use jiff::Timestamp;
use pki::Serial;
use store::{Actor, ErrorKind, Tx, fault};

use super::lodge::Draft;
use super::model::LodgedComplaint;
use super::problem::{LodgedProblem, NewProblem, Proved, Stopped};
use super::sql::{self, OpenProof};
use crate::doctor::Level;
use crate::error::Error;
use crate::institution::Institution;
use crate::lifecycle::Planned;
use crate::registration::{Asked, HoldAsked, Why};

/// The ground on which certificates are suspended: the institution looks into it.
const GROUND: &str = "inquiry";
/// How often it is tried: what somebody revokes meanwhile is looked at again.
const TRIES: usize = 3;
/// Most reports that the doctor names.
const MOST_NAMED: i64 = 6;

/// What a proof reaches, by how things stand.
pub(super) struct Reach {
    pub(super) stopped: Stopped,
    open: Vec<CertificateRecord>,
}

/// What the unit writes down of it.
struct Leak {
    serial: String,
    key: PublicKey,
    stopped: Stopped,
    /// The certificates that are suspended with it.
    planned: Vec<Serial>,
}

impl Reach {
    /// Of a key with all its certificates: generations overlap, and renewals may keep their key. Keys of the institution
    /// itself are for people to decide on at once: nothing would be answered any more.
    fn of(named: Role, all: Vec<CertificateRecord>, now: Timestamp) -> Self {
        let is_users = |role: Role| matches!(role, Role::Sign | Role::Enc);
        let is_open = |one: &CertificateRecord| {
            !matches!(one.status, Status::Revoked { .. }) && now <= one.not_after
        };
        let (open, own): (Vec<_>, Vec<_>) =
            all.into_iter().filter(is_open).partition(|one| is_users(one.role));
        let stopped = match () {
            () if !is_users(named) || !own.is_empty() => Stopped::No,
            () if open.is_empty() => Stopped::Over,
            () => Stopped::Suspended,
        };
        Self { stopped, open }
    }

    /// The certificates of the key that are suspended; those that belong to them as a pair are too.
    pub(super) fn serials(&self) -> Vec<String> {
        self.open.iter().map(|one| one.serial.to_hex()).collect()
    }
}

impl Institution {
    /// Takes a report whose proof holds.
    pub(super) async fn lodge_leaked(
        &self,
        new: &NewProblem,
        proved: &Proved,
    ) -> Result<LodgedProblem, Error> {
        for _ in 0..TRIES {
            let all = self.ca().of_key(&proved.key).await?;
            fault::point("app.75-leak-looked-at");
            let reach = Reach::of(proved.role, all, self.clock().now());
            let stopped = Some(reach.stopped);
            match self.stop_leaked(new, proved, reach).await {
                Ok(lodged) => return Ok(LodgedProblem { lodged, stopped }),
                // Revoked, over, or issued since it was looked at.
                Err(Error::Ca(ca::Error::Refused(
                    Refusal::Revoked | Refusal::Expired | Refusal::IssuerOver | Refusal::KeyMoved,
                ))) => {}
                Err(error) if error.kind() == ErrorKind::Refusal && !error.is_unavailable() => {
                    tracing::error!(%error, "certificates of a leaked key are not suspended");
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        // Nobody is told that a certificate is stopped or over which isn't: the key is blocked, and people decide.
        let reach = Reach { stopped: Stopped::No, open: Vec::new() };
        let lodged = self.stop_leaked(new, proved, reach).await?;
        Ok(LodgedProblem { lodged, stopped: Some(Stopped::No) })
    }

    /// Report, holds and block of the key: one unit.
    async fn stop_leaked(
        &self,
        new: &NewProblem,
        proved: &Proved,
        reach: Reach,
    ) -> Result<LodgedComplaint, Error> {
        let draft = self.draft_problem(new, Some((proved, &reach))).await?;
        let serial = proved.certificate.serial().to_hex();
        let (key, stopped) = (proved.key, reach.stopped);
        let plans = self.plans_of(draft.id(), &reach.open).await?;
        let planned: Vec<Serial> = plans.iter().flat_map(Planned::serials).copied().collect();
        let mut plans = plans.into_iter();
        let leak = Leak { serial, key, stopped, planned };
        let Some(first) = plans.next() else {
            let this = self.clone();
            let unit = self.store().commit(move |tx| {
                Box::pin(async move { this.lodge_and_block(tx, draft, &leak).await })
            });
            return unit.await;
        };
        let (rest, actor) = (plans.collect::<Vec<_>>(), Actor::new("public"));
        let others: Vec<Serial> = rest.iter().flat_map(Planned::serials).copied().collect();
        let (told, by) = (Arc::new(OnceLock::new()), actor.clone());
        let lodged = told.clone();
        let done = self.change_as(first, actor, move |tx, this| {
            Box::pin(async move {
                let taken = this.lodge_and_block(tx, draft, &leak).await?;
                for plan in &rest {
                    this.change_in(tx, plan, &by).await?;
                }
                drop(told.set(taken));
                Ok(true)
            })
        });
        done.await?;
        for serial in &others {
            self.responder().invalidate(serial);
        }
        self.soon(self.tell_holders().await);
        lodged.get().cloned().ok_or(Error::Interrupted)
    }

    /// A hold for each pair.
    async fn plans_of(
        &self,
        complaint: &str,
        open: &[CertificateRecord],
    ) -> Result<Vec<Planned>, Error> {
        let mut plans: Vec<Planned> = Vec::new();
        for one in open {
            let asked = Asked::Hold(HoldAsked {
                source: ra::Source::Institution,
                ground: Some(GROUND.to_owned()),
                origin: format!("complaint:{complaint}"),
                once: true,
            });
            let why = Why::Brought { ground: Some(GROUND.to_owned()), number: None };
            let plan = self.plan(one.serial, asked, why).await?;
            if plans.iter().all(|other| other.held() != plan.held()) {
                plans.push(plan);
            }
        }
        Ok(plans)
    }

    async fn lodge_and_block(
        &self,
        tx: &mut Tx,
        draft: Draft,
        leak: &Leak,
    ) -> Result<LodgedComplaint, Error> {
        let id = draft.id().to_owned();
        let taken = draft.insert(tx).await?;
        sql::add_proof(tx.conn(), (&id, &leak.serial), leak.stopped).await?;
        self.ca().block_key(tx, &leak.key, &Actor::new("public")).await?;
        // Nobody is told that everything is stopped, or over, while a certificate stands that was issued since.
        if leak.stopped != Stopped::No {
            let open = self.ca().open_of_key(tx, &leak.key).await?;
            if open.iter().any(|one| !leak.planned.contains(&one.serial)) {
                return Err(ca::Error::from(Refusal::KeyMoved).into());
            }
        }
        Ok(taken)
    }

    /// Whether a key was proved to be compromised.
    pub(crate) async fn is_key_compromised(&self, key: &PublicKey) -> Result<bool, Error> {
        sql::blocked(&mut *self.store().read().await?, &key.fingerprint()).await
    }

    /// What the doctor says of reports that nobody took up.
    pub(super) async fn judge_problems(&self) -> Result<(Level, String), Error> {
        let late = self.problems_late().await?;
        let proofs = sql::open_proofs(&mut *self.store().read().await?, MOST_NAMED).await?;
        Ok(judge(late, &proofs))
    }
}

/// What is proved about a key of the institution itself, or of one that it vouches for, can't wait for a day: nothing was
/// stopped by itself.
fn judge(late: u64, proofs: &[OpenProof]) -> (Level, String) {
    let named = |which: fn(&OpenProof) -> bool| {
        let chosen = proofs.iter().filter(|one| which(one));
        chosen.map(|one| one.number.as_str()).collect::<Vec<_>>().join("、")
    };
    let urgent = named(|one| one.led_to == Stopped::No && !one.is_cross);
    let crossed = named(|one| one.led_to == Stopped::No && one.is_cross);
    let others = named(|one| one.led_to != Stopped::No);
    let mut said = Vec::new();
    if !urgent.is_empty() {
        said.push(format!(
            "报告 {urgent} 已证明密钥失密而证书没有自动暂停（本机构自己的密钥，或者暂停没有成功），还没有受理；请立即停用并更换该密钥、撤销其证书（签发密钥须举行密钥仪式），并在管理台“投诉”中受理"
        ));
    }
    if !crossed.is_empty() {
        said.push(format!(
            "报告 {crossed} 已证明对方机构的密钥失密（交叉证书），还没有受理；请立即通知对方机构，由两人撤回交叉证书（yinxin ceremony cross-withdraw），并在管理台“投诉”中受理"
        ));
    }
    if late > 0 {
        said.push(format!("{late} 件报告超过 24 小时没有受理；请在管理台“投诉”中立即办理"));
    }
    if !said.is_empty() {
        return (Level::Failed, said.join("；"));
    }
    if !others.is_empty() {
        let text = format!(
            "报告 {others} 已证明用户的密钥失密（证书已自动暂停，或者此前已撤销、过期），还没有受理；请在管理台“投诉”中受理，核实后登记撤销"
        );
        return (Level::Warning, text);
    }
    (Level::Good, "没有超过 24 小时未受理的报告".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(number: &str, led_to: Stopped) -> OpenProof {
        OpenProof { number: number.to_owned(), led_to, is_cross: false }
    }

    #[test]
    fn a_leaked_key_of_our_own_fails_at_once_and_a_suspended_one_warns() {
        assert_eq!(judge(0, &[]).0, Level::Good);
        assert_eq!(judge(1, &[]).0, Level::Failed);
        let users = [proof("TS1", Stopped::Suspended), proof("TS2", Stopped::Over)];
        let (found, text) = judge(0, &users);
        assert!(found == Level::Warning && text.contains("TS1、TS2"), "{text}");
        let own = [proof("TS3", Stopped::No), proof("TS4", Stopped::Suspended)];
        let (found, text) = judge(2, &own);
        assert!(found == Level::Failed && text.contains("TS3") && text.contains("2 件"), "{text}");
        assert!(!text.contains("TS4") && !text.contains("cross-withdraw"), "{text}");
    }

    /// The key is another institution's: there is nothing of ours to exchange.
    #[test]
    fn of_a_cross_certificate_the_other_institution_is_told_and_it_is_withdrawn() {
        let crossed = OpenProof { is_cross: true, ..proof("TS5", Stopped::No) };
        let (found, text) = judge(0, &[crossed]);
        assert!(found == Level::Failed && text.contains("TS5"), "{text}");
        assert!(text.contains("cross-withdraw") && !text.contains("更换该密钥"), "{text}");
    }
}

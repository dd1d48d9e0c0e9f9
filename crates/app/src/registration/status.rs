//! What was decided about certificates that exist is carried out: by the program, once, and taken up
//! again after whatever cut it off. The CA's change and the registration's note of it are two units; between
//! them the row says what is still to be done, and doing it again changes nothing (Invariant 3).

use std::sync::Arc;

use ca::{Revocation, RevocationReason, Status};
use pki::Serial;
use pki::crl::Reason;
use ra::catalogue::CALL_HOLD;
use ra::{
    Application, At, Called, Ending, Ground, HoldEnd, Named, OpenStop, Outcome, Power, Ra,
    ReadyToRevoke, RevocationId, RevocationItem, RevocationState, RevocationView, Source, StopEnd,
};
use store::{Actor, ErrorKind, fault};

use super::holds::{Asked, HoldAsked, LiftAsked};
use super::sql::{self, RevocationLine};
use super::told::Why;

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::{ISSUER, Institution};

/// What a ground of an application, or of a revocation, comes to: its one reason, that nobody typed (T-14).
/// Holds are the holder's here: others' come by calls and orders. What is lifted stood by `until`.
fn asked(ground: &Ground, origin: String, until: Option<jiff::Timestamp>) -> Result<Asked, Error> {
    Ok(match ground.reason {
        Reason::CertificateHold => Asked::Hold(HoldAsked {
            source: ground.source,
            ground: Some(ground.name.clone()),
            origin,
            once: true,
        }),
        Reason::RemoveFromCrl => Asked::Lift(LiftAsked {
            power: Power::Holder,
            named: Named::Reached,
            origin,
            end: HoldEnd::Lifted,
            until,
            once: true,
        }),
        reason => {
            let reason = RevocationReason::from_code(reason.code()).map_err(ca::Error::from)?;
            Asked::Revoke(Revocation::because(reason))
        }
    })
}

/// What an item of a list that two people answered for comes to.
fn listed(ready: &ReadyToRevoke, item: &RevocationItem) -> Result<Asked, Error> {
    let origin = ready.revocation().subject();
    match &item.hold {
        None => asked(ready.ground(), origin, None),
        Some(hold) => Ok(Asked::Lift(LiftAsked {
            power: ra::reviewed_power_of(ready.ground())?,
            named: Named::These(vec![hold.clone()]),
            origin,
            end: HoldEnd::Lifted,
            until: None,
            once: true,
        })),
    }
}

/// How the hold of a call ends.
fn end_of(stop: &OpenStop) -> HoldEnd {
    match stop.revocation().state {
        RevocationState::Lapsed => HoldEnd::Lapsed,
        _ => HoldEnd::Rejected,
    }
}

type Unfit = [(String, ra::Error)];

/// What the doctor says of lists, calls and applications: how many lists go on, and which of all can't.
fn judged(ready: usize, (lists, calls, changes): (&Unfit, &Unfit, &Unfit)) -> (Level, String) {
    if lists.is_empty() && calls.is_empty() && changes.is_empty() {
        return (Level::Good, format!("{ready} 件已复核、正在执行，均与签名时一致"));
    }
    let which = |unfit: &Unfit| {
        let named = unfit.iter().map(|(number, why)| format!("{number}（{why}）"));
        named.collect::<Vec<_>>().join("、")
    };
    let mut said = Vec::new();
    if !lists.is_empty() {
        let what = "与签名时不一致，没有执行；请核对数据库和日志，查明后重新登记";
        said.push(format!("{} {what}", which(lists)));
    }
    if !calls.is_empty() {
        let what =
            "的数据有误，来电的暂停没有办理；请立即由业务管理员另行暂停该证书，并核对数据库和日志";
        said.push(format!("来电登记 {} {what}", which(calls)));
    }
    if !changes.is_empty() {
        let what = "审核通过而没有办理；请查明原因，需要暂停或撤销的立即由业务管理员另行办理，数据有误的核对数据库和日志";
        said.push(format!("申请 {} {what}", which(changes)));
    }
    (Level::Failed, said.join("；"))
}

/// Whether the CA said no for good: asking again would not help.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refusal | ErrorKind::Invalid) && !error.is_unavailable()
}

impl Institution {
    /// Carries out what a reviewer approved. Asked again it answers the same; what the CA refuses for
    /// good ends the application with that.
    pub async fn carry_out_application(&self, at: &At) -> Result<Application, Error> {
        let ra = self.registration()?;
        let ready = ra.ready_to_carry_out(at).await?;
        let actor = Actor::new(format!("person:{}", ready.review().person()));
        let ground = ready.ground();
        let why = Why::Applied { ground: ground.name.clone() };
        let of = ready.application();
        let known = of.clock_from.unwrap_or(of.created_at);
        let asked = asked(ground, format!("application:{}", at.id), Some(known))?;
        let done = self.bring_about(ready.serial(), (asked, why), actor).await;
        fault::point("app.60-status-changed");
        match done {
            Ok(held) => {
                let still_held = held && ground.reason == Reason::RemoveFromCrl;
                Ok(ra.carried_out(ready, still_held).await?)
            }
            Err(error) if is_final(&error) => {
                Ok(ra.not_carried_out(ready, (error.code(), &error.to_string())).await?)
            }
            Err(error) => Err(error),
        }
    }

    /// The certificate and its partner stand as the ground wants them; whether a hold stands on them.
    async fn bring_about(
        &self,
        serial: &str,
        (asked, why): (Asked, Why),
        actor: Actor,
    ) -> Result<bool, Error> {
        let serial = Serial::from_hex(serial)?;
        if let Asked::Revoke(asked) = &asked {
            let found = self.ca().find(&serial).await?.ok_or(Error::Stored("所指的证书缺失"))?;
            match &found.record.status {
                Status::Revoked { reason, .. } if *reason == asked.reason => return Ok(false),
                _ => {}
            }
        }
        let planned = self.plan(serial, asked, why).await?;
        let done = self.change_as(planned, actor, |_, _| Box::pin(async { Ok(true) })).await?;
        Ok(done.held)
    }

    /// The applicant confirms receipt; what the new certificates replace ends at once.
    pub async fn confirm_receipt(
        &self,
        permit: &access::Permit,
        at: &At,
        code: &str,
    ) -> Result<Application, Error> {
        let application = self.registration()?.confirm(permit, at, code).await?;
        self.soon(self.end_replaced().await);
        Ok(application)
    }

    /// What people decided stands; the sweep carries out what could not be done just now.
    pub(crate) fn soon<T>(&self, done: Result<T, Error>) {
        if let Err(error) = done {
            tracing::error!(code = error.code(), %error, "a decision is carried out later");
        }
    }

    /// What is to be done; nothing for now where that can't be found out.
    fn to_do<T>(&self, found: Result<Vec<T>, ra::Error>) -> Vec<T> {
        found.unwrap_or_else(|error| {
            self.soon::<()>(Err(error.into()));
            Vec::new()
        })
    }

    /// Everything that was decided and not carried out yet: called after start and from time to time.
    /// Neither one that fails nor a step that does holds up the others (Measures Art. 18).
    pub async fn carry_out_decisions(&self) -> Result<(), Error> {
        let Some(ra) = self.ra() else { return Ok(()) };
        self.carry_out_approved(ra).await;
        for (id, number, serials) in self.to_do(ra.urgent_stops().await) {
            self.soon(self.stop_at_once(&id, (number.as_str(), &serials)).await);
        }
        for (id, number) in self.to_do(ra.approved_lists().await) {
            self.carry_out_list(ra, (&id, &number)).await;
        }
        self.soon(ra.lapse_calls().await.map_err(Error::from));
        for stop in self.to_do(ra.open_stops().await) {
            let name = format!("stop:{}/{}", stop.revocation().number, stop.serial());
            self.tried(&name, self.settle_stop(stop)).await;
        }
        self.soon(self.end_replaced().await);
        self.tell_holders().await.map(drop)
    }

    /// Does something, or leaves it for now where it failed each time. An outage is nobody's failing.
    pub(crate) async fn tried(
        &self,
        name: &str,
        work: impl Future<Output = Result<(), Error>> + Send,
    ) {
        let now = self.clock().now();
        if self.failing().rests(name, now) {
            return;
        }
        let done = work.await;
        if !done.as_ref().is_err_and(Error::is_unavailable) {
            self.failing().note(name, done.is_ok(), now);
        }
        self.soon(done);
    }

    /// A list may name ten thousand certificates: one that is not as it was signed is not read every few seconds.
    async fn carry_out_list(&self, ra: &Ra, (id, number): (&str, &str)) {
        let (name, now) = (format!("revocation:{id}"), self.clock().now());
        if self.failing().rests(&name, now) {
            return;
        }
        match ra.ready_to_revoke((id, number)).await {
            Ok(ready) => self.tried(&name, self.revoke_list(&ready)).await,
            Err(error @ ra::Error::Store(_)) => self.soon::<()>(Err(error.into())),
            // Told once by the registration, and by the doctor as long as it is so.
            Err(_) => self.failing().note(&name, false, now),
        }
    }

    /// Page by page, so that neither a backlog nor what fails each time holds up what came later.
    async fn carry_out_approved(&self, ra: &Ra) {
        let mut behind = None;
        loop {
            let page = match ra.approved(behind.as_ref()).await {
                Ok(page) => page,
                Err(error) => return self.soon::<()>(Err(error.into())),
            };
            for at in page.ready {
                let name = format!("application:{}", at.id);
                let work = async { self.carry_out_application(&at).await.map(drop) };
                self.tried(&name, work).await;
            }
            match page.next {
                Some(next) => behind = Some(next),
                None => return,
            }
        }
    }

    /// Whether every list that two people signed for is as they signed it, and every call and every approved
    /// application can be worked on;
    /// `None` where registration is closed.
    pub(crate) async fn check_approved_lists(&self) -> Option<Check> {
        let ra = self.ra()?;
        let found = async {
            let (ready, lists) = ra.unfit_lists().await?;
            let (calls, changes) = (ra.unfit_calls().await?, ra.unfit_changes().await?);
            Ok::<_, ra::Error>(judged(ready, (&lists, &calls, &changes)))
        };
        let (level, detail) =
            found.await.unwrap_or_else(|error| (Level::Unknown, error.to_string()));
        Some(Check { name: "approved_lists", title: "撤销和解除登记", level, detail })
    }

    async fn end_replaced(&self) -> Result<(), Error> {
        for ending in self.registration()?.endings().await? {
            let name = format!("ending:{}/{}", ending.application(), ending.serial());
            self.tried(&name, self.end(ending)).await;
        }
        Ok(())
    }

    async fn end(&self, ending: Ending) -> Result<(), Error> {
        let actor = Actor::new(format!("applicant:{}", ending.application()));
        let ground = ending.ground();
        let why = Why::Applied { ground: ground.name.clone() };
        let asked = asked(ground, format!("application:{}", ending.application()), None)?;
        let done = self.bring_about(ending.serial(), (asked, why), actor).await;
        fault::point("app.61-replaced-ended");
        let refusal = match done {
            Ok(_) => None,
            Err(error) if is_final(&error) => Some(error.code().to_owned()),
            Err(error) => return Err(error),
        };
        Ok(self.registration()?.ended(ending, refusal.as_deref()).await?)
    }

    /// Revokes what is open of a list, or lifts the holds that it names, one by one; cut off anywhere it goes on
    /// behind the last one.
    pub(super) async fn revoke_list(&self, ready: &ReadyToRevoke) -> Result<(), Error> {
        let ra = self.registration()?;
        let reviewer = ready.revocation().reviewed_by.as_deref().unwrap_or_default();
        for item in ready.open() {
            let actor = Actor::new(format!("person:{reviewer}"));
            let why = Why::Brought {
                ground: Some(ready.ground().name.clone()),
                number: Some(ready.revocation().number.to_string()),
            };
            let what = (listed(ready, item)?, why);
            let outcome = match self.bring_about(&item.serial, what, actor).await {
                Ok(_) if item.hold.is_some() => Outcome::Lifted,
                Ok(_) => Outcome::Revoked,
                Err(error) if is_final(&error) => Outcome::Refused(error.code().to_owned()),
                Err(error) => return Err(error),
            };
            fault::point("app.62-listed-revoked");
            ra.revoked(ready, item, outcome).await?;
        }
        Ok(())
    }

    /// Sets a caller's hold until another person has decided, whoever else holds the certificate. The hold and
    /// its note are one unit, and only while the call still waits: a decision in between is not run over.
    pub(super) async fn stop_at_once(
        &self,
        id: &RevocationId,
        (number, serials): (&str, &[String]),
    ) -> Result<(), Error> {
        let ra = self.registration()?;
        for serial in serials {
            let origin = format!("revocation:{id}");
            let actor = Actor::new(origin.clone());
            let serial = Serial::from_hex(serial)?;
            let found = self.ca().find(&serial).await?.ok_or(Error::Stored("所指的证书缺失"))?;
            if matches!(found.record.status, Status::Revoked { .. }) {
                continue;
            }
            let (ground, number) = (Some(CALL_HOLD.to_owned()), Some(number.to_owned()));
            let (source, once) = (Source::Phone, true);
            let asked = Asked::Hold(HoldAsked { source, ground: ground.clone(), origin, once });
            let planned = self.plan(serial, asked, Why::Brought { ground, number }).await?;
            let (ra, id) = (ra.clone(), id.clone());
            let stopped = self.change_as(planned, actor, move |tx, _| {
                Box::pin(async move {
                    let waits = ra.is_to_stop(tx, &id).await?;
                    if waits {
                        ra.note_stopped(tx, &id).await?;
                    }
                    Ok(waits)
                })
            });
            match stopped.await {
                Err(error) if !is_final(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(ra.stopped(id).await?)
    }

    /// Lifts the hold of a call that came to nothing, and no other, or notes why there is nothing to lift: one
    /// unit, that looks at what stands at that moment.
    async fn settle_stop(&self, stop: OpenStop) -> Result<(), Error> {
        let serial = Serial::from_hex(stop.serial())?;
        let why = Why::Brought {
            ground: Some(stop.ground().name.clone()),
            number: Some(stop.revocation().number.to_string()),
        };
        let origin = stop.revocation().subject();
        let asked = Asked::Lift(LiftAsked {
            power: Power::Call { origin: origin.clone() },
            named: Named::Reached,
            end: end_of(&stop),
            until: None,
            once: true,
            origin: origin.clone(),
        });
        let planned = self.plan(serial, asked, why).await?;
        let stop = Arc::new(stop);
        let (lifted, serials) = (stop.clone(), planned.serials().to_vec());
        let done = self.change_as(planned, Actor::new(origin), move |tx, institution| {
            Box::pin(async move {
                let ra = institution.registration()?;
                let Some((end, _)) = ra.stop_end(tx, &lifted).await? else { return Ok(false) };
                ra.end_stop(tx, &lifted, end).await?;
                Ok(end != StopEnd::Moot)
            })
        });
        match done.await {
            Err(error) if is_final(&error) => match self.settle_unresumed(stop, serials).await? {
                true => Ok(()),
                false => Err(error),
            },
            done => done.map(drop),
        }
    }

    /// Settles a stop whose certificate the CA does not resume. What is revoked or over needs no hold. What could be
    /// used again but for its key, that is no secret any more, keeps the hold and waits for its revocation: without
    /// one it would look as if somebody had deleted it. False where neither is so.
    async fn settle_unresumed(
        &self,
        stop: Arc<OpenStop>,
        serials: Vec<Serial>,
    ) -> Result<bool, Error> {
        let this = self.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let ra = this.registration()?;
                    let Some((_, own)) = ra.stop_end(tx, &stop).await? else { return Ok(true) };
                    let now = tx.now().as_second();
                    let (status, is_over) = sql::standing_of(tx.conn(), stop.serial(), now).await?;
                    if status == "suspended" && !is_over && !own.is_empty() {
                        let is_blocked = this.is_blocked(tx, &serials).await?;
                        if is_blocked {
                            ra.end_stop(tx, &stop, StopEnd::Kept).await?;
                        }
                        return Ok(is_blocked);
                    }
                    let origin = stop.revocation().subject();
                    let about = format!("certificate:{ISSUER}/{}", stop.serial());
                    let by = (end_of(&stop), &*origin);
                    ra::end_holds(tx, (&own, &about), by, &Actor::system()).await?;
                    ra.end_stop(tx, &stop, StopEnd::Moot).await?;
                    Ok::<_, Error>(true)
                })
            })
            .await
    }

    /// A revocation with a page of its certificates and how each stands.
    pub async fn revocation_lines(
        &self,
        view: &RevocationView,
        place: (u32, u32),
    ) -> Result<Vec<RevocationLine>, Error> {
        let id = view.revocation.id.as_str();
        sql::lines(&mut *self.store().read().await?, id, place).await
    }

    /// Sends a caller's one-time code to the telephone on file.
    pub async fn call_back(&self, permit: &access::Permit, id: &RevocationId) -> Result<(), Error> {
        let ra = self.registration()?;
        let Called { code, phone, number, nonce } = ra.call_back(permit, id).await?;
        let institution = &ra.institution().name;
        let text = format!(
            "收件手机：{phone}\n\n【{institution}】您正在来电办理证书暂停和撤销（{number}），一次性代码 {code}，十分钟内有效。\
             请只报给正在与您通话的本机构工作人员；不是您本人来电的，请勿告诉他人并立即联系本机构。\n"
        );
        self.post(format!("{number}-call-{nonce}.txt"), text).await
    }
}

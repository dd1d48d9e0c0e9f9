//! From an application that is ready to its certificates.

use access::Permit;
use ca::{RequestId, Validity};
use jiff::SignedDuration;
use pki::Serial;
use ra::{Application, At, ReadyToIssue, Serials};
use store::ErrorKind;

use crate::enrol::{Act, EnrolOrder};
use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Issues what an application asks for. Cut off and asked again it leads to the same
    /// certificates (Invariant 3). A refusal of the CA asks the applicant for another key; a fault
    /// leaves everything as it was.
    pub async fn issue_application(&self, permit: &Permit, at: &At) -> Result<Application, Error> {
        let ra = self.registration()?;
        let ready = ra.ready_to_issue(permit, at).await?;
        match self.enrol(order(&ready, permit)?).await {
            Ok(done) => {
                let serials = Serials {
                    sign: done.enrolment.sign_serial.to_hex(),
                    enc: done.enrolment.enc_serial.map(|serial| serial.to_hex()),
                };
                Ok(ra.issued(permit, ready, serials).await?)
            }
            Err(error) => {
                if error.kind() != ErrorKind::Fault && !error.is_unavailable() {
                    ra.issue_failed(permit, ready, error.code()).await?;
                }
                Err(error)
            }
        }
    }
}

/// The order that an application's evidence stands behind: a function of what is stored, so that a
/// repetition is the same order.
fn order(ready: &ReadyToIssue, permit: &Permit) -> Result<EnrolOrder, Error> {
    let application = ready.application();
    let days = i64::from(ready.term_years()).saturating_mul(365);
    let term = SignedDuration::from_hours(days.saturating_mul(24)) - SignedDuration::from_secs(1);
    let not_after = application.since.checked_add(term);
    Ok(EnrolOrder {
        request_id: RequestId::new(ready.request_id()).map_err(ca::Error::from)?,
        kind: application.kind.clone(),
        subject: ready.subject().clone(),
        proof: ready.possession().clone(),
        validity: Validity {
            not_before: None,
            not_after: Some(not_after.map_err(|_| Error::Stored("申请时间"))?),
        },
        act: act(application)?,
        actor: permit.actor(),
    })
}

/// What the certificates are issued in place of.
fn act(application: &Application) -> Result<Act, Error> {
    let concerned = |make: fn(Serial) -> Act| {
        let serial = application.concerns.as_deref().ok_or(Error::Stored("原证书"))?;
        Ok(make(Serial::from_hex(serial)?))
    };
    match application.service.as_str() {
        "renew" => concerned(Act::Renew),
        "rekey" => concerned(Act::Rekey),
        "new" => Ok(Act::New),
        // New certificates alone would be a wrong answer to these.
        _ => Err(Error::NotApplicable("此项业务暂不能由系统签发，请联系本机构办理")),
    }
}

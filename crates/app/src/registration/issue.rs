//! From an application that is ready to its certificates.

use access::Permit;
use ca::{RequestId, Validity};
use jiff::SignedDuration;
use pki::Serial;
use ra::{Application, At, ReadyToIssue, Serials};
use store::{Actor, ErrorKind};

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
        let act = self.act_of(&ready).await?;
        match self.enrol(order(&ready, act, permit.actor())?).await {
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

impl Institution {
    /// What the certificates are issued in place of. The act follows the key, as the key centre and the
    /// CA see it: the same one renews, another one rekeys, whatever else changes.
    async fn act_of(&self, ready: &ReadyToIssue) -> Result<Act, Error> {
        let application = ready.application();
        let Some(serial) = application.concerns.as_deref() else { return Ok(Act::New) };
        let serial = Serial::from_hex(serial)?;
        let old = self.ca().find(&serial).await?.ok_or(Error::Stored("原证书缺失"))?;
        let key = ready.possession().public_key().fingerprint();
        let same = application.service == "renew" && key == old.record.key_hash;
        Ok(if same { Act::Renew(serial) } else { Act::Rekey(serial) })
    }

    /// Whether a renewal may keep its key here; told before the key is taken in, so that nobody waits
    /// for a refusal of the CA.
    pub(super) async fn may_keep_key(
        &self,
        application: &Application,
        key: &gm::PublicKey,
    ) -> Result<(), Error> {
        let Some(serial) = application.concerns.as_deref() else { return Ok(()) };
        let old = self.ca().find(&Serial::from_hex(serial)?).await?;
        let old = old.ok_or(Error::Stored("原证书缺失"))?.record;
        let kept = old.key_hash == key.fingerprint();
        if kept && !self.settings().ca.renewals_keep_key.contains(&application.kind) {
            let text = "本机构更新此类证书时须更换密钥，请用密码设备生成新的密钥后提交";
            return Err(Error::NotApplicable(text));
        }
        Ok(())
    }
}

/// The order that an application's evidence stands behind: a function of what is stored, so that a
/// repetition is the same order.
pub(crate) fn order(ready: &ReadyToIssue, act: Act, actor: Actor) -> Result<EnrolOrder, Error> {
    let application = ready.application();
    let days = i64::from(ready.term_years()).saturating_mul(365);
    let term = SignedDuration::from_hours(days.saturating_mul(24)) - SignedDuration::from_secs(1);
    let not_after = application.since.checked_add(term);
    Ok(EnrolOrder {
        request_id: RequestId::new(ready.request_id()).map_err(ca::Error::from)?,
        kind: application.kind.clone(),
        subject: ready.subject().clone(),
        proof: ready.possession().clone(),
        attestation: ready.attestation().clone(),
        validity: Validity {
            not_before: None,
            not_after: Some(not_after.map_err(|_| Error::Stored("申请时间"))?),
        },
        act,
        actor,
    })
}

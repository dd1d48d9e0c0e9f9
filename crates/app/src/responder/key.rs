//! The keys of the OCSP responder and their certificates (profile `ocsp`). The ceremony makes the
//! first; from then on each is followed by another while a third of its life is left. The new
//! certificate rests for a day before it signs, answers signed before carry the old one and verify to
//! their end, and a week after its end the old key is destroyed.
//!
//! Certificates are short and carry id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): nobody asks for the
//! status of who tells status.

use std::sync::Arc;

use ca::Ca;
use jiff::Timestamp;
use pki::SubjectInput;
use status::Delegation;
use status::rules::delegation;
use store::Standing;

use crate::error::Error;
use crate::institution::Institution;
use crate::service_keys::{Service, Wanted, end_after};
use crate::setup::Subjects;

/// The responder's keys and certificates.
pub(crate) const SERVICE: Service = Service {
    first: ca::ceremony::RESPONDER_KEY,
    stem: "ocsp-",
    profile: "ocsp",
    request: "ocsp",
    made: "ocsp.key-made",
    destruction_intended: "ocsp.key-destruction-intended",
    destroyed: "ocsp.key-destroyed",
};

impl Institution {
    /// Makes the responder's next key and certificate when they are due, and destroys keys that
    /// have done their work. Runs by itself; a halted store takes nothing.
    pub async fn keep_responder_key(&self) -> Result<(), Error> {
        if self.store().standing() != Standing::Sound {
            return Ok(());
        }
        self.responder().refresh().await?;
        let now = self.clock().now();
        // Only a CA key itself can empower who answers for its certificates (RFC 6960 §4.2.2.2).
        // One that fails holds up no other.
        let mut done = Ok(());
        // Under a certificate that was revoked nobody would believe who answers.
        for ca in self.ca().signing_generations().into_iter().filter(|one| !one.is_revoked()) {
            done = done.and(self.keep_responder_of(&ca, now).await);
        }
        self.retire_service_keys(&SERVICE, self.responder().keys().await?).await?;
        done
    }

    async fn keep_responder_of(&self, ca: &Ca, now: Timestamp) -> Result<(), Error> {
        let (newest, ca_end) = (self.newest_responder(ca.name()), ca.certificate().not_after());
        let period = newest.as_ref().map(|one| one.period());
        let is_due = period.is_none_or(|one| delegation::is_renewal_due(one, ca_end, now));
        if !is_due || now >= ca_end {
            return Ok(());
        }
        // The subject stays the one of the ceremony: whoever pinned the responder by name finds it again.
        let subject = match newest {
            Some(one) => SubjectInput::from_name(one.certificate.subject()),
            None => Subjects::of(&self.settings().institution.name).responder,
        };
        let end = end_after(now, self.settings().ocsp.certificate_days)?.min(ca_end);
        let (wanted, keys) = (Wanted { subject, end }, self.responder().keys().await?);
        self.renew_service_key(&SERVICE, ca, keys, wanted).await?;
        Ok(self.responder().refresh().await?)
    }

    /// Of our certificates by this issuer that count, or counted until their end, the one that began last.
    pub(super) fn newest_responder(&self, issuer: &str) -> Option<Arc<Delegation>> {
        let all = self.responder().delegations(issuer).into_iter();
        let for_responses = all.filter(|one| delegation::is_for_responses(&one.certificate));
        for_responses.max_by_key(|one| one.period())
    }
}

//! The keys of the timestamp authority and their certificates (profile `tsa`). The first is made
//! when the service is first open, the next a year before the last one ends: a new key each time,
//! so that no key signs for longer than its certificate (RFC 3161 §4). A week after its end the old key
//! is destroyed; what it stamped verifies as before.

use jiff::Timestamp;
use pki::SubjectInput;
use status::timestamp::{TimestampAuthority, rules};
use store::Standing;

use crate::error::Error;
use crate::institution::Institution;
use crate::service_keys::{Service, Wanted, end_after};

/// The authority's keys and certificates.
pub(crate) const SERVICE: Service = Service {
    first: "tsa-1",
    stem: "tsa-",
    profile: "tsa",
    request: "timestamp",
    made: "timestamp.key-made",
    destruction_intended: "timestamp.key-destruction-intended",
    destroyed: "timestamp.key-destroyed",
};

impl Institution {
    /// Makes key and certificate of the timestamp authority where there are none, or where they
    /// end soon, and destroys keys that have done their work. Runs by itself; a halted store takes
    /// nothing.
    pub async fn keep_timestamp_key(&self) -> Result<(), Error> {
        let Some(authority) = self.timestamp() else {
            return Ok(());
        };
        if self.store().standing() != Standing::Sound {
            return Ok(());
        }
        let (now, end) = (self.clock().now(), self.possible_end()?);
        // Under a certificate that was revoked nobody would believe the next one.
        if is_renewal_due(authority, end, now) && !self.ca().is_revoked() {
            let name = &self.settings().institution.name;
            let subject = SubjectInput {
                organization: Some(name.clone()),
                ..SubjectInput::named(format!("{name}时间戳服务"))
            };
            let (wanted, keys) = (Wanted { subject, end }, authority.keys().await?);
            self.renew_service_key(&SERVICE, self.ca(), keys, wanted).await?;
            authority.refresh().await?;
        }
        self.retire_service_keys(&SERVICE, authority.keys().await?).await
    }

    /// Until when a certificate that is made today can last: as the profile says, but no longer
    /// than the CA.
    fn possible_end(&self) -> Result<Timestamp, Error> {
        let profile = self.ca().profiles().by_name(SERVICE.profile);
        let days = profile.ok_or(Error::Stored("时间戳证书模板"))?.document().validity.default_days;
        Ok(end_after(self.clock().now(), days)?.min(self.ca().certificate().not_after()))
    }
}

fn is_renewal_due(authority: &TimestampAuthority, possible: Timestamp, now: Timestamp) -> bool {
    authority.certificate().is_none_or(|current| {
        rules::is_renewal_due((current.not_before(), current.not_after()), possible, now)
    })
}

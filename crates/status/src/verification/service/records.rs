//! What our own tables say.

mod crosses;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crosses::Crosses;
use jiff::Timestamp;
use pki::ocsp::CertStatus;
use pki::{Certificate, Name, Serial};
use tracing::error;

use super::Verifier;
use crate::error::Error;
use crate::rules::{StatusRow, cert_status};
use crate::verification::model::Basis;
use crate::verification::rules::{Own, is_same_authority};
use crate::verification::sql::{self, IssuedRow};

/// How long our authorities are believed without another look. What changes them by our own doing is met at once, by
/// [`sql::Standing`]; this is how soon a row is met that somebody changed behind our back.
const BELIEVED: Duration = Duration::from_millis(200);

/// Our authorities, at one moment, and what has changed since.
pub(super) struct Records {
    authorities: Arc<Authorities>,
    /// When they were asked for.
    pub as_of: Timestamp,
    /// Journal number of the last change of any status.
    change: i64,
}

/// Our issuers, and what stands beside them.
struct Authorities {
    issuers: Vec<(i64, Certificate)>,
    /// Those of them that a ceremony made and did not appoint yet: nobody is asked to trust them.
    unappointed: Vec<i64>,
    /// Keys of our root certified by each other (RFC 4210 §4.4).
    links: Vec<Certificate>,
    /// Cross-certificates of our root for CAs of other institutions.
    crosses: Crosses,
}

/// The authorities that were read last, when, and what stood then.
#[derive(Default)]
pub(super) struct Memory(Mutex<Option<(Instant, sql::Standing, Arc<Authorities>)>>);

impl Memory {
    fn of(&self, standing: &sql::Standing) -> Option<Arc<Authorities>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, stood, authorities) = kept.as_ref()?;
        let holds = read.elapsed() < BELIEVED && stood == standing;
        holds.then(|| authorities.clone())
    }

    fn keep(&self, asked: Instant, stood: sql::Standing, authorities: &Arc<Authorities>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever was held up does not replace what was read after.
        if kept.as_ref().is_none_or(|(read, ..)| *read < asked) {
            *kept = Some((asked, stood, authorities.clone()));
        }
    }
}

impl Records {
    /// Those of our issuers that nobody stands above: every generation of our root that was appointed (ADR 15). One
    /// whose time is over stays, for what was signed under it then.
    pub fn roots(&self) -> Vec<Certificate> {
        let Authorities { issuers, unappointed, .. } = &*self.authorities;
        let own = issuers.iter().filter(|(id, _)| !unappointed.contains(id));
        let own = own.map(|(_, certificate)| certificate);
        own.filter(|one| is_own_name(one)).cloned().collect()
    }

    /// All of them, the links between the keys of our root, and the CAs that it recognises (ADR 16): they may stand in a
    /// chain.
    pub fn authorities(&self) -> impl Iterator<Item = &Certificate> {
        let Authorities { issuers, links, crosses, .. } = &*self.authorities;
        issuers.iter().map(|(_, certificate)| certificate).chain(links).chain(&crosses.held)
    }

    /// Which of ours an issuer is: name and key (T-15).
    pub fn number_of(&self, issuer: &Certificate) -> Option<i64> {
        let ours = self.authorities.issuers.iter().find(|(_, own)| is_same_authority(own, issuer));
        ours.map(|(id, _)| *id)
    }

    /// Whether it is a cross-certificate whose row the journal does not bear out: its status is nobody's to tell.
    pub fn is_doubtful(&self, certificate: &Certificate) -> bool {
        self.authorities.crosses.is_doubtful(certificate)
    }

    /// What a status out of these tables was judged by.
    pub fn basis(&self, issuer: &Certificate) -> Basis {
        let (as_of, change) = (self.as_of, self.change);
        Basis::Records { issuer: issuer.subject().to_string(), as_of, change }
    }
}

impl Verifier {
    /// Our authorities as they stand.
    pub(super) async fn records(&self) -> Result<Records, Error> {
        let (as_of, asked) = (self.0.store.clock().now(), Instant::now());
        let mut conn = self.0.store.read().await?;
        let (change, standing) = sql::standing(&mut conn).await?;
        drop(conn);
        let authorities = match self.0.memory.of(&standing) {
            Some(authorities) => authorities,
            None => {
                let authorities = Arc::new(self.authorities().await?);
                self.0.memory.keep(asked, standing, &authorities);
                authorities
            }
        };
        Ok(Records { authorities, as_of, change })
    }

    async fn authorities(&self) -> Result<Authorities, Error> {
        let crosses = self.crosses().await?;
        let mut conn = self.0.store.read().await?;
        let rows = crate::sql::issuers(&mut conn).await?;
        let read = |row: crate::sql::IssuerRow| {
            Ok::<_, Error>((row.id, Certificate::from_der(&row.certificate_der)?))
        };
        let issuers: Vec<(i64, Certificate)> =
            rows.into_iter().map(read).collect::<Result<_, _>>()?;
        let unappointed = sql::unappointed(&mut conn).await?;
        let mut links = Vec::new();
        let roots: Vec<_> = issuers.iter().filter(|(_, one)| is_own_name(one)).collect();
        if roots.len() > 1 {
            for (id, _) in roots {
                for der in sql::links(&mut conn, *id).await? {
                    links.push(Certificate::from_der(&der)?);
                }
            }
        }
        Ok(Authorities { issuers, unappointed, links, crosses })
    }

    /// What we have about a certificate under one of our issuers, at an instant.
    pub(super) async fn own(
        &self,
        issuer: i64,
        certificate: &Certificate,
        at: Timestamp,
    ) -> Result<Own, Error> {
        let (mut conn, serial) = (self.0.store.read().await?, certificate.serial());
        let Some(row) = sql::issued(&mut conn, issuer, &serial).await? else {
            return Ok(Own::NotIssued);
        };
        if row.fingerprint != certificate.fingerprint() {
            return Ok(Own::Another);
        }
        let before = match at.as_second() < row.changed_at {
            true => sql::change_before(&mut conn, issuer, &serial, at.as_second()).await?,
            false => None,
        };
        match status_at(&row, before, at) {
            Ok(own) => Ok(own),
            Err(row) => {
                error!(serial = %serial.to_hex(), %row, "a row of status contradicts itself");
                Ok(Own::Contradictory)
            }
        }
    }

    /// The certificate that we issued under this number, by an issuer of this name or by any of ours.
    pub(super) async fn issued(
        &self,
        records: &Records,
        issuer: Option<&Name>,
        serial: &Serial,
    ) -> Result<Option<Certificate>, Error> {
        let mut conn = self.0.store.read().await?;
        for (id, own) in &records.authorities.issuers {
            let is_meant = issuer.is_none_or(|name| name.matches(own.subject()));
            if is_meant && let Some(der) = sql::der(&mut conn, *id, serial).await? {
                return Ok(Some(Certificate::from_der(&der)?));
            }
        }
        Ok(None)
    }
}

/// Whether nobody stands above an issuer of ours.
fn is_own_name(issuer: &Certificate) -> bool {
    issuer.subject().matches(issuer.issuer())
}

/// The status at an instant: that of the row from its last change on; before that, the one of the
/// change before. What is revoked now says since when, and that may have been before the change.
fn status_at(
    row: &IssuedRow,
    before: Option<(String, Option<i64>, i64)>,
    at: Timestamp,
) -> Result<Own, String> {
    let read = |status: &str, reason, changed_at| {
        cert_status(Some(&StatusRow { status: status.to_owned(), reason, changed_at }))
    };
    let current = read(&row.status, row.reason, row.changed_at)?;
    let wrong = |_| format!("{row:?}");
    let invalid_since = row.invalid_since.map(Timestamp::from_second).transpose().map_err(wrong)?;
    if at.as_second() >= row.changed_at {
        return Ok(Own::Status { status: current, invalid_since });
    }
    let earlier = match before {
        Some((status, reason, since)) => read(&status, reason, since)?,
        None => CertStatus::Good,
    };
    match earlier {
        CertStatus::Good if row.status == "revoked" => {
            Ok(Own::Status { status: current, invalid_since })
        }
        status => Ok(Own::Status { status, invalid_since: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pki::crl::Reason;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    fn row(status: &str, reason: Option<i64>, changed: i64, invalid: Option<i64>) -> IssuedRow {
        let second = |offset: i64| at(offset).as_second();
        IssuedRow {
            status: status.into(),
            reason,
            changed_at: second(changed),
            invalid_since: invalid.map(second),
            fingerprint: String::new(),
        }
    }

    fn revoked(since: i64, reason: Reason) -> CertStatus {
        CertStatus::Revoked { at: at(since), reason }
    }

    #[test]
    fn the_status_of_an_instant_is_that_of_the_last_change_before_it() {
        let good = |status| Ok(Own::Status { status, invalid_since: None });
        let resumed = row("good", None, 200, None);
        let held = Some(("suspended".to_owned(), Some(6), at(100).as_second()));
        let hold = revoked(100, Reason::CertificateHold);
        assert_eq!(status_at(&resumed, held, at(150)), good(hold));
        assert_eq!(status_at(&resumed, None, at(50)), good(CertStatus::Good));
        assert_eq!(status_at(&resumed, None, at(200)), good(CertStatus::Good));
    }

    #[test]
    fn a_key_that_was_lost_before_the_revocation_counts_from_the_loss() {
        let lost = row("revoked", Some(1), 200, Some(50));
        let status = revoked(200, Reason::KeyCompromise);
        for moment in [10, 60, 200, 300] {
            let own = Own::Status { status, invalid_since: Some(at(50)) };
            assert_eq!(status_at(&lost, None, at(moment)), Ok(own), "{moment}");
        }
        let held = Some(("suspended".to_owned(), Some(6), at(100).as_second()));
        let own =
            Own::Status { status: revoked(100, Reason::CertificateHold), invalid_since: None };
        assert_eq!(status_at(&lost, held, at(150)), Ok(own));
    }

    /// T-09: what contradicts itself is never good.
    #[test]
    fn rows_that_contradict_themselves_have_no_status() {
        assert!(status_at(&row("good", Some(0), 0, None), None, at(1)).is_err());
        assert!(status_at(&row("revoked", None, 0, None), None, at(1)).is_err());
        let before = Some(("suspended".to_owned(), None, at(0).as_second()));
        assert!(status_at(&row("good", None, 10, None), before, at(1)).is_err());
    }
}

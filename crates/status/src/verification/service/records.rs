//! What our own tables say.

mod crosses;

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

/// Our issuers, at one moment.
pub(super) struct Records {
    issuers: Vec<(i64, Certificate)>,
    /// Those of them that a ceremony made and did not appoint yet: nobody is asked to trust them.
    unappointed: Vec<i64>,
    /// Keys of our root certified by each other (RFC 4210 §4.4).
    links: Vec<Certificate>,
    /// Cross-certificates of our root for CAs of other institutions.
    crosses: Crosses,
    /// When they were read.
    pub as_of: Timestamp,
    /// Journal number of the last change of any status.
    change: i64,
}

impl Records {
    /// Those of our issuers that nobody stands above: every generation of our root that was appointed (ADR 15). One
    /// whose time is over stays, for what was signed under it then.
    pub fn roots(&self) -> Vec<Certificate> {
        let own = self.issuers.iter().filter(|(id, _)| !self.unappointed.contains(id));
        let own = own.map(|(_, certificate)| certificate);
        own.filter(|one| is_own_name(one)).cloned().collect()
    }

    /// All of them, the links between the keys of our root, and the CAs that it recognises (ADR 16): they may stand in a
    /// chain.
    pub fn authorities(&self) -> impl Iterator<Item = &Certificate> {
        let own = self.issuers.iter().map(|(_, certificate)| certificate);
        own.chain(&self.links).chain(&self.crosses.held)
    }

    /// Which of ours an issuer is: name and key (T-15).
    pub fn number_of(&self, issuer: &Certificate) -> Option<i64> {
        let ours = self.issuers.iter().find(|(_, own)| is_same_authority(own, issuer));
        ours.map(|(id, _)| *id)
    }

    /// Whether it is a cross-certificate whose row the journal does not bear out: its status is nobody's to tell.
    pub fn is_doubtful(&self, certificate: &Certificate) -> bool {
        self.crosses.is_doubtful(certificate)
    }

    /// What a status out of these tables was judged by.
    pub fn basis(&self, issuer: &Certificate) -> Basis {
        let (as_of, change) = (self.as_of, self.change);
        Basis::Records { issuer: issuer.subject().to_string(), as_of, change }
    }
}

impl Verifier {
    pub(super) async fn records(&self) -> Result<Records, Error> {
        let as_of = self.0.store.clock().now();
        let crosses = self.crosses().await?;
        let mut conn = self.0.store.read().await?;
        let change = crate::sql::last_change(&mut conn).await?;
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
        Ok(Records { issuers, unappointed, links, crosses, as_of, change })
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
        for (id, own) in &records.issuers {
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

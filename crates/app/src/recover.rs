//! After a crash: every enrolment that was accepted is finished, or explained.

use ca::{Revocation, RevocationReason, Role, StoredCertificate};
use jiff::{SignedDuration, Timestamp};
use kmc::ApplyOrder;
use store::Actor;

use crate::enrol::Enrolment;
use crate::error::Error;
use crate::institution::Institution;
use crate::lifecycle::Change;
use crate::sql;

/// An accepted order that nobody repeats within this time is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// Enrolments looked at in one go.
const BATCH: i64 = 500;

/// What recovery did.
#[derive(Debug)]
pub struct Recovered {
    /// The CA's own intents and lists.
    pub ca: ca::Recovery,
    /// Enrolments that got their answer now.
    pub finished: usize,
    /// Enrolments that wait for their caller to ask again.
    pub open: usize,
}

/// What an accepted enrolment left behind.
enum Remains {
    Nothing,
    Whole(Box<StoredCertificate>, Option<Box<StoredCertificate>>),
    Half(Box<StoredCertificate>),
}

impl Institution {
    /// Finishes or explains what a crash left. Call it before serving.
    pub async fn recover(&self) -> Result<Recovered, Error> {
        self.adopt_profiles().await?;
        let ca = self.ca().recover().await?;
        let until = self.clock().now().as_second().saturating_add(1);
        let mut recovered = Recovered { ca, finished: 0, open: 0 };
        for row in self.accepted_before(until).await? {
            match self.remains(&row).await? {
                Remains::Whole(sign, enc) => match self.complete(&row, *sign, enc).await {
                    Ok(()) => recovered.finished += 1,
                    Err(error) => {
                        tracing::warn!(request = %row.request_id, %error, "answer not made yet");
                        recovered.open += 1;
                    }
                },
                Remains::Nothing | Remains::Half(_) => recovered.open += 1,
            }
        }
        Ok(recovered)
    }

    /// Gives up orders that were accepted long ago and that nobody repeated.
    pub async fn give_up_stale(&self) -> Result<(), Error> {
        let until = self.clock().now().checked_sub(PATIENCE).unwrap_or(Timestamp::MIN);
        for row in self.accepted_before(until.as_second()).await? {
            match self.remains(&row).await? {
                Remains::Whole(sign, enc) => self.complete(&row, *sign, enc).await?,
                Remains::Nothing => self.abandon(&row).await?,
                Remains::Half(stored) => {
                    let revocation = Revocation::because(RevocationReason::CessationOfOperation);
                    let change = Change::Revoke(revocation);
                    self.change(stored.record.serial, change, Actor::system()).await?;
                    self.abandon(&row).await?;
                }
            }
        }
        Ok(())
    }

    async fn abandon(&self, row: &Enrolment) -> Result<(), Error> {
        self.refuse(row, &Error::NotApplicable("受理后未能在规定时间内完成签发，申请已终止")).await
    }

    async fn accepted_before(&self, until: i64) -> Result<Vec<Enrolment>, Error> {
        let mut reader = self.store().read().await?;
        let rows = sql::stale(&mut reader, until, BATCH).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn remains(&self, row: &Enrolment) -> Result<Remains, Error> {
        let ca = self.ca();
        let Some(_) = row.enc_serial else {
            let found = ca.find_request(&row.request_id, Role::Service).await?;
            return Ok(found.map_or(Remains::Nothing, |s| Remains::Whole(Box::new(s), None)));
        };
        let sign = ca.find_request(&row.request_id, Role::Sign).await?;
        let enc = ca.find_request(&row.request_id, Role::Enc).await?;
        Ok(match (sign, enc) {
            (Some(sign), Some(enc)) => Remains::Whole(Box::new(sign), Some(Box::new(enc))),
            (Some(one), None) | (None, Some(one)) => Remains::Half(Box::new(one)),
            (None, None) => Remains::Nothing,
        })
    }

    /// Makes the answer of an enrolment whose certificates are stored.
    async fn complete(
        &self,
        row: &Enrolment,
        sign: StoredCertificate,
        enc: Option<Box<StoredCertificate>>,
    ) -> Result<(), Error> {
        let key = match &enc {
            Some(enc) => Some(
                self.centre()
                    .apply(ApplyOrder {
                        cert_serial: enc.record.serial,
                        signing_key: sign.certificate.public_key()?,
                        not_before: enc.record.not_before,
                        not_after: enc.record.not_after,
                        user_name: None,
                    })
                    .await?,
            ),
            None => None,
        };
        let issued = [Some(sign), enc.map(|enc| *enc)].into_iter().flatten().collect();
        self.keep(row.clone(), Vec::new(), issued, key).await.map(drop)
    }
}

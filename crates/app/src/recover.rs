//! After a crash: every enrolment that was accepted is finished, or explained.

use ca::StoredCertificate;
use jiff::{SignedDuration, Timestamp};
use kmc::ApplyOrder;

use crate::enrol::Enrolment;
use crate::error::Error;
use crate::institution::Institution;
use crate::sql;

/// An accepted order that nobody repeats within this time is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// Enrolments read in one go.
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

/// What an accepted enrolment left behind: all that it asked for, or not.
enum Remains {
    Whole(Box<StoredCertificate>, Option<Box<StoredCertificate>>),
    Part,
}

/// Behind which order the next page begins.
struct Place {
    at: i64,
    id: String,
}

impl Default for Place {
    fn default() -> Self {
        Self { at: i64::MIN, id: String::new() }
    }
}

impl Institution {
    /// Finishes or explains what a crash left. Call it before serving.
    pub async fn recover(&self) -> Result<Recovered, Error> {
        self.adopt_profiles().await?;
        // First: what the CA finds open it signs, and it knows neither orders nor devices.
        self.give_up_refused().await?;
        let until = self.clock().now().as_second().saturating_add(1);
        let mut place = Place::default();
        while let Some(rows) = self.accepted(until, &mut place).await? {
            for row in rows {
                if let Err(error) = self.refuse_distrusted(&row).await {
                    tracing::error!(request = %row.request_id, %error, "the device of an order's key");
                }
            }
        }
        let ca = self.ca().recover().await?;
        let mut recovered = Recovered { ca, finished: 0, open: 0 };
        let mut place = Place::default();
        while let Some(rows) = self.accepted(until, &mut place).await? {
            for row in rows {
                match self.answer(&row).await {
                    Ok(true) => recovered.finished += 1,
                    Ok(false) => recovered.open += 1,
                    Err(error) => {
                        tracing::warn!(request = %row.request_id, %error, "answer not made yet");
                        recovered.open += 1;
                    }
                }
            }
        }
        Ok(recovered)
    }

    /// Makes the answer of an accepted order if its certificates are there; whether they are.
    async fn answer(&self, row: &Enrolment) -> Result<bool, Error> {
        match self.remains(row).await? {
            Remains::Whole(sign, enc) => self.complete(row, *sign, enc).await.map(|()| true),
            Remains::Part => Ok(false),
        }
    }

    /// Gives up orders that were accepted long ago and that nobody repeated. One that fails holds up no other.
    pub async fn give_up_stale(&self) -> Result<(), Error> {
        let until = self.clock().now().checked_sub(PATIENCE).unwrap_or(Timestamp::MIN);
        let mut place = Place::default();
        while let Some(rows) = self.accepted(until.as_second(), &mut place).await? {
            for row in rows {
                let name = format!("enrolment:{}", row.request_id);
                self.tried(&name, self.end_stale(&row)).await;
            }
        }
        Ok(())
    }

    async fn end_stale(&self, row: &Enrolment) -> Result<(), Error> {
        if self.refuse_distrusted(row).await? || self.answer(row).await? {
            return Ok(());
        }
        self.refuse(row, &Error::NotApplicable("受理后未能在规定时间内完成签发，申请已终止")).await
    }

    /// Refuses an order whose key is in a device that isn't trusted any more (Measures Art. 20 ¶2); whether it was.
    async fn refuse_distrusted(&self, row: &Enrolment) -> Result<bool, Error> {
        let judged = self.attestation_of_order(row.request_id.as_str()).await?;
        match judged.map_or(Ok(()), |judged| self.still_trust(&judged)) {
            Ok(()) => Ok(false),
            Err(error) => self.refuse(row, &error).await.map(|()| true),
        }
    }

    /// Gives up what refused orders left for the CA to sign.
    async fn give_up_refused(&self) -> Result<(), Error> {
        loop {
            let rows = sql::refused_open(&mut *self.store().read().await?, BATCH).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                let (this, row) = (self.clone(), Enrolment::try_from(row)?);
                let unit = self.store().commit(move |tx| {
                    Box::pin(async move { this.take_back(tx, &row, "申请已被拒绝").await })
                });
                for serial in unit.await? {
                    self.responder().invalidate(&serial);
                }
            }
        }
    }

    /// The next accepted orders from before an instant, behind a place: page by page, so that what fails each time holds
    /// up nothing behind it. What can't be read is told and left out.
    async fn accepted(
        &self,
        until: i64,
        place: &mut Place,
    ) -> Result<Option<Vec<Enrolment>>, Error> {
        let behind = (place.at, place.id.as_str());
        let rows = sql::stale(&mut *self.store().read().await?, until, behind, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        *place = Place { at: last.accepted_at, id: last.request_id.clone() };
        let mut orders = Vec::with_capacity(rows.len());
        for row in rows {
            let request = row.request_id.clone();
            match Enrolment::try_from(row) {
                Ok(order) => orders.push(order),
                Err(error) => tracing::error!(%request, %error, "an order can't be read"),
            }
        }
        Ok(Some(orders))
    }

    async fn remains(&self, row: &Enrolment) -> Result<Remains, Error> {
        let sign = self.ca().find(&row.sign_serial).await?;
        let enc = match &row.enc_serial {
            Some(serial) => self.ca().find(serial).await?,
            None => None,
        };
        Ok(match (sign, enc) {
            (Some(sign), enc) if enc.is_some() == row.enc_serial.is_some() => {
                Remains::Whole(Box::new(sign), enc.map(Box::new))
            }
            _ => Remains::Part,
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

//! After a crash: every enrolment that was accepted is finished, or explained.

use std::collections::BTreeSet;

use ca::StoredCertificate;
use jiff::{SignedDuration, Timestamp};
use kmc::ApplyOrder;

use crate::doctor::{Check, Level};
use crate::enrol::Enrolment;
use crate::error::Error;
use crate::institution::Institution;
use crate::sql::{self, EnrolmentRow};

/// An accepted order that nobody repeats within this time is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// One that can be neither answered nor judged (the key centre refuses, its verdict is damaged) is given up after so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// One that is older than this should have been given up, and is told of.
const OVERDUE: SignedDuration = SignedDuration::from_hours(26);
/// So many of those are named.
const TOLD: i64 = 5;
/// Enrolments read in one go.
const BATCH: i64 = 500;

/// What recovery did.
#[derive(Debug)]
pub struct Recovered {
    /// The CA's own intents and lists.
    pub ca: ca::Recovery,
    /// Enrolments that came to their end now: with their answer, or refused because of their device.
    pub finished: usize,
    /// Enrolments that wait for their caller to ask again.
    pub open: usize,
    /// Requests that could not be read, judged or taken back: nothing was signed for them.
    pub left: BTreeSet<String>,
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
        // First: what the CA finds open it signs, and it knows neither orders nor devices. What nobody could judge is
        // not signed (Invariant 11, Measures Art. 20 ¶2).
        let mut left = BTreeSet::new();
        self.give_up_refused(&mut left).await?;
        self.judge_accepted(&mut left).await?;
        let ca = self.ca().recover_but(&left).await?;
        let mut recovered = Recovered { ca, finished: 0, open: 0, left };
        self.answer_accepted(&mut recovered).await?;
        Ok(recovered)
    }

    /// Refuses accepted orders whose device is trusted no more, whenever they say that they were accepted: the clock may
    /// have been set back. Those that can't be judged are left.
    async fn judge_accepted(&self, left: &mut BTreeSet<String>) -> Result<(), Error> {
        let mut place = Place::default();
        while let Some(rows) = self.accepted(i64::MAX, &mut place).await? {
            for row in rows {
                let request = row.request_id.clone();
                if let Err(error) = self.judge(row).await {
                    tracing::error!(%request, %error, "an accepted order can't be judged: nothing is signed for it");
                    left.insert(request);
                }
            }
        }
        Ok(())
    }

    async fn judge(&self, row: EnrolmentRow) -> Result<(), Error> {
        self.refuse_distrusted(&Enrolment::try_from(row)?).await.map(drop)
    }

    /// Makes the answers of those whose certificates are there.
    async fn answer_accepted(&self, recovered: &mut Recovered) -> Result<(), Error> {
        let mut place = Place::default();
        while let Some(rows) = self.accepted(i64::MAX, &mut place).await? {
            for row in rows {
                let request = row.request_id.clone();
                let ended = match recovered.left.contains(&request) {
                    true => Ok(false),
                    false => self.ended(row).await,
                };
                match ended {
                    Ok(true) => recovered.finished += 1,
                    Ok(false) => recovered.open += 1,
                    Err(error) => {
                        tracing::warn!(%request, %error, "answer not made yet");
                        recovered.open += 1;
                    }
                }
            }
        }
        Ok(())
    }

    async fn ended(&self, row: EnrolmentRow) -> Result<bool, Error> {
        self.end_judged(&Enrolment::try_from(row)?).await
    }

    /// Refuses an order whose device is trusted no more, or answers it if its certificates are there; whether it is at its
    /// end.
    async fn end_judged(&self, row: &Enrolment) -> Result<bool, Error> {
        if self.refuse_distrusted(row).await? {
            return Ok(true);
        }
        match self.remains(row).await? {
            Remains::Whole(sign, enc) => self.complete(row, *sign, enc).await.map(|()| true),
            Remains::Part => Ok(false),
        }
    }

    /// Gives up orders that were accepted long ago and that nobody repeated. One that fails, or can't be read, holds up no
    /// other.
    pub async fn give_up_stale(&self) -> Result<(), Error> {
        let until = self.before(PATIENCE);
        let mut place = Place::default();
        while let Some(rows) = self.accepted(until.as_second(), &mut place).await? {
            for row in rows {
                let name = format!("enrolment:{}", row.request_id);
                self.tried(&name, self.end_stale(row)).await;
            }
        }
        Ok(())
    }

    async fn end_stale(&self, row: EnrolmentRow) -> Result<(), Error> {
        let row = Enrolment::try_from(row)?;
        match self.end_judged(&row).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) if row.accepted_at > self.before(LONGEST) => return Err(error),
            // Certificates that nobody was handed don't stay good for ever.
            Err(error) => {
                tracing::error!(request = %row.request_id, %error, "an order is given up that can't be ended otherwise");
            }
        }
        self.refuse(&row, &Error::NotApplicable("受理后未能在规定时间内完成签发，申请已终止")).await
    }

    /// Orders that came to no end, and those that came to a wrong one.
    pub(crate) async fn check_open_orders(&self) -> Check {
        let found = self.standing_of_orders().await;
        let (level, detail) = found.unwrap_or_else(|error| (Level::Unknown, error.to_string()));
        Check { name: "orders", title: "未完成的申请", level, detail }
    }

    async fn standing_of_orders(&self) -> Result<(Level, String), Error> {
        let good = self.good_though_refused().await?;
        if !good.is_empty() {
            let text = format!(
                "申请已被拒绝而证书仍有效：{}；请立即登记撤销，并把运行日志交给开发者查明原因",
                good.join("、")
            );
            return Ok((Level::Failed, text));
        }
        let overdue = self.overdue_orders().await?;
        if !overdue.is_empty() {
            let text = format!(
                "受理已超过一天仍不能办结：{}；原因见运行日志，请按原因处理（如密钥管理中心不可用），处理后自动办结或者终止",
                overdue.join("、")
            );
            return Ok((Level::Failed, text));
        }
        Ok(match self.open_orders().await? {
            0 => (Level::Good, "没有未完成的申请".to_owned()),
            open => {
                let text = format!("{open} 件已受理而未签发；申请方用同一编号重试即可完成");
                (Level::Warning, text)
            }
        })
    }

    /// Names of orders that were accepted so long ago that they should be at their end, a few at most.
    async fn overdue_orders(&self) -> Result<Vec<String>, Error> {
        let (until, first) = (self.before(OVERDUE), Place::default());
        let behind = (first.at, first.id.as_str());
        let mut reader = self.store().read().await?;
        let rows = sql::stale(&mut reader, until.as_second(), behind, TOLD).await?;
        Ok(rows.into_iter().map(|row| row.request_id).collect())
    }

    fn before(&self, time: SignedDuration) -> Timestamp {
        self.clock().now().checked_sub(time).unwrap_or(Timestamp::MIN)
    }

    /// Refuses an order whose key is in a device that isn't trusted any more (Measures Art. 20 ¶2); whether it was. Each
    /// order was recorded with a verdict: without one nothing is known of its device.
    async fn refuse_distrusted(&self, row: &Enrolment) -> Result<bool, Error> {
        let judged = self.attestation_of_order(row.request_id.as_str()).await?;
        match self.still_trust(&judged.ok_or(Error::Stored("设备证明缺失"))?) {
            Ok(()) => Ok(false),
            Err(error) => self.refuse(row, &error).await.map(|()| true),
        }
    }

    /// Gives up what refused orders left for the CA to sign. Where that can't be done, it is left.
    async fn give_up_refused(&self, left: &mut BTreeSet<String>) -> Result<(), Error> {
        let mut place = 0;
        loop {
            let rows = sql::refused_open(&mut *self.store().read().await?, place, BATCH).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            place = *last;
            for (_, row) in rows {
                let request = row.request_id.clone();
                if let Err(error) = self.give_up_one(row).await {
                    tracing::error!(%request, %error, "a refused order can't be taken back: nothing is signed for it");
                    left.insert(request);
                }
            }
        }
    }

    async fn give_up_one(&self, row: EnrolmentRow) -> Result<(), Error> {
        let (this, row) = (self.clone(), Enrolment::try_from(row)?);
        let unit = self.store().commit(move |tx| {
            Box::pin(async move { this.take_back(tx, &row, "申请已被拒绝").await })
        });
        for serial in unit.await? {
            self.responder().invalidate(&serial);
        }
        Ok(())
    }

    /// The next accepted orders from before an instant, behind a place: page by page, so that what fails each time holds
    /// up nothing behind it.
    async fn accepted(
        &self,
        until: i64,
        place: &mut Place,
    ) -> Result<Option<Vec<EnrolmentRow>>, Error> {
        let behind = (place.at, place.id.as_str());
        let rows = sql::stale(&mut *self.store().read().await?, until, behind, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        *place = Place { at: last.accepted_at, id: last.request_id.clone() };
        Ok(Some(rows))
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

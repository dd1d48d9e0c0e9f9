//! Answers made ahead of time, for every certificate in force.
//!
//! A round goes through the certificates page by page and signs what is missing or in its second
//! quarter. Between two pages it rests as long as it worked, so that live questions keep the device.
//! Memory is bounded by the places of the cache, not by the certificates: what finds none is signed
//! when somebody asks. A round begins with letting go of what may never be sent again.
//!
//! A round takes minutes. So each page is signed by whoever speaks for the issuer then: a responder
//! certificate that was revoked or replaced meanwhile signs no further page.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use pki::Serial;
use pki::ocsp::CertId;

use super::Responder;
use super::authorities::Authority;
use super::complaints::Complaint;
use super::kept::{Kept, about};
use crate::cache::{Stamp, Stamps};
use crate::error::Error;
use crate::model::{Delegation, Prepared};
use crate::rules::{self, Verdict, Window};
use crate::sql;

/// Certificates of one page.
const PAGE: i64 = 500;

/// An answer that is to be signed.
struct Due {
    id: CertId,
    verdict: Verdict,
    stamp: Stamp,
}

impl Responder {
    /// Makes answers ahead of time if the last round is long enough ago. For a loop that runs
    /// now and then; what it came to, if it ran.
    ///
    /// # Errors
    /// As [`Responder::prepare`].
    pub async fn prepare_if_due(&self) -> Result<Option<Prepared>, Error> {
        let last = (*self.prepared()).map(|(at, _)| at);
        if !rules::is_round_due(last, self.0.config.window, self.now()) {
            return Ok(None);
        }
        self.prepare().await.map(Some)
    }

    /// Goes once through all certificates in force.
    ///
    /// # Errors
    /// When the database cannot be read, or the device cannot sign. What was made until then
    /// stays.
    pub async fn prepare(&self) -> Result<Prepared, Error> {
        let (begun, mut sum) = (self.now(), Prepared::default());
        let max_age = self.0.config.max_age;
        self.cache().retain(|kept| rules::still_serves(&kept.window, begun, false, max_age));
        let issuers: Vec<i64> = self.authorities().all.iter().map(|one| one.id).collect();
        for issuer in issuers {
            let mut after = 0;
            while let Some(last) = self.prepare_page((issuer, after), &mut sum).await? {
                after = last;
            }
        }
        *self.prepared() = Some((begun, sum));
        Ok(sum)
    }

    /// One page of an issuer's certificates behind a row; the last row of it, if there was any.
    async fn prepare_page(
        &self,
        place: (i64, i64),
        sum: &mut Prepared,
    ) -> Result<Option<i64>, Error> {
        let (begun, now) = (Instant::now(), self.now());
        let (stamps, authorities) = self.basis(|cache| cache.stamps());
        let Some(authority) = authorities.all.iter().find(|one| one.id == place.0) else {
            return Ok(None);
        };
        let Some(by) = authority.delegation(now) else {
            return Ok(None);
        };
        let window = self.window(authority, by, now)?;
        let mut conn = self.0.store.read().await?;
        let rows = sql::in_force_after(&mut conn, place, now.as_second(), PAGE).await?;
        drop(conn);
        let Some(last) = rows.last().map(|row| row.id) else {
            return Ok(None);
        };
        sum.certificates += rows.len() as u64;
        let due = self.due(authority, rows, (&stamps, now), sum);
        if !due.is_empty() {
            self.sign_ahead(due, by, window, sum).await?;
            tokio::time::sleep(begun.elapsed()).await;
        }
        Ok(Some(last))
    }

    /// Which answers of these rows are missing or worn. A row that is wrong has none, and holds up no
    /// other: when somebody asks for it, the answer is a failure (T-09).
    fn due(
        &self,
        authority: &Authority,
        rows: Vec<sql::InForceRow>,
        (stamps, now): (&Stamps, Timestamp),
        sum: &mut Prepared,
    ) -> Vec<Due> {
        let (issuer, mut due) = (&authority.certificate, Vec::new());
        for row in rows {
            let number = row.id;
            let Ok((serial, verdict)) = self.read(row, now) else {
                sum.unreadable += 1;
                self.0.complaints.tell(Complaint::Certificate(number));
                continue;
            };
            for hash in &self.0.config.prepared {
                let id = CertId::of(*hash, issuer.subject(), issuer.spki(), serial);
                let Some(id) = id else { continue };
                match self.is_due(&serial, &id, now) {
                    Some(true) => due.push(Due { id, verdict, stamp: stamps.of(&serial) }),
                    Some(false) => {}
                    None => sum.without_place += 1,
                }
            }
        }
        due
    }

    fn read(&self, row: sql::InForceRow, now: Timestamp) -> Result<(Serial, Verdict), String> {
        let serial = Serial::from_hex(&row.serial).map_err(|error| error.to_string())?;
        Ok((serial, rules::verdict(Some(&row.standing()), self.manners(), now)?))
    }

    /// `None` when it is missing and there is no place for it.
    fn is_due(&self, serial: &Serial, id: &CertId, now: Timestamp) -> Option<bool> {
        let cache = self.cache();
        match cache.peek(serial, id.der()) {
            Some(kept) => Some(rules::is_worn(&kept.window, now)),
            None => cache.has_room().then_some(true),
        }
    }

    async fn sign_ahead(
        &self,
        due: Vec<Due>,
        by: &Arc<Delegation>,
        window: Window,
        sum: &mut Prepared,
    ) -> Result<(), Error> {
        let unsigned = due.iter().map(|due| about(&due.id, due.verdict, window, &by.certificate));
        let signed = self.sign(unsigned.collect::<Result<_, _>>()?, by, None).await?;
        let mut cache = self.cache();
        for (Due { id, verdict, stamp }, (_, signature)) in due.into_iter().zip(signed) {
            let kept = Kept { verdict, window, by: by.clone(), signature };
            sum.signed += 1;
            if !cache.prepare(id.serial(), id.der(), stamp, kept) {
                sum.without_place += 1;
            }
        }
        Ok(())
    }
}

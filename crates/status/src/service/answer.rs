//! From a question to an answer.

use std::sync::Arc;

use gm::DeviceError;
use jiff::Timestamp;
use pki::ocsp::{CertId, CertStatus, CheckedSignature, Failure, Request, UnsignedResponse};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{error, warn};

use super::Responder;
use super::authorities::Authority;
use super::kept::{Kept, to_question};
use crate::cache::Stamp;
use crate::error::Error;
use crate::model::{Answer, Caching, Delegation, Outcome};
use crate::rules::{self, Manners, Verdict, Window};
use crate::sql;

impl Responder {
    /// Answers a question. There is always an answer: what goes wrong here is told as one of
    /// the failures of RFC 6960 §4.2.1, which say nothing about any certificate.
    pub async fn answer(&self, question: &[u8]) -> Answer {
        let Ok(request) = Request::from_der(question) else {
            return failed(Failure::MalformedRequest);
        };
        if request.certificates().len() > self.0.config.certificates {
            return failed(Failure::MalformedRequest);
        }
        match self.answer_request(&request).await {
            Ok(answer) => answer,
            Err(error) => failed(failure_of(&error)),
        }
    }

    async fn answer_request(&self, request: &Request) -> Result<Answer, Error> {
        let now = self.now();
        let ((kept, stamp), authorities) = self.basis(|cache| match keepable(request) {
            Some(id) => (cache.find(id.serial(), id.der()), Some(cache.stamp(id.serial()))),
            None => (None, None),
        });
        if let (Some(id), Some(kept)) = (keepable(request), kept)
            && self.still_serves(&kept.window, now)
        {
            return self.public(id, &kept, now, true);
        }
        let hashes = authorities.all.iter().map(|authority| &authority.hashes);
        let issuer = rules::issuer_of(request, hashes);
        let Some(authority) = issuer.and_then(|at| authorities.all.get(at)) else {
            return Ok(failed(Failure::Unauthorized));
        };
        if authorities.keys.is_none() {
            return Err(Error::Device(DeviceError::Gone));
        }
        let Some(by) = authority.delegation(now) else {
            return Err(Error::NoResponder(authority.name.clone()));
        };
        let Ok(place) = self.0.signing.clone().try_acquire_owned() else {
            return Ok(failed(Failure::TryLater));
        };
        self.sign_answer(request, (authority, by, place), (stamp, now)).await
    }

    async fn sign_answer(
        &self,
        request: &Request,
        (authority, by, place): (&Authority, &Arc<Delegation>, OwnedSemaphorePermit),
        (stamp, now): (Option<Stamp>, Timestamp),
    ) -> Result<Answer, Error> {
        let verdicts = self.verdicts(request, authority, now).await?;
        let window = self.window(authority, by, now)?;
        let unsigned = to_question(request, &verdicts, window, &by.certificate)?;
        let signed = self.sign(vec![unsigned], by, Some(place)).await?;
        let (unsigned, signature) = signed.into_iter().next().ok_or(Error::Closing)?;
        // What isn't issued may be issued in the next moment, so nobody keeps that (T-08).
        if let (Some(id), Some(stamp), [verdict]) = (keepable(request), stamp, &verdicts[..])
            && verdict.is_issued
        {
            let kept = Kept { verdict: *verdict, window, by: by.clone(), signature };
            self.cache().keep(id.serial(), id.der(), stamp, kept.clone());
            return self.public(id, &kept, now, false);
        }
        let status = verdicts.first().map_or(CertStatus::Unknown, |verdict| verdict.status);
        Ok(Answer {
            body: unsigned.assemble_checked(&signature, by.certificate.der()).into(),
            caching: Caching::NoStore,
            outcome: Outcome::Answered { status, cached: false },
        })
    }

    /// What is to be said of each certificate asked about, in order.
    async fn verdicts(
        &self,
        request: &Request,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<Vec<Verdict>, Error> {
        let mut conn = self.0.store.read().await?;
        let mut verdicts = Vec::with_capacity(request.certificates().len());
        for id in request.certificates() {
            let verdict = if authority.hashes.matches(id) {
                let found = sql::status_of(&mut conn, authority.id, id.serial()).await?;
                rules::verdict(found.as_ref(), self.manners(), now).map_err(Error::Stored)?
            } else {
                // Of somebody else: nothing is known of it, whatever is said of our own.
                Verdict { status: CertStatus::Unknown, is_issued: false, archive_cutoff: None }
            };
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    pub(super) fn manners(&self) -> Manners {
        let config = &self.0.config;
        Manners { unissued: config.unissued, retention: config.retention }
    }

    pub(super) fn window(
        &self,
        authority: &Authority,
        by: &Delegation,
        now: Timestamp,
    ) -> Result<Window, Error> {
        rules::window(now, self.0.config.window, by.certificate.not_after())
            .ok_or_else(|| Error::NoResponder(authority.name.clone()))
    }

    /// Signs on a thread where waiting for the device is no harm. Each signature is verified
    /// before its answer is put together.
    pub(super) async fn sign(
        &self,
        unsigned: Vec<UnsignedResponse>,
        by: &Arc<Delegation>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Vec<(UnsignedResponse, CheckedSignature)>, Error> {
        let (inner, by) = (self.0.clone(), by.clone());
        let sign = move || {
            // The signature's, not that of whoever asked and may have hung up.
            let _place = place;
            let mut session = inner.device.session()?;
            let id = &inner.config.user_id;
            let one = |unsigned: UnsignedResponse| {
                let signature = session.sign_digest(&by.label, &unsigned.digest(&by.key, id))?;
                let checked = unsigned.check(&by.key, id, &signature)?;
                Ok((unsigned, checked))
            };
            unsigned.into_iter().map(one).collect()
        };
        tokio::task::spawn_blocking(sign).await.map_err(|_| Error::Closing)?
    }

    fn still_serves(&self, window: &Window, now: Timestamp) -> bool {
        let config = &self.0.config;
        let blind = now.duration_since(self.followed().at) > config.blind;
        rules::still_serves(window, now, blind, config.max_age)
    }

    fn public(
        &self,
        id: &CertId,
        kept: &Kept,
        now: Timestamp,
        cached: bool,
    ) -> Result<Answer, Error> {
        let longest = self.0.config.max_age;
        let Window { this_update, next_update } = kept.window;
        Ok(Answer {
            caching: rules::caching(&kept.etag(), this_update, next_update, now, longest),
            body: kept.body(id)?,
            outcome: Outcome::Answered { status: kept.verdict.status, cached },
        })
    }
}

/// The one certificate of a question whose answer is not bound to this question.
fn keepable(request: &Request) -> Option<&CertId> {
    match request.certificates() {
        [only] if request.nonce().is_none() => Some(only),
        _ => None,
    }
}

fn failed(failure: Failure) -> Answer {
    Answer {
        body: failure.der().into(),
        caching: Caching::NoStore,
        outcome: Outcome::Failed(failure),
    }
}

/// What relying parties are told. What may pass by itself is `tryLater`.
fn failure_of(cause: &Error) -> Failure {
    match cause {
        Error::Device(DeviceError::Busy | DeviceError::Gone) | Error::Closing => {
            warn!(%cause, "a status question could not be answered just now");
            Failure::TryLater
        }
        Error::Store(inner) if inner.is_retryable() => Failure::TryLater,
        Error::NoResponder(_) => {
            warn!(%cause, "a status question could not be answered");
            Failure::Unauthorized
        }
        _ => {
            error!(%cause, code = cause.code(), "a status question could not be answered");
            Failure::InternalError
        }
    }
}

//! From a question to an answer.

use bytes::Bytes;
use gm::{DeviceError, sm3};
use jiff::Timestamp;
use pki::Certificate;
use pki::ocsp::{CertId, CertStatus, Draft, Failure, Request, Single, UnsignedResponse};
use tracing::{error, warn};

use super::Responder;
use super::authorities::Authority;
use crate::cache::{Kept, Stamp};
use crate::error::Error;
use crate::model::{Answer, Caching, Outcome};
use crate::rules::{self, Window};
use crate::sql;

impl Responder {
    /// Answers a question. There is always an answer: what goes wrong here is told as one of
    /// the failures of RFC 6960 §4.2.1, which say nothing about any certificate.
    pub async fn answer(&self, question: &[u8]) -> Answer {
        let Ok(request) = Request::from_der(question) else {
            return failed(Failure::MalformedRequest);
        };
        match self.answer_request(&request).await {
            Ok(answer) => answer,
            Err(error) => failed(failure_of(&error)),
        }
    }

    async fn answer_request(&self, request: &Request) -> Result<Answer, Error> {
        let now = self.now();
        let authorities = self.authorities();
        let hashes = authorities.all.iter().map(|authority| &authority.hashes);
        let issuer = rules::issuer_of(request, hashes);
        let Some(authority) = issuer.and_then(|at| authorities.all.get(at)) else {
            return Ok(failed(Failure::Unauthorized));
        };
        if let Some(id) = keepable(request)
            && let Some(kept) = self.cache().find(id.serial(), id.der())
            && self.still_serves(&kept.window, now)
        {
            return Ok(self.public(kept, now, true));
        }
        let key = authorities.key.ok_or(Error::Device(DeviceError::Gone))?;
        let Some(certificate) = authority.delegation(now) else {
            return Err(Error::NoResponder(authority.name.clone()));
        };
        let Ok(_permit) = self.0.signing.try_acquire() else {
            return Ok(failed(Failure::TryLater));
        };
        self.sign_answer(request, authority, (certificate, key), now).await
    }

    async fn sign_answer(
        &self,
        request: &Request,
        authority: &Authority,
        (certificate, key): (&Certificate, gm::PublicKey),
        now: Timestamp,
    ) -> Result<Answer, Error> {
        let stamp = keepable(request).map(|id| self.cache().stamp(id.serial()));
        let statuses = self.statuses(request, authority).await?;
        let window = rules::window(now, self.0.config.window, certificate.not_after())
            .ok_or_else(|| Error::NoResponder(authority.name.clone()))?;
        let unsigned = draft(request, &statuses, certificate, window)?;
        let body = self.sign(unsigned, key, certificate).await?;
        let status = statuses.first().copied().unwrap_or(CertStatus::Unknown);
        let kept = Kept {
            etag: sm3::hash(&body).to_hex(),
            produced_at: window.this_update,
            body,
            status,
            window,
        };
        Ok(self.keep(request, stamp, kept, now))
    }

    /// Keeps the answer if others may get it too. `unknown` is never kept: the certificate
    /// may be issued in the next moment.
    fn keep(&self, request: &Request, stamp: Option<Stamp>, kept: Kept, now: Timestamp) -> Answer {
        match (keepable(request), stamp, kept.status) {
            (Some(id), Some(stamp), CertStatus::Good | CertStatus::Revoked { .. }) => {
                self.cache().keep(id.serial(), id.der(), stamp, kept.clone());
                self.public(kept, now, false)
            }
            (_, _, status) => Answer {
                body: kept.body,
                caching: Caching::NoStore,
                outcome: Outcome::Answered { status, cached: false },
            },
        }
    }

    /// The status of each certificate asked about, in order.
    async fn statuses(
        &self,
        request: &Request,
        authority: &Authority,
    ) -> Result<Vec<CertStatus>, Error> {
        let mut conn = self.0.store.read().await?;
        let mut statuses = Vec::with_capacity(request.certificates().len());
        for id in request.certificates() {
            let row = if authority.hashes.matches(id) {
                sql::status_of(&mut conn, authority.id, id.serial()).await?
            } else {
                None
            };
            statuses.push(rules::cert_status(row.as_ref()).map_err(Error::Stored)?);
        }
        Ok(statuses)
    }

    /// Signs on a thread where waiting for the device is no harm. The signature is verified
    /// before the answer is put together.
    async fn sign(
        &self,
        unsigned: UnsignedResponse,
        key: gm::PublicKey,
        certificate: &Certificate,
    ) -> Result<Bytes, Error> {
        let inner = self.0.clone();
        let certificate = certificate.clone();
        let sign = move || {
            let (label, id) = (&inner.config.key, &inner.config.user_id);
            let digest = unsigned.digest(&key, id);
            let signature = inner.device.session()?.sign_digest(label, &digest)?;
            Ok(unsigned.assemble(&key, id, &signature, certificate.der())?.into())
        };
        tokio::task::spawn_blocking(sign).await.map_err(|_| Error::Closing)?
    }

    fn still_serves(&self, window: &Window, now: Timestamp) -> bool {
        let config = &self.0.config;
        let blind = now.duration_since(self.followed().at) > config.blind;
        rules::still_serves(window, now, blind, config.max_age)
    }

    fn public(&self, kept: Kept, now: Timestamp, cached: bool) -> Answer {
        let longest = self.0.config.max_age;
        let end = kept.window.next_update;
        Answer {
            caching: rules::caching(&kept.etag, kept.produced_at, end, now, longest),
            body: kept.body,
            outcome: Outcome::Answered { status: kept.status, cached },
        }
    }
}

/// The one certificate of a question whose answer is not bound to this question.
fn keepable(request: &Request) -> Option<&CertId> {
    match request.certificates() {
        [only] if request.nonce().is_none() => Some(only),
        _ => None,
    }
}

fn draft(
    request: &Request,
    statuses: &[CertStatus],
    certificate: &Certificate,
    window: Window,
) -> Result<UnsignedResponse, Error> {
    let single = |(id, status): (_, &CertStatus)| Single {
        certificate: id,
        status: *status,
        this_update: window.this_update,
        next_update: window.next_update,
    };
    let singles: Vec<_> = request.certificates().iter().zip(statuses).map(single).collect();
    let draft = Draft {
        responder: certificate.subject(),
        produced_at: window.this_update,
        singles: &singles,
        nonce: request.nonce(),
    };
    Ok(draft.encode()?)
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

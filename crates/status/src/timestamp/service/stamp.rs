//! From a request to a token.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use gm::{DeviceError, sm3};
use pki::tsp::{self, Accuracy, Draft, Failure, Format, Request, Token};
use pki::{Oid, Serial};
use tracing::{error, warn};

use super::keys::Held;
use super::record;
use super::{Inner, TimestampAuthority};
use crate::error::Error;
use crate::timestamp::clock::Doubt;
use crate::timestamp::model::{StampOutcome, Stamped};
use crate::timestamp::rules::{self, PREFIX};
use crate::timestamp::sql::TokenRow;

/// Why there is no token.
#[derive(Debug)]
enum Refusal {
    Policy,
    Doubt(Doubt),
    Busy,
    Fault(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// What a token is made of.
struct Order {
    request: Request,
    format: Format,
    policy: Oid,
    at: jiff::Timestamp,
    held: Held,
}

impl TimestampAuthority {
    /// Answers a request. There is always an answer: without a token it says why.
    pub async fn stamp(&self, request: &[u8], format: Format) -> Stamped {
        let request = match Request::from_der(request) {
            Ok(request) => request,
            Err(error) => return refused(Failure::of(&error)),
        };
        match self.issue(request, format).await {
            Ok(token) => Stamped {
                body: tsp::granted(token.der()).into(),
                outcome: StampOutcome::Granted(token.info().serial),
            },
            Err(refusal) => answer(&refusal),
        }
    }

    async fn issue(&self, request: Request, format: Format) -> Result<Token, Refusal> {
        let ours = &self.0.config.policies;
        let policy = rules::policy(ours, request.policy()).ok_or(Refusal::Policy)?;
        let _permit = self.0.signing.try_acquire().map_err(|_| Refusal::Busy)?;
        let at = self.moment();
        self.state().judge(&self.0.config.clock, at).map_err(Refusal::Doubt)?;
        let held = self.held();
        let current = rules::current(&held, |held| &held.certificate, at.wall);
        let held = current.ok_or(Error::NoTimestampCertificate)?.clone();
        let order = Order { request, format, policy, at: at.wall, held };
        let (row, token) = self.sign(order).await?;
        record::keep(&self.0.recorder, row).await?;
        let mut state = self.state();
        *state = state.clone().issued(token.info().gen_time);
        Ok(token)
    }

    /// Signs on a thread where waiting for the device is no harm, and verifies what was signed.
    async fn sign(&self, order: Order) -> Result<(TokenRow, Token), Error> {
        let inner = self.0.clone();
        let sign = move || {
            let token = inner.token(&order, inner.next_serial()?)?;
            Ok((row(&order, &token)?, token))
        };
        tokio::task::spawn_blocking(sign).await.map_err(|_| Error::Closing)?
    }
}

impl Inner {
    /// A serial number that this process has not used and no other will.
    fn next_serial(&self) -> Result<Serial, Error> {
        let prefix = self.prefix()?;
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let exhausted = || Error::Stored("时间戳序列号用尽，请重新启动".to_owned());
        rules::serial(prefix, number).ok_or_else(exhausted)
    }

    fn prefix(&self) -> Result<[u8; PREFIX], Error> {
        let mut known = self.prefix.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prefix) = *known {
            return Ok(prefix);
        }
        let mut fresh = [0; PREFIX];
        self.ports.device.session()?.fill(&mut fresh)?;
        if fresh == [0; PREFIX] || fresh == [0xff; PREFIX] {
            return Err(DeviceError::Broken("随机数源输出重复，自检不通过".into()).into());
        }
        *known = Some(fresh);
        Ok(fresh)
    }

    fn token(&self, order: &Order, serial: Serial) -> Result<Token, Error> {
        let (config, certificate) = (&self.config, &order.held.certificate);
        let accuracy = config.clock.accuracy.map(|accuracy| {
            let micros = u64::try_from(accuracy.as_micros()).unwrap_or_default();
            Accuracy::from_micros(micros)
        });
        let unsigned = Draft {
            request: &order.request,
            certificate,
            format: order.format,
            policy: order.policy,
            serial,
            at: order.at,
            digits: config.digits,
            accuracy: accuracy.transpose()?,
            is_named_by_sha1: config.is_named_by_sha1,
        }
        .encode()?;
        let digest = unsigned.digest(&certificate.public_key()?, &config.user_id);
        let mut session = self.ports.device.session()?;
        let signature = session.sign_digest(&order.held.label, &digest)?;
        let token = Token::from_der(&unsigned.assemble(&config.user_id, &signature)?)?;
        // As a client does: what leaves answers the request, and verifies.
        token.answers(&order.request)?;
        token.verify_signature(certificate, &config.user_id)?;
        Ok(token)
    }
}

fn row(order: &Order, token: &Token) -> Result<TokenRow, Error> {
    let info = token.info();
    Ok(TokenRow {
        serial: info.serial.to_hex(),
        key_hash: order.held.certificate.public_key()?.fingerprint(),
        policy: info.policy.to_string(),
        algorithm: info.imprint.algorithm().name().to_owned(),
        imprint: hex_of(info.imprint.digest()),
        gen_millis: info.gen_time.as_millisecond(),
        fingerprint: sm3::hash(token.der()).to_hex(),
    })
}

fn hex_of(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn refused(failure: Failure) -> Stamped {
    Stamped { body: failure.der().into(), outcome: StampOutcome::Refused(failure) }
}

fn answer(refusal: &Refusal) -> Stamped {
    match refusal {
        Refusal::Policy => refused(Failure::UnacceptedPolicy),
        Refusal::Doubt(doubt) => {
            warn!(%doubt, "no timestamp, since the time is not sure");
            refused(Failure::TimeNotAvailable)
        }
        Refusal::Busy => busy(),
        // The journal knows a later time than the clock.
        Refusal::Fault(Error::Store(store::Error::ClockBehind { last })) => {
            warn!(%last, "no timestamp, since the clock is behind the journal");
            refused(Failure::TimeNotAvailable)
        }
        Refusal::Fault(cause) if is_passing(cause) => {
            warn!(%cause, "no timestamp just now");
            busy()
        }
        Refusal::Fault(cause) => {
            error!(%cause, code = cause.code(), "no timestamp");
            refused(Failure::SystemFailure)
        }
    }
}

/// What may pass by itself.
fn is_passing(cause: &Error) -> bool {
    match cause {
        Error::Device(DeviceError::Busy) | Error::Closing => true,
        Error::Store(inner) => inner.is_retryable(),
        _ => false,
    }
}

fn busy() -> Stamped {
    Stamped { body: Failure::SystemFailure.der().into(), outcome: StampOutcome::Busy }
}

//! One certificate with what the other subjects know of it: its records, its application, and what
//! a relying party is told of it at this moment.

use access::{Action, Principal};
use gm::UserId;
use jiff::{SignedDuration, Timestamp};
use pki::Serial;
use pki::ocsp::{CertId, CertStatus, HashAlgorithm, Reply, Request};
use ra::ApplicationId;
use store::{Filter, Page, Stored};

use crate::error::Error;
use crate::institution::{ISSUER, Institution};

/// How far clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The signed answer about a certificate, judged as a stranger would.
#[derive(Debug, Clone)]
pub struct OcspNow {
    /// What it says; `None` when the responder gave no status.
    pub said: Option<CertStatus>,
    /// When it was made and until when it counts.
    pub window: Option<(Timestamp, Option<Timestamp>)>,
    /// Why it would not be believed, or why there is none; `None` when it is sound.
    pub flaw: Option<String>,
    /// Octets of the answer.
    pub octets: usize,
}

impl Institution {
    /// The records about a certificate, the oldest first.
    pub async fn certificate_records(&self, serial: &Serial) -> Result<Vec<Stored>, Error> {
        let filter = Filter {
            subject: Some(format!("certificate:{ISSUER}/{}", serial.to_hex())),
            ..Filter::default()
        };
        Ok(self.store().records(&filter, Page { limit: 1000, ..Page::default() }).await?)
    }

    /// The application that led to a certificate, where there is one that this visitor may read.
    pub async fn application_of(
        &self,
        principal: &Principal,
        serial: &Serial,
    ) -> Result<Option<ApplicationId>, Error> {
        let (Some(ra), Ok(permit)) = (self.ra(), self.permit(principal, Action::ReadApplication))
        else {
            return Ok(None);
        };
        match ra.by_serial(&permit, &serial.to_hex()).await {
            Err(ra::Error::Access(_)) => Ok(None),
            found => Ok(found?),
        }
    }

    /// Asks our own responder, as a relying party does, and holds the answer against the question.
    pub async fn ocsp_now(&self, serial: Serial) -> Result<OcspNow, Error> {
        let found = self.ca().find(&serial).await?;
        let issuer = match &found {
            Some(found) => self.ca().issuer_of(&found.record)?,
            None => self.ca().certificate().clone(),
        };
        let id = CertId::of(HashAlgorithm::Sm3, issuer.subject(), issuer.spki(), serial);
        let id = id.ok_or(Error::Stored("状态查询的标识"))?;
        let request = Request::new(vec![id.clone()], None)?;
        let answer = self.responder().answer(request.der()).await;
        let octets = answer.body.len();
        let none = |flaw: String| OcspNow { said: None, window: None, flaw: Some(flaw), octets };
        let reply = match Reply::from_der(&answer.body) {
            Ok(Reply::Answered(reply)) => reply,
            Ok(Reply::Failed(failure)) => return Ok(none(format!("没有作答：{failure:?}"))),
            Err(error) => return Ok(none(error.to_string())),
        };
        let now = self.clock().now();
        let sound = reply
            .verify(&issuer, &UserId::default(), now)
            .and_then(|_| reply.answers(&request, now, SKEW));
        let single = reply.find(&id);
        Ok(OcspNow {
            said: single.map(|single| single.status),
            window: single.map(|single| (single.this_update, single.next_update)),
            flaw: sound.err().map(|error| error.to_string()),
            octets,
        })
    }
}

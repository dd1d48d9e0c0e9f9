//! Configuration, answers, health.

use std::time::Duration;

use bytes::Bytes;
use gm::UserId;
use jiff::{SignedDuration, Timestamp};
use pki::tsp::Failure;
use pki::{Certificate, Oid, Serial};

use super::clock::{ClockPolicy, Comparison, Doubt};

/// Media type of requests (RFC 3161 §3.4).
pub const REQUEST_TYPE: &str = "application/timestamp-query";
/// Media type of answers.
pub const RESPONSE_TYPE: &str = "application/timestamp-reply";

/// How the timestamp service works.
#[derive(Debug, Clone)]
pub struct TimestampConfig {
    /// Keys of the device whose label begins so sign tokens: `tsa-1`, `tsa-2`, …
    pub keys: &'static str,
    /// User ID of the signatures.
    pub user_id: UserId,
    /// Policies under which tokens are issued; the first if the request names none.
    pub policies: Vec<Oid>,
    /// What is demanded of the clock.
    pub clock: ClockPolicy,
    /// Digits of a second that tokens give.
    pub digits: u8,
    /// Whether tokens name their certificate by SHA-1 too, as old clients want.
    pub is_named_by_sha1: bool,
    /// Most tokens under way at a time; more are told to come again.
    pub signing: usize,
    /// How often the outside source is asked.
    pub compare_every: Duration,
    /// How often both clocks are looked at.
    pub look_every: Duration,
}

impl TimestampConfig {
    /// The usual settings: milliseconds, 256 at a time, a comparison each minute, a look each
    /// second.
    pub fn new(policies: Vec<Oid>) -> Self {
        Self {
            keys: "tsa-",
            user_id: UserId::default(),
            policies,
            clock: ClockPolicy::default(),
            digits: 3,
            is_named_by_sha1: true,
            signing: 256,
            compare_every: Duration::from_secs(60),
            look_every: Duration::from_secs(1),
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampOutcome {
    /// A token with this serial number.
    Granted(Serial),
    /// No token, for this reason.
    Refused(Failure),
    /// Too much is under way; the same request may be sent again.
    Busy,
}

/// An answer on its way out.
#[derive(Debug, Clone)]
pub struct Stamped {
    /// The `TimeStampResp`.
    pub body: Bytes,
    /// What it says.
    pub outcome: StampOutcome,
}

/// Whether the service can do its work, and why not.
#[derive(Debug, Clone)]
pub struct TimestampHealth {
    /// The certificate that signs now; `None`: there is none.
    pub certificate: Option<Certificate>,
    /// Why the time is not sure; `None`: it is.
    pub doubt: Option<Doubt>,
    /// The outside source; `None`: none is set.
    pub source: Option<String>,
    /// What it said last, and how long ago.
    pub comparison: Option<(Comparison, SignedDuration)>,
    /// Why it could not be asked the last time.
    pub complaint: Option<String>,
    /// The accuracy that tokens claim.
    pub accuracy: Option<SignedDuration>,
    /// How often the clock was seen to be set since the start.
    pub steps: u32,
    /// The time of the last token that was ever issued; the epoch before the first.
    pub last: Timestamp,
    /// The policies.
    pub policies: Vec<Oid>,
}

impl TimestampHealth {
    /// Whether a request would get a token now.
    pub fn is_able(&self) -> bool {
        self.certificate.is_some() && self.doubt.is_none()
    }
}

//! Configuration, answers and lists.

use std::time::Duration;

use bytes::Bytes;
use gm::{KeyLabel, PublicKey, UserId};
use jiff::{SignedDuration, Timestamp};
use pki::Certificate;
use pki::ocsp::{CertStatus, Failure, HashAlgorithm};

/// How the status services work.
#[derive(Debug, Clone)]
pub struct StatusConfig {
    /// Label of the first delegated key that signs answers; those after it are `<label>-2`,
    /// `<label>-3` and so on.
    pub key: KeyLabel,
    /// User ID of the signatures.
    pub user_id: UserId,
    /// `thisUpdate` to `nextUpdate` of an answer. Whoever holds an old answer may show it
    /// that long, so it is short.
    pub window: SignedDuration,
    /// How long caches on the way may keep an answer or a list, at most.
    pub max_age: SignedDuration,
    /// Most signed answers that are kept (about 0.35 KiB each). Half of the places are for
    /// answers made ahead of time.
    pub cached_answers: usize,
    /// The digests of CertIDs whose answers are made ahead of time; others are made when asked.
    pub prepared: Vec<HashAlgorithm>,
    /// How often changes by other processes are looked for.
    pub poll: Duration,
    /// After this time without a look, kept answers older than `max_age` are no longer used.
    pub blind: SignedDuration,
    /// Most answers that are being signed at a time; more get `tryLater`.
    pub signing: usize,
    /// Most certificates of one question; more are `malformedRequest`.
    pub certificates: usize,
    /// What is said of a certificate that was never issued.
    pub unissued: Unissued,
    /// How long after its end the status of a certificate is kept, as answers about such tell
    /// (RFC 6960 §4.4.4); `None`: they don't tell.
    pub retention: Option<SignedDuration>,
}

/// What is said of a certificate that was never issued (RFC 6960 §2.2). Never "good" (T-07).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unissued {
    /// "unknown".
    #[default]
    Unknown,
    /// "revoked", on hold since 1970, with the extension that says so: for clients that go on
    /// when they hear "unknown".
    Revoked,
}

/// A key of ours with a certificate by which it answers for an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Name of the key on the device.
    pub label: KeyLabel,
    /// Its public half.
    pub key: PublicKey,
    /// The certificate.
    pub certificate: Certificate,
}

impl Delegation {
    /// When the certificate begins and ends.
    pub fn period(&self) -> (Timestamp, Timestamp) {
        (self.certificate.not_before(), self.certificate.not_after())
    }
}

/// What a round over all certificates came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Certificates in force that were looked at.
    pub certificates: u64,
    /// Answers that were signed ahead.
    pub signed: u64,
    /// Answers that found no place: they are signed when asked for.
    pub without_place: u64,
    /// Rows that are wrong: no answer can be made about them (T-09).
    pub unreadable: u64,
}

impl StatusConfig {
    /// Whether a key of the device signs answers, or will, by its label.
    pub fn is_ours(&self, label: &KeyLabel) -> bool {
        self.number_of(label).is_some()
    }

    /// The number of a key of ours: 1 for the first.
    pub fn number_of(&self, label: &KeyLabel) -> Option<u32> {
        let rest = label.as_str().strip_prefix(self.key.as_str())?;
        match rest.strip_prefix('-') {
            None => rest.is_empty().then_some(1),
            Some(number) => number.parse().ok().filter(|number| *number > 1),
        }
    }

    /// The usual settings: one hour, five minutes, fifty thousand, twice a second.
    pub fn new(key: KeyLabel) -> Self {
        Self {
            key,
            user_id: UserId::default(),
            window: SignedDuration::from_hours(1),
            max_age: SignedDuration::from_mins(5),
            cached_answers: 50_000,
            poll: Duration::from_millis(500),
            blind: SignedDuration::from_secs(5),
            signing: 256,
            prepared: vec![HashAlgorithm::Sha1],
            certificates: 32,
            unissued: Unissued::default(),
            retention: None,
        }
    }
}

/// What came out, for figures and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A signed answer; with several certificates, the status of the first.
    Answered {
        /// The status.
        status: CertStatus,
        /// Whether it was signed earlier.
        cached: bool,
    },
    /// A failure of RFC 6960 §4.2.1, unsigned.
    Failed(Failure),
}

/// An answer on its way out.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The OCSPResponse.
    pub body: Bytes,
    /// What caches may do with it.
    pub caching: Caching,
    /// What it says.
    pub outcome: Outcome,
}

/// What HTTP caches may do with a body (RFC 5019 §6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caching {
    /// Nothing: it is for one client, or not for long.
    NoStore,
    /// Keep it for `max_age`, and ask again with the tag.
    Public {
        /// Names these very octets.
        etag: String,
        /// When the octets came to be.
        last_modified: Timestamp,
        /// How long from now; never beyond `nextUpdate`.
        max_age: SignedDuration,
        /// The same as an instant.
        expires: Timestamp,
    },
}

/// Whether the responder can do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// When changes were last looked for.
    pub followed_at: Timestamp,
    /// The journal number of the last change seen; -1 before the first.
    pub seq: i64,
    /// Issuers with a usable responder certificate, and when that ends.
    pub responders: Vec<(String, Timestamp)>,
    /// Issuers without one: their certificates have no OCSP.
    pub mute: Vec<String>,
    /// Signed answers kept.
    pub cached: usize,
    /// The last round over all certificates: when it began, and what it came to.
    pub prepared: Option<(Timestamp, Prepared)>,
}

/// Which revocation list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListName {
    /// Name of the issuer's row.
    pub issuer: String,
    /// Full, delta, or one shard.
    pub kind: ListKind,
}

/// Full, delta, or one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Every revoked certificate.
    Full,
    /// The changes since the last full list.
    Delta,
    /// One partition.
    Shard(u32),
}

/// What decides between a list and its spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListWindow {
    /// CRL number.
    pub number: i64,
    /// When it was made.
    pub this_update: Timestamp,
    /// Until when it counts.
    pub next_update: Timestamp,
}

/// A list in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedList {
    /// The CRL.
    pub der: Bytes,
    /// Names these very octets.
    pub etag: String,
    /// CRL number.
    pub number: u64,
    /// Since when it is the one handed out: its publication, or for a spare the middle of the
    /// window of the list before.
    pub published_at: Timestamp,
    /// When the next one is due at the latest.
    pub next_update: Timestamp,
}
